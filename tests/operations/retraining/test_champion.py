"""The champion's risks are honest: never those of a model that the patient taught."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ConfigurationError
from pipeline.operations.retraining import champion
from pipeline.operations.retraining.champion import find_champion_risks


class Model:
    """Tells everybody .9."""

    def predict(self, records: pd.DataFrame, cohort: Any) -> pd.DataFrame:
        return pd.DataFrame({"risk": np.full(len(records), 0.9)})


def release(folder: Path, parts: dict[str, str], told: list[tuple[str, int, float]]) -> Path:
    """A release whose patients are in `parts`, and were `told` a risk unseen, in a repeat."""
    (folder / "reports").mkdir()
    (folder / "reports/model_summary.json").write_text(json.dumps({"deployed": "ensemble"}))
    split = pd.DataFrame({"pseudonym": list(parts), "part": list(parts.values())}).astype("string")
    split.to_parquet(folder / "split.parquet")
    rows = pd.DataFrame(told, columns=["pseudonym", "repeat", "risk_ensemble"]).astype({"pseudonym": "string"})
    rows.to_parquet(folder / "predictions.parquet")
    return folder


def records(*pseudonyms: str) -> pd.DataFrame:
    return pd.DataFrame({"pseudonym": pd.array(pseudonyms, dtype="string")})


def ask(folder: Path, table: pd.DataFrame) -> list[float | None]:
    found = find_champion_risks(folder, table, None)  # type: ignore[arg-type]
    return [None if np.isnan(value) else round(float(value), 6) for value in found]


def test_who_taught_the_champion_has_the_risk_it_told_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(champion, "read_model", lambda path, cohort: Model())
    told = [("a", 1, 0.1), ("b", 1, 0.3), ("b", 1, 0.4), ("a", 2, 0.2), ("b", 2, 0.3), ("b", 2, 0.6)]
    folder = release(tmp_path, {"a": "development", "b": "development", "c": "development", "d": "test"}, told)
    assert ask(folder, records("a", "b", "b", "c", "d", "new")) == [0.15, 0.3, 0.5, None, 0.9, 0.9]


def test_a_patient_with_more_records_than_then_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(champion, "read_model", lambda path, cohort: Model())
    folder = release(tmp_path, {"a": "development", "b": "development"}, [("a", 1, 0.1), ("b", 1, 0.3), ("b", 1, 0.4)])
    assert ask(folder, records("a", "a", "b")) == [None, None, None]


def test_under_another_schema_only_kept_risks_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, cohort: Any) -> Model:
        raise ConfigurationError("made for another schema")

    monkeypatch.setattr(champion, "read_model", refuse)
    folder = release(tmp_path, {"a": "development", "d": "test"}, [("d", 1, 0.2)])
    assert ask(folder, records("a", "d", "new")) == [None, 0.2, None]
