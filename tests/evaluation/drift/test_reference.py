import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.drift import reference
from pipeline.evaluation.drift.reference import make_reference, restore
from pipeline.files import read_parquet, write_parquet
from pipeline.outcomes import Observed
from tests.evaluation.drift.made_up import COLUMNS, draw_patients


def make(n: int, observed: Observed | None, **more) -> pd.DataFrame:
    frame = draw_patients(1, n)[list(COLUMNS)]
    groups = {"Stage": pd.Categorical(frame["stage"].astype(str), ["one", "two", "three", ""])}
    return make_reference(frame, groups, np.linspace(0, 1, n), observed, 1, **more)


@pytest.mark.parametrize("kind", ["none", "binary", "horizon", "competing"])
def test_what_was_given_comes_back_from_a_file(tmp_path, kind):
    event, other, time = np.array([1.0, 0, 0, 1] * 5), np.array([0.0, 1, 0, 0] * 5), np.arange(20.0)
    observed = {
        "none": None, "binary": Observed(event), "horizon": Observed(event, time, 9.0),
        "competing": Observed(event, time, 9.0, other),
    }[kind]  # fmt: skip
    dates = pd.Series(pd.date_range("2024-01-01", periods=20))
    given = np.arange(20) > 3
    made = make(20, observed, dates=dates, given=given if observed else None)
    write_parquet(tmp_path / "a.parquet", made)
    back = restore(read_parquet(tmp_path / "a.parquet"))
    pd.testing.assert_frame_equal(back.predictors, draw_patients(1, 20)[list(COLUMNS)])
    assert list(back.groups["Stage"]) == list(made[":group Stage"])
    assert back.risk.tolist() == np.linspace(0, 1, 20).tolist()
    assert back.dates is not None
    assert back.dates.tolist() == dates.tolist()
    assert back.given.tolist() == (given if observed else np.zeros(20, dtype=bool)).tolist()
    if observed is None:
        assert back.observed is None
        return
    for part in ("event", "time", "horizon", "competing"):
        np.testing.assert_array_equal(getattr(back.observed, part), getattr(observed, part))


def test_of_many_records_some_are_drawn_by_seed_and_stay_whole(monkeypatch):
    frame, risk = draw_patients(1, 300)[list(COLUMNS)], np.linspace(0, 1, 300)
    observed = Observed(np.arange(300) % 2.0)
    whole = make_reference(frame, {}, risk, observed, 1)
    monkeypatch.setattr(reference, "MOST", 100)
    made, again, other = (make_reference(frame, {}, risk, observed, seed) for seed in (1, 1, 2))
    assert len(made) == 100
    pd.testing.assert_frame_equal(made, again)
    assert not made.equals(other)
    kept = whole[":risk"].isin(made[":risk"]).to_numpy(bool)
    pd.testing.assert_frame_equal(made, whole[kept].reset_index(drop=True))


def test_the_records_taken_are_those_marked():
    group = restore(draw_patients(2, 50, censored=True))
    members = np.arange(50) % 3 == 0
    part = group.take(members)
    assert len(part) == 17
    assert part.risk.tolist() == group.risk[members].tolist()
    assert part.observed.time.tolist() == group.observed.time[members].tolist()
    assert list(part.groups["Smoker"]) == list(group.groups["Smoker"][members])
