import io
import logging
import tempfile
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import Coded, Severity, category
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.image_store import read_images
from pipeline.records.new_patients import check_new_patients
from pipeline.records.quarantine import validate_records
from pipeline.sections import Validate
from tests.extras import needs_imaging
from tests.records.images.ward import (
    CANARY,
    draw,
    jpeg,
    make_cohort,
    make_table,
    write_dicom,
    write_png,
    write_png_header,
)

pytestmark = needs_imaging
SETTINGS = Validate(pseudonym_key="a key for tests", quarantine_at_most=0.9)
SOUND = 4
HUGE = 100_000
SIDES = {"columns": {"side": (Coded, category("Side", {"L": "left", "R": "right"}, excluded="it is for tests"))}}


def truncated(path):
    write_dicom(path, draw(9), PatientID="P4")
    path.write_bytes(path.read_bytes()[:-500])


def headless(path):
    write_dicom(path, draw(9), PatientID="P4")
    path.write_bytes(path.read_bytes()[:300])


def packed(path):
    from pydicom.encaps import encapsulate

    write_dicom(path, draw(9), PatientID="P4", syntax="1.2.840.10008.1.2.4.80", content=encapsulate([b"\x00" * 64]))


def corrupt(path):
    from pydicom.encaps import encapsulate

    made = jpeg(draw(9, top=255))
    told = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    write_dicom(path, draw(9), syntax="1.2.840.10008.1.2.4.50", content=encapsulate([made[:200]]), **told)


def deflated(path):
    write_dicom(path, draw(9))
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.1.99\x00", 1))


def huge_dicom(path):
    write_dicom(path, draw(9), BitsAllocated=16)
    from pydicom import dcmread

    read = dcmread(path)
    read.Rows = read.Columns = 65_535
    read.save_as(path)


def objects(path):
    with path.open("wb") as file:
        np.savez(file, a=np.array([[CANARY, None]], dtype=object))


def arrays_of_header(rule, shape):
    def write(path):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<u2", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.npy", header.getvalue())

    return write, rule, {"bits": 16}


def long_header(path):
    header = b"{'descr': '<u2', 'fortran_order': False, 'shape': (4, 4), }" + b" " * 60_000 + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(32))


def dicom(rule, meaning=None, pixels=None, **tags):
    def write(path):
        write_dicom(path, draw(9) if pixels is None else pixels, **({"PatientID": "P4"} | tags))

    return write, rule, meaning or {}


def file(rule, write, meaning=None):
    return write, rule, meaning or {}


def arrays(rule, pixels, bits=16):
    return (lambda path: save(path, pixels)), rule, {"bits": bits}


def save(path, pixels):
    with path.open("wb") as file:
        np.savez(file, pixels)


GREY = draw(9, top=255).astype(np.uint8)
RGB = np.dstack([GREY] * 3)
CONSTANT = np.full((48, 48), 7, dtype=np.uint16)
FAULTS = {
    "truncated": file("image decodable", truncated),
    "cut in the header": file("image decodable", headless),
    "packed by no decoder here": file("image decoder", packed),
    "corrupt JPEG inside": file("image decodable", corrupt, {"bits": 8}),
    "deflated": file("image decoder", deflated),
    "JPEG named .dcm": file("image format", lambda path: path.write_bytes(jpeg(GREY))),
    "text": file("image format", lambda path: path.write_text(CANARY * 99)),
    "empty": file("image not empty", lambda path: path.write_bytes(b"")),
    "16 bits in a PNG of 8": file("image bits", lambda path: write_png(path, GREY), {"bits": 16}),
    "more bits than declared": dicom("image bits", BitsStored=16, HighBit=15),
    "coloured DICOM": dicom("image grey", SamplesPerPixel=3, PhotometricInterpretation="RGB"),
    "palette": dicom("image grey", PhotometricInterpretation="PALETTE COLOR"),
    "coloured PNG": file("image grey", lambda path: write_png(path, RGB)),
    "coloured array": arrays("image grey", RGB),
    "another patient's header": dicom("image of this patient", PatientID=f"{CANARY}9"),
    "100,000 x 100,000 PNG": file("image size", lambda path: write_png_header(path, HUGE, HUGE)),
    "100,000 x 100,000 array": arrays_of_header("image size", (HUGE, HUGE)),
    "65,535 x 65,535 DICOM": file("image size", huge_dicom),
    "PNG of too few pixels": file("image decodable", lambda path: write_png_header(path, 5000, 5000), {"bits": 8}),
    "PNG cut": file("image decodable", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n")),
    "other size": dicom("image size", {"size": (48, 48)}, draw(9, (48, 50))),
    "several frames": dicom("image size", pixels=np.stack([draw(9), draw(10)])),
    "no pixels": dicom("image decodable", pixels=CONSTANT[:0, :0], Rows=48, Columns=48),
    "constant": dicom("image not blank", pixels=CONSTANT),
    "nearly constant": dicom("image not blank", pixels=(2000 + draw(9, top=9)).astype(np.uint16)),
    "wrong modality": dicom("image modality", Modality="US"),
    "wrong body part": dicom("image body part", BodyPartExamined="KNEE"),
    "wrong side": dicom("image laterality", {"laterality": "side"} | SIDES, ImageLaterality="R"),
    "wrong spacing": dicom("image spacing", {"spacing": (0.1, 0.3)}, PixelSpacing=[0.2, 0.4]),
    "slope that is no number": dicom("image decodable", RescaleSlope="NaN", RescaleIntercept=0),
    "objects in an array": file("image decodable", objects),
    "array in the other order": arrays("image format", np.asfortranarray(np.zeros((3, 4, 5), dtype=np.uint16))),
    "array with a huge header": file("image decodable", long_header, {"bits": 16}),
    "array that is not finite": arrays("image decodable", np.full((9, 9), np.nan), None),
    "array of nothing": arrays("image size", CONSTANT[:0]),
    "array of texts": arrays("image format", np.full((9, 9), CANARY)),
    "marked as with text": dicom("no burned-in text", BurnedInAnnotation="YES"),
}


def write_sound(path, number, bits):
    if bits in (8, 16):
        write_png(path, draw(number, top=2**bits - 1).astype(f"u{bits // 8}"))
    else:
        write_dicom(path, draw(number), PatientID=f"P{number}")


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_file_is_told_by_its_rule_and_nothing_else_of_it_is(tmp_path, name, capfd, caplog):
    write, rule, meaning = FAULTS[name]
    for number in range(SOUND):
        write_sound(tmp_path / f"{number}.dcm", number, meaning.get("bits"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of what is bad on purpose
        write(tmp_path / "bad.dcm")
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    capfd.readouterr()
    sides = {"side": "L"} if "columns" in meaning else {}
    table = make_table(["0", "1", "2", "3", "bad"], **sides)
    cohort = make_cohort(pattern="{}.dcm", **meaning)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        done = validate_records(table, cohort, SETTINGS, images=tmp_path, scratch=tmp_path)
        new = check_new_patients(table, cohort, images=tmp_path, scratch=tmp_path)
    broken = {row["rule"]: row["records"] for row in done.summary["rules"] if row["records"]}
    bad = done.quarantine[done.quarantine["number"] == "P4"]["broken_rule"].tolist()
    if rule == "no burned-in text":
        assert bad == []
        assert broken == {rule: 1}
        assert (new.refused == "").all()
    else:
        assert bad == [rule]
        assert f"rule '{rule}'" in new.refused[4]
    said = "".join([*capfd.readouterr(), caplog.text, *(str(each.message) for each in warned), str(done.summary)])
    assert not any(leak in said for leak in (CANARY, "1923", "P4", "Traceback"))
    assert not [record for record in caplog.records if record.name.split(".")[0] in ("pydicom", "PIL")]
    assert not warned
    assert len(done.valid) == SOUND + (rule == "no burned-in text")


def test_canaries_stand_in_the_files():
    """So that the test above would find them."""
    from pydicom import dcmread

    with tempfile.NamedTemporaryFile() as made:
        write_dicom(made.name, draw(0))
        assert str(dcmread(made.name)).count(CANARY) >= 8


@pytest.mark.parametrize(
    "cell", ["../out.png", "/etc/passwd", "link.png", "away/out.png", "missing", "", " ", ".", "a\x00b"]
)
def test_no_path_leads_out_of_the_folder(tmp_path, cell):
    inside = tmp_path / "inside"
    inside.mkdir()
    write_png(tmp_path / "out.png", draw(1))
    (inside / "link.png").symlink_to(tmp_path / "out.png")
    (inside / "away").symlink_to(tmp_path, target_is_directory=True)
    for number in range(3):
        write_png(inside / f"{number}.png", draw(number + 3))
    table = make_table(["0.png", "1.png", "2.png", cell])
    done = validate_records(table, make_cohort(bits=16), SETTINGS, images=inside, scratch=tmp_path)
    assert done.quarantine["broken_rule"].tolist() == (["image found"] if cell else [])
    assert done.summary["images"]["shown"] == 3
    assert done.summary["images"]["unclaimed_files"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_under_two_patients_sets_both_aside_and_one_under_a_patient_twice_does_not(tmp_path, seed):
    pictures = [draw(100 * seed + number) for number in range(6)]
    for number, pixels in enumerate(pictures):
        write_png(tmp_path / f"{number}.png", pixels)
    noisy = pictures[2] + np.random.default_rng(seed).integers(0, 12, pictures[2].shape)
    write_png(tmp_path / "6.png", noisy.astype(np.uint16))
    write_dicom(tmp_path / "7.png", pictures[4])
    table = make_table([f"{number}.png" for number in range(8)])
    done = validate_records(table, make_cohort(bits=None), SETTINGS, images=tmp_path, scratch=tmp_path)
    assert set(done.quarantine["number"]) == {"P2", "P6", "P4", "P7"}
    assert set(done.quarantine["broken_rule"]) == {"image of one patient"}
    alone = check_new_patients(table, make_cohort(bits=None), images=tmp_path, scratch=tmp_path)
    assert (alone.refused == "").all()


def test_what_a_cohort_only_warns_of_stays_and_is_counted(tmp_path):
    write_dicom(tmp_path / "0", draw(0), Modality="US")
    write_dicom(tmp_path / "1", np.full((48, 48), 7, dtype=np.uint16))
    write_png_header(tmp_path / "2", HUGE, HUGE)
    write_dicom(tmp_path / "3", draw(3))
    rules = ("image modality", "image not blank", "image size")
    cohort = make_cohort(dict.fromkeys(rules, Severity.WARN))
    done = validate_records(make_table("0123"), cohort, SETTINGS, images=tmp_path, scratch=tmp_path)
    assert done.quarantine["broken_rule"].tolist() == ["image decodable"]  # it cannot be shown, whatever is declared
    counts = {row["rule"]: row["records"] for row in done.summary["rules"] if row["records"]}
    assert counts == {"image modality": 1, "image not blank": 1, "image decodable": 1}
    assert done.summary["images"]["shown"] == 3


def test_a_rule_that_refuses_refuses_the_table(tmp_path):
    write_dicom(tmp_path / "0", draw(0), Modality="US")
    with pytest.raises(DataRefusedError, match="rule 'image modality'"):
        validate_records(
            make_table("0"),
            make_cohort({"image modality": Severity.REFUSE}),
            SETTINGS,
            images=tmp_path,
            scratch=tmp_path,
        )


def test_a_cohort_with_images_needs_their_folder(tmp_path):
    with pytest.raises(ConfigurationError, match="no folder"):
        validate_records(make_table("0"), make_cohort(), SETTINGS)
    with pytest.raises(DataRefusedError, match="expected the folder of images"):
        validate_records(make_table("0"), make_cohort(), SETTINGS, images=tmp_path / "none")
    new = check_new_patients(make_table(["0", ""]), make_cohort())
    assert [why != "" for why in new.refused] == [True, False]


def test_images_stand_in_the_order_of_valid_records_and_nothing_is_left_behind(tmp_path):
    images, scratch = tmp_path / "images", tmp_path / "scratch"
    images.mkdir()
    scratch.mkdir()
    for number in range(8):
        write_png(images / f"{number}_b.png", draw(number))
        write_png(images / f"{number}_a10.png", draw(number + 50))
        write_png(images / f"{number}_a9.png", draw(number + 100))
    (images / "3_b.png").write_bytes(b"")
    cells = [str(number) if number != 5 else "" for number in range(8)]
    cohort = make_cohort(bits=16, several=True, pattern="{}_*.png", window=(0, 4095))
    done = validate_records(make_table(cells), cohort, SETTINGS, images=images, scratch=scratch)
    done.write_images(tmp_path / "out")
    assert list(scratch.iterdir()) == []
    store = read_images(tmp_path / "out")
    order = [int(cell) if pd.notna(cell) else None for cell in done.valid["picture"]]
    expected = [record for record, number in enumerate(order) if number is not None for _ in range(3)]
    assert store.index["record"].tolist() == expected
    assert len(expected) == 18
    for row, record in enumerate(expected):
        seed = order[record] + [100, 50, 0][row % 3]  # a9, a10, b: natural order
        alike = np.corrcoef(store.pixels[row].ravel(), shrink(draw(seed)).ravel())[0, 1]
        assert alike > 0.99
    said = done.summary["images"]
    assert (said["shown"], said["with_images"], said["without_images"], said["with_several"]) == (18, 6, 1, 6)


def shrink(pixels):
    from PIL import Image

    return np.asarray(Image.fromarray(pixels.astype(np.float32)).resize((32, 32), Image.Resampling.BOX))
