"""Find phenotypes: choose the clusters on development patients, assign everyone, describe each cluster."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from pipeline.arrays import FloatArray, IntArray
from pipeline.phenotypes.choice import REFERENCE_ROWS, STABILITY_ROWS, Choice, Rules, Tried, choose_k
from pipeline.phenotypes.clusterers import assign
from pipeline.phenotypes.profile import ClusterProfile, profile_clusters
from pipeline.phenotypes.space import Space, fit_space


@dataclass(frozen=True, eq=False)
class PhenotypeModel:
    """What assigns a patient: the space and the centres in it, shape (k, columns). Restricted, not for reports."""

    space: Space
    centres: FloatArray

    def assign(self, frame: pd.DataFrame) -> IntArray:
        """Return the cluster number, 1 to k, of each row of `frame`; raises as `Space.transform`."""
        return assign(self.space.transform(frame), self.centres)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {"space": self.space.to_dict(), "centres": self.centres.tolist()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Rebuild what `to_dict` returned, also after a journey through JSON."""
        return cls(Space.from_dict(plain["space"]), np.asarray(plain["centres"], dtype=float))


@dataclass(frozen=True, eq=False)
class Phenotypes:
    """The clusters found, or why there are none.

    `assignment` has one number, 1 to k, for each row of `everyone`, in its order; all 0 when `k` is None, and
    then `clusters` is empty and `model` None. `notes` state where a sample of the patients was used.
    """

    k: int | None
    reason: str
    notes: tuple[str, ...]
    tried: tuple[Tried, ...]
    clusters: tuple[ClusterProfile, ...]
    assignment: IntArray
    model: PhenotypeModel | None

    def to_dict(self) -> dict[str, Any]:
        """Return what may be published, as plain values that JSON can hold: no assignment, no centres."""
        return {
            "k": self.k,
            "reason": self.reason,
            "notes": list(self.notes),
            "tried": [asdict(t) for t in self.tried],
            "clusters": [asdict(c) for c in self.clusters],
        }


def find_phenotypes(  # noqa: PLR0913 - each is a setting in params.yaml
    development: pd.DataFrame,
    everyone: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    k_max: int,
    resamples: int,
    threshold: float,
    smallest: int,
    seed: int,
) -> Phenotypes:
    """Return the phenotypes of the patients in `everyone`, learnt from those in `development` only.

    Both frames have one row a patient, sorted by the caller, and the same predictors as columns: numbers with
    NaN for missing, ordered or unordered categoricals. `labels` names the predictors for people. `k_max`,
    `resamples`, `threshold` (0 to 1, mean Jaccard) and `smallest` (patients) are explained in `choice`. The
    same arguments give the same result on one thread. Raises as `Space.transform`.
    """
    rules = Rules(k_max, resamples, threshold, smallest, seed)
    space = fit_space(development)
    X = space.transform(development)
    choice = choose_k(X, space.blocks, rules)
    notes = _note_samples(len(development))
    if choice.centres is None:
        return _without_clusters(choice.reason, choice, notes, len(everyone))
    model = PhenotypeModel(space, choice.centres)
    assignment = model.assign(everyone)
    if np.bincount(assignment, minlength=len(choice.centres) + 1)[1:].min() < smallest:
        reason = f"{choice.reason} But among everyone a cluster has fewer than {smallest} patients: none is shown."
        return _without_clusters(reason, choice, notes, len(everyone))
    clusters = _describe(everyone, assignment, model, labels, choice, smallest)
    return Phenotypes(choice.k, choice.reason, notes, choice.tried, clusters, assignment, model)


def _without_clusters(reason: str, choice: Choice, notes: tuple[str, ...], rows: int) -> Phenotypes:
    return Phenotypes(None, reason, notes, choice.tried, (), np.zeros(rows, dtype=np.int64), None)


def _describe(
    everyone: pd.DataFrame,
    assignment: IntArray,
    model: PhenotypeModel,
    labels: Mapping[str, str],
    choice: Choice,
    smallest: int,
) -> tuple[ClusterProfile, ...]:
    assert choice.stability is not None
    profiles = profile_clusters(everyone, assignment, model.space, labels, smallest)
    return tuple(
        ClusterProfile(
            cluster=cluster,
            name=name,
            n=int((assignment == cluster).sum()),
            share=float((assignment == cluster).mean()),
            jaccard=float(choice.stability.jaccard[cluster - 1]),
            dissolved=float(choice.stability.dissolved[cluster - 1]),
            predictors=predictors,
        )
        for cluster, (name, predictors) in profiles.items()
    )


def _note_samples(rows: int) -> tuple[str, ...]:
    limits = {
        "clusters and their stability": STABILITY_ROWS,
        "the comparison with data without clusters": REFERENCE_ROWS,
    }
    return tuple(
        f"A random sample of {limit} of the {rows} development patients was used for {what}."
        for what, limit in limits.items()
        if rows > limit
    )
