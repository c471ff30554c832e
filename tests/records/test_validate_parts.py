"""Where a table is cut, and which process works on a part, changes nothing."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from data_schemas.columns import AnyRows, EventShare, NoRepeats, OneRow, RecordCount, Severity, Visits
from pipeline import files
from pipeline.engine import LocalEngine
from pipeline.errors import ClinriskError
from pipeline.records.quarantine import Place, validate_parts, validate_records
from pipeline.row_groups import list_row_groups
from pipeline.sections import Validate
from tests.records.cohorts import SETTINGS, Clinic, make_text

ASIDE = Severity.QUARANTINE
REPEATS = (NoRepeats(severity=ASIDE), NoRepeats(but_identifier=True, severity=ASIDE))


def declare(name, **changed):
    """The clinic with another study, at the module's level, so that other processes find it."""
    body = {"Config": type("Config", (), {"metadata": {"study": replace(Clinic.study(), **changed)}})}
    return type(name, (Clinic,), body | {"__module__": __name__})


OneRecord = declare("OneRecord", per_patient=OneRow(ASIDE))
NoOverlap = declare("NoOverlap", per_patient=Visits("seen", "left"))
Distinct = declare("Distinct", per_patient=AnyRows(), table_rules=(*REPEATS, RecordCount(0.1), EventShare(0.6, 0.9)))
COHORTS = [OneRecord, NoOverlap, Distinct]


class ElsewhereEngine:
    """Gives each part, the work and the result away, as to another process."""

    def map(self, work, parts):
        return (send(send(work)(send(part))) for part in parts)


def send(content):
    return pickle.loads(pickle.dumps(content))  # noqa: S301 - it is what we have just written


def make_table(seed, n=150):
    """Faults, repeated patients, records and contents, spread over the table by chance."""
    rng = np.random.default_rng(seed)
    text = make_text(seed, n, faults=0.05)
    for copied in rng.choice(n, 12, replace=False):
        text.loc[rng.integers(n)] = text.loc[copied]
        content = text.columns[1:]
        text.loc[rng.integers(n), content] = text.loc[copied, content].to_numpy()
        text.loc[rng.integers(n), "number"] = text.loc[copied, "number"]
    return text.sample(frac=1, random_state=seed, ignore_index=True)


def by_parts(folder, text, cohort, cut, rows, engine=None, settings=SETTINGS):
    """The tables that were written and the summary; the table cut into row groups, and buckets of about `rows`."""
    folder.mkdir()
    raw = folder / "raw.parquet"
    files.write_parquet_parts(raw, [text.iloc[start : start + cut] for start in range(0, max(len(text), 1), cut)])
    with files.scratch_folder(folder / "validate") as scratch:
        place = Place(engine or LocalEngine(), rows, scratch)
        done = validate_parts(list_row_groups(raw), cohort, settings, place, last_release_records=100)
        done.write_valid(folder / "valid.parquet")
        done.write_quarantine(folder / "quarantine.parquet")
    assert sorted(path.name for path in folder.iterdir()) == ["quarantine.parquet", "raw.parquet", "valid.parquet"]
    return folder / "valid.parquet", folder / "quarantine.parquet", done


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("seed", range(4))
def test_parts_of_any_size_give_what_the_whole_gives(tmp_path, seed, cohort):
    text = make_table(seed)
    whole = validate_records(text, cohort, SETTINGS, last_release_records=100)
    assert len(whole.quarantine) > 20
    for cut, rows in ((22, 40), (149, 20), (1000, 1000)):
        valid, quarantine, done = by_parts(tmp_path / f"{cut}", text, cohort, cut, rows)
        assert_frame_equal(files.read_parquet(valid), whole.valid)
        assert_frame_equal(files.read_parquet(quarantine), whole.quarantine)
        assert done.summary == whole.summary
        assert done.rows.tolist() == whole.rows.tolist()


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_a_source_in_parts_changes_no_byte(tmp_path, seed):
    text, made = make_table(seed), []
    for turn in range(3):
        shuffled = text.sample(frac=1, random_state=turn, ignore_index=True)
        written = by_parts(tmp_path / f"{turn}", shuffled, Distinct, 40 + turn, 40)
        made.append([path.read_bytes() for path in written[:2]])
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("cohort", COHORTS)
def test_work_parts_and_results_can_be_sent_to_another_process(tmp_path, cohort):
    here = by_parts(tmp_path / "here", make_table(0), cohort, 50, 30)
    there = by_parts(tmp_path / "there", make_table(0), cohort, 50, 30, ElsewhereEngine())
    assert [path.read_bytes() for path in here[:2]] == [path.read_bytes() for path in there[:2]]
    assert here[2].summary == there[2].summary


def test_a_patients_valid_records_are_in_one_row_group(tmp_path):
    text = make_table(1)
    text["number"] = pd.array(np.random.default_rng(1).choice(["a", "b", "c", "d"], len(text)), dtype="string")
    anything = declare("Anything", per_patient=AnyRows())
    valid, _, _ = by_parts(tmp_path / "made", text, anything, 40, 10)
    groups = [group.read(["pseudonym"])["pseudonym"] for group in list_row_groups(valid)]
    seen = [name for group in groups for name in group.unique()]
    assert len(seen) == len(set(seen)) == 4
    assert len(groups) > 4


def spoil(column, value, *rows):
    text = make_text(0, 150)
    text.loc[list(rows), column] = value
    return text


REFUSED = {
    "types": (Clinic, spoil("weight", "heavy", 3, 77, 149)),
    "two types": (Clinic, spoil("weight", "heavy", 149).assign(stage=spoil("stage", "IX", 0)["stage"])),
    "patients": (Clinic, spoil("number", "7731", 2, 149)),
    "no identifier": (Clinic, spoil("number", "", 1, 80, 149)),
    "excess": (
        Clinic,
        spoil("weight", "401", *range(0, 150, 2), 1).assign(children=spoil("children", "21", 5).children),
    ),
    "repeats": (
        declare("Repeats", per_patient=AnyRows(), table_rules=(NoRepeats(severity=Severity.REFUSE),)),
        pd.concat([make_text(0, 100), make_text(0, 100)[30:60]], ignore_index=True),
    ),
    "outcome": (Clinic, spoil("ill", "1", *range(150))),
    "events": (declare("Events", table_rules=(EventShare(0.6, 0.9, Severity.REFUSE),)), make_text(0, 150)),
    "records": (declare("Records", table_rules=(RecordCount(0.1, Severity.REFUSE),)), make_text(0, 150)),
    "nothing": (Clinic, make_text(0, 150)[:0]),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_refused_is_refused_in_parts_by_the_same_sentence(tmp_path, fault):
    cohort, text = REFUSED[fault]
    with pytest.raises(ClinriskError) as whole:
        validate_records(text, cohort, SETTINGS, last_release_records=100)
    for cut in (60, 149):
        with pytest.raises(type(whole.value)) as said:
            by_parts(tmp_path / f"{cut}", text, cohort, cut, 40)
        assert str(said.value) == str(whole.value)
        assert [path.name for path in (tmp_path / f"{cut}").iterdir()] == ["raw.parquet"]


def test_everything_may_be_set_aside_in_a_part(tmp_path):
    text = make_text(0, 150)
    text.loc[40:79, "weight"] = "401"
    settings = Validate(pseudonym_key="a key for tests", quarantine_at_most=0.3)
    valid, quarantine, done = by_parts(tmp_path / "made", text, Clinic, 40, 40, settings=settings)
    assert (len(files.read_parquet(valid)), len(files.read_parquet(quarantine))) == (110, 40)
    assert done.summary["quarantined"] == 40
