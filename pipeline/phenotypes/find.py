"""Find phenotypes: choose the clusters on development patients, assign everyone, describe each cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import NumberOf, Rest, TextOf, are_enough, share
from pipeline.phenotypes.agreement import Agreement, compare_clusterers
from pipeline.phenotypes.assignment import Shapes
from pipeline.phenotypes.choice import Choice, Rules, Tried, choose_k
from pipeline.phenotypes.clusterers import CLUSTERERS, Clusterer, Rows, check_names
from pipeline.phenotypes.matching import keep_numbers
from pipeline.phenotypes.meaning import Meaning
from pipeline.phenotypes.model import PhenotypeModel
from pipeline.phenotypes.patients import SEEN, Patients
from pipeline.phenotypes.profile import ClusterProfile, profile_clusters
from pipeline.phenotypes.space import Space, fit_space
from pipeline.phrases import phrase

SAMPLED = phrase("A random sample of {n} of the {all} development patients was used for clusters and their stability.")
COMPARED = phrase(
    "A random sample of {n} of the {all} development patients was used for the comparison with data without clusters."
)
FARTHER = phrase(
    "The mean squared distance of all development patients from their cluster's centre is {share} more than that of "
    "the sample."
)
NEARER = phrase(
    "The mean squared distance of all development patients from their cluster's centre is {share} less than that of "
    "the sample."
)
OF_SOME = phrase("What is typical of each cluster comes from at most {n} of the {patients} patients.")


@dataclass(frozen=True, eq=False)
class Phenotypes:
    """The clusters found, or why there are none.

    `assignment` has one number, 1 to k, for each of everyone, in their order; all 0 when `k` is None, and
    then `clusters` is empty and `model` None. `notes` state where a sample of the patients was used and what that
    cost; `status` says of a number whether it is `kept` from the earlier model or `new`, and is empty without one;
    `matrix` are those at `places` among everyone in the space, shape (places, columns).
    """

    k: int | None
    clusterer: str
    reason: str
    notes: tuple[str, ...]
    tried: tuple[Tried, ...]
    agreement: tuple[Agreement, ...]
    clusters: tuple[ClusterProfile, ...]
    assignment: IntArray
    model: PhenotypeModel | None
    status: Mapping[int, str]
    space: Space
    matrix: FloatArray
    places: IntArray

    def to_dict(self) -> dict[str, Any]:
        """Return what may be published, as plain values that JSON can hold: no assignment, no centres."""
        return {
            "clusterer": self.clusterer,
            "label": CLUSTERERS[self.clusterer].label,
            "k": self.k,
            "reason": self.reason,
            "notes": list(self.notes),
            # Development patients alone are counted in it: less those of everyone it would tell of the others.
            "tried": [{k: v for k, v in asdict(t).items() if k != "smallest_size"} for t in self.tried],
            "agreement": [asdict(a) for a in self.agreement],
            "clusters": [asdict(c) | {"status": self.status.get(c.cluster)} for c in self.clusters],
        }


def find_phenotypes(
    patients: Patients,
    meaning: Meaning,
    clusterers: Sequence[str],
    rules: Rules,
    weights: Mapping[str, float] | None = None,
    earlier: PhenotypeModel | None = None,
) -> Phenotypes:
    """Return the phenotypes of all of `patients`, learnt from those in development only.

    Columns are predictors: numbers with NaN for missing, ordered or unordered categoricals. `weights` says how much a
    predictor counts (1 without an entry, 0 leaves it out). The first of `clusterers`, names in `CLUSTERERS`, decides;
    the others are compared with it. Clusters that `earlier` has keep its numbers (`keep_numbers`). The same patients
    give the same result in any order and on any number of threads. Raises as `check_names` and `Space.transform`.
    """
    check_names(clusterers)
    with threadpool_limits(limits=1):
        development = _sort(patients.development)
        space = fit_space(development, weights)
        rows = Rows(space.transform(development), space.blocks, space.find_known(development))
        seen = space.transform(patients.seen)
        lead = CLUSTERERS[clusterers[0]]
        choice = choose_k(rows, lead, rules)
        others = compare_clusterers(rows, choice, clusterers[1:], rules)
    nobody = np.zeros(patients.everyone, dtype=np.int64)
    nothing = Phenotypes(
        None, clusterers[0], choice.reason, (), choice.tried, others, (), nobody, None, {}, space, seen, patients.places
    )
    if choice.shapes is None:
        return nothing
    model, status = keep_numbers(PhenotypeModel(space, choice.shapes), earlier)
    assignment = patients.assign(model)
    if not are_enough((int((assignment == number).sum()) for number in model.shapes.numbers), rules.smallest):
        small = phrase("But among everyone a cluster has fewer than {n} patients: none is shown.")
        return replace(nothing, reason=f"{choice.reason} {small.format(n=rules.smallest)}")
    return replace(
        nothing,
        k=choice.k,
        notes=_note_samples(rows, choice.shapes, lead, patients, rules.seed),
        clusters=_describe(patients, assignment, model, meaning, choice, rules.smallest),
        assignment=assignment,
        model=model,
        status=status,
    )


def _sort(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by a hash of their values, so that the order in which patients come makes no difference."""
    if frame.columns.empty:
        return frame
    return frame.iloc[np.argsort(pd.util.hash_pandas_object(frame, index=False).to_numpy(), kind="stable")]


def _describe(
    patients: Patients,
    assignment: IntArray,
    model: PhenotypeModel,
    meaning: Meaning,
    choice: Choice,
    smallest: int,
) -> tuple[ClusterProfile, ...]:
    assert choice.stability is not None
    used = [c.predictor for c in model.space.coordinates]
    profiles = profile_clusters(patients.seen[used], assignment[patients.places], model.space, meaning, smallest)
    place = {int(number): place for place, number in enumerate(model.shapes.numbers)}
    return tuple(
        ClusterProfile(
            cluster=cluster,
            name=name,
            n=int((assignment == cluster).sum()),
            share=NumberOf(share, int((assignment == cluster).sum()), len(assignment)),
            jaccard=float(choice.stability.jaccard[place[cluster]]),
            dissolved=float(choice.stability.dissolved[place[cluster]]),
            predictors=predictors,
        )
        for cluster, (name, predictors) in profiles.items()
    )


def _note_samples(rows: Rows, shapes: Shapes, lead: Clusterer, patients: Patients, seed: int) -> tuple[str, ...]:
    """Where a sample of the patients was used, and what it cost those left out of it."""
    everyone = patients.everyone
    limits = {SAMPLED: lead.most_rows, COMPARED: lead.reference_rows}
    learnt = Rest(everyone, everyone - patients.taught)
    notes: list[str] = [TextOf(partial(_note, note, n), learnt) for note, n in limits.items() if len(rows) > n]
    if patients.taught == len(rows) > lead.most_rows:
        taught = rows.sample(lead.most_rows, seed)
        loss = _mean_square(shapes, rows.X) / _mean_square(shapes, taught.X) - 1
        notes.append((FARTHER if loss > 0 else NEARER).format(share=f"{abs(loss):.1%}"))
    if everyone > SEEN:
        notes.append(TextOf(lambda n: OF_SOME.format(n=f"{SEEN:,}", patients=f"{n:,}"), everyone))
    return tuple(notes)


def _note(note: str, sample: int, patients: int) -> str:
    return note.format(n=f"{sample:,}", all=f"{patients:,}")


def _mean_square(shapes: Shapes, X: FloatArray) -> float:
    squared = shapes.squared(X)
    place = np.argmin(squared + shapes.offsets, axis=1)
    return float(squared[np.arange(len(X)), place].mean())
