import io
import re
import sys

import pytest

from pipeline.progress import log, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sentences(text):
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in text.splitlines())
    return [line.split(" ", 1)[1] for line in text.splitlines()]


def test_elsewhere_each_step_is_one_timestamped_line(capsys):
    assert list(progress([1, 2, 3], "Folds")) == [1, 2, 3]
    log("ready")
    output = capsys.readouterr()
    assert sentences(output.err) == ["Folds: 3 steps", "Folds: done", "ready"]
    assert output.out == ""


def test_work_that_breaks_off_is_not_called_done(capsys):
    with pytest.raises(ZeroDivisionError):
        [1 // (2 - item) for item in progress([1, 2, 3], "Folds")]
    assert sentences(capsys.readouterr().err) == ["Folds: 3 steps"]


def test_on_a_terminal_it_is_a_bar_that_leaves_no_line(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(progress(["a", "b"], "Folds")) == ["a", "b"]
    assert re.search(r"Folds:\s+0%.*0/2", terminal.getvalue())
    assert "\n" not in terminal.getvalue()
