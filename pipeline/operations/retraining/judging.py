"""The challenger just built, set beside the champion: figures on the same patients, drift since, and the gates."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.arrays import FloatArray
from pipeline.evaluation.assemble import HeldOut
from pipeline.evaluation.challenge import Challenge, compare_with_champion
from pipeline.evaluation.subgroups import label_groups
from pipeline.image_store import ImageStore, read_images
from pipeline.operations.drift import REFERENCE, compare_with_release, take_reference
from pipeline.operations.retraining.champion import find_champion_risks, has_key, see_as_champion
from pipeline.operations.retraining.gates import Decision, judge_challenger, judge_first
from pipeline.outcomes import observe
from pipeline.phrases import phrase
from pipeline.records.identity import PSEUDONYM
from pipeline.sections import Settings
from pipeline.stages.wiring import join_findings

CHANGES = "changes.json"
OTHER_KEY = phrase(
    "The champion was made with another key to the pseudonyms, so that the patients who taught it are not known."
)
TOO_FEW = phrase("Fewer than {n} patients have an honest risk from both; they cannot be compared.")


@dataclass(frozen=True)
class Challenger:
    """What a build in `folder` holds of a cohort: valid records, those of unseen patients, and what they were told."""

    name: str
    cohort: type[Cohort]
    folder: Path
    valid: pd.DataFrame
    unseen: pd.DataFrame
    held_out: HeldOut
    deployed: str

    @classmethod
    def read(cls, folder: Path, name: str, cohort: type[Cohort]) -> "Challenger":
        """Read what `dvc repro` built."""
        data = folder / "data" / name
        valid = join_findings(files.read_parquet(data / "valid.parquet"), files.read_parquet(data / "findings.parquet"))
        predictions = files.read_parquet(folder / "artifacts" / name / "predictions.parquet")
        deployed = files.read_json(folder / files.PUBLIC / name / "model_summary.json")["deployed"]
        unseen = valid[valid[PSEUDONYM].isin(predictions[PSEUDONYM])]
        held_out = HeldOut.from_predictions(predictions, observe(unseen, cohort.study()))
        return cls(name, cohort, folder, valid, unseen, held_out, deployed)

    def images(self) -> ImageStore:
        """The images of the valid records."""
        return read_images(self.folder / "data" / self.name / "images")

    def write_reference(self) -> None:
        """Write beside the model what a release keeps of its patients."""
        risk = np.full(len(self.valid), np.nan)
        risk[self.unseen.index] = self.held_out.risks[self.deployed].mean(axis=0)
        sample = take_reference(self.valid, risk, self.cohort)
        files.write_whole({self._artifact(REFERENCE): partial(files.write_parquet, frame=sample)})

    def write_changes(self, changes: dict[str, Any]) -> None:
        """Write what the report shall tell of the champion."""
        files.write_whole({self._artifact(CHANGES): partial(files.write_json, content=changes)})

    def _artifact(self, name: str) -> Path:
        return self.folder / "artifacts" / self.name / name

    def verdict(self) -> dict[str, Any]:
        """The verdict that stage `evaluate` wrote."""
        found: dict[str, Any] = files.read_json(self.folder / files.PUBLIC / self.name / "verdict.json")
        return found


@dataclass(frozen=True)
class Judgement:
    """The decision, and what it rests on; of a first release there is no comparison and no drift."""

    decision: Decision
    comparison: dict[str, Any] | None = None
    drift: dict[str, Any] | None = None

    def changes(self, champion: Path | None) -> dict[str, Any]:
        """What the report of the release tells of it."""
        return {
            "champion": champion.name if champion else None,
            "gates": self.decision.told(),
            "comparison": self.comparison,
            "drift": self.drift,
        }


def judge(challenger: Challenger, champion: Path | None, key: str, settings: Settings, *, accepted: bool) -> Judgement:
    """Compare with the release at `champion`, if there is one; `key` is the fingerprint of the pseudonyms' key."""
    verdict = challenger.verdict()
    if champion is None:
        return Judgement(judge_first(verdict, accepted=accepted))
    seen = see_as_champion(champion, challenger.valid, challenger.images(), challenger.cohort)
    risk = find_champion_risks(champion, seen, challenger.cohort)
    comparison = compare(challenger, risk, settings) if has_key(champion, key) else {"reason": OTHER_KEY}
    drift = compare_with_release(champion, seen, risk, challenger.cohort, settings)
    verdicts = verdict, files.read_json(champion / "reports" / "verdict.json")
    decision = judge_challenger(verdicts, comparison, drift, settings.retrain, accepted=accepted)
    return Judgement(decision, comparison, drift)


def compare(challenger: Challenger, risk: FloatArray, settings: Settings) -> dict[str, Any]:
    """Both on the patients who are unseen by both; `reason` where they are too few.

    `risk` (n,) is what `find_champion_risks` gives of the n valid records.
    """
    risks = risk[challenger.unseen.index]
    known, study, held_out = np.isfinite(risks), challenger.cohort.study(), challenger.held_out
    if len(np.unique(held_out.patient[known])) < settings.retrain.patients_at_least:
        return {"reason": TOO_FEW.format(n=settings.retrain.patients_at_least)}
    groups = label_groups(challenger.unseen, study.subgroups, challenger.cohort.predictors())
    told = held_out.risks[challenger.deployed], np.nan_to_num(risks)
    everyone = Challenge(*told, held_out.observed, held_out.patient, groups)
    smallest = settings.disclosure.smallest_group
    return compare_with_champion(everyone.take(known), study.thresholds, smallest, settings.evaluate)
