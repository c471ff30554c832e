import stat

import numpy as np
import pandas as pd
import pytest

from pipeline import files
from pipeline.image_store import read_images, write_images
from tests.conftest import fill, python


def index(*records: int) -> pd.DataFrame:
    return pd.DataFrame({"record": np.array(records, dtype=np.int64), "placed": np.zeros(len(records), dtype=bool)})


@pytest.mark.parametrize("masked", [False, True])
def test_images_come_back_in_their_order(tmp_path, masked):
    generator = np.random.default_rng(0)
    pixels, masks = (generator.integers(0, top, (3, 8, 8), dtype=np.uint8) for top in (256, 2))
    images = ((image, mask if masked else None) for image, mask in zip(pixels, masks, strict=True))
    write_images(tmp_path / "images", index(0, 0, 2), images, 8, masked=masked)
    store = read_images(tmp_path / "images")
    assert np.array_equal(store.pixels, pixels)
    assert store.masks is None if not masked else np.array_equal(store.masks, masks)
    assert store.index["record"].tolist() == [0, 0, 2]


def test_no_images_are_a_store_too(tmp_path):
    write_images(tmp_path / "images", index(), [], 64, masked=True)
    store = read_images(tmp_path / "images")
    assert (len(store), store.pixels.shape) == (0, (0, 64, 64))


def test_same_images_give_the_same_bytes_and_none_but_the_owner_may_read_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        path = files.staging(tmp_path / "data" / name)
        write_images(path, index(0), [(np.full((8, 8), 7, dtype=np.uint8), None)], 8, masked=False)
        files.commit(tmp_path / "data" / name)
    one, two = (sorted((tmp_path / "data" / name).iterdir()) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert {stat.S_IMODE(path.stat().st_mode) for path in one} == {0o600}


def test_an_image_too_few_or_too_many_is_seen(tmp_path):
    image = (np.zeros((8, 8), dtype=np.uint8), None)
    with pytest.raises(AssertionError, match="an image for each row"):
        write_images(tmp_path / "images", index(0, 1), [image], 8, masked=False)


def test_a_disk_without_room_is_told_and_kills_nobody(small_disk):
    fill(small_disk, 100_000)
    program = """
import numpy as np, pandas as pd
from pathlib import Path
from pipeline.image_store import write_images
image = np.ones((64, 64), dtype=np.uint8)
write_images(Path("images"), pd.DataFrame({"record": range(100)}), [(image, None)] * 100, 64, masked=False)
"""
    done = python(small_disk, "-c", program)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "OSError: [Errno 28] No space left on device"
