"""Radiographs as files: PNG as archives for research hold them, DICOM as a hospital's machine writes it.

Pillow and pydicom, of the extra `imaging`, are imported where they are used.
"""

import hashlib
import io
from typing import TYPE_CHECKING

import numpy as np

from pipeline.arrays import FloatArray

if TYPE_CHECKING:
    from pydicom.uid import UID

ROOT_UID = "2.25"  # of UIDs made from UUIDs, which need no registration
BITS = 12


def as_png(brightness: FloatArray) -> bytes:
    """A grey PNG of 8 bits; `brightness` is (side, side) from 0 to 1."""
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.rint(brightness * 255).astype(np.uint8)).save(held, "PNG")
    return held.getvalue()


def as_dicom(brightness: FloatArray, patient_id: str, number: int) -> bytes:
    """A chest radiograph (Digital X-Ray Image) of 12 bits; every second one is stored inverted, as MONOCHROME1.

    All of its header is made up, by `number` and the made-up `patient_id`.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

    inverted = number % 2 == 1
    stored = np.rint((1 - brightness if inverted else brightness) * (2**BITS - 1)).astype("<u2")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = _make_uid("instance", patient_id)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    told = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    told.SOPClassUID, told.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    told.StudyInstanceUID, told.SeriesInstanceUID = _make_uid("study", patient_id), _make_uid("series", patient_id)
    told.PatientID, told.PatientName = patient_id, f"Made-up^{patient_id}"
    told.Modality, told.BodyPartExamined, told.ViewPosition = "DX", "CHEST", "PA"
    told.StudyDate, told.Manufacturer, told.BurnedInAnnotation = "20200101", "Made up", "NO"
    told.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    told.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    told.SamplesPerPixel, told.PixelRepresentation = 1, 0
    told.BitsAllocated, told.BitsStored, told.HighBit = 16, BITS, BITS - 1
    told.RescaleSlope, told.RescaleIntercept, told.RescaleType = 1, 0, "US"
    told.Rows, told.Columns = stored.shape
    told.ImagerPixelSpacing = [round(350 / stored.shape[0], 4)] * 2  # a field of 35 cm
    told.PixelData = stored.tobytes()
    held = io.BytesIO()
    told.save_as(held, enforce_file_format=True)
    return held.getvalue()


def _make_uid(kind: str, patient_id: str) -> "UID":
    """A UID of its own for each kind and patient, the same in every run."""
    from pydicom.uid import UID

    digest = hashlib.sha256(f"{kind} of {patient_id}".encode()).digest()[:16]
    return UID(f"{ROOT_UID}.{int.from_bytes(digest, 'big')}")
