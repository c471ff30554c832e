import io
import re
import sys

from pipeline.progress import log, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_each_step_is_one_timestamped_line(capsys):
    assert list(progress([1, 2, 3], "Folds")) == [1, 2, 3]
    log("ready")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["Folds: 3 steps", "Folds: done", "ready"]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)


def test_on_a_terminal_it_is_a_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress(["a", "b"], "Folds")) == ["a", "b"]
    assert "Folds" in terminal.getvalue()
    assert "2/2" in terminal.getvalue() or "100%" in terminal.getvalue() or "0/2" in terminal.getvalue()
