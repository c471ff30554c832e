"""What is read of files with known content; every way to write a picture gives the same."""

import numpy as np
import pytest

from data_schemas.columns import Image
from pipeline.records.images.check import check_images
from pipeline.records.images.folder import ImageFolder, Location
from pipeline.records.images.formats import in_silence, open_images
from pipeline.records.images.npz import Arrays
from pipeline.records.images.picture import Expected, ImageFault
from pipeline.records.images.seeing import draw_box, find_levels, fit_mask, show
from tests.extras import needs_imaging
from tests.records.images.ward import PLACED, draw, make_cohort, make_table, place_columns, write_dicom, write_png

pytestmark = needs_imaging
IMAGE = Image("DX", "CHEST", bits=None)


def read(path, image=IMAGE):
    """All pictures of a file."""
    with in_silence(), Arrays() as arrays:
        folder = ImageFolder(path.parent)
        return list(open_images(folder, Location(path.name), Expected(image), arrays).pictures)


def see(path, window=None, side=48, image=IMAGE):
    [picture] = read(path, image)
    levels = find_levels(picture, window)
    assert levels is not None
    return show(picture, levels, side)


def typed(table):
    frame = table.mask(table == "")
    return frame.astype(dict.fromkeys(set(frame) & {"x", "y", "w", "h"}, float))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("window", [None, (500, 3000)])
def test_low_values_bright_are_the_others_inverted(tmp_path, seed, window):
    pixels = draw(seed)
    write_dicom(tmp_path / "a", pixels)
    write_dicom(tmp_path / "b", 4095 - pixels, PhotometricInterpretation="MONOCHROME1")
    other = window and (4095 - window[1], 4095 - window[0])
    seen, inverted = see(tmp_path / "a", window).astype(int), see(tmp_path / "b", other).astype(int)
    assert np.abs(seen - inverted).max() <= 1  # rounding


def test_rescaling_gives_intensities_and_a_window_maps_its_ends_to_black_and_white(tmp_path):
    hounsfield = np.linspace(-1000, 1000, 64 * 64).round().reshape(64, 64)
    write_dicom(tmp_path / "ct", (hounsfield + 1024).astype(np.uint16), RescaleSlope=1, RescaleIntercept=-1024)
    write_dicom(tmp_path / "half", (2 * hounsfield).astype(np.int16), RescaleSlope=0.5, RescaleIntercept=0)
    for name in ("ct", "half"):
        [picture] = read(tmp_path / name)
        np.testing.assert_allclose(picture.stored * picture.slope + picture.intercept, hounsfield)
        seen = see(tmp_path / name, (-160, 240), 64)
        assert (seen[hounsfield <= -160] == 0).all()
        assert (seen[hounsfield >= 240] == 255).all()
        inside = (hounsfield > -160) & (hounsfield < 240)
        np.testing.assert_allclose(seen[inside], (hounsfield[inside] + 160) / 400 * 255, atol=0.51)


def test_a_falling_slope_turns_the_scale(tmp_path):
    write_dicom(tmp_path / "up", draw(1))
    write_dicom(tmp_path / "down", 4095 - draw(1), RescaleSlope=-1, RescaleIntercept=4095)
    for window in (None, (100, 3500)):
        np.testing.assert_allclose(see(tmp_path / "up", window), see(tmp_path / "down", window), atol=1)


def test_a_table_of_values_is_looked_up(tmp_path):
    from pydicom.dataset import Dataset

    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = (np.arange(256, dtype=np.uint16) ** 2).tobytes()
    table.ModalityLUTType = "US"
    pixels = draw(2, top=255)
    write_dicom(tmp_path / "lut", pixels, ModalityLUTSequence=[table])
    [picture] = read(tmp_path / "lut")
    np.testing.assert_array_equal(picture.stored, pixels.astype(int) ** 2)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_that_are_not_stored_are_nobodys(tmp_path, signed):
    values = draw(3).astype(np.int16) - (2048 if signed else 0)
    clean = values.view(np.uint16) & 0x0FFF
    dirty = (clean | 0xA000).astype(np.uint16)  # an overlay, say
    told = {"PixelRepresentation": int(signed)}
    write_dicom(tmp_path / "dirty", dirty, **told)
    [picture] = read(tmp_path / "dirty")
    np.testing.assert_array_equal(picture.stored, values)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"])
@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_every_syntax_gives_the_stored_values(tmp_path, syntax, kind):
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_encoder

    pixels = draw(4).astype(kind) - (2048 if kind is np.int16 else 0)
    told = {"BitsStored": 16, "HighBit": 15}
    if syntax.endswith("1.2.5"):
        write_dicom(tmp_path / "plain", pixels, **told)
        from pydicom import dcmread

        plain = dcmread(tmp_path / "plain")
        packed = next(get_encoder(syntax).iter_encode(plain))
        write_dicom(tmp_path / "a", pixels, syntax=syntax, content=encapsulate([packed]), **told)
    else:
        write_dicom(tmp_path / "a", pixels, syntax=syntax, **told)
    [picture] = read(tmp_path / "a")
    np.testing.assert_array_equal(picture.stored, pixels)


def test_frames_are_images_where_several_are_expected(tmp_path):
    stack = np.stack([draw(number) for number in range(4)])
    write_dicom(tmp_path / "a", stack)
    write_dicom(tmp_path / "one", stack[:1])
    with pytest.raises(ImageFault, match="image size"):
        read(tmp_path / "a")
    several = Image("DX", "CHEST", bits=12, several=True)
    np.testing.assert_array_equal([each.stored for each in read(tmp_path / "a", several)], stack)
    np.testing.assert_array_equal(read(tmp_path / "one")[0].stored, stack[0])


TURNS = {
    "upright projection": ({"PatientOrientation": ["L", "F"]}, (1, 1)),
    "from behind": ({"PatientOrientation": ["R", "F"]}, (1, -1)),
    "head down": ({"PatientOrientation": ["L", "H"]}, (-1, 1)),
    "lateral": ({"PatientOrientation": ["A", "F"]}, (1, 1)),
    "transposed, left as it is": ({"PatientOrientation": ["F", "R"]}, (1, 1)),
    "axial": ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, (1, 1)),
    "axial, prone": ({"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}, (-1, -1)),
    "coronal": ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, (1, 1)),
    "coronal, feet up": ({"ImageOrientationPatient": [1, 0, 0, 0, 0, 1]}, (-1, 1)),
    "sagittal": ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, (1, 1)),
    "oblique, left as it is": ({"ImageOrientationPatient": [-0.7, 0.7, 0, 0, 0, 1]}, (1, 1)),
    "not told": ({}, (1, 1)),
}


@pytest.mark.parametrize("name", TURNS)
def test_an_image_is_turned_as_its_header_says_and_its_mask_with_it(tmp_path, name):
    tags, (down, across) = TURNS[name]
    write_dicom(tmp_path / "a", draw(5))
    write_dicom(tmp_path / "b", draw(5), **tags)
    np.testing.assert_array_equal(see(tmp_path / "b"), see(tmp_path / "a")[::down, ::across])
    box = draw_box((3, 5, 10, 7), (48, 48))
    [picture] = read(tmp_path / "b")
    np.testing.assert_array_equal(fit_mask(box, picture.flips, 48), box[::down, ::across])


def test_enhanced_files_tell_in_groups(tmp_path):
    from pydicom.dataset import Dataset

    def group(**told):
        inner = Dataset()
        for name, value in told.items():
            setattr(inner, name, value)
        return [inner]

    shared, frames = Dataset(), [Dataset(), Dataset()]
    shared.PixelMeasuresSequence = group(PixelSpacing=[3, 3])
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    for number, frame in enumerate(frames):
        frame.PixelValueTransformationSequence = group(RescaleSlope=number + 1, RescaleIntercept=-5)
    stack = np.stack([draw(6), draw(7)])
    sequences = {"SharedFunctionalGroupsSequence": [shared], "PerFrameFunctionalGroupsSequence": frames}
    write_dicom(tmp_path / "a", stack, **sequences)
    found = read(tmp_path / "a", Image("DX", "CHEST", bits=12, several=True))
    assert [(each.slope, each.intercept, each.flips) for each in found] == [(k, -5, (False, True)) for k in (1, 2)]
    narrow = Image("DX", "CHEST", bits=12, several=True, spacing=(1, 2))
    with in_silence(), Arrays() as arrays:
        opened = open_images(ImageFolder(tmp_path), Location("a"), Expected(narrow), arrays)
    assert opened.broken == ("image spacing",)


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_grey_png_and_arrays_hold_the_same_picture(tmp_path, kind):
    pixels = draw(8, top=int(np.iinfo(kind).max)).astype(kind)
    write_png(tmp_path / "a.png", pixels)
    np.savez_compressed(tmp_path / "a.npz", pixels)
    np.savez(tmp_path / "b.npz", pixels.astype(pixels.dtype.newbyteorder(">")))
    seen = see(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png")[0].stored, pixels)
    for name in ("a.npz", "b.npz"):
        np.testing.assert_array_equal(see(tmp_path / name), seen)


def test_a_stack_is_read_in_any_order_and_its_rows_are_images(tmp_path):
    stack = np.stack([draw(number) for number in range(6)])
    np.savez_compressed(tmp_path / "s.npz", one=stack, two=stack[::-1])
    cells = [f"s.npz:one:{number}" for number in (4, 0, 5)] + ["s.npz:two:3", "s.npz:one:6", "s.npz:three:0"]
    cohort = make_cohort(bits=16, window=(0, 4095), pixels=48)
    checked = check_images(make_table(cells), cohort, tmp_path, tmp_path, together=False)
    assert checked.violations.to_numpy().tolist() == [[n, "image found", "picture"] for n in (4, 5)]
    store = checked.store(np.arange(6))
    assert store.index["record"].tolist() == [0, 1, 2, 3]
    expected = [np.rint(stack[number] / 4095 * 255) for number in (4, 0, 5, 2)]
    np.testing.assert_allclose(store.pixels, expected, atol=1)
    whole = check_images(
        make_table(["s.npz:one"]), make_cohort(bits=16, several=True), tmp_path, tmp_path, together=False
    )
    assert len(whole.store(np.arange(1))) == 6


@pytest.mark.parametrize(("shape", "side"), [((40, 60), 30), ((300, 100), 64), ((28, 28), 64), ((511, 333), 100)])
def test_boxes_stay_where_they_are_on_the_image(tmp_path, shape, side):
    left, top, width, height = shape[1] * 0.5, shape[0] * 0.2, shape[1] * 0.25, shape[0] * 0.3
    pixels = (draw_box((left, top, width, height), shape) * 3000.0 + draw(1, shape, top=1000)).astype(np.uint16)
    write_png(tmp_path / "a.png", pixels)
    cohort = make_cohort(columns=place_columns(), bits=16, pixels=side, window=(0, 4000), **PLACED)
    places = {name: [str(value), ""] for name, value in zip("xywh", (left, top, width, height), strict=True)}
    table = typed(make_table(["a.png", "a.png"], lesion=["mass", "none"], **places))
    store = check_images(table, cohort, tmp_path, tmp_path, together=False).store(np.arange(2))
    assert store.index["placed"].tolist() == [True, False]
    bright, mask = store.pixels[0] > 160, store.masks[0] == 1
    assert (bright & mask).sum() / (bright | mask).sum() > 0.85
    assert store.masks[1].sum() == 0
    outside = typed(table.assign(x=[9e5, None]))
    assert check_images(outside, cohort, tmp_path, tmp_path).violations["rule"].tolist() == ["image size"]


def test_masks_are_files_and_the_smallest_is_not_lost(tmp_path):
    mask = np.zeros((200, 200), dtype=np.uint8)
    mask[151, 20] = 255
    write_png(tmp_path / "a.png", draw(1, (200, 200)))
    for name, drawn in (("a", mask), ("none", 0 * mask), ("small", mask[:50])):
        write_png(tmp_path / f"{name}_mask.png", drawn)
    columns = place_columns() | {"drawn": (columns_text())}
    cohort = make_cohort(
        columns=columns, bits=16, window=(0, 4095), finding="lesion", absent="none", mask="drawn",
        mask_pattern="{}_mask.png",
    )  # fmt: skip
    table = typed(make_table(["a.png"] * 4, lesion="mass", drawn=["a", "none", "small", ""]))
    checked = check_images(table, cohort, tmp_path, tmp_path, together=False)
    assert checked.violations[["record", "rule"]].to_numpy().tolist() == [[2, "image size"]]
    store = checked.store(np.array([0, 1, 3]))
    assert store.index["placed"].tolist() == [True, False, False]
    assert np.argwhere(store.masks[0]).tolist() == [[151 * 32 // 200, 20 * 32 // 200]]


def columns_text():
    from data_schemas.columns import Text, text

    return Text, text("Drawn", excluded="a label", missing_allowed=True)


def test_files_are_found_by_uid_and_a_series_by_its_numbers(tmp_path):
    for number in range(3):
        tags = {"SeriesInstanceUID": "1.2.3", "InstanceNumber": 3 - number, "SOPInstanceUID": f"1.2.3.{number}"}
        write_dicom(tmp_path / f"f{number}", draw(number), **tags)
    folder = ImageFolder(tmp_path)
    assert [each.path for each in folder.find_uid("1.2.3", several=True)] == ["f2", "f1", "f0"]
    assert [each.path for each in folder.find_uid("1.2.3.1", several=False)] == ["f1"]
    for uid, several in (("1.2.3", False), ("1.2.9", True)):
        with pytest.raises(ImageFault, match="image found"):
            folder.find_uid(uid, several=several)


def test_a_cell_is_no_pattern(tmp_path):
    for name in ("a1.png", "a2.png", "b[1]_1.png"):
        write_png(tmp_path / name, draw(1))
    folder = ImageFolder(tmp_path)
    assert [each.path for each in folder.find("a", "{}*.png", several=True)] == ["a1.png", "a2.png"]
    assert [each.path for each in folder.find("b[1]", "{}_*.png", several=True)] == ["b[1]_1.png"]
    for cell in ("?1", "[ab]1", "*", ""):
        with pytest.raises(ImageFault, match="image found"):
            folder.find(cell, "{}.png", several=False)
    assert folder.count_unclaimed() == 0
    (tmp_path / "other.png").write_bytes((tmp_path / "a1.png").read_bytes())
    (tmp_path / "table.csv").write_text("a,b")
    assert ImageFolder(tmp_path).count_unclaimed() == 4
