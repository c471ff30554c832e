"""The commands that a page shows, one by one, and whether this software has those that are its own."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.__main__ import cli

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:clinrisk|dvc|make|sudo|systemctl) [^`]+)`")
BREAKS = {"&&", "||", ";", "|", "{", "}", "(", ")"}
CALLERS = {"sudo": 0, "flock": 1}
"""Programs that call another, and how many words of their own follow their options."""


def read_commands(text: str) -> list[str]:
    """Every line of a fenced shell block, and every command in the text."""
    fenced = [line for kind, block in FENCE.findall(text) if kind == "sh" for line in block.splitlines()]
    return fenced + INLINE.findall(FENCE.sub("", text))


def split_commands(line: str) -> list[list[str]]:
    """The simple commands of a shell line, as words; a command in a substitution is one of them."""
    lexer = shlex.shlex(line.replace("$(", " ( "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("&|;(){}") or word in BREAKS:
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def find_faults(line: str) -> list[str]:
    """What is wrong with the commands of a line that this software is to understand; none where all are known."""
    return [fault for words in split_commands(line) if (fault := _judge(_strip(words)))]


def calls(line: str, program: str) -> bool:
    """Whether the line runs a program."""
    return any(program in _strip(words)[:1] for words in split_commands(line))


def _strip(words: Sequence[str]) -> list[str]:
    """The words from the program on, whoever calls it and with whatever variables; its folder is left out."""
    left = list(words)
    while left and "=" in left[0]:
        left.pop(0)
    for caller, taken in CALLERS.items():
        if left[:1] == [caller]:
            left = left[1:]
            while left and left[0].startswith("-"):
                left = left[2:] if left[0] == "-u" else left[1:]
            return _strip(left[taken:])
    return [Path(left[0]).name, *left[1:]] if left else []


def _judge(words: list[str]) -> str:
    if words[:1] == ["clinrisk"]:
        return _judge_clinrisk(words[1:])
    if words[:1] == ["make"]:
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        asked = [w for w in words[1:] if not w.startswith(("-", "/", "PYTHON="))]
        return "" if set(asked) <= {*targets, ".venv/.ready"} else f"no such target: {words}"
    return ""


def _judge_clinrisk(words: list[str]) -> str:
    """Let click parse the words, group by group, and run nothing."""
    command: click.Command = cli
    context = None
    while True:
        try:
            context = command.make_context(command.name, list(words), parent=context)
        except click.ClickException as error:
            return f"clinrisk {' '.join(words)}: {error.format_message()}"
        if not isinstance(command, click.Group):
            return ""
        try:
            _, child, words = command.resolve_command(context, [*context._protected_args, *context.args])
        except click.ClickException as error:
            return error.format_message()
        assert child is not None, "click raises where there is none"
        command = child
