"""What an operator is told of releases, and what is in use after each command."""

import json
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.operations.releases import commands
from pipeline.operations.releases.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Three releases, of which the last is in use; each has another AUROC, the second another schema."""
    monkeypatch.chdir(tmp_path)
    made = Store.of("ward")
    for number, auroc in enumerate((0.7, 0.71, 0.72), 1):
        (tmp_path / "metrics.json").write_text(json.dumps({"auroc": auroc, "auroc_lo": 0.6, "auroc_hi": 0.8, "n": 500}))
        (tmp_path / "schema.py").write_text("changed" if number == 2 else "as it was")
        files = {"reports/metrics.json": tmp_path / "metrics.json", "schema.py": tmp_path / "schema.py"}
        made.use(made.add(files, {"cohort": "ward", "verdict": "PASS"}))
    return made


def test_releases_are_listed_with_the_one_in_use(store: Store) -> None:
    store.pin(store.names()[0])
    lines = commands.list_releases(store)
    assert [line.split("  ")[1:] for line in lines] == [["pinned"], [], ["in use"]]
    assert "has no release yet" in commands.list_releases(Store.of("empty"))[0]


def test_a_release_is_shown_with_its_figures_and_hashes(store: Store) -> None:
    said = commands.show_release(store, None)
    assert said[0] == f"{store.names()[2]}, verified"
    assert {"verdict: PASS", "number: 3", "auroc: 0.72 (0.6 to 0.8)", "n: 500"} <= set(said)
    assert sum(len(line.split("  ")[-1]) == 64 for line in said) == 2


def test_two_releases_are_compared_file_by_file(store: Store) -> None:
    assert commands.diff_releases(store, "1", "2")[:2] == ["reports/metrics.json: changed", "schema.py: changed"]
    said = commands.diff_releases(store, "1", "3")
    assert said[0] == "reports/metrics.json: changed"
    assert "auroc: 0.7 (0.6 to 0.8); then 0.72 (0.6 to 0.8)" in said
    assert commands.diff_releases(store, "3", "3")[0] == "the same files"


def test_rolling_back_goes_one_step_or_to_the_one_named(store: Store) -> None:
    names = store.names()
    assert f"{names[1]} is in use now" in commands.roll_back(store, None)[0]
    commands.roll_back(store, None)
    with pytest.raises(ConfigurationError, match="no release before the one in use"):
        commands.roll_back(store, None)
    commands.roll_back(store, "3")
    assert store.current() == names[2]


def test_a_pinned_release_is_in_use(store: Store) -> None:
    commands.pin(store, "2")
    assert store.current() == store.pinned() == store.names()[1]
    commands.unpin(store)
    assert (store.current(), store.pinned()) == (store.names()[1], None)


def test_a_changed_release_is_refused_by_every_command_that_reads_it(store: Store) -> None:
    (store.path("1") / "reports/metrics.json").write_text("{}")
    for command in (
        lambda: commands.show_release(store, "1"),
        lambda: commands.diff_releases(store, "1", "2"),
        lambda: commands.verify_releases(store, None),
        lambda: commands.roll_back(store, "1"),
        lambda: commands.pin(store, "1"),
    ):
        with pytest.raises(ConfigurationError, match=r"metrics\.json has been changed"):
            command()
    assert store.current() == store.names()[2]
    assert store.pinned() is None
    assert len(commands.verify_releases(store, "2")) == 1
