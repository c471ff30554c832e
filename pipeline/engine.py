"""Where work on the parts of a table is done: the only place that knows whether one process does it or a cluster.

A stage says what is to be done with each part and how the results are merged; it reads the same on one machine and on
many. Work is a function that can be pickled for another process of the same version, and so are parts and results:
none of them is ever written to a file.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from pipeline.sections import Engine as Settings

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Does work on parts."""

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """The result of `work` for each of `parts`, in their order; parts are taken as results are asked for."""


class LocalEngine:
    """The process itself, one part after the other."""

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """As `Engine.map`."""
        return map(work, parts)


@contextmanager
def start_engine(settings: Settings) -> Iterator[Engine]:
    """The engine that `settings` name, ended with the block.

    Raises ConfigurationError where there is no such cluster, or one that cannot do this work.
    """
    if settings.name == "local":
        yield LocalEngine()
        return
    from pipeline.cluster import connect

    with connect(settings) as engine:
        yield engine
