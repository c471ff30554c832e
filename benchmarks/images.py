"""Reading, checking and windowing 1,000 DICOM files of 512 x 512, against bare decoding by pydicom; and peak memory.

`python benchmarks/images.py [files]` writes sections of noise and smooth shapes, 12 bits in 16, and prints wall and CPU
time of both ways over the same files, in one process and turn by turn, and the ratio of ours to bare decoding: with the
window declared, and by each image's own percentiles. Then it prints the peak memory of processes that read 500 and
2,000 files. Bare decoding is `pydicom.dcmread(path).pixel_array`; ours also checks the header, looks for blank images,
for letters burned in and for images under two patients, windows, resizes to 128 x 128 and keeps the result.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Binary, Coded, Cohort, Role, Study, Text, flag, identifier, image
from pipeline.records.images.check import check_images

SIDE, ROUNDS = 512, 3


def make_cohort(window: tuple[float, float] | None) -> type[Cohort]:
    """An identifier, an outcome and sections of the chest."""
    told = {"modality": "CT", "body_part": "CHEST", "bits": 12, "size": (SIDE, SIDE), "spacing": (0.4, 1.0)}
    fields = {
        "number": (Text, identifier("Number")),
        "ill": (Coded, flag("Ill", role=Role.OUTCOME)),
        "section": (Text, image("Section", window=window, **told)),
    }
    study = Study(
        title="t", population="p", intended_use="u", outcome=Binary("ill", "yes", "illness"), source="s", licence="l",
        thresholds=(0.5,), auroc_ceiling=0.9, auroc_ceiling_source="made up",
    )  # fmt: skip
    body = {name: made for name, (_, made) in fields.items()}
    body |= {"__annotations__": {name: kind for name, (kind, _) in fields.items()}, "__module__": __name__}
    body["Config"] = type("Config", (), {"metadata": {"study": study}})
    return type("Sections", (Cohort,), body)


def write_files(folder: Path, files: int) -> pd.DataFrame:
    """The files, and the typed records that name them."""
    from pydicom import FileDataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    noise = rng.normal(0, 20, (2 * SIDE, 2 * SIDE))
    for number in range(files):
        shapes = sum(
            rng.normal() * np.exp(-((columns - rng.random()) ** 2 + (rows - rng.random()) ** 2) / 0.05)
            for _ in range(4)
        )
        top, left = rng.integers(0, SIDE, 2)
        values = 1024 + 300 * shapes + noise[top : top + SIDE, left : left + SIDE]
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        told = {
            "SOPClassUID": CTImageStorage, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID, "Modality": "CT",
            "PatientID": f"P{number}", "PatientName": "Made^Up", "StudyDate": "20200101", "BodyPartExamined": "CHEST",
            "StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), "InstanceNumber": 1,
            "PixelSpacing": [0.7, 0.7], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "RescaleSlope": 1,
            "RescaleIntercept": -1024, "Rows": SIDE, "Columns": SIDE, "SamplesPerPixel": 1, "BitsAllocated": 16,
            "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2",
            "PixelData": np.clip(values, 0, 4095).astype(np.uint16).tobytes(),
        }  # fmt: skip
        for name, value in told.items():
            setattr(data, name, value)
        data.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    names = [f"{number}.dcm" for number in range(files)]
    numbers = [f"P{number}" for number in range(files)]
    return pd.DataFrame({"number": numbers, "section": names}, dtype="string")


def decode(folder: Path, records: pd.DataFrame) -> None:
    """Bare decoding."""
    from pydicom import dcmread

    for name in records["section"]:
        _ = dcmread(folder / name).pixel_array


def read(folder: Path, records: pd.DataFrame, window: tuple[float, float] | None = (-1000.0, 400.0)) -> None:
    """As validation does; no record may break a rule."""
    checked = check_images(records, make_cohort(window), folder, folder)
    assert checked.violations.empty, checked.violations["rule"].value_counts()


def measure(work: Callable[[], None]) -> np.ndarray:
    """Wall and CPU seconds."""
    start = time.perf_counter(), time.process_time()
    work()
    return np.array([time.perf_counter() - start[0], time.process_time() - start[1]])


def compare(folder: Path, records: pd.DataFrame) -> None:
    """Print what each way takes and the ratios: the best of rounds, in each of which every way reads all files."""
    ways = {
        "bare decoding": lambda: decode(folder, records),
        "ours, declared window": lambda: read(folder, records),
        "ours, own percentiles": lambda: read(folder, records, None),
    }
    rounds = [{name: measure(work) for name, work in ways.items()} for _ in range(ROUNDS)]
    spent = {name: np.min([each[name] for each in rounds], axis=0) for name in ways}
    bare = spent["bare decoding"]
    for name, took in spent.items():
        wall, cpu = took / bare
        print(f"{name:22} {took[0]:6.2f} s {took[1]:6.2f} CPU s   {wall:.2f} x wall, {cpu:.2f} x CPU")


def peak(folder: Path, files: int) -> float:
    """Megabytes of a process of its own that reads so many files."""
    code = (
        "import sys; sys.path.insert(0, '.'); from benchmarks import images as b; from pathlib import Path;"
        "import pandas as pd; import resource;"
        f"n = range({files}); records = pd.DataFrame({{'number': [f'P{{i}}' for i in n],"
        "'section': [f'{i}.dcm' for i in n]}, dtype='string');"
        f"b.read(Path({str(folder)!r}), records);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e3


def main(files: int) -> None:
    """Write the files, and print what both ways take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(folder, write_files(folder, files))
        write_files(folder, 2_000)
        for count in (500, 2_000):
            print(f"{count:5} files: {peak(folder, count):6.0f} MB at the peak")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
