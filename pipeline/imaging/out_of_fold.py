"""What networks tell of images that they have not learnt from, and the networks that are deployed."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from pipeline import files
from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.imaging.attention import compare_maps, find_hits, map_attention, randomise
from pipeline.imaging.checkpoints import name_key
from pipeline.imaging.components import Components, find_components, translate_components
from pipeline.imaging.determinism import choose_device
from pipeline.imaging.examples import Examples, without
from pipeline.imaging.model import ImageModel
from pipeline.imaging.training import Trained, train_network
from pipeline.progress import progress
from pipeline.sections import Imaging

LOOKED_AT = 1000  # images of a fold of which maps are drawn: enough for their checks


@dataclass(frozen=True)
class Learnt:
    """The deployed `model`, and `told`, a row per image: what networks tell of it that have not learnt from it."""

    model: ImageModel
    told: pd.DataFrame


def learn_images(examples: Examples, settings: Imaging, components: int, scratch: Path, jobs: int) -> Learnt:
    """Train networks within the folds, and those that are deployed on all of the development, in `jobs` processes.

    An image of the development is told by the networks of its patient's fold, any other by the deployed ones. `told`
    has the columns of `ImageModel.predict`, and `label`, `fold`, `hit`, `hit_random` and `similarity`. In the folder
    `scratch`, made if need be, stands what a broken run goes on from; `clear_scratch` removes it in the end.
    """
    folder = _open_scratch(scratch, name_key(examples, settings))
    jobs = 1 if choose_device(settings.device).type == "cuda" else jobs  # a card is shared badly
    networks = _train_all(examples, settings, folder, jobs)
    deployed = _assemble(examples, settings, networks[None], Components(np.zeros((0, 0)), np.zeros(0)))
    scores = np.full((len(examples), components), np.nan)
    seen = deployed.see(examples.pixels[examples.development], settings.device)
    found = find_components(seen.embedding, seen.log_odds, components)
    scores[examples.development] = found.apply(seen.embedding, seen.log_odds)
    deployed = _assemble(examples, settings, networks[None], found)
    tell = partial(_tell_fold, examples, settings, scores)
    work = [(fold, _assemble(examples, settings, networks[fold], found)) for fold in networks]
    parts = _run([delayed(tell)(fold, model) for fold, model in work], jobs, "What the networks tell")
    return Learnt(deployed, pd.concat(parts).sort_index())


def clear_scratch(scratch: Path) -> None:
    """Remove what a broken run would have gone on from."""
    shutil.rmtree(scratch, ignore_errors=True)


def _open_scratch(scratch: Path, key: str) -> Path:
    """The folder for this work alone; what another has left there is removed."""
    folder = scratch / key[:32]
    for other in scratch.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    files.make_folder(folder)
    return folder


def _train_all(examples: Examples, settings: Imaging, folder: Path, jobs: int) -> dict[int | None, list[Trained]]:
    """The networks by the fold that they have not seen; None for the deployed ones."""
    folds: list[int | None] = [None, *examples.folds()]
    tasks = [(fold, number) for fold in folds for number in range(settings.networks)]
    train = partial(_train_one, examples, settings, folder)
    trained = _run([delayed(train)(fold, number) for fold, number in tasks], jobs, "Networks")
    return {fold: [each for each, task in zip(trained, tasks, strict=True) if task[0] == fold] for fold in folds}


def _train_one(examples: Examples, settings: Imaging, folder: Path, fold: int | None, number: int) -> Trained:
    checkpoint = folder / f"{'deployed' if fold is None else f'fold_{fold}'}_{number}.safetensors"
    return train_network(examples, fold, number, settings, checkpoint)


def _run(work: list[Any], jobs: int, title: str) -> list[Any]:
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    return [part for _, part in zip(progress(work, title), done, strict=True)]


def _assemble(examples: Examples, settings: Imaging, networks: list[Trained], components: Components) -> ImageModel:
    side = examples.pixels.shape[-1]
    return ImageModel(settings.network, side, examples.classes, examples.positive, tuple(networks), components)


def _tell_fold(
    examples: Examples, settings: Imaging, scores: FloatArray, fold: int | None, model: ImageModel
) -> pd.DataFrame:
    """What the networks of `fold` tell of its images; the deployed ones tell what is outside of the development."""
    rows = np.flatnonzero(~examples.development if fold is None else examples.fold == fold)
    pixels = np.asarray(examples.pixels[rows])
    seen = model.see(pixels, settings.device)
    components = model.components
    if fold is not None:
        taught = without(examples, fold).teaching
        taught_by = model.see(examples.pixels[taught], settings.device)
        components = translate_components(taught_by.embedding, taught_by.log_odds, scores[taught])
    told = model.describe_seen(seen, components.apply(seen.embedding, seen.log_odds)).set_axis(rows)
    classes = np.array([*examples.classes, None], dtype=object)  # the last is that of the label -1, which is unknown
    told["label"] = pd.Series(classes[examples.label[rows]], index=rows, dtype="string")
    told["fold"] = pd.Series([fold] * len(rows), index=rows, dtype="Int64")
    return told.join(_look(examples, rows, model, settings))


def _look(examples: Examples, rows: IntArray, model: ImageModel, settings: Imaging) -> pd.DataFrame:
    """`hit`, `hit_random` and `similarity` of at most 1,000 of `rows`, evenly spaced."""
    step = -(-len(rows) // LOOKED_AT) or 1
    rows = rows[::step]
    pixels = np.asarray(examples.pixels[rows])
    drawn = map_attention(model, pixels, settings.device)
    random = map_attention(randomise(model, settings.seed), pixels, settings.device)
    looked = pd.DataFrame({"hit": pd.NA, "hit_random": pd.NA}, index=rows, dtype="boolean")
    if examples.masks is not None and len(rows):
        masks = np.asarray(examples.masks[rows])
        shown: BoolArray = examples.placed[rows] & masks.any(axis=(1, 2))
        looked.loc[shown, "hit"] = find_hits(drawn[shown], masks[shown])
        looked.loc[shown, "hit_random"] = find_hits(random[shown], masks[shown])
    return looked.assign(similarity=compare_maps(drawn, random))
