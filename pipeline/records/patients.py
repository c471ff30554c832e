"""The rules that need more than one record: those of a patient, and repeats across the table."""

import pandas as pd

from data_schemas.columns import Cohort, NoRepeats, OneRow, Visits
from pipeline.records.rules import repeat_rules
from pipeline.repeats import repeat_groups


def find_violations_between(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """`record`, `rule`, `column` (missing) for every broken rule of a patient and for every repeat."""
    several = frame[cohort.identifier()].duplicated(keep=False)
    return pd.concat([find_patient_violations(frame, several, cohort), find_repeats(frame, several, cohort)])


def find_patient_violations(frame: pd.DataFrame, several: pd.Series, cohort: type[Cohort]) -> pd.DataFrame:
    """Records of a patient with too many, or with overlapping visits; `several` says whose patient has others."""
    declared, identifier = cohort.study().per_patient, cohort.identifier()
    if isinstance(declared, OneRow):
        return _listed(frame.index[several & frame[identifier].notna()], declared.name)
    if isinstance(declared, Visits):
        return _listed(_overlapping(frame, identifier, declared), declared.name)
    return _listed(frame.index[:0], "")


def find_repeats(frame: pd.DataFrame, several: pd.Series, cohort: type[Cohort]) -> pd.DataFrame:
    """Every copy of a record, one of the same records excepted."""
    return pd.concat(
        [_copies(frame, several, cohort, rule) for rule in repeat_rules(cohort)] or [_listed(frame.index[:0], "")]
    )


def _copies(frame: pd.DataFrame, several: pd.Series, cohort: type[Cohort], rule: NoRepeats) -> pd.DataFrame:
    identifier = cohort.identifier()
    others = [name for name in frame.columns if name != identifier]
    if rule.but_identifier:
        groups = repeat_groups(frame, others)
        who = frame[identifier].loc[groups.index]
        patients = pd.DataFrame({"group": groups, "who": who}).drop_duplicates()["group"].value_counts()
        groups = groups[groups.map(patients) > 1]
    else:
        groups = repeat_groups(frame[several], [identifier, *others])
    by_patient = frame[identifier].loc[groups.index].sort_values(kind="stable").index  # whatever the rows' order
    return _listed(by_patient[groups.loc[by_patient].duplicated()], rule.name)


def _overlapping(frame: pd.DataFrame, identifier: str, visits: Visits) -> pd.Index:
    """Records that begin before another of the same patient has ended, and those they begin in."""
    known = frame[[identifier, visits.start, visits.end]].dropna()
    ordered = known.sort_values([identifier, visits.start, visits.end], kind="stable")
    patients = ordered.groupby(identifier, sort=False)
    ended = patients[visits.end].cummax().groupby(ordered[identifier], sort=False).shift(1)
    early = ordered[visits.start] < ended
    following = patients[visits.start].shift(-1)
    return ordered.index[early | (following < ordered[visits.end])]


def _listed(records: pd.Index, rule: str) -> pd.DataFrame:
    return pd.DataFrame({"record": records, "rule": rule, "column": None})
