"""Where networks look, and whether that is where the finding is.

A map says which pixels count for the finding, not what it is. Its checks are the pointing game (Zhang et al. 2018, Int
J Comput Vis 126:1084) and a network whose weights are random (Adebayo et al. 2018, NeurIPS): a map that such a network
draws as well shows the image, not what has been learnt.
"""

from dataclasses import replace

import numpy as np
from monai.visualize.class_activation_maps import GradCAMpp
from scipy.ndimage import distance_transform_edt
from scipy.stats import spearmanr

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.image_store import Pixels
from pipeline.imaging.determinism import Device, choose_device, derive_seed, steady
from pipeline.imaging.model import ImageModel
from pipeline.imaging.networks import make_network, to_grey
from pipeline.imaging.training import Trained

TOLERANCE = 15 / 224  # of the side: pixels at 224 by which a point may miss, as in the pointing game's paper


def map_attention(model: ImageModel, pixels: Pixels, device: Device = "auto") -> FloatArray:
    """Maps (m, side, side) from 0 to 1 of what on `pixels` speaks for the finding: Grad-CAM++, averaged over networks.

    Of several types it is the most probable one; a map is 0 throughout where nothing speaks for it (Chattopadhyay et
    al. 2018, WACV). Raises ConfigurationError where images have another side than the networks have learnt from.
    """
    where = choose_device(device)
    types = _strongest(model, pixels, device)
    maps = np.zeros(pixels.shape)
    with steady():
        for network in model.build(where):
            draw = GradCAMpp(network, target_layers="features", postprocessing=lambda drawn: drawn)
            for row, kind in enumerate(types):  # MONAI's Grad-CAM++ mixes the images of a batch
                image = to_grey(np.array(pixels[row : row + 1]), where).requires_grad_()  # else MONAI's hooks warn
                maps[row] += _scale(draw(image, class_idx=int(kind))[0, 0].detach().cpu().double().numpy())
    return maps / len(model.networks)


def randomise(model: ImageModel, seed: int) -> ImageModel:
    """The same networks with random weights."""

    def reset(number: int, trained: Trained) -> Trained:
        with steady(derive_seed(seed, number)):
            network = make_network(model.kind, len(model.classes))
        return replace(trained, weights={name: value.numpy() for name, value in network.state_dict().items()})

    return replace(model, networks=tuple(reset(number, trained) for number, trained in enumerate(model.networks)))


def find_hits(maps: FloatArray, masks: Pixels) -> BoolArray:
    """Whether the highest point of each of `maps` (m, side, side) lies on its mask, or 15/224 of the side from it.

    A map that is the same everywhere points nowhere, and misses. Each mask has a pixel that is not 0.
    """
    reach = TOLERANCE * maps.shape[-1]
    return np.array([
        bool(each.max() > each.min() and distance_transform_edt(mask == 0).flat[each.argmax()] <= reach)
        for each, mask in zip(maps, masks, strict=True)
    ], dtype=bool)  # fmt: skip


def compare_maps(maps: FloatArray, others: FloatArray) -> FloatArray:
    """Spearman's rank correlation (m,) of the maps' absolute values; missing where one is the same everywhere."""
    similar = np.full(len(maps), np.nan)
    for row, (one, other) in enumerate(zip(np.abs(maps), np.abs(others), strict=True)):
        if np.ptp(one) > 0 and np.ptp(other) > 0:
            similar[row] = spearmanr(one, other, axis=None).statistic
    return similar


def _strongest(model: ImageModel, pixels: Pixels, device: Device) -> IntArray:
    positive = np.array(model.positive)
    strongest: IntArray = positive[model.see(pixels, device).chances[:, positive].argmax(axis=1)]
    return strongest


def _scale(drawn: FloatArray) -> FloatArray:
    return drawn / drawn.max() if drawn.max() > 0 else np.zeros_like(drawn)
