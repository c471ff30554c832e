"""DICOM files. What a header says of the patient is compared here and never leaves; pixels and geometry do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.records.images.picture import (
    Expected,
    ImageFault,
    Opened,
    Picture,
    Stored,
    check_bits,
    check_shape,
    decodable,
)

if TYPE_CHECKING:
    from pydicom import Dataset

MAGIC, OFFSET = b"DICM", 128
DEFLATED = b"1.2.840.10008.1.2.1.99\x00"
GREY = {"MONOCHROME1": True, "MONOCHROME2": False}  # whether low values are bright
MODALITY, BODY_PART, PHOTOMETRIC, BURNED_IN = 0x00080060, 0x00180015, 0x00280004, 0x00280301
LATERALITY, IMAGE_LATERALITY = 0x00200060, 0x00200062
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
SLOPE, INTERCEPT, ORIENTATION, LETTERS = 0x00281053, 0x00281052, 0x00200037, 0x00200020
SPACINGS = (0x00280030, 0x00181164, 0x00182010)  # of pixels, of the detector, of a scanned film
FRAMES, EACH_FRAME, ALL_FRAMES = 0x00280008, "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
AS_THEY_ARE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")  # little endian, not packed
ALONG = 0.9  # cosine: nearer than this, an axis of the image runs along one of the patient


def open_dicom(path: Path, head: bytes, expected: Expected) -> Opened:
    """The images of the file that begins with `head`. Raises ImageFault.

    Nothing is decoded before the header's size is known to be of an image. A deflated data set is refused: it could
    unpack to any size.
    """
    from pydicom import dcmread

    if DEFLATED in head:
        raise ImageFault("image decoder")
    with decodable():
        read = dcmread(path)
        if not any(name in read for name in PIXELS):
            raise ImageFault("image decodable")
        frames = int(_read_code(read, FRAMES) or 1)
        shape = int(read.Rows), int(read.Columns)
        broken = check_shape(*shape, frames, expected)
        if read.get("SamplesPerPixel", 1) != 1 or _read_code(read, PHOTOMETRIC) not in GREY:
            raise ImageFault("image grey")
        bits = int(read.BitsStored) if "PixelData" in read else None
        broken += [*check_bits(bits, expected), *_broken_by_header(read, expected)]
        decoder = _find_decoder(read)
        plain = _view(read, shape, bits) if frames == 1 and bits is not None else None
    return Opened(_decode(read, frames, decoder, plain), tuple(broken), bool(_read_code(read, MODALITY)))


def read_uids(path: Path) -> tuple[str, str, int] | None:
    """Instance and series UID of a DICOM file and its number in the series; None where it has none."""
    from pydicom import dcmread

    try:
        read = dcmread(path, stop_before_pixels=True)
        return str(read.SOPInstanceUID), str(read.get("SeriesInstanceUID", "")), int(read.get("InstanceNumber") or 0)
    except Exception:  # as in `decodable`; such a file is nobody's
        return None


def _find_decoder(read: "Dataset") -> Any:
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(read.file_meta.TransferSyntaxUID)
    except (AttributeError, NotImplementedError):
        raise ImageFault("image decoder") from None
    if not decoder.is_available:
        raise ImageFault("image decoder")
    return decoder


def _decode(read: "Dataset", frames: int, decoder: Any, plain: Stored | None) -> Iterator[Picture]:
    for frame in range(frames):
        with decodable():
            stored = decoder.as_array(read, index=frame, raw=True)[0] if plain is None else plain
            picture = _describe(read, stored, frame)
        yield picture


def _view(read: "Dataset", shape: tuple[int, int], bits: int) -> Stored | None:
    """The pixels of the only image where they stand in the file as they are; None for pydicom to decode others.

    Decoding by pydicom takes as long as reading, most of it to copy pixels and to clear bits that are not in use.
    """
    allocated, signed = read.BitsAllocated, read.PixelRepresentation
    if read.file_meta.TransferSyntaxUID not in AS_THEY_ARE or allocated not in (8, 16):
        return None
    stored = np.frombuffer(read.PixelData, f"<{'i' if signed else 'u'}{allocated // 8}")
    stored = stored[: shape[0] * shape[1]].reshape(shape)
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return stored if least <= stored.min() and stored.max() <= most else None


def _describe(read: "Dataset", stored: Stored, frame: int) -> Picture:
    """The picture of the pixels `stored`: rescaled, seen and turned as the header says."""
    slope, intercept = 1.0, 0.0
    if "ModalityLUTSequence" in read:
        from pydicom.pixels.processing import apply_modality_lut

        stored = apply_modality_lut(stored, read)
    else:
        [slope] = _told(read, "PixelValueTransformationSequence", SLOPE, frame) or [1.0]
        [intercept] = _told(read, "PixelValueTransformationSequence", INTERCEPT, frame) or [0.0]
    if not np.isfinite([slope, intercept]).all() or (stored.dtype.kind == "f" and not np.isfinite(stored).all()):
        raise ImageFault("image decodable")
    inverted = GREY[_read_code(read, PHOTOMETRIC)]
    return Picture(stored, slope, intercept, inverted, _flips(read, frame))


def _told(read: "Dataset", group: str, tag: int, frame: int) -> list[float]:
    """Numbers that the header says once, or in a functional group: of this frame, or of all (DICOM PS3.3, C.7.6.16)."""
    said = _read_code(read, tag)
    if not said and ALL_FRAMES in read:
        groups = (*(read.get(EACH_FRAME) or [])[frame : frame + 1], *read[ALL_FRAMES].value)
        told = (_read_code(inner, tag) for each in groups for inner in each.get(group) or [])
        said = next(filter(None, told), "")
    return [float(number) for number in said.split("\\")] if said else []


def _broken_by_header(read: "Dataset", expected: Expected) -> Iterator[str]:
    """The rules that tags break; one that is absent breaks none."""
    image = expected.image
    if (modality := _read_code(read, MODALITY)) and modality != image.modality.upper():
        yield "image modality"
    if (part := _read_code(read, BODY_PART)) and part != image.body_part.upper():
        yield "image body part"
    side = expected.side and (_read_code(read, IMAGE_LATERALITY) or _read_code(read, LATERALITY))
    if expected.side and side in ("L", "R") and side != expected.side:
        yield "image laterality"
    if image.spacing and not _within(read, image.spacing):
        yield "image spacing"
    patient = str(read.get("PatientID") or "").strip()
    if expected.identifier and patient and patient != expected.identifier.strip():
        yield "image of this patient"
    if _read_code(read, BURNED_IN) == "YES":
        yield "no burned-in text"


def _read_code(read: "Dataset", tag: int) -> str:
    """The text of a tag with codes or numbers, in capitals, a backslash between several; empty where there is none.

    Taken as bytes, which is ten times as fast as pydicom's conversion; these are of ASCII whatever names are of. What
    a decoder has asked for before is converted already, and single.
    """
    element = read.get_item(tag)
    value = element.value if element is not None else None
    text = value.decode("ascii", errors="replace") if isinstance(value, bytes) else str(value or "")
    return text.strip(" \0").upper()


def _within(read: "Dataset", spacing: tuple[float, float]) -> bool:
    """Whether the distances of rows and of columns, in mm, are as expected, or not told."""
    told = (_told(read, "PixelMeasuresSequence", tag, 0) for tag in SPACINGS)
    return all(spacing[0] <= distance <= spacing[1] for distance in next(filter(None, told), []))


def _flips(read: "Dataset", frame: int) -> tuple[bool, bool]:
    """Whether rows and columns run against what is usual, where the header says so clearly.

    Sections are turned by their direction cosines (x grows to the patient's left, y to the back, z to the head), and
    projections by the letters to which rows and columns run. Oblique and transposed images stay as they are.
    """
    cosines = _told(read, "PlaneOrientationSequence", ORIENTATION, frame)
    if len(cosines) == 6:
        along_row, along_column = np.reshape(cosines, (2, 3))
        across, down = _axis(along_row), _axis(along_column)
        if across in (0, 1) and down in (1, 2) and across != down:
            return bool((along_column[down] > 0) == (down == 2)), bool(along_row[across] < 0)
        return False, False
    letters = [each[:1] for each in _read_code(read, LETTERS).split("\\")]
    if len(letters) == 2 and letters[0] in tuple("LRAP") and letters[1] in tuple("HF"):
        return letters[1] == "H", letters[0] == "R"
    return False, False


def _axis(cosines: Any) -> int:
    """0, 1 or 2: the patient's axis along which the direction runs; -1 if none."""
    axis = int(np.argmax(np.abs(cosines)))
    return axis if abs(cosines[axis]) > ALONG else -1
