import subprocess
import sys

import pytest

from pipeline import __main__ as main
from pipeline.errors import ClinriskError, ConfigurationError, DataRefusedError, GateFailedError, LockedError

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


def test_an_unforeseen_error_does_not_show_its_text(monkeypatch, capsys):
    def fail():
        raise KeyError("patient 7731")

    monkeypatch.setattr(main, "cli", fail)
    monkeypatch.setattr(sys, "argv", ["clinrisk"])
    with pytest.raises(SystemExit) as end:
        main.main()
    assert end.value.code == 5
    assert capsys.readouterr().err == "error: internal error, KeyError; --debug shows more\n"


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nonsense"], 2), (["doctor", "--nonsense"], 2)])
def test_usage(arguments, code):
    done = subprocess.run([sys.executable, "-m", "pipeline", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
