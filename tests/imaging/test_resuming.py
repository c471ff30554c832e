"""Learning that was killed goes on, and ends as if it had not been."""

from dataclasses import replace

import pytest

from pipeline import files
from tests.extras import needs_imaging
from tests.imaging.learning import SETTINGS, make_examples
from tests.imaging.made_up import make_images

pytestmark = needs_imaging
LONGER = SETTINGS.model_copy(update={"epochs": 3, "patience": 3})


@pytest.fixture(scope="module")
def examples():
    return make_examples(make_images(90, seed=1, side=16))


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def whole(examples, tmp_path_factory):
    from pipeline.imaging.out_of_fold import learn_images

    return learn_images(examples, LONGER, 1, tmp_path_factory.mktemp("whole"), jobs=1)


def kill_after(count, monkeypatch):
    """End the run once `count` files have been written whole; returns the list of their names."""
    write, done = files.write_whole, []

    def kill(writes):
        write(writes)
        done.extend(path.name for path in writes)
        if len(done) == count:
            raise KilledError

    monkeypatch.setattr(files, "write_whole", kill)
    return done


@pytest.mark.parametrize("epochs", [1, 5, 9])
def test_a_killed_run_goes_on_to_the_same_bytes(examples, whole, tmp_path, monkeypatch, epochs):
    from pipeline.imaging.out_of_fold import clear_scratch, learn_images
    from pipeline.imaging.storage import image_model_to_bytes

    with monkeypatch.context() as patched:
        kill_after(epochs, patched)
        with pytest.raises(KilledError):
            learn_images(examples, LONGER, 1, tmp_path / "broken", jobs=1)
    with monkeypatch.context() as patched:
        done = kill_after(-1, patched)
        resumed = learn_images(examples, LONGER, 1, tmp_path / "broken", jobs=1)
    assert len(done) == 9 - epochs, "three networks of three epochs, and none learns twice"
    assert resumed.told.equals(whole.told)
    assert image_model_to_bytes(resumed.model) == image_model_to_bytes(whole.model)
    clear_scratch(tmp_path / "broken")
    assert not (tmp_path / "broken").exists()


def test_a_damaged_checkpoint_is_as_good_as_none(examples, tmp_path):
    from pipeline.imaging.training import train_network

    path = tmp_path / "network.safetensors"
    first = train_network(examples, 0, 0, SETTINGS, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    again = train_network(examples, 0, 0, SETTINGS, path)
    assert path.read_bytes() == whole
    assert again.temperature == first.temperature


def test_other_data_or_settings_start_anew(examples, tmp_path):
    from pipeline.imaging.checkpoints import name_key
    from pipeline.imaging.out_of_fold import learn_images

    others = [
        name_key(examples, LONGER),
        name_key(examples, SETTINGS.model_copy(update={"seed": 8})),
        name_key(replace(examples, label=examples.label[::-1].copy()), SETTINGS),
        name_key(replace(examples, fold=1 - examples.fold), SETTINGS),
        name_key(replace(examples, pixels=examples.pixels[::-1].copy()), SETTINGS),
    ]
    key = name_key(examples, SETTINGS)
    assert len({key, *others}) == len(others) + 1
    assert name_key(examples, SETTINGS.model_copy(update={"device": "auto"})) == key
    learn_images(examples, LONGER, 0, tmp_path / "scratch", jobs=1)
    learn_images(examples, SETTINGS, 0, tmp_path / "scratch", jobs=1)
    assert [folder.name for folder in (tmp_path / "scratch").iterdir()] == [key[:32]]
    assert (tmp_path / "scratch").stat().st_mode & 0o077 == 0
