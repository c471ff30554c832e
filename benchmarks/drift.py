"""How often drift is told where there is none, and where it was planted.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/drift.py [--seeds S] [--planted P] [--first F]

Draws S pairs of samples (200) of one made-up population, from seed F (0) on: 5,000 patients who taught a model, and
100 to 5,000 new ones; skewed, tied and missing values, rare levels, quarters of a year, a subgroup. Prints the share of
pairs in which any figure lies wholly beyond its bound, and in which any interval leaves out the value that means no
change: 0.05 at most are meant to. Then does so with P pairs (50) in which the new patients were changed, and prints the
share in which a figure of the kinds that ought to tell is beyond. Takes about a second a pair.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipeline.estimates import wilson
from pipeline.evaluation.drift.describe import describe_drift
from tests.evaluation.drift.made_up import (
    COLUMNS,
    SETTINGS,
    SMALLEST,
    change_units,
    draw_patients,
    lose_column,
    mix_levels,
)

TAUGHT, SIZES = 5_000, (100, 300, 1_000, 5_000)
APART = 100_000  # between the seeds of both samples
UNCHANGED = {"unit_low": 1, "unit_middle": 1, "unit_high": 1, "oe": 1, "intercept": 1, "classifier": 0.5}
"""The value that means no change, where it is not 0."""
Draw = Callable[[int, int], pd.DataFrame]


def draw_odds(seed: int, n: int) -> pd.DataFrame:
    return draw_patients(seed, n, shift=np.log(2))


def draw_blind(seed: int, n: int) -> pd.DataFrame:
    return draw_patients(seed, n, blind=True)


def changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Draw:
    return lambda seed, n: change(draw_patients(seed, n))


PLANTED: dict[str, tuple[Draw, tuple[str, ...]]] = {
    "a unit, in 5% of records (factor 18)": (changed(change_units), ("unit_high",)),
    "a column gone missing": (changed(lose_column), ("missing",)),
    "half of the patients from a rare level": (changed(mix_levels), ("psi",)),
    "twice the odds of the event": (draw_odds, ("oe", "intercept")),
    "risks that order nobody": (draw_blind, ("auroc",)),
}


def compare(draw: Draw, n: int, seed: int, taught: Draw = draw_patients) -> list[dict[str, Any]]:
    told = describe_drift(taught(seed, TAUGHT), draw(APART + seed, n), COLUMNS, SETTINGS, SMALLEST)
    return [*told["figures"], *(figure for period in told["over_time"] for figure in period["figures"])]


def misses(figure: dict[str, Any]) -> bool:
    at = UNCHANGED.get(figure["kind"], 0)
    lo, hi = figure["lo"], figure["hi"]
    return (lo is not None and lo > at) or (hi is not None and hi < at)


def say(runs: list[bool]) -> str:
    found = wilson(sum(runs), len(runs))
    return f"{found.value:.3f} ({found.lo:.3f} to {found.hi:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--planted", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    print("| nothing changed | new patients | a figure beyond its bound | an interval without no change |")
    print("|---|---|---|---|")
    for name, draw in {"known": draw_patients, "censored": partial(draw_patients, censored=True)}.items():
        for n in SIZES:
            runs = [compare(draw, n, seed, draw) for seed in seeds]
            beyond = [any(figure["beyond"] for figure in run) for run in runs]
            out = [any(misses(figure) for figure in run) for run in runs]
            print(f"| outcomes {name} | {n:,} | {say(beyond)} | {say(out)} |", flush=True)
    print(f"\n| planted | {' | '.join(f'{n:,}' for n in SIZES)} |\n|---|{'---|' * len(SIZES)}")
    for name, (draw, kinds) in PLANTED.items():
        cells = []
        for n in SIZES:
            runs = [compare(draw, n, seed) for seed in seeds[: options.planted]]
            cells.append(say([any(f["beyond"] and f["kind"] in kinds for f in run) for run in runs]))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
