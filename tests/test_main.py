import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import __main__ as main
from pipeline.errors import ClinriskError, ConfigurationError, DataRefusedError, GateFailedError, LockedError
from tests.conftest import python

HEAVY = {"numpy", "pandas", "pandera", "sklearn", "xgboost", "shap", "matplotlib", "dvc", "pydantic", "yaml"}


def test_help_lists_commands_and_imports_nothing_heavy():
    program = "import sys; sys.argv = ['clinrisk', '--help']\ntry:\n    from pipeline.__main__ import main; main()\n"
    program += "except SystemExit as end:\n    print(end.code); print('loaded', *sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "doctor" in done.stdout
    loaded = set(done.stdout.split("loaded ")[1].split())
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClinriskError("It broke."), 5),
        (ConfigurationError("A key is unknown."), 2),
        (DataRefusedError("A column is missing."), 3),
        (GateFailedError("The champion stays."), 4),
        (LockedError("Another run holds the lock."), 75),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_a_foreseen_error_is_one_line_and_its_own_exit_code(monkeypatch, capsys, error, code, debug):
    def fail():
        raise error

    monkeypatch.setattr(main, "cli", fail)
    monkeypatch.setattr(sys, "argv", ["clinrisk", *(["--debug"] if debug else [])])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == code
    said = capsys.readouterr().err
    assert said.splitlines()[-1] == f"error: {error}"
    assert ("Traceback" in said) == debug


@pytest.mark.parametrize("debug", [False, True])
def test_an_unforeseen_error_shows_its_text_only_when_asked(monkeypatch, capsys, debug):
    def fail():
        raise KeyError("patient 7731")

    monkeypatch.setattr(main, "cli", fail)
    monkeypatch.setattr(sys, "argv", ["clinrisk", *(["--debug"] if debug else [])])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == 5
    said = capsys.readouterr().err
    assert re.fullmatch(
        r"error: internal error, KeyError in test_main\.py line \d+; --debug shows more", said.splitlines()[-1]
    )
    assert ("patient 7731" in said) == ("Traceback" in said) == debug
    assert debug or said.count("\n") == 1


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nonsense"], 2), (["doctor", "--nonsense"], 2)])
def test_usage(arguments, code):
    done = subprocess.run([sys.executable, "-m", "pipeline", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("asked", [["-h"], ["--help"], ["doctor", "-h"], ["--debug", "doctor", "--help"]])
def test_help_is_given_at_every_level(asked):
    done = CliRunner().invoke(main.cli, asked)
    assert done.exit_code == 0
    assert done.output.startswith("Usage: ")


@pytest.mark.parametrize(("asked", "reason"), [(["docter"], "No such command"), (["--loud"], "No such option")])
def test_a_slip_of_the_keyboard_is_named(asked, reason):
    done = CliRunner().invoke(main.cli, asked)
    assert done.exit_code == 2
    assert reason in done.output


def test_the_doctor_outside_a_repository_says_where_to_go(tmp_path):
    done = python(tmp_path, "-m", "pipeline", "doctor")
    assert done.returncode == 2
    assert "FAULT  params.yaml is missing; run from the root of the repository\n" in done.stdout
    assert "FAULT  requirements.lock is missing\n" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_score_hands_its_files_on_and_says_what_was_done(monkeypatch):
    from pipeline.operations import score

    given = []
    monkeypatch.setattr(score, "score_file", lambda *arguments: given.append(arguments) or ["Wrote 2 risks."])
    monkeypatch.setattr(main.os, "umask", given.append)
    done = CliRunner().invoke(main.cli, ["score", "stroke", "--from", "a.csv", "--out", "b.csv", "--model", "m.json"])
    assert (done.exit_code, done.output) == (0, "Wrote 2 risks.\n")
    assert given == [0o077, ("stroke", "a.csv", score.Places(Path("b.csv")), Path("m.json"))]
    more = ["--evaluate", "c.json", "--recalibrated", "d.json"]
    assert CliRunner().invoke(main.cli, ["score", "stroke", "--from", "a.csv", "--out", "b.csv", *more]).exit_code == 0
    places = score.Places(Path("b.csv"), Path("c.json"), Path("d.json"))
    assert given[2:] == [0o077, ("stroke", "a.csv", places, None)]


@pytest.mark.parametrize("asked", [["score"], ["score", "stroke"], ["score", "stroke", "--from", "a.csv"]])
def test_score_says_what_it_still_needs(asked):
    done = CliRunner().invoke(main.cli, asked)
    assert done.exit_code == 2
    assert "Missing" in done.output
