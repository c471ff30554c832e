"""What images are changed to while a network learns: the same finding, mirrored only where that means nothing."""

import pytest

from tests.extras import needs_imaging

pytestmark = needs_imaging


def bright_left(count: int):
    import torch

    images = torch.full((count, 1, 32, 32), -0.5)
    images[..., :16] = 0.5
    return images


@pytest.mark.parametrize(("mirrored", "least", "most"), [(False, 0, 0), (True, 70, 130)])
def test_half_are_mirrored_where_they_may_be_and_none_elsewhere(mirrored, least, most):
    import torch

    from pipeline.imaging.augmentation import augment

    changed = augment(bright_left(200), torch.Generator().manual_seed(1), mirrored=mirrored)
    turned = (changed[..., 16:].mean(dim=(1, 2, 3)) > changed[..., :16].mean(dim=(1, 2, 3))).sum().item()
    assert least <= turned <= most


def test_each_image_is_changed_otherwise_and_the_same_seed_changes_alike():
    import torch

    from pipeline.imaging.augmentation import augment

    first, again = (augment(bright_left(4), torch.Generator().manual_seed(2), mirrored=True) for _ in range(2))
    assert torch.equal(first, again)
    assert len({image.numpy().tobytes() for image in first}) == 4
