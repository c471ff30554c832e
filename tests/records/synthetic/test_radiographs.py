import io

import numpy as np
import pytest
from scipy.fft import dctn
from scipy.ndimage import zoom
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pipeline.records.synthetic.radiographs.anatomy import draw_anatomy, draw_chest, draw_lungs, make_grid
from pipeline.records.synthetic.radiographs.formats import as_dicom, as_png
from pipeline.records.synthetic.radiographs.lesions import INFILTRATE, MASS, NODULE, NONE, TYPES
from pipeline.records.synthetic.radiographs.patients import draw_patients
from pipeline.records.synthetic.radiographs.pictures import draw_picture
from tests.extras import needs_imaging

SIDE = 64


def draw(patient, finding=NONE, contrast=0.5, seed=3):
    return draw_picture(seed, patient, SIDE, finding, contrast)


def inside(box):
    left, top, width, height = box
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_the_same_seed_gives_the_same_picture_and_another_seed_or_patient_another():
    first = draw(5, MASS).brightness
    assert (draw(5, MASS).brightness == first).all()
    assert not np.allclose(draw(6, MASS).brightness, first)
    assert not np.allclose(draw(5, MASS, seed=4).brightness, first)
    assert first.min() >= 0
    assert first.max() <= 1


@pytest.mark.parametrize("kind", TYPES)
def test_a_lesion_brightens_its_box_and_nothing_else(kind):
    for patient in range(12):
        drawn = draw(patient, kind)
        change = drawn.brightness - draw(patient).brightness
        box = inside(drawn.box)
        assert change[box].mean() > 0.02
        assert np.abs(change[~box]).sum() < 0.15 * np.abs(change).sum()


@pytest.mark.parametrize("kind", TYPES)
def test_a_lesion_without_contrast_cannot_be_seen(kind):
    drawn = draw(2, kind, contrast=0.0)
    assert drawn.box is not None
    assert (drawn.brightness == draw(2).brightness).all()


def test_lesions_lie_in_lungs_and_differ_in_size():
    sizes = {kind: [] for kind in TYPES}
    for patient in range(15):
        for kind in TYPES:
            left, top, width, height = draw(patient, kind).box
            assert left >= 0
            assert top >= 0
            assert left + width <= SIDE
            assert top + height <= SIDE
            sizes[kind].append(width * height)
    assert max(sizes[NODULE]) < min(sizes[MASS])
    assert np.median(sizes[MASS]) < np.median(sizes[INFILTRATE])
    for patient in range(10):
        anatomy = draw_anatomy(np.random.default_rng(patient))
        grid = make_grid(anatomy, SIDE)
        lungs = draw_lungs(anatomy, grid)
        assert 0.1 < (lungs > 0.5).mean() < 0.5
        chest = draw_chest(anatomy, grid, np.random.default_rng(1))
        assert chest[lungs > 0.9].mean() < chest[lungs < 0.1].mean()


def hash_picture(brightness):
    """The perceptual hash of Zauner 2010: signs of the 63 lowest frequencies about their median."""
    low = dctn(zoom(brightness, 32 / SIDE, order=1))[:8, :8].ravel()[1:]
    return low > np.median(low)


def test_no_two_patients_pictures_are_near_duplicates():
    pictures = [draw(patient).brightness for patient in range(80)]
    hashes = np.array([hash_picture(picture) for picture in pictures])
    apart = (hashes[:, None] != hashes[None]).sum(axis=2)[np.triu_indices(80, 1)]
    small = np.array([zoom(picture, 0.25, order=1).ravel() for picture in pictures])
    assert apart.min() >= 2
    assert np.corrcoef(small)[np.triu_indices(80, 1)].max() < 0.998


def test_the_outcome_depends_on_the_picture_and_on_what_it_does_not_show():
    records, truth = draw_patients(20_000, 1, 0.45, 1.0)
    cancer = records["cancer"] == "1"
    both, record, image = (roc_auc_score(cancer, truth[name]) for name in ("log_odds", "by_record", "by_image"))
    assert both > max(record, image) + 0.05
    assert min(record, image) > 0.65
    assert cancer.mean() == pytest.approx(expit(truth["log_odds"]).mean(), abs=0.01)
    assert (truth["finding"] != NONE).mean() == pytest.approx(0.45, abs=0.001)
    old = records["age"] > 70
    assert (truth["finding"] != NONE)[old].mean() > (truth["finding"] != NONE)[~old].mean() + 0.05
    assert 0.08 < records["cea_ug_l"].isna().mean() < 0.16
    assert 0.02 < (~truth["pictured"]).mean() < 0.06
    assert (truth["contrast"] > 0).equals(truth["finding"] != NONE)


def test_contrast_scales_that_of_every_lesion_and_nothing_else():
    records, truth = draw_patients(500, 1, 0.45, 1.0)
    same, faint = draw_patients(500, 1, 0.45, 0.0)
    assert same.equals(records)
    assert (faint["contrast"] == 0).all()
    assert faint.drop(columns="contrast").equals(truth.drop(columns="contrast"))


@needs_imaging
def test_files_hold_the_picture():
    from PIL import Image
    from pydicom import dcmread
    from pydicom.pixels import apply_presentation_lut

    brightness = draw(1, MASS).brightness
    png = as_png(brightness)
    assert png == as_png(brightness)
    assert np.abs(np.asarray(Image.open(io.BytesIO(png))) / 255 - brightness).max() <= 0.5 / 255 + 1e-9
    kinds = set()
    for number in (0, 1):
        dicom = as_dicom(brightness, "S000001", number)
        assert dicom == as_dicom(brightness, "S000001", number)
        read = dcmread(io.BytesIO(dicom))
        kinds.add(read.PhotometricInterpretation)
        shown = apply_presentation_lut(read.pixel_array, read)
        assert np.abs(shown / 4095 - brightness).max() <= 0.5 / 4095 + 1e-9
        assert (read.Modality, read.BodyPartExamined, read.PatientID) == ("DX", "CHEST", "S000001")
    assert kinds == {"MONOCHROME1", "MONOCHROME2"}
