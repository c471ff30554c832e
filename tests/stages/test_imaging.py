"""Stage `imaging`: from records, their split and images to findings; nothing heavy where there are no images."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    category,
    identifier,
    image,
    measurement,
)
from pipeline import extras
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.image_store import write_images
from pipeline.imaging.examples import label_records
from pipeline.imaging.findings import DECIMALS, KINDS
from pipeline.stages import imaging
from pipeline.stages.imaging import choose_folds, main
from tests.extras import needs_imaging
from tests.imaging.learning import SETTINGS
from tests.imaging.made_up import CLASSES, make_images

STUDY = Study(
    title="Made up", population="made-up patients", intended_use="To try the stage.",
    outcome=Binary("ill", "yes", "illness"), source="made up", licence="none needed", thresholds=(0.2,),
    auroc_ceiling=0.95, auroc_ceiling_source="made up",
)  # fmt: skip


class Plain(Cohort):
    patient_id: Text = identifier("Number")
    age: Decimal = measurement("Age", plausible=(0, 110), factor=FactorClass.IMMUTABLE)
    ill: Coded = category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        metadata: ClassVar = {"study": STUDY}


class Seen(Plain):
    lesion: Coded = category("Lesion", {str(k): name for k, name in enumerate(CLASSES)}, excluded="a label")
    picture: Text = image(
        "Picture", modality="DX", body_part="CHEST", pixels=16, finding="lesion", absent="none", components=1
    )

    class Config:
        metadata: ClassVar = {"study": STUDY}


class SeenOutcome(Plain):
    picture: Text = image("Picture", modality="DX", body_part="CHEST", pixels=16)

    class Config:
        metadata: ClassVar = {"study": STUDY}


@dataclass
class MadeStage:
    """What `main` asks of a stage."""

    made_cohort: type[Cohort]
    folder: Path
    frames: dict
    cohort_name: str = "made_up"
    written: dict = field(default_factory=dict)

    def cohort(self):
        return self.made_cohort

    def section(self, name):
        assert name == "imaging"
        return SETTINGS

    def read(self, name):
        return self.frames[name]

    def path(self, name):
        assert name == "images"
        return self.folder / name

    def write(self, name, content):
        self.written[name] = content


def make_stage(cohort, folder, images=90):
    """Records of whom every tenth has no image, the next two share a patient, in three folds."""
    made = make_images(images, seed=3, side=16)
    record = np.array([row for row in range(2 * images) if row % 10][:images])
    count = record.max() + 2
    label = np.zeros(count, dtype=int)
    label[record] = made.label
    pseudonym = pd.Series([f"{row // 2:024x}" for row in range(count)], dtype="string")
    valid = pd.DataFrame({"pseudonym": pseudonym, "age": 50.0})
    valid["ill"] = pd.Categorical.from_codes((label > 0).astype(int), ["no", "yes"])
    valid["lesion"] = pd.Categorical.from_codes(label, list(CLASSES))
    patients = pseudonym.unique()
    split = pd.DataFrame({"pseudonym": patients, "part": "development", "fold_1": np.arange(len(patients)) % 3})
    index = pd.DataFrame({"record": record, "placed": True})
    write_images(folder / "images", index, zip(made.pixels, made.masks, strict=True), 16, masked=True)
    return MadeStage(cohort, folder, {"valid.parquet": valid, "split.parquet": split.astype({"pseudonym": "string"})})


def test_a_cohort_without_images_gets_empty_outputs_and_no_torch(tmp_path, monkeypatch):
    for name in ("torch", "monai", "safetensors"):
        monkeypatch.setitem(sys.modules, name, None)  # its import fails
    valid = pd.DataFrame({"pseudonym": pd.Series(["b", "a"], dtype="string")})
    stage = MadeStage(Plain, tmp_path, {"valid.parquet": valid})
    main(stage)
    pd.testing.assert_frame_equal(stage.written["findings.parquet"], valid.iloc[:0])
    assert stage.written["image_predictions.parquet"].dtypes.astype(str).to_dict() == KINDS
    assert len(stage.written["image_predictions.parquet"]) == 0
    assert len(stage.written["image_model.safetensors"]) == 16


@needs_imaging
def test_a_file_without_a_network_is_a_safetensors_file():
    from safetensors.numpy import load

    from pipeline.imaging.findings import NO_MODEL

    assert load(NO_MODEL) == {}


def test_images_without_the_extra_are_refused_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "IMAGING", ("no_such_library",))
    with pytest.raises(ConfigurationError, match=r"the extra `imaging`, and no_such_library not found"):
        main(MadeStage(Seen, tmp_path, {"valid.parquet": pd.DataFrame()}))


@needs_imaging
def test_images_become_findings_of_their_records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(imaging.os, "cpu_count", lambda: 1)  # other processes would import torch for long
    stage = make_stage(Seen, tmp_path)
    main(stage)
    valid, found = stage.frames["valid.parquet"], stage.written["findings.parquet"]
    told = stage.written["image_predictions.parquet"]
    assert found["pseudonym"].equals(valid["pseudonym"])
    assert list(found)[1:] == list(Seen.findings()) == ["picture_log_odds", "picture_component_1"]
    assert found["picture_log_odds"].isna().to_numpy().tolist() == [
        row not in set(told["record"]) for row in valid.index
    ]
    assert np.allclose(found["picture_log_odds"].to_numpy()[told["record"]], told["log_odds"].round(DECIMALS))
    chances = [f"p_{name}" for name in CLASSES]
    at = list(KINDS).index("confidence") + 1
    assert list(told) == [*list(KINDS)[:at], *chances, *list(KINDS)[at:]]
    assert (told["label"].to_numpy() == valid["lesion"].astype(str).to_numpy()[told["record"]]).all()
    folds = stage.frames["split.parquet"].set_index("pseudonym")["fold_1"]
    assert told["fold"].to_numpy(int).tolist() == folds[told["pseudonym"]].tolist()
    assert told["hit"].notna().to_numpy().tolist() == (told["label"] != "none").tolist()
    assert stage.written["image_model.safetensors"][8:9] == b"{"
    assert not (tmp_path / "runs/imaging/made_up").exists()


@needs_imaging
def test_too_few_images_of_a_class_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataRefusedError, match=r"a network cannot learn '(disc|ring|bar)': \d patients who teach"):
        main(make_stage(Seen, tmp_path, images=24))


def test_without_a_finding_the_outcome_is_learnt():
    valid = pd.DataFrame({"ill": pd.Categorical(["no", "yes", "no"])})
    labels = label_records(valid, SeenOutcome, SeenOutcome.columns()["picture"].image)
    assert labels.classes == ("no", "yes")
    assert labels.positive == (1,)
    assert labels.label.tolist() == [0, 1, 0]


def test_an_unknown_finding_is_no_class():
    valid = pd.DataFrame({"lesion": pd.Categorical(["ring", None, "none"], categories=list(CLASSES))})
    labels = label_records(valid, Seen, Seen.columns()["picture"].image)
    assert labels.label.tolist() == [2, -1, 0]


def test_folds_of_a_hold_out_depend_on_the_patient_alone():
    names = pd.Series([f"{n:024x}" for n in range(2000)], dtype="string")
    split = pd.DataFrame({"pseudonym": names, "part": np.where(np.arange(2000) % 4 == 0, "test", "development")})
    fold = choose_folds(split, 5)
    assert (fold[::4] == -1).all()
    assert set(fold[split["part"] == "development"]) == {0, 1, 2, 3, 4}
    assert np.bincount(fold[fold >= 0]).min() > 240
    some = split.iloc[500:700].reset_index(drop=True)
    assert choose_folds(some, 5).tolist() == fold[500:700].tolist()
