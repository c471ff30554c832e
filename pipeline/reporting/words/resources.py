"""What a run costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.numbers import decimal, join, sentences

CAPTION = phrase("Time and memory that each stage took")
REPRODUCED = phrase(
    "The same input, settings and versions give this report again, but for the time and memory that stages took."
)
MEASURED = phrase(
    "Each stage when it last ran, from the start of its interpreter, with all processes that it started. Memory is the "
    "most at any time, and memory that processes share counts for each of them."
)
REPORT_LEFT_OUT = phrase("Making this report is not in the table.")


def say_measured(stages: Sequence[Mapping[str, Any]]) -> str:
    """On what machines the stages ran, and what was measured."""
    told = [
        say(
            "{cores} processor cores and {memory} GB of memory (engine: {engine})",
            cores=taken["cores"],
            memory=decimal(taken["memory_bytes"] / 1e9, 1),
            engine=taken["engine"],
        )
        for taken in stages
    ]
    machines = say("Measured on {machines}.", machines=join(list(dict.fromkeys(told))))
    return sentences([machines, say(MEASURED), say(REPORT_LEFT_OUT)])
