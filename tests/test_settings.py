import sys

import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import ConfigurationError
from pipeline.models.candidates import Context, build_candidates, refuse_inexact
from pipeline.sections import DelimitedSource
from pipeline.settings import COHORT_NAME, check_cohort_name, load_cohort, load_settings
from tests.conftest import change_params


def refusal(root, change):
    change_params(root, change)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    return str(refused.value)


def test_the_released_settings_are_complete(root):
    settings = load_settings()
    assert list(settings.cohorts) == ["breast_cancer_diagnosis", "breast_cancer_recurrence"]
    assert str(settings.cohorts["breast_cancer_recurrence"].test_from) == "1987-01-01"
    train = settings.train
    build_candidates((*train.candidates, *train.ensemble, *train.search), Context({}, train.seed, train.device))
    refuse_inexact((*train.ensemble, *train.search))
    assert not set(train.search) & set(train.ensemble)


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        (("split",), "fold", "folds"),
        (("train",), "seeds", "seed"),
        ((), "disclosures", "disclosure"),
        (("cohorts", "breast_cancer_recurrence"), "test_form", "test_from"),
        (("cohorts", "breast_cancer_recurrence", "source"), "encodng", "encoding"),
    ],
)
def test_an_unknown_key_is_refused_by_name_with_the_nearest_known_one(root, path, wrong, right):
    def rename(params):
        section = params
        for part in path:
            section = section[part]
        section[wrong] = section.pop(right)

    said = refusal(root, rename)
    assert f"unknown key '{'.'.join([*path, wrong])}'; did you mean {right!r}?" in said


def test_a_key_like_no_other_is_to_be_removed(root):
    assert "unknown key 'train.zzzz'; remove it" in refusal(root, lambda p: p["train"].update(zzzz=1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p["split"].pop("folds"), "key 'split.folds' is missing"),
        (lambda p: p.pop("train"), "key 'train' is missing"),
        (lambda p: p["split"].update(folds="five"), "split.folds: "),
        (lambda p: p["split"].update(test_share=1.5), "split.test_share: "),
        (lambda p: p["split"].update(folds=2.5), "split.folds: "),
        (lambda p: p["split"].update(folds=None), "split.folds: "),
        (lambda p: p["validate"].update(quarantine_at_most=float("nan")), "validate.quarantine_at_most: "),
        (lambda p: p["disclosure"].update(smallest_group=1), "disclosure.smallest_group: "),
        (lambda p: p["report"].update(language="de"), "report.language: Input should be 'en' or 'zh'"),
        (lambda p: p["disclosure"].update(round_to=0), "disclosure.round_to: "),
        (lambda p: p["disclosure"].update(round_to=11), "disclosure: round_to is above smallest_group"),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"].pop("source"), "breast_cancer_diagnosis.source' is missing"),
        (lambda p: p["cohorts"]["breast_cancer_recurrence"].update(test_from="1987-02-30"), "test_from: "),
        (lambda p: p["cohorts"]["breast_cancer_recurrence"].update(test_from="01.02.1987"), "test_from: "),
        (lambda p: p.update(cohorts={}), "cohorts: "),
        (lambda p: p["train"].update(ensemble=[]), "train.ensemble: "),
        (lambda p: p["train"].update(candidates=[]), "train.candidates: "),
        (lambda p: p["train"].update(search="boosted_trees"), "train.search: "),
        (lambda p: p["train"].pop("search"), "key 'train.search' is missing"),
        (lambda p: p["train"].update(device="gpu"), "train.device: "),
        (lambda p: p["train"].update(learning_curve=[0.5, 1.0]), "train.learning_curve.1: "),
        (lambda p: p["train"].update(learning_curve=[0]), "train.learning_curve.0: "),
        (lambda p: p["train"].update(learning_curve=0.5), "train.learning_curve: "),
        (lambda p: p["train"].update(optimism_resamples=-1), "train.optimism_resamples: "),
        (lambda p: p["train"].update(optimism_at_most=0.5), "train.optimism_at_most: "),
        (lambda p: p["train"].update(optimism_atmost=5), "did you mean 'optimism_at_most'?"),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(delimiter='"'), "source.delimiter: "),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(delimiter=";;"), "source.delimiter: "),
        (lambda p: p["validate"].update(pseudonym_key="short"), "validate.pseudonym_key: "),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(format="xls"), "source.format: "),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].pop("format"), "source.format' is missing"),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(delimter=";"), "mean 'delimiter'?"),
        (lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(decimal=","), "are the same"),
        (
            lambda p: p["cohorts"]["breast_cancer_diagnosis"].update(
                source={"format": "sql", "path": "a.sql", "url_from": "postgresql://me:secret@host/db"}
            ),
            "source.url_from: ",
        ),
        (
            lambda p: p["cohorts"].update({"Bad-Name": p["cohorts"]["breast_cancer_diagnosis"]}),
            "'Bad-Name' is not usable",
        ),
        (
            lambda p: p["cohorts"].update({"summaries": p["cohorts"]["breast_cancer_diagnosis"]}),
            "'summaries' is not usable",
        ),
    ],
)
def test_each_fault_is_named_where_it_stands(root, change, expected):
    assert expected in refusal(root, change)


@pytest.mark.parametrize(
    "less",
    [
        {"search": []},
        {"learning_curve": []},
        {"optimism_resamples": 0},
        {"optimism_at_most": 0},
        {"device": "cpu"},
        {"device": "cuda"},
    ],
)
def test_what_costs_most_may_be_left_out(root, less):
    change_params(root, lambda p: p["train"].update(less))
    train = load_settings().train.model_dump(mode="json")
    assert {key: train[key] for key in less} == less


def test_a_day_without_quotes_is_refused_since_dvc_cannot_read_it(root):
    text = (root / "params.yaml").read_text().replace('"1987-01-01"', "1987-01-01")
    (root / "params.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match='in quotes, "1987-01-01"'):
        load_settings()


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r", "\0"])
def test_what_cannot_part_fields_is_no_delimiter(root, delimiter):
    said = refusal(root, lambda p: p["cohorts"]["breast_cancer_diagnosis"]["source"].update(delimiter=delimiter))
    assert "cohorts.breast_cancer_diagnosis.source.delimiter: " in said


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "^"])
def test_usable_delimiters(delimiter):
    assert DelimitedSource(format="csv", path="x", delimiter=delimiter).delimiter == delimiter


@pytest.mark.parametrize("key", [77317731, ["s3cret-7731"], "7731"])
def test_a_refused_key_is_not_shown(root, key):
    said = refusal(root, lambda p: p["validate"].update(pseudonym_key=key))
    assert said.startswith("params.yaml: validate.pseudonym_key: ")
    assert "7731" not in said


def test_settings_cannot_be_altered_once_read(root):
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().split.folds = 3


def test_missing_and_broken_files_are_named(root):
    (root / "params.yaml").write_bytes("train: Müller".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"^params.yaml is not valid YAML"):
        load_settings()
    (root / "params.yaml").write_text("train: [1, 2\nsplit: {")
    with pytest.raises(ConfigurationError, match=r"params.yaml line \d is not valid YAML"):
        load_settings()
    (root / "params.yaml").write_text("- a list")
    with pytest.raises(ConfigurationError, match=r"params.yaml: "):
        load_settings()
    (root / "params.yaml").unlink()
    with pytest.raises(ConfigurationError, match="run from the root"):
        load_settings()


@pytest.mark.parametrize("name", ["a", "stroke_2024", "x1"])
def test_usable_names(name):
    assert COHORT_NAME.fullmatch(name)
    check_cohort_name(name)


@pytest.mark.parametrize("name", ["", "1a", "A", "a-b", "a b", "a;rm", "../x", "columns", "demo", "é"])
def test_names_that_could_hurt_a_shell_or_a_path_are_refused(name):
    with pytest.raises(ConfigurationError, match="is not usable"):
        check_cohort_name(name)


SCHEMA = """
from data_schemas.columns import *
class One(Cohort):
    number: Text = identifier("Number")
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "data_schemas/made.py is missing"),
        ("x = 1", "declares 0 cohort classes, expected exactly one"),
        (SCHEMA + "class Two(Cohort):\n    number: Text = identifier('Number')\n", "declares 2 cohort classes"),
        (SCHEMA, "Config.metadata holds no study"),
        (SCHEMA + "    study: Text = identifier('Study')\n", "study: this name is taken; rename the column"),
        (SCHEMA + "    faults: Text = identifier('F')\n", "faults: this name is taken"),
        ("import nothing_of_that_name", "imports nothing_of_that_name, which is not installed"),
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
        ("class Cohort(:", "cannot be imported: SyntaxError"),
        (
            SCHEMA + "    sex: Coded = category('Sex', ['m', 'f'])\n",
            "cannot be imported: AttributeError",
        ),
    ],
)
def test_a_faulty_schema_file_is_named_with_its_fault(tmp_path, monkeypatch, text, expected):
    import data_schemas

    monkeypatch.setattr(data_schemas, "__path__", [*data_schemas.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "data_schemas.made", raising=False)
    if text is not None:
        (tmp_path / "made.py").write_text(text)
    with pytest.raises(ConfigurationError, match=r"data_schemas/made\.py") as refused:
        load_cohort("made")
    assert expected in str(refused.value)


def test_yaml_of_the_release_has_one_section_per_setting(root):
    content = yaml.safe_load((root / "params.yaml").read_text())
    stages = {"validate", "split", "imaging", "train", "cluster", "evaluate", "explain", "report"}
    assert set(content) == {"cohorts", "profile", "engine", "disclosure", "retrain", "drift", *stages}
