"""A declared effect that the records do not allow: one clear sentence, exit code 3, earlier outputs kept."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.stages import explain, imaging, ingest, split, validate
from pipeline.stages.wiring import _attempt

COHORT = "breast_cancer_recurrence"
SOURCE = Path("data/demo/german_breast_cancer.csv")


def alter(**columns) -> None:
    """Give columns of the source other values; each is a function of the table."""
    table = pd.read_csv(SOURCE, dtype=str)
    table.assign(**{name: values(table) for name, values in columns.items()}).to_csv(SOURCE, index=False)


def attempt(root: Path) -> tuple[int, dict[str, bytes]]:
    """The code of the stage `explain`, and what stands in the reports then."""
    assert _attempt("ingest", COHORT, ingest.main, debug=False) == 0
    assert _attempt("validate", COHORT, validate.main, debug=False) == 0
    assert _attempt("split", COHORT, split.main, debug=False) == 0
    assert _attempt("imaging", COHORT, imaging.main, debug=False) == 0
    earlier = root / f"reports/{COHORT}/treatment_effect.json"
    earlier.write_text('{"earlier": 1}')
    code = _attempt("explain", COHORT, explain.main, debug=False)
    return code, {p.name: p.read_bytes() for p in earlier.parent.iterdir()}


@pytest.mark.parametrize(
    ("treated", "says"),
    [
        (lambda table: "1", "no record has a label of the treated arm in hormone_therapy"),
        (
            lambda table: table.index.map(lambda row: "2" if row < 9 else "1"),
            "an arm has fewer than 10 patients",
        ),
        (
            lambda table: table["age"].astype(int).gt(53).map({True: "2", False: "1"}),
            "the arms do not overlap",
        ),
    ],
)
def test_an_effect_that_cannot_be_told_is_refused(root, capsys, treated, says):
    alter(hormone_therapy=treated)
    code, left = attempt(root)
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 3
    assert f"error: explain {COHORT}: {says}" in told
    assert "expected" in told or "gather more patients" in told
    assert set(left) == {"validation.json", "treatment_effect.json"}
    assert left["treatment_effect.json"] == b'{"earlier": 1}'
