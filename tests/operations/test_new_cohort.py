import sys

import numpy as np
import pandas as pd
import pytest
import yaml

import data_schemas
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.operations.new_cohort import draft_cohort
from pipeline.settings import load_cohort, load_settings
from tests.conftest import ROOT, python

SENTINEL = "7731"


@pytest.fixture
def drafting(root, monkeypatch):
    """A repository root with a table to draft from and a data_schemas folder of its own."""
    (root / "data_schemas").mkdir()
    monkeypatch.setattr(data_schemas, "__path__", [*data_schemas.__path__, str(root / "data_schemas")])
    monkeypatch.delitem(sys.modules, "data_schemas.stroke", raising=False)
    make_table(200).to_csv(root / "stroke.csv", index=False)
    yield root
    sys.modules.pop("data_schemas.stroke", None)


def make_table(n):
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "patient_id": [f"{SENTINEL}-{i:04d}" for i in rng.permutation(n)],
        "age": rng.integers(40, 95, n), "pressure": rng.normal(140, 18, n).round(1),
        "smoker": rng.choice(["0", "1"], n), "died": rng.choice(["0", "1"], n, p=[0.7, 0.3]),
    })  # fmt: skip


def test_a_draft_and_its_entry_are_made_and_comments_stay(drafting):
    before = (drafting / "params.yaml").read_text()
    schema, guesses = draft_cohort("stroke", {"path": "stroke.csv"}, "died", "1")
    assert str(schema) == "data_schemas/stroke.py"
    cohort = load_cohort("stroke")
    assert guesses == sum(map(len, cohort.unconfirmed().values())) > 5
    assert cohort.identifier() == "patient_id"
    assert cohort.study().outcome.column == "died"
    after = (drafting / "params.yaml").read_text()
    assert [line for line in before.splitlines() if "#" in line] == [line for line in after.splitlines() if "#" in line]
    entry = yaml.safe_load(after)["cohorts"]["stroke"]["source"]
    assert entry == {"format": "csv", "path": "stroke.csv", "encoding": "utf-8", "delimiter": ",", "decimal": "."}
    assert set(load_settings().cohorts) == {"breast_cancer_diagnosis", "breast_cancer_recurrence", "stroke"}
    assert SENTINEL not in schema.read_text() + after


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "tsv", "csv.gz", "txt"])
def test_every_kind_of_file_gives_the_same_draft(drafting, kind):
    table, path = make_table(200), f"stroke.{kind}"
    source = {"path": path} | {"tsv": {"delimiter": "\t"}, "txt": {"delimiter": ";", "decimal": ","}}.get(kind, {})
    if kind == "parquet":
        table.to_parquet(path, index=False)
    elif kind == "xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, sep=source.get("delimiter", ","), decimal=source.get("decimal", "."))
    draft_cohort("stroke", source, "died", "1")
    made = (drafting / "data_schemas/stroke.py").read_text()
    sys.modules.pop("data_schemas.stroke")
    (drafting / "data_schemas/stroke.py").unlink()
    (drafting / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    draft_cohort("stroke", {"path": "stroke.csv"}, "died", "1")
    assert made == (drafting / "data_schemas/stroke.py").read_text()


@pytest.mark.parametrize(
    ("name", "source", "outcome", "error", "said"),
    [
        ("Stroke", {"path": "stroke.csv"}, "died", ConfigurationError, "'Stroke' is not usable"),
        ("breast_cancer_diagnosis", {"path": "stroke.csv"}, "died", ConfigurationError, "exists already"),
        ("stroke", {"path": "stroke.sas7bdat"}, "died", ConfigurationError, "expected a file that ends in .csv"),
        ("stroke", {"path": "nothing.csv"}, "died", DataRefusedError, "nothing.csv is missing"),
        ("stroke", {"path": "stroke.csv", "delimiter": ";;"}, "died", ConfigurationError, "delimiter: "),
        ("stroke", {"path": "stroke.csv"}, "dead", ConfigurationError, "dead"),
        ("stroke", {"path": "empty.csv"}, "died", DataRefusedError, "nothing to draft"),
    ],
)
def test_what_cannot_be_drafted_leaves_nothing_behind(drafting, name, source, outcome, error, said):
    (drafting / "empty.csv").write_text("patient_id,died\n")
    before = (drafting / "params.yaml").read_text()
    with pytest.raises(error) as refusal:
        draft_cohort(name, source, outcome, None)
    assert said in str(refusal.value)
    assert (drafting / "params.yaml").read_text() == before
    assert not list((drafting / "data_schemas").glob("*.py"))


def test_a_draft_is_validated_and_split_and_not_trained_until_it_is_confirmed(tiny_root):
    make_table(300).to_csv(tiny_root / "stroke.csv", index=False)
    done = python(tiny_root, "-m", "pipeline", "new-cohort", "stroke", "--from", "stroke.csv", "--outcome", "died")
    assert (done.returncode, done.stderr) == (0, "")
    assert "guesses, and an entry in params.yaml" in done.stdout
    for stage in ("ingest", "validate", "split"):
        assert python(tiny_root, "-m", f"pipeline.stages.{stage}", "stroke").returncode == 0
    refused = python(tiny_root, "-m", "pipeline.stages.train", "stroke")
    assert refused.returncode == 2
    assert "data_schemas/stroke.py is a draft: " in refused.stderr
    assert "guesses are not confirmed" in refused.stderr
    examined = python(tiny_root, "-m", "pipeline", "doctor").stdout
    assert "cohort stroke is a draft with" in examined
