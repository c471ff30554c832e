"""What each stage took, as a table: for reports on which a person has asked for it."""

from collections.abc import Mapping

from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.tables import Table, make_table
from pipeline.reporting.words import numbers
from pipeline.reporting.words import resources as said

STAGES = ("ingest", "validate", "split", "imaging", "train", "cluster", "evaluate", "explain")
"""In the order in which they run; the report's own figures are not known while it is made."""
SECONDS, BYTES = ("wall_seconds", "cpu_seconds"), ("largest_bytes", "together_bytes")
GIGABYTE = 1e9


def tabulate_resources(resources: Mapping[str, Plain]) -> Table:
    """Time and memory of each stage that was watched, and of all these: the sum of times, the most of memory."""
    known = {stage: resources[stage] for stage in STAGES if stage in resources}
    every = list(known.values())
    whole = {name: sum(taken[name] for taken in every) for name in SECONDS}
    whole |= {name: max(taken[name] for taken in every) for name in BYTES}
    rows = [(stage, *_show(taken)) for stage, taken in {**known, say("All of them"): whole}.items()]
    head = (
        say("Stage"),
        say("Time (s)"),
        say("CPU time (s)"),
        say("Memory, largest process (GB)"),
        say("Memory, all processes (GB)"),
    )
    return make_table("resources", say(said.CAPTION), head, rows, said.say_measured(every))


def _show(taken: Plain) -> list[str]:
    times = [numbers.significant(taken[name]) for name in SECONDS]
    return times + [numbers.significant(taken[name] / GIGABYTE) for name in BYTES]
