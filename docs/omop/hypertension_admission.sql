-- Adults admitted with known hypertension: one row per person of an OMOP CDM 5.4 database.
-- Index: the first inpatient visit (9201) in the person's records. For PostgreSQL and DuckDB; SQLite has no dates.
WITH first_admission AS (
    SELECT person_id, MIN(visit_start_date) AS index_date
    FROM visit_occurrence
    WHERE visit_concept_id = 9201  -- Inpatient Visit
    GROUP BY person_id
),
cohort AS (
    SELECT
        p.person_id,
        p.gender_concept_id,
        a.index_date,
        d.death_date,
        o.observation_period_end_date AS observed_until,
        CAST(EXTRACT(YEAR FROM a.index_date) AS INTEGER) - p.year_of_birth AS age
    FROM first_admission AS a
    INNER JOIN person AS p ON p.person_id = a.person_id
    -- The year before the index is observed, so that an absent measurement is one that was not made.
    INNER JOIN observation_period AS o
        ON o.person_id = a.person_id
        AND a.index_date - 365 >= o.observation_period_start_date
        AND a.index_date <= o.observation_period_end_date
    LEFT JOIN (SELECT person_id, MIN(death_date) AS death_date FROM death GROUP BY person_id) AS d
        ON d.person_id = a.person_id
    WHERE CAST(EXTRACT(YEAR FROM a.index_date) AS INTEGER) - p.year_of_birth >= 18
    AND (d.death_date IS NULL OR d.death_date >= a.index_date)
    AND EXISTS (
        SELECT 1
        FROM condition_occurrence AS c
        WHERE c.person_id = a.person_id
        AND c.condition_start_date < a.index_date
        -- This concept alone; with a vocabulary loaded, take its descendants too:
        -- c.condition_concept_id IN
        --     (SELECT descendant_concept_id FROM concept_ancestor WHERE ancestor_concept_id = 320128)
        AND c.condition_concept_id = 320128  -- Essential hypertension
    )
),
latest AS (  -- per person and concept: the last value in the 365 days before the index day
    SELECT
        m.person_id,
        m.measurement_concept_id,
        m.value_as_number,
        m.unit_concept_id,
        ROW_NUMBER() OVER (
            PARTITION BY m.person_id, m.measurement_concept_id
            ORDER BY m.measurement_date DESC, m.measurement_id DESC
        ) AS place
    FROM measurement AS m
    INNER JOIN cohort AS c ON c.person_id = m.person_id
    WHERE m.measurement_concept_id IN (3004249, 3012888, 3016723)
    AND m.value_as_number IS NOT NULL
    AND m.measurement_date >= c.index_date - 365
    AND m.measurement_date < c.index_date
),
visits AS (
    SELECT v.person_id, COUNT(*) AS visits
    FROM visit_occurrence AS v
    INNER JOIN cohort AS c ON c.person_id = v.person_id
    WHERE v.visit_start_date >= c.index_date - 365
    AND v.visit_start_date < c.index_date
    GROUP BY v.person_id
),
followed AS (
    SELECT
        cohort.*,
        -- A death after the end of observation is not counted: who is not observed is not known to be alive either.
        CASE WHEN death_date <= observed_until AND death_date - index_date <= 365 THEN 1 ELSE 0 END AS died
    FROM cohort
)
SELECT
    f.person_id,
    f.index_date AS admission_date,
    f.age,
    f.gender_concept_id AS sex,
    s.value_as_number AS systolic_mmhg,
    t.value_as_number AS diastolic_mmhg,
    k.value_as_number AS creatinine,
    -- Any other unit is not known here: the value then lacks its unit, and the schema says what follows.
    CASE k.unit_concept_id WHEN 8840 THEN 'mg/dL' WHEN 8749 THEN 'umol/L' END AS creatinine_unit,
    COALESCE(v.visits, 0) AS visits_in_prior_year,
    f.died AS died_within_365_days,
    CASE
        WHEN f.died = 1 THEN f.death_date - f.index_date
        WHEN f.observed_until - f.index_date < 365 THEN f.observed_until - f.index_date
        ELSE 365
    END AS days_to_death_or_censoring
FROM followed AS f
LEFT JOIN latest AS s ON s.person_id = f.person_id AND s.measurement_concept_id = 3004249 AND s.place = 1
LEFT JOIN latest AS t ON t.person_id = f.person_id AND t.measurement_concept_id = 3012888 AND t.place = 1
LEFT JOIN latest AS k ON k.person_id = f.person_id AND k.measurement_concept_id = 3016723 AND k.place = 1
LEFT JOIN visits AS v ON v.person_id = f.person_id
ORDER BY f.person_id
