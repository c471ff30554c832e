import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline import files
from pipeline.errors import DataRefusedError, LockedError
from pipeline.operations import score
from pipeline.operations.lock import hold
from pipeline.operations.releases.store import Store
from pipeline.operations.score import score_file
from pipeline.operations.scoring.places import Places
from pipeline.operations.scoring.scorer import Scorer
from pipeline.operations.scoring.staging import Staging, hash_part
from tests.conftest import ROOT
from tests.operations.scoring import bad, make_clinics, read
from tests.records.wide_clinic import make_text

STAGED = Path(".risks.parquet.parts")
OUT = Path("risks.parquet")


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


@pytest.fixture
def scored_parts(monkeypatch):
    """The first record of every part that is scored, in order."""
    found, whole = [], Scorer.score
    monkeypatch.setattr(Scorer, "score", lambda self, raw: found.append(raw.index[0]) or whole(self, raw))
    return found


def in_parts(monkeypatch, rows: int, out: Path = OUT, **more) -> pd.DataFrame:
    monkeypatch.setattr(score, "ROWS", rows)
    score_file("sorted", "new.csv", Places(out, **more))
    return read(out)


@pytest.mark.parametrize("rows", [1, 7])
def test_risks_and_all_else_are_the_same_whatever_the_size_of_a_part(monkeypatch, rows):
    table = bad(make_text(1, 12), region="x")
    table.loc[9, "number"] = ""
    table.to_csv("new.csv", index=False)
    whole = in_parts(monkeypatch, 1000)
    got = in_parts(monkeypatch, rows, Path("again.parquet"))
    pd.testing.assert_frame_equal(got, whole, rtol=0, atol=1e-12)
    aside = pd.read_parquet("again.refused.parquet")
    pd.testing.assert_frame_equal(aside, pd.read_parquet("risks.refused.parquet"))
    assert aside["record"].tolist() == [3, 10]
    assert got["refused_because"].notna().sum() == 2


def test_figures_and_the_recalibrated_model_are_the_same_whatever_the_size_of_a_part(monkeypatch):
    table = make_text(2, 120)
    table.loc[5, "status"], table.loc[6, "region"] = "", "x"
    table.to_csv("new.csv", index=False)
    made = []
    for rows in (1000, 40):
        places = {"evaluation": Path(f"{rows}.json"), "recalibrated": Path(f"model{rows}.json")}
        in_parts(monkeypatch, rows, Path(f"{rows}.csv"), **places)
        made.append([json.loads(path.read_text()) for path in places.values()])
    assert made[0] == made[1]
    assert made[0][0]["left_out"] == {"refused": None, "without_outcome": None}  # one of each, which is hidden


def killed_after(parts: int) -> None:
    """Score in a process of its own, in parts of 7 records, which kills itself at the beginning of the next."""
    program = (
        "import os, signal, pytest\n"
        "from pathlib import Path\n"
        "from pipeline.operations import score\n"
        "from pipeline.operations.scoring.staging import Staging\n"
        "from tests.operations.scoring import COHORTS\n"
        "score.load_cohort, score.ROWS, whole = COHORTS.get, 7, Staging.keep\n"
        "def keep(self, number, key, tables):\n"
        f"    if number == {parts}:\n"
        "        (self.folder / f'.{number:06d}.partial').mkdir()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    whole(self, number, key, tables)\n"
        "Staging.keep = keep\n"
        "score.score_file('sorted', 'new.csv', score.Places(Path('risks.parquet')))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def stopped_after(parts: int, monkeypatch) -> None:
    """The same in this process, by what nothing catches."""
    whole = Staging.keep

    def keep(self, number, *part):
        if number == parts:
            raise KeyboardInterrupt
        whole(self, number, *part)

    with monkeypatch.context() as patched:
        patched.setattr(Staging, "keep", keep)
        with pytest.raises(KeyboardInterrupt):
            in_parts(monkeypatch, 7)


def test_a_run_that_was_killed_goes_on_and_gives_the_same_bytes(monkeypatch, scored_parts):
    bad(make_text(3, 28), region="x").to_csv("new.csv", index=False)
    in_parts(monkeypatch, 7, Path("whole.parquet"))
    killed_after(3)
    assert not OUT.exists()
    assert stat.S_IMODE(STAGED.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in STAGED.glob("0*/*")} == {0o600}
    scored_parts.clear()
    in_parts(monkeypatch, 7)
    assert scored_parts == [21]
    for name in ("{}.parquet", "{}.refused.parquet"):
        assert files.hash_file(Path(name.format("risks"))) == files.hash_file(Path(name.format("whole")))
    assert not STAGED.exists()


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        (lambda table: bad(table, marker="0.1"), [0, 21]),
        (lambda table: table.head(15), [14, ]),
        (lambda table: table.iloc[::-1], [0, 7, 14, 21]),
    ],
)  # fmt: skip
def test_parts_of_other_records_are_scored_anew(monkeypatch, scored_parts, change, anew):
    table = make_text(4, 28)
    table.to_csv("new.csv", index=False)
    stopped_after(3, monkeypatch)
    scored_parts.clear()
    change(table).to_csv("new.csv", index=False)
    got = in_parts(monkeypatch, 7)
    assert scored_parts == anew
    pd.testing.assert_frame_equal(got, in_parts(monkeypatch, 7, Path("again.parquet")))


def rescale() -> None:
    path = Path("artifacts/sorted/model.json")
    path.write_text(path.read_text().replace('"slope": 1.1', '"slope": 1.2'))


def give_another_release() -> None:
    """The same model, which has another name then."""
    store = Store.of("sorted")
    store.use(store.add({"model.json": Path("artifacts/sorted/model.json")}, {}))


@pytest.mark.parametrize("change", [rescale, give_another_release])
def test_parts_of_another_model_are_scored_anew(monkeypatch, scored_parts, change):
    make_text(5, 14).to_csv("new.csv", index=False)
    stopped_after(1, monkeypatch)
    scored_parts.clear()
    change()
    in_parts(monkeypatch, 7)
    assert scored_parts == [0, 7]


def test_parts_with_other_factors_are_scored_anew(monkeypatch, scored_parts):
    make_text(5, 14).to_csv("new.csv", index=False)
    stopped_after(1, monkeypatch)
    scored_parts.clear()
    monkeypatch.setattr(score, "ROWS", 7)
    score_file("sorted", "new.csv", Places(OUT), factors=0)
    assert scored_parts == [0, 7]


def test_a_refusal_at_the_end_leaves_nothing(clinics, monkeypatch):
    make_text(6, 30).to_csv("new.csv", index=False)
    with Path("new.csv").open("a") as handle:
        handle.write("7731,7731\n")
    before = sorted(clinics.rglob("*"))
    with pytest.raises(DataRefusedError, match="record 31 has 2 fields, expected 14") as refusal:
        in_parts(monkeypatch, 7)
    assert "7731" not in str(refusal.value)
    assert sorted(clinics.rglob("*")) == before


def test_two_runs_never_write_the_same_result(monkeypatch):
    make_text(7, 5).to_csv("new.csv", index=False)
    with hold(STAGED / "lock"):
        Path(STAGED, "000000").mkdir()
        with pytest.raises(LockedError, match="another run holds"):
            in_parts(monkeypatch, 7)
        assert Path(STAGED, "000000").is_dir()


@pytest.mark.parametrize("placed", [0, 1])
def test_a_run_killed_while_its_results_were_put_in_place_is_finished_by_the_next(monkeypatch, placed):
    bad(make_text(8, 20), region="x").to_csv("new.csv", index=False)
    whole, commit, left = in_parts(monkeypatch, 10, Path("whole.parquet")), files.commit, iter(range(placed))

    def dying(path):
        if path.parent == Path() and next(left, None) is None:
            raise KeyboardInterrupt
        commit(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "commit", dying)
        with pytest.raises(KeyboardInterrupt):
            in_parts(monkeypatch, 10)
    assert Path("risks.refused.parquet").exists() == (placed == 1)
    assert not OUT.exists()
    pd.testing.assert_frame_equal(in_parts(monkeypatch, 10), whole)
    assert Path("risks.refused.parquet").exists()
    assert not STAGED.exists()


def test_a_part_is_known_by_every_value_and_setting():
    table = make_text(9, 50)
    others = [bad(table, age="31"), bad(table, age=None), table.head(49), table.rename(columns={"age": "b"}),
              table.assign(age=table["age"].astype(float))]  # fmt: skip
    keys = {hash_part(table, {"a": 1}), hash_part(table, {"a": 2}), *(hash_part(other, {"a": 1}) for other in others)}
    assert len(keys) == 7
    assert hash_part(table.iloc[10:20], {}) == hash_part(make_text(9, 50).head(20).tail(10), {})


def test_a_part_is_there_for_what_it_was_made_from_and_gone_beyond_the_end():
    staging = Staging(Path("staged"))
    table = pd.DataFrame({"x": [1.0]})
    with staging.hold():
        staging.keep(0, "key", {"risks": table})
        staging.keep(1, "other", {"risks": table})
        assert staging.has(0, "key")
        assert not staging.has(0, "other")
        assert not staging.has(2, "key")
        assert len(staging.paths("risks")) == 2
        staging.end(1)
        assert staging.paths("risks") == [Path("staged/000000/risks.parquet")]
