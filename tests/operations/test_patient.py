import json
import re
import stat
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from pipeline import __main__ as main
from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.models.features import model_frame
from pipeline.models.storage import refits_to_dict
from pipeline.operations import patient
from pipeline.operations.patient import Query, ask_for_pages, write_patient, write_patients
from pipeline.records.new_patients import check_new_patients
from pipeline.records.quarantine import Validated, validate_records
from pipeline.sections import Validate
from tests.conftest import change_params
from tests.operations.pages import Ward
from tests.operations.scoring import make_deployed, write_model
from tests.operations.test_score_phenotypes import learnt
from tests.records.wide_clinic import NEEDED, make_text

OUT = Path("page.html")
KEY = "key for tests"
CANARY = "4815162342"


@cache
def validated() -> Validated:
    """Twenty patients with two records each, the last one's set aside."""
    table = make_text(5, 40, visits=2)
    table.loc[38:39, "age"] = "17"
    return validate_records(table, Ward, Validate(pseudonym_key=KEY, quarantine_at_most=0.5))


@pytest.fixture(autouse=True)
def ward(root, monkeypatch):
    """A repository root with one cohort, its model, records, and risks of 60 patients evaluated."""
    monkeypatch.setattr(patient, "load_cohort", {"ward": Ward}.get)
    source = {"source": {"format": "csv", "path": "old.csv"}}
    change_params(root, lambda p: p.update(cohorts={"ward": source}))
    change_params(root, lambda p: p["validate"].update(pseudonym_key=KEY))
    write_model(make_deployed(Ward)[0], root / "artifacts/ward/model.json")
    made = validated()
    (root / "data/ward").mkdir(parents=True)
    made.valid.to_parquet(root / "data/ward/valid.parquet")
    made.quarantine.to_parquet(root / "data/ward/quarantine.parquet")
    parts = pd.DataFrame({"pseudonym": made.valid["pseudonym"].unique()})
    split = parts.assign(part=np.where(np.arange(len(parts)) % 2, "test", "development"))
    split.to_parquet(root / "data/ward/split.parquet")
    write_predictions(root, 60)
    return root


def write_predictions(root: Path, n: int) -> None:
    told = pd.DataFrame({"pseudonym": [f"{i:05d}" for i in range(n)], "risk_ensemble": np.linspace(0, 1, n)})
    pd.concat([told, told]).to_parquet(root / "artifacts/ward/predictions.parquet")


def page(identifier: str = "7731-00003", **more) -> str:
    """The text of a page."""
    OUT.unlink(missing_ok=True)
    write_patient(Query("ward", (identifier,), **more), OUT)
    return text_of(OUT)


def text_of(path: Path) -> str:
    body = path.read_text().split("</style>")[1]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def write_new(**changes: str) -> str:
    """A file of new patients without what no risk needs, the third record altered."""
    table = make_text(9, 6)[NEEDED]
    table.loc[2, list(changes)] = list(changes.values())
    table.to_csv("new.csv", index=False)
    return "new.csv"


def shown_risk(text: str) -> float:
    return float(re.search(r"([\d.]+)% 95% interval", text)[1]) / 100


def test_a_known_patients_page_shows_the_latest_record_and_the_models_risk():
    text = page()
    table = make_text(5, 40, visits=2)
    mine = table[table["number"] == "7731-00003"].sort_values("seen").iloc[[-1]]
    new = mine[NEEDED].assign(number="n")
    new.to_csv("one.csv", index=False)
    again = page("n", path="one.csv")
    assert shown_risk(text) == shown_risk(again)
    assert f"The record of {mine['seen'].iloc[0]}, the latest of 2, is shown." in text
    assert "7731-00003" in text
    assert "The model was" not in again


def test_whether_the_patient_taught_the_model_is_said():
    split = pd.read_parquet("data/ward/split.parquet")
    for part, said in (("development", "The model was taught by this patient"), ("test", "The model was not taught")):
        split.assign(part=part).to_parquet("data/ward/split.parquet")
        assert said in page()


def test_patients_not_seen_in_training_get_the_risks_that_score_gives():
    path = write_new()
    records = patient.find_new(
        patient.load_settings().cohorts["ward"].source, path, ("7731-00002",), Ward, Path("model.json")
    )[0].record
    expected = make_deployed(Ward)[0].predict(model_frame(records, Ward.predictors()))
    assert shown_risk(page("7731-00002", path=path)) == pytest.approx(expected["risk"].iloc[0], abs=0.0006)


def test_it_is_closed_to_others_and_nothing_else_is_left(ward):
    before = set(ward.rglob("*"))
    page()
    assert set(ward.rglob("*")) - before == {ward / OUT}
    assert stat.S_IMODE(OUT.stat().st_mode) == 0o600


def test_same_patient_same_bytes():
    page()
    first = OUT.read_bytes()
    page()
    assert OUT.read_bytes() == first


def test_no_other_patient_is_on_the_page(ward):
    text = page()
    assert re.findall(r"7731-\d+", text) == ["7731-00003"]
    hidden = pd.read_parquet("data/ward/valid.parquet")["pseudonym"]
    assert not [name for name in hidden if name in OUT.read_text()]


def test_pages_are_in_the_language_of_the_settings_and_messages_in_english(ward):
    change_params(ward, lambda p: p["report"].update(language="zh"))
    said = write_patient(Query("ward", ("7731-00003",)), OUT)
    assert said[0].startswith("Wrote the page to page.html.")
    Path("list.txt").write_text("7731-00003\n")
    ask_for_pages("ward", (None, None), (Path("list.txt"), Path("clinic")))
    for path in (OUT, Path("clinic/1.html"), Path("clinic/index.html")):
        assert '<html lang="zh-Hans">' in path.read_text(encoding="utf-8")
    query = Query("ward", ("7731-00003",), asked=(("age", 40.0),))
    with pytest.raises(ConfigurationError, match="the schema does not list it as modifiable"):
        write_patient(query, Path("other.html"))
    change_params(ward, lambda p: p["report"].update(language="en"))
    assert "Patient 7731-00003" in page()


@pytest.mark.parametrize(
    ("n", "said"), [(19, "fewer than 20"), (60, "of the 60 patients evaluated, to the nearest 5%")]
)
def test_the_place_in_the_cohort_needs_twenty_patients(ward, n, said):
    write_predictions(ward, n)
    assert said in page()


def test_missing_inputs_are_told_of():
    text = page("7731-00002", path=write_new(marker="?", smoker=""))
    gaps = text[text.index("Missing inputs") :]
    assert "Marker: from" in gaps
    assert "Smoker: from" in gaps
    assert "Marker. Not shown: its value is missing." in text


def test_a_record_unlike_those_of_development_is_warned_of_and_gets_no_what_if():
    text = page("7731-00002", path=write_new(marker="8.9"))
    assert "This record is unlike those of the patients who taught the model: Marker" in text
    assert "Not shown: the record as it is, is unlike" in text


def test_the_phenotype_is_that_of_the_model(ward):
    assert "No phenotypes belong to this model." in page()
    (ward / "artifacts/ward/phenotypes_model.json").write_text(json.dumps(learnt().to_dict()))
    (ward / "reports/ward").mkdir(parents=True)
    clusters = [{"cluster": 4, "name": "first", "n": None}, {"cluster": 2, "name": "second", "n": 231}]
    (ward / "reports/ward/phenotypes.json").write_text(json.dumps({"clusters": clusters}))
    said = {page(f"7731-{i:05d}").split("Phenotype ")[1].split("Intended use")[0] for i in range(8)}
    assert any("phenotype 4, first" in text for text in said)
    assert any("phenotype 2, second (231 patients of the cohort)" in text for text in said)


@pytest.mark.parametrize(
    ("out", "said"),
    [("reports/page.html", "reports/ is published"), ("artifacts/../reports/a/page.html", "reports/ is published"),
     ("mine.html", "mine.html exists already"), ("page.txt", "ends in .html"), ("link/page.html", "is published")],
)  # fmt: skip
def test_places_that_must_not_be_written_are_refused(ward, out, said):
    Path("mine.html").write_text("mine")
    Path("reports").mkdir()
    Path("link").symlink_to("reports")
    before = sorted(ward.rglob("*"))
    with pytest.raises(ConfigurationError, match=said):
        write_patient(Query("ward", ("7731-00003",)), Path(out))
    assert sorted(ward.rglob("*")) == before
    assert Path("mine.html").read_text() == "mine"


def refused(error: type[Exception], query: Query) -> str:
    """What is said; nothing is written, and no value is told."""
    with pytest.raises(error) as refusal:
        write_patient(query, OUT)
    said = str(refusal.value)
    assert not OUT.exists()
    assert CANARY not in said
    assert "7731-" not in said
    assert "\n" not in said
    return said


def test_a_patient_who_is_not_there_is_said_without_the_identifier():
    said = refused(DataRefusedError, Query("ward", (CANARY,)))
    assert said.startswith("data/ward/valid.parquet has no record of the patient; check how the identifier is written")
    assert "new.csv has no record of the patient" in refused(
        DataRefusedError, Query("ward", (CANARY,), path=write_new())
    )


def test_a_patient_set_aside_is_told_the_rule():
    said = refused(DataRefusedError, Query("ward", ("7731-00019",)))
    assert "it was set aside, column age, rule 'low'" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"region": CANARY}, "column region, rule 'known code'"), ({"age": CANARY}, "column age, rule 'high'"),
     ({"age": "3"}, "column age, rule 'low'"), ({"marker": "x" + CANARY}, "column marker, rule 'decimal number'")],
)  # fmt: skip
def test_a_record_that_breaks_a_rule_is_refused_in_one_sentence(changes, said):
    path = write_new(**changes)
    assert said in refused(DataRefusedError, Query("ward", ("7731-00002",), path=path))
    assert "95% interval" in page("7731-00001", path=path)


@pytest.mark.parametrize(
    ("name", "after", "said"),
    [("marker", -4815162342.0, "outside the declared bounds"), ("marker", float("nan"), "outside the declared bounds"),
     ("age", 40.0, "does not list it as modifiable"), ("marker", 8.0, "against the declared direction"),
     ("height", 1.0, "no predictor of this model")],
)  # fmt: skip
def test_a_what_if_that_the_schema_does_not_allow_is_refused(name, after, said):
    path = write_new(marker="0.2")
    query = Query("ward", ("7731-00002",), path=path, asked=((name, after),))
    assert said in refused(ConfigurationError, query)


def test_a_what_ifs_difference_has_the_interval_of_the_refits_that_belong_to_the_model(ward):
    path, asked = write_new(marker="0.5"), (("marker", 0.05),)
    alone = page("7731-00002", path=path, asked=asked)
    model = ward / "artifacts/ward/model.json"
    others = [make_deployed(Ward, seed)[0].model for seed in (1, 2, 3)]
    files.write_json(model.with_name("refits.json"), refits_to_dict(others, files.hash_file(model)))
    text = page("7731-00002", path=path, asked=asked)
    [found] = set(re.findall(r"\u2212[\d.]+ \(.*?\)", text)) - set(re.findall(r"\u2212[\d.]+ \(.*?\)", alone))
    lo, hi = (float(one.replace("\u2212", "-")) for one in re.findall(r"[+\u2212]?[\d.]+", found)[1:])
    record = check_new_patients(make_text(9, 6)[NEEDED].assign(marker="0.5").iloc[[2]], Ward).sound
    now = model_frame(record, Ward.predictors())
    moved = [100 * float((one.risk(now.assign(marker=0.05)) - one.risk(now))[0]) for one in others]
    assert (lo, hi) == pytest.approx(np.quantile(moved, [0.025, 0.975]), abs=0.0501)
    files.write_json(model.with_name("refits.json"), refits_to_dict(others, "of another model"))
    assert page("7731-00002", path=path, asked=asked) == alone


def test_a_what_if_that_is_allowed_is_shown():
    path = write_new(marker="0.2")
    text = page("7731-00002", path=path, asked=(("marker", 0.05),))
    assert "Marker 0.2 0.05" in text
    too_far = Query("ward", ("7731-00002",), path=path, asked=(("marker", -0.9),))
    OUT.unlink()
    assert "larger than the largest plausible one; it may go down by at most 0.5" in refused(
        ConfigurationError, too_far
    )


def test_a_list_makes_a_folder_of_pages_that_are_those_of_each_patient(ward):
    Path("list.txt").write_text("7731-00003\n\n7731-00001\n")
    said = ask_for_pages("ward", (None, None), (Path("list.txt"), Path("clinic")))
    assert said[0].startswith("Wrote 2 pages to clinic")
    assert sorted(p.name for p in Path("clinic").iterdir()) == ["1.html", "2.html", "index.html"]
    assert stat.S_IMODE(Path("clinic").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in Path("clinic").iterdir()} == {0o600}
    alone = page()
    assert text_of(Path("clinic/1.html")) == alone
    assert "7731-00003" in text_of(Path("clinic/index.html"))


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [("7731-00003\nnobody", DataRefusedError, "no record of patient number 2 of the list"),
     ("", ConfigurationError, "lists 0 patients"), ("a\nb\na", ConfigurationError, "lists a patient twice")],
)  # fmt: skip
def test_a_list_with_a_fault_writes_nothing(ward, lines, error, said):
    Path("list.txt").write_text(lines)
    before = sorted(ward.rglob("*"))
    with pytest.raises(error, match=said):
        ask_for_pages("ward", (None, None), (Path("list.txt"), Path("clinic")))
    assert sorted(ward.rglob("*")) == before
    with pytest.raises(ConfigurationError, match="is published"):
        write_patients(Query("ward", ("7731-00003",)), Path("reports"))


def test_several_records_without_a_date_to_choose_by_are_refused(monkeypatch):
    monkeypatch.setattr(Ward, "index_date", classmethod(lambda _: None))
    assert "the patient has 2 records" in refused(DataRefusedError, Query("ward", ("7731-00003",)))


@pytest.mark.parametrize("missing", ["data/ward/valid.parquet", "artifacts/ward/model.json"])
def test_what_is_missing_is_said_with_what_to_do(missing):
    Path(missing).unlink()
    with pytest.raises(ConfigurationError, match=f"{missing} is missing; `dvc repro` makes"):
        write_patient(Query("ward", ("7731-00003",)), OUT)


def test_a_failure_while_writing_leaves_nothing(ward, monkeypatch):
    before = sorted(ward.rglob("*"))
    monkeypatch.setattr(patient.files, "commit", lambda path: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_patient(Query("ward", ("7731-00003",)), OUT)
    assert sorted(ward.rglob("*")) == before


def test_the_command_writes_a_page_and_refuses_half_of_a_pair():
    done = CliRunner().invoke(main.cli, ["patient", "ward", "7731-00003", "--out", str(OUT)])
    assert done.exit_code == 0, done.output
    assert "Wrote the page to page.html." in done.output
    for more in ([], ["7731-00003"], ["--list", "list.txt"], ["7731-00003", "--out", "b.html", "--list", "l.txt"]):
        with pytest.raises(ConfigurationError, match="expected an identifier with --out, or --list with --out-folder"):
            CliRunner().invoke(main.cli, ["patient", "ward", *more], catch_exceptions=False)
