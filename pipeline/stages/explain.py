"""Stage `explain`: what the deployed model uses, for whom, how surely, and the effect of a declared treatment."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import IntArray
from pipeline.evaluation.subgroups import label_groups
from pipeline.explanation.assemble import (
    describe_correlated,
    describe_groups,
    describe_interactions,
    describe_others,
    describe_sample,
    learn_freely,
)
from pipeline.explanation.changes import Basis, list_modifiable
from pipeline.explanation.effects.describe import describe_effect
from pipeline.explanation.explained import Explained, explain_enough
from pipeline.explanation.factors import tabulate_factors, trace_curves
from pipeline.explanation.membership import explain_membership, sample_rows
from pipeline.explanation.ranking import EnoughPatients
from pipeline.explanation.refits import TAUGHT, fit_alone, refit, sample_patients
from pipeline.explanation.what_if import try_changes
from pipeline.files import hash_file
from pipeline.models.candidates import EXACT, FREE
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.planning import make_plan
from pipeline.models.storage import deployed_from_dict, refits_to_dict
from pipeline.outcomes import observe
from pipeline.patients import find_first_records, number_patients
from pipeline.records.checks import keeps_rules
from pipeline.records.identity import PSEUDONYM
from pipeline.stages.wiring import Stage, align, join_findings, run


@dataclass(frozen=True)
class _Models:
    """The deployed model, the same learnt again, and other models by name: free of directions, and not exact."""

    deployed: Deployed
    refits: list[RiskModel]
    free: RiskModel | None
    inexact: dict[str, tuple[str, RiskModel]]


@dataclass(frozen=True)
class _Chosen:
    """The records that are read, by their positions in `valid.parquet`, (r,), and which of them serve what.

    `taught` (t,), `shown` (s,) and `members` (m,) are places in `rows` of who teaches refits, may be explained, and
    tells phenotypes apart; `cluster` is the phenotype of every patient, ordered by pseudonym, and `members_at` says
    which of these patients `members` are. `sampled` is how many teach, where others might as well.
    """

    rows: IntArray
    taught: IntArray
    shown: IntArray
    members: IntArray
    members_at: IntArray
    cluster: IntArray
    sampled: int | None


def main(stage: Stage) -> None:
    """Explain the deployed model on the first record of each patient, of as many as its ranking needs."""
    stage.write("treatment_effect.json", _estimate_effect(stage))
    cohort, chosen = stage.cohort(), _choose(stage)
    valid = join_findings(*(stage.read_rows(name, chosen.rows) for name in ("valid.parquet", "findings.parquet")))
    examples = make_examples(valid, cohort)
    taught = examples.take(chosen.taught)
    models = _learn_again(stage, taught)
    explained, enough = explain_enough(
        examples.X.iloc[chosen.shown].reset_index(drop=True), models.deployed.model, models.refits,
        stage.section("explain").patients,
    )  # fmt: skip
    shown = valid.iloc[chosen.shown[: len(explained.X)]].reset_index(drop=True)
    smallest = stage.section("disclosure").smallest_group
    stage.write("risk_factors.csv", _tabulate(stage, explained, models, shown))
    stage.write("factor_curves.json", trace_curves(explained, cohort.predictors(), smallest))
    stage.write("explanation.json", _describe(stage, explained, enough, models, shown, chosen, taught))
    stage.write("phenotype_factors.json", _explain_phenotypes(stage, chosen, examples.X.iloc[chosen.members]))
    stage.write("refits.json", _keep_refits(stage, models.refits))
    attributions = explained.attributions.contributions.assign(base=explained.attributions.base)
    attributions.insert(0, PSEUDONYM, shown[PSEUDONYM])
    stage.write("attributions.parquet", attributions)


def _choose(stage: Stage) -> _Chosen:
    """Who is read, of a table of any size: no more than is learnt from and shown."""
    index_date, settings = stage.cohort().index_date(), stage.section("explain")
    keys = stage.read("valid.parquet", [PSEUDONYM, *([index_date] if index_date else [])])
    first = find_first_records(keys, index_date)
    cluster = align(stage.read("clusters.parquet"), keys.iloc[first])["cluster"].to_numpy(int)
    part = align(stage.read("split.parquet", [PSEUDONYM, "part"]), keys)["part"]
    development = np.flatnonzero((part == "development").to_numpy(bool))
    taught = sample_patients(development, number_patients(keys[PSEUDONYM])[development], TAUGHT, settings.seed)
    members = sample_rows(np.arange(len(first)), settings.seed)
    rows = np.unique(np.concatenate([taught, first[: settings.patients], first[members]]))
    taught, shown, told = (np.searchsorted(rows, at) for at in (taught, first[: settings.patients], first[members]))
    sampled = TAUGHT if len(taught) < len(development) else None
    return _Chosen(rows, taught, shown, told, members, cluster, sampled)


def _estimate_effect(stage: Stage) -> dict[str, Any]:
    """The effect of the treatment that the schema declares, of all records; empty where it declares none."""
    effect, smallest = stage.cohort().study().effect, stage.section("disclosure").smallest_group
    if effect is None:
        return {}
    valid = join_findings(stage.read("valid.parquet"), stage.read("findings.parquet"))
    observed = next(iter(observe(valid, stage.cohort().study()).values()))
    seed, columns = stage.section("explain").seed, stage.cohort().described()
    return describe_effect(effect, columns, valid, observed, number_patients(valid[PSEUDONYM]), smallest, seed)


def _learn_again(stage: Stage, taught: Examples) -> _Models:
    train, explain, content = stage.section("train"), stage.section("explain"), stage.read("model.json")
    cohort, settings = stage.cohort(), content["settings"]
    deployed = deployed_from_dict(content, cohort.study().outcome)
    candidates = dict(make_plan(cohort, train).portfolio.candidates)
    refits = refit(deployed.model, taught, candidates, settings, explain.refits, explain.seed)
    others = [name for name in train.candidates if name not in EXACT]
    alone = fit_alone([*others, *([FREE] if FREE in settings else [])], taught, candidates, settings)
    inexact = {name: (candidates[name].label, alone[name]) for name in others}
    return _Models(deployed, refits, alone.get(FREE), inexact)


def _keep_refits(stage: Stage, refits: list[RiskModel]) -> dict[str, Any]:
    """What a patient's page needs for the intervals of changes; no refits where no factor may be changed."""
    modifiable = list_modifiable(stage.cohort().predictors())
    return refits_to_dict(refits if modifiable else [], hash_file(stage.path("model.json")))


def _tabulate(stage: Stage, explained: Explained, models: _Models, shown: pd.DataFrame) -> pd.DataFrame:
    cohort, disclosure = stage.cohort(), stage.section("disclosure")
    predictors, smallest = cohort.predictors(), disclosure.smallest_group
    factors = tabulate_factors(explained, predictors, smallest)
    free = learn_freely(models.free, explained, predictors, smallest)
    obeys, refits = partial(keeps_rules, cohort=cohort), tuple(models.refits)
    basis = Basis(models.deployed, predictors, cohort.derive, obeys, refits)
    records = shown.rename(columns={PSEUDONYM: cohort.identifier()})[list(cohort.described())]
    changes = try_changes(records, basis, smallest, disclosure.round_to)
    return factors.assign(learnt_free=factors["predictor"].map(free)).merge(changes, on="predictor", how="left")


def _describe(
    stage: Stage,
    explained: Explained,
    enough: EnoughPatients,
    models: _Models,
    shown: pd.DataFrame,
    chosen: _Chosen,
    taught: Examples,
) -> dict[str, Any]:
    cluster = chosen.cluster
    smallest, seed = stage.section("disclosure").smallest_group, stage.section("explain").seed
    return {
        "sample": describe_sample(explained, models.deployed.model, enough, len(cluster), chosen.sampled),
        "interactions": describe_interactions(models.deployed.model, models.refits, explained.X),
        "correlated": describe_correlated(explained),
        "groups": describe_groups(explained, _label(stage, shown, cluster[: len(shown)]), smallest),
        "others": describe_others(models.inexact, explained, taught.X, seed),
    }


def _label(stage: Stage, shown: pd.DataFrame, cluster: IntArray) -> dict[str, "pd.Series[str]"]:
    """The subgroups that the schema declares, and the phenotypes."""
    cohort = stage.cohort()
    levels = label_groups(shown, cohort.study().subgroups, cohort.predictors())
    labels = {kind: pd.Series(told).replace("", pd.NA) for kind, told in levels.items()}
    if not cluster.any():
        return labels
    names = [f"phenotype {number}" for number in np.unique(cluster[cluster > 0])]
    return labels | {"Phenotype": pd.Series(pd.Categorical([f"phenotype {number}" for number in cluster], names))}


def _explain_phenotypes(stage: Stage, chosen: _Chosen, X: pd.DataFrame) -> dict[str, Any]:
    """What tells phenotypes apart, from the predictors X of the members; empty where there are none."""
    numbers, places = np.unique(chosen.cluster, return_inverse=True)
    if not numbers.any():
        return {}
    used = {n: c for n, c in stage.cohort().predictors().items() if c.weight_in_phenotypes > 0}
    smallest, seed = stage.section("disclosure").smallest_group, stage.section("explain").seed
    found = explain_membership(X, places[chosen.members_at] + 1, used, len(numbers), smallest, seed)
    told = {str(numbers[int(place) - 1]): rows for place, rows in found.get("clusters", {}).items()}
    return found | {"clusters": told} if found else {}


if __name__ == "__main__":
    run("explain", main)
