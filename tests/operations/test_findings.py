"""What images tell, through the operations that users run: scoring, a patient's page, drift."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    category,
    identifier,
    image,
    measurement,
)  # fmt: skip
from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.image_store import ImageStore
from pipeline.operations.findings import FINDINGS, NETWORK, SPLIT, draw_maps, see_images, see_unseen
from tests.extras import needs_imaging
from tests.operations.pages import Ward

SIDE = 16
LOG_ODDS = "radiograph_log_odds"


class Chest(Cohort):
    """Patients with radiographs."""

    patient_id: Text = identifier("Number")
    age: Whole = measurement("Age", unit="years", plausible=(0, 120), whole=True, factor=FactorClass.IMMUTABLE)
    radiograph: Text = image("Radiograph", modality="DX", body_part="CHEST", pixels=SIDE, components=1)
    died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        metadata = {"study": Study(  # noqa: RUF012
            title="Made up", population="made up", intended_use="none", outcome=Binary("died", "yes", "death"),
            source="made up", licence="none", thresholds=(0.2,), auroc_ceiling=0.99, auroc_ceiling_source="none",
        )}  # fmt: skip


def make_store(*records: int, seed: int = 0) -> ImageStore:
    """An image for each of the `records`, of which one may come twice."""
    pixels = np.random.default_rng(seed).integers(0, 256, (len(records), SIDE, SIDE), dtype=np.uint8)
    index = pd.DataFrame({"record": np.array(records, dtype=np.int64), "placed": np.zeros(len(records), dtype=bool)})
    return ImageStore(pixels, None, index)


def make_records(pseudonyms: str) -> pd.DataFrame:
    return pd.DataFrame({"pseudonym": pd.array(list(pseudonyms), dtype="string"), "age": range(len(pseudonyms))})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a model's file would be, beside a network of random weights."""
    import torch

    from pipeline.imaging.components import Components
    from pipeline.imaging.model import ImageModel
    from pipeline.imaging.networks import make_network
    from pipeline.imaging.storage import image_model_to_bytes
    from pipeline.imaging.training import Trained

    torch.manual_seed(0)
    network = make_network("small", 2)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    width = network.head.in_features
    components = Components(np.full((width + 1, 1), 0.01), np.zeros(1))
    made = ImageModel("small", SIDE, ("no", "yes"), (1,), (Trained(weights, 1.0, np.zeros(2)),), components)
    folder = tmp_path_factory.mktemp("models") / "artifacts" / "chest"
    folder.mkdir(parents=True)
    (folder / NETWORK).write_bytes(image_model_to_bytes(made))
    return folder / "model.json"


def test_a_cohort_without_images_needs_no_network():
    records = make_records("ab")
    assert see_images(Path("nowhere/model.json"), records, None, Ward) is records
    assert see_unseen(Path("nowhere/model.json"), records, None, Ward) is records


def test_records_without_an_image_have_missing_findings():
    for images in (None, make_store()):
        seen = see_images(Path("nowhere/model.json"), make_records("ab"), images, Chest)
        assert seen[list(Chest.findings())].isna().all(axis=None)


@needs_imaging
def test_what_is_told_belongs_to_its_record_and_is_the_mean_of_its_images(model):
    images = make_store(0, 2, 2)
    seen = see_images(model, make_records("abc"), images, Chest)
    each = [see_images(model, make_records("a"), images_of(images, row), Chest)[LOG_ODDS].iloc[0] for row in range(3)]
    assert seen[LOG_ODDS].iloc[0] == each[0]
    assert np.isnan(seen[LOG_ODDS].iloc[1])
    # Each is rounded, and so is their mean.
    assert seen[LOG_ODDS].iloc[2] == pytest.approx(np.mean(each[1:]), abs=0.0101)
    assert each[1] != each[2]


def images_of(images: ImageStore, row: int) -> ImageStore:
    index = pd.DataFrame({"record": [0], "placed": [False]})
    return ImageStore(images.pixels[[row]], None, index)


def test_images_are_taken_with_their_records():
    images = make_store(0, 1, 1, 3)
    taken = images.take(np.array([1, 2, 0]))
    assert taken.index["record"].tolist() == [0, 0, 2]
    assert np.array_equal(taken.pixels, images.pixels[[1, 2, 0]])


@needs_imaging
def test_who_taught_the_network_is_told_by_those_that_had_not_seen_the_patient(model, tmp_path):
    split = pd.DataFrame({"pseudonym": ["a", "b", "c"], "part": ["development", "test", "development"]})
    kept = pd.DataFrame({"pseudonym": ["a", "b", "c"], LOG_ODDS: [7.0, 8.0, np.nan], "radiograph_component_1": 0.5})
    folder = model.parent.parent.with_name("data") / "chest"
    folder.mkdir(parents=True)
    files.write_parquet(folder / SPLIT, split)
    files.write_parquet(folder / FINDINGS, kept)
    records, images = make_records("bacd"), make_store(0, 1, 2, 3)
    asked, unseen = (see(model, records, images, Chest) for see in (see_images, see_unseen))
    assert unseen[LOG_ODDS].iloc[1] == 7.0  # taught
    assert np.isnan(unseen[LOG_ODDS].iloc[2])  # taught, by nothing that could be read
    assert unseen[LOG_ODDS].iloc[[0, 3]].equals(asked[LOG_ODDS].iloc[[0, 3]])  # of the test part, and new


@needs_imaging
def test_a_map_comes_with_what_the_network_tells(model):
    [shown] = draw_maps(model, make_store(0))
    assert shown["pixels"].shape == shown["map"].shape == (SIDE, SIDE)
    assert 0 <= shown["map"].min() <= shown["map"].max() <= 1
    told = see_images(model, make_records("a"), make_store(0), Chest)[LOG_ODDS].iloc[0]
    assert round(shown["log_odds"], 2) == told
    assert shown["told"] == ("yes" if told > 0 else "no")


@needs_imaging
@pytest.mark.parametrize("spoil", [lambda content: content[: len(content) // 2], lambda _: b"", lambda _: b"{}" * 50])
def test_a_spoilt_network_is_refused_in_one_sentence(model, tmp_path, spoil):
    broken = tmp_path / "model.json"
    (tmp_path / NETWORK).write_bytes(spoil((model.parent / NETWORK).read_bytes()))
    with pytest.raises(ConfigurationError, match=NETWORK):
        see_images(broken, make_records("a"), make_store(0), Chest)


@needs_imaging
def test_images_of_another_size_than_the_network_knows_are_refused(model):
    images = make_store(0)
    larger = ImageStore(np.zeros((1, 32, 32), dtype=np.uint8), None, images.index)
    with pytest.raises(ConfigurationError, match="16 x 16 pixels, and these are of 32 x 32"):
        see_images(model, make_records("a"), larger, Chest)
