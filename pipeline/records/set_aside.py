"""What goes to quarantine: the records as the source has them, each with the rules that it breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.arrays import IntArray
from pipeline.engine import Engine
from pipeline.records.first_pass import RECORD, read_aside
from pipeline.records.patients import Identifiers
from pipeline.records.pieces import Pieces
from pipeline.records.rules import Rule
from pipeline.records.tally import Tally
from pipeline.row_groups import Part

PLACE = "rule, from 0"


class Among(NamedTuple):
    """A part of the table, and the records of it with places of rules, (m, 2), that break rules between records."""

    part: Part
    broken: IntArray


@dataclass(frozen=True)
class Extract:
    """Puts by the records of a part that are set aside, once for each rule; `bounds` are identifiers, ascending.

    Piece k holds those from bound k - 1 to before bound k.
    """

    identifier: str
    bounds: tuple[str, ...]
    folder: Path

    def __call__(self, among: Among) -> int:
        """How many rows were put by."""
        broken = np.concatenate([read_aside(self.folder, among.part), among.broken])
        if not len(broken):
            return 0
        rows = among.part.read().loc[broken[:, 0]].reset_index(drop=True)
        pieces = np.searchsorted(np.array(self.bounds, dtype=object), rows[self.identifier].to_numpy(object), "right")
        order = np.argsort(pieces, kind="stable")
        told = {RECORD: broken[order, 0], PLACE: broken[order, 1]}
        cuts = np.searchsorted(pieces[order], np.arange(len(self.bounds) + 2))
        Pieces(self.folder / "extracted").put(among.part.start, rows.take(order).assign(**told), cuts)
        return len(rows)


@dataclass(frozen=True, eq=False)
class SetAside:
    """The records that are set aside, to be put in order; `between` is as in `Among`, for all parts."""

    parts: Sequence[Part]
    tally: Tally
    between: IntArray
    identifier: str
    identifiers: Identifiers
    folder: Path

    def frames(self, engine: Engine, rows: int) -> Iterator[pd.DataFrame]:
        """One row per record and broken rule, sorted by identifier, in frames of about `rows` records.

        A patient's records are sorted by their content, so that the source's order is forgotten; rules are in order.
        """
        aside = self.tally.aside()
        if not len(aside):
            yield _with_reasons(self.parts[0].read().head(0), [], [])
            return
        bounds = _cut(self.identifiers(aside), rows) if len(aside) > rows else ()
        for _ in engine.map(Extract(self.identifier, bounds, self.folder), self._each()):
            pass
        for piece in range(len(bounds) + 1):
            yield self._arrange(Pieces(self.folder / "extracted").take(piece))

    def _each(self) -> Iterator[Among]:
        order = np.argsort(self.between[:, 0], kind="stable")
        between = self.between[order]
        for part in self.parts:
            first, last = np.searchsorted(between[:, 0], [part.start, part.start + part.rows])
            yield Among(part, between[first:last])

    def _arrange(self, records: pd.DataFrame) -> pd.DataFrame:
        ordered = records.sort_values([PLACE, RECORD], ignore_index=True)
        repeats = ordered.drop_duplicates(RECORD)[self.identifier].duplicated().any()
        others = [name for name in ordered.columns if name not in (self.identifier, PLACE, RECORD)]
        ordered = ordered.sort_values([self.identifier, *(others if repeats else [])], kind="stable", ignore_index=True)
        rules = [self.tally.rules[place] for place in ordered[PLACE]]
        return _with_reasons(ordered.drop(columns=[PLACE, RECORD]), *_reasons(rules))


def _reasons(rules: list[Rule]) -> tuple[list[str], list[str | None]]:
    return [rule.rule for rule in rules], [rule.column for rule in rules]


def _with_reasons(records: pd.DataFrame, rules: Sequence[str], columns: Sequence[str | None]) -> pd.DataFrame:
    reasons = pd.DataFrame({"broken_rule": rules, "rule_column": columns}, dtype="string")
    return pd.concat([reasons, records], axis=1)


def _cut(identifiers: pd.Series, rows: int) -> tuple[str, ...]:
    """Every so many-th identifier, each once."""
    ordered = identifiers.sort_values().to_numpy(object)
    return tuple(dict.fromkeys(ordered[rows::rows]))
