"""A cohort with images, its table as text, and files of every format written for it."""

import io
import zlib

import numpy as np
import pandas as pd

from data_schemas.columns import (
    Binary,
    Box,
    Coded,
    Cohort,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    category,
    flag,
    identifier,
    image,
    measurement,
)

CANARY = "CANARY"
TYPES = {"none": "none", "mass": "mass", "nodule": "nodule"}


def make_cohort(severities=None, columns=None, **meaning) -> type[Cohort]:
    """A cohort of chest radiographs, 12 bits a pixel; `meaning` says what else `image` is told."""
    told = {"modality": "DX", "body_part": "CHEST", "bits": 12, "pixels": 32, "window": (0, 4095)} | meaning
    study = Study(
        title="Ward", population="made up", intended_use="tests", outcome=Binary("ill", "yes", "illness"),
        source="made up", licence="none", thresholds=(0.5,), auroc_ceiling=0.95, auroc_ceiling_source="made up",
    )  # fmt: skip
    fields = {
        "number": (Text, identifier("Number")),
        "age": (Decimal, measurement("Age", plausible=(0, 110), factor=FactorClass.IMMUTABLE)),
        "ill": (Coded, flag("Ill", role=Role.OUTCOME)),
        "picture": (Text, image("Radiograph", severities=severities, **told)),
    } | (columns or {})
    body = {name: made for name, (_, made) in fields.items()}
    body |= {"__annotations__": {name: kind for name, (kind, _) in fields.items()}, "__module__": __name__}
    body["Config"] = type("Config", (), {"metadata": {"study": study}})
    return type("Ward", (Cohort,), body)


def place_columns() -> dict:
    """Columns that say what is found and where."""
    edge = {"plausible": (-1e6, 1e6), "excluded": "a label", "missing_allowed": True}
    return {
        "lesion": (Coded, category("Lesion", TYPES, excluded="a label", missing_allowed=True)),
        **{name: (Decimal, measurement(name, **edge)) for name in ("x", "y", "w", "h")},
    }


PLACED = {"finding": "lesion", "absent": "none", "box": Box("x", "y", "w", "h")}


def make_table(cells, **columns) -> pd.DataFrame:
    """Text of records P0, P1... whose images the cells name; "" is none."""
    n = len(cells)
    table = {"number": [f"P{i}" for i in range(n)], "age": [str(30 + i) for i in range(n)]}
    table |= {"ill": [str(i % 2) for i in range(n)], "picture": list(cells)} | columns
    return pd.DataFrame(table, dtype="string")


def draw(seed: int, shape=(48, 48), top: int = 4095) -> np.ndarray:
    """A random smooth picture that no other seed resembles, of 0 to `top`."""
    generator = np.random.default_rng(seed)
    rows, columns = (np.arange(n)[:, None] / n for n in shape)
    waves = [generator.normal(size=(5, 1)) * np.cos(np.pi * np.arange(5)[:, None] * axis.T + generator.normal())
             for axis in (rows, columns)]  # fmt: skip
    mixed = waves[0].T @ generator.normal(size=(5, 5)) @ waves[1]
    mixed = mixed + generator.normal(0, 0.02 * np.ptp(mixed), shape)
    return np.round((mixed - mixed.min()) / np.ptp(mixed) * top).astype(np.uint16)


def write_dicom(path, pixels, *, syntax="1.2.840.10008.1.2.1", content=None, **tags) -> None:
    """A DICOM file with canaries in every identifying tag; `tags` alter it, those that are None are left out."""
    from pydicom import FileDataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    data = FileDataset(str(path), {}, file_meta=meta, preamble=bytes(128))
    frames = pixels.shape[0] if pixels.ndim == 3 else None
    told = {
        "SOPClassUID": meta.MediaStorageSOPClassUID, "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "PatientName": f"{CANARY}^NAME", "PatientBirthDate": "19230405", "PatientAddress": f"{CANARY} ADDRESS",
        "AccessionNumber": f"{CANARY}ACC", "InstitutionName": f"{CANARY} INSTITUTION", "OtherPatientIDs": f"{CANARY}ID",
        "ReferringPhysicianName": f"{CANARY}^DOCTOR", "PatientComments": f"{CANARY} COMMENT", "StudyID": f"{CANARY}S",
        "Modality": "DX", "BodyPartExamined": "CHEST", "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[-2], "Columns": pixels.shape[-1], "NumberOfFrames": frames, "BitsAllocated": 16,
        "BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }  # fmt: skip
    for name, value in (told | tags).items():
        if value is not None:
            setattr(data, name, value)
    data.PixelData = pixels.tobytes() if content is None else content
    data["PixelData"].VR = "OW"
    data.save_as(path, enforce_file_format=True)


def write_png(path, pixels) -> None:
    """A grey PNG of 8 or 16 bits, or a coloured one for (rows, columns, 3)."""
    from PIL import Image

    Image.fromarray(pixels).save(path, format="PNG")


def write_png_header(path, rows, columns) -> None:
    """A PNG that unpacks to one row of what its header declares."""

    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    packed = zlib.compress(bytes(1000))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def jpeg(pixels) -> bytes:
    """A JPEG of 8 bits."""
    from PIL import Image

    made = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(made, format="JPEG")
    return made.getvalue()
