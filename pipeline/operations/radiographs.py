"""A folder of synthetic patients with radiographs, and the truth behind them, for demonstrations and tests."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.extras import require_imaging
from pipeline.progress import progress
from pipeline.records.synthetic.radiographs.formats import as_dicom, as_png
from pipeline.records.synthetic.radiographs.patients import draw_patients
from pipeline.records.synthetic.radiographs.pictures import Picture, draw_picture

TABLE, IMAGES, TRUTH = "records.csv", "images", "truth.parquet"
BOX = ("box_left", "box_top", "box_width", "box_height")
SPOILT = {7: "truncated", 19: "empty", 31: "absent", 43: "copied"}  # places among the pictured patients


@dataclass(frozen=True)
class Radiographs:
    """What is asked for: `lesions` is the share of patients with one, `contrast` a factor, 0 for none to be seen."""

    patients: int = 600
    seed: int = 1
    dicom: bool = False
    lesions: float = 0.45
    contrast: float = 1.0
    side: int = 128


def write_radiographs(out: Path, asked: Radiographs) -> None:
    """Write records.csv, images/ and truth.parquet to the new folder `out`.

    Of at least 44 pictures one is truncated, one is empty, one is missing, and one is another patient's, so that a
    report shows what becomes of such. The truth has a row per patient: the columns of `draw_patients`, the lesion's box
    in pixels, and `fault`, "sound" for most. Raises ConfigurationError if `out` exists or the extra is not installed.
    """
    if out.exists():
        raise ConfigurationError(f"{out} exists already; remove it or name another folder")
    require_imaging()
    files.write_whole({out: partial(_write, asked=asked)})


def _write(folder: Path, asked: Radiographs) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / IMAGES).mkdir(parents=True)
    records, truth = draw_patients(asked.patients, asked.seed, asked.lesions, asked.contrast)
    truth["fault"] = _choose_faults(truth)
    boxes = list(_write_images(folder / IMAGES, truth, asked))
    truth = truth.join(pd.DataFrame(boxes, columns=list(BOX), index=truth.index).astype("Int64"))
    ending = "dcm" if asked.dicom else "png"
    known = truth["pictured"]
    records["radiograph"] = (truth["patient_id"] + f".{ending}").where(known, "")
    records["finding"] = truth["finding"].where(known, "")
    records = records.join(truth[list(BOX)])
    files.write_csv(folder / TABLE, records)
    files.write_parquet(folder / TRUTH, truth)


def _choose_faults(truth: pd.DataFrame) -> "pd.Series[str]":
    fault = pd.Series("sound", index=truth.index, dtype="str")
    pictured = truth.index[truth["pictured"]]
    for place, name in SPOILT.items():
        if len(pictured) > max(SPOILT):
            fault[pictured[place]] = name
    return fault


def _write_images(
    folder: Path, truth: pd.DataFrame, asked: Radiographs
) -> Iterator[tuple[int, int, int, int] | tuple[None, ...]]:
    """Write the image of each pictured patient, and give its lesion's box."""
    before = b""
    ending = "dcm" if asked.dicom else "png"
    for number in progress(range(len(truth)), "Radiographs"):
        told = truth.iloc[number]
        picture = draw_picture(asked.seed, number, asked.side, told["finding"], told["contrast"])
        if told["pictured"]:
            content = _encode(picture, told["patient_id"], number, asked)
            spoilt = _spoil(content, told["fault"], before)
            if spoilt is not None:
                files.write_bytes(folder / f"{told['patient_id']}.{ending}", spoilt)
            before = content
        yield picture.box if told["pictured"] and picture.box else (None,) * len(BOX)


def _encode(picture: Picture, patient_id: str, number: int, asked: Radiographs) -> bytes:
    return as_dicom(picture.brightness, patient_id, number) if asked.dicom else as_png(picture.brightness)


def _spoil(content: bytes, fault: str, before: bytes) -> bytes | None:
    """What is written of a file: all, half, nothing, the patient's before, or no file at all."""
    return {
        "sound": content,
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "absent": None,
        "copied": before,
    }[fault]
