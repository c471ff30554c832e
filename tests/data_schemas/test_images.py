import pytest

from data_schemas.columns import (
    Binary,
    Box,
    Coded,
    Cohort,
    FactorClass,
    Role,
    Severity,
    Study,
    Text,
    Whole,
    category,
    identifier,
    image,
    measurement,
    text,
)
from data_schemas.findings import derive_findings

TYPES = {"0": "none", "1": "nodule", "2": "mass"}
AFTERWARDS = "the network learns it"
BOX = Box("left", "top", "width", "height")


def declare(**meaning) -> type[Cohort]:
    """A cohort whose images are declared by `meaning`."""
    told = {"modality": "DX", "body_part": "CHEST"} | meaning

    class Chest(Cohort):
        patient_id: Text = identifier("Number")
        age: Whole = measurement("Age", unit="years", plausible=(0, 120), whole=True, factor=FactorClass.IMMUTABLE)
        radiograph: Text = image("Chest radiograph", **told)
        lesion: Coded = category("Lesion", TYPES, excluded=AFTERWARDS)
        side: Coded = category("Side", {"L": "left", "R": "right"}, excluded=AFTERWARDS)
        left: Whole = measurement("Left", plausible=(0, 999), whole=True, excluded=AFTERWARDS)
        top: Whole = measurement("Top", plausible=(0, 999), whole=True, excluded=AFTERWARDS)
        width: Whole = measurement("Width", plausible=(0, 999), whole=True, excluded=AFTERWARDS)
        height: Whole = measurement("Height", plausible=(0, 999), whole=True, excluded=AFTERWARDS)
        mask: Text = text("Mask", excluded=AFTERWARDS)
        died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

        class Config:
            metadata = {"study": Study(  # noqa: RUF012
                title="Made up", population="made up", intended_use="none", outcome=Binary("died", "yes", "death"),
                source="made up", licence="none", thresholds=(0.2,), auroc_ceiling=0.99, auroc_ceiling_source="none",
            )}  # fmt: skip

    return Chest


def test_what_the_network_tells_are_predictors_that_no_source_has():
    cohort = declare(components=2, finding="lesion", absent="none", box=BOX, laterality="side")
    assert cohort.faults() == []
    names = ["radiograph_log_odds", "radiograph_component_1", "radiograph_component_2"]
    assert list(cohort.findings()) == names
    assert list(cohort.predictors()) == ["age", *names]
    assert not set(names) & set(cohort.columns())
    assert list(cohort.described()) == [*cohort.columns(), *names]
    assert {column.factor for column in cohort.findings().values()} == {FactorClass.MARKER}
    assert {column.weight_in_phenotypes for column in cohort.findings().values()} == {0}


def test_a_cohort_without_images_has_no_findings():
    assert derive_findings({}) == {}


@pytest.mark.parametrize(
    ("meaning", "fault"),
    [
        ({"modality": ""}, "without a modality"),
        ({"pattern": "all.png"}, "without {}"),
        ({"pixels": 8}, "seen at 8 pixels a side, expected 16 to 1024"),
        ({"components": 9}, "has 9 components"),
        ({"bits": 17}, "images of 17 bits"),
        ({"size": (0, 8)}, "without rows or columns"),
        ({"window": (40, -40)}, "a window whose ends are reversed"),
        ({"spacing": (1, 1)}, "a spacing whose ends are reversed or equal"),
        ({"finding": "tumour"}, "names the column tumour, which this cohort has not"),
        ({"finding": "age"}, "learns from age, which is a predictor"),
        ({"finding": "left"}, "the finding left, which is no category"),
        ({"finding": "lesion"}, "'no' is no label"),
        ({"laterality": "lesion"}, "sides told by lesion, which has not the codes L and R"),
        ({"laterality": "side", "mirrored": True}, "learns from mirror images, and has sides told by side"),
        ({"box": Box("left", "top", "width", "side")}, "a box told by side, which is no number"),
        ({"box": BOX, "mask": "mask"}, "both a box and a mask"),
        ({"box": BOX, "several": True}, "several images a record, and one place"),
        ({"severities": {"image sizes": Severity.WARN}}, "'image sizes', which is no rule of images"),
        ({"severities": {"image decodable": Severity.WARN}}, "only warns of 'image decodable'"),
    ],
)
def test_a_faulty_declaration_is_named(meaning, fault):
    told = next(each for each in declare(**meaning).faults() if each.startswith("radiograph"))
    assert fault in told


def test_what_follows_a_broken_rule_may_be_declared():
    column = declare(severities={"image size": Severity.WARN}).columns()["radiograph"]
    assert (column.severity("image size"), column.severity("image grey")) == (Severity.WARN, Severity.QUARANTINE)


def test_a_column_called_like_a_finding_is_refused():
    class Twice(declare()):
        radiograph_log_odds: Whole = measurement("Odds", plausible=(0, 1), whole=True, excluded=AFTERWARDS)

    assert any("radiograph_log_odds is what the network's finding is called" in told for told in Twice.faults())
