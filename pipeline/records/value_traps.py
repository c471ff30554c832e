"""Values that look like something else: missing codes that nobody declared, columns with nothing in them."""

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.disclosure import NumberOf, TextOf, share
from pipeline.phrases import phrase

MISSING_TEXTS = {"?", "??", "NA", "N/A", "n/a", "null", "NULL", "nan", "NaN", ".", "-", "--", "#N/A"}
PILE, FAR, DISTINCT = 5, 3, 20  # records at one end, median gaps to its neighbour, values for gaps to mean something
MOSTLY = 0.5
LOWEST = phrase("{n} of the records have its lowest value, far from all others")
HIGHEST = phrase("{n} of the records have its highest value, far from all others")


def suspected_missing_code(values: pd.Series, column: Column) -> str:
    """What looks like a missing code, or nothing: a code such as `?`, or a pile at one end, far from other values.

    Far is a gap of more than a tenth of the interquartile range, and of three median gaps between neighbours.
    """
    if suspects := sorted(MISSING_TEXTS & set(column.codes)):
        said = phrase("it has the code '{code}', which mostly means that a value is missing")
        return said.format(code=suspects[0])
    if not column.numeric:
        return ""
    numbers = values.dropna().astype("float64").to_numpy()
    distinct, counts = np.unique(numbers, return_counts=True)
    if len(distinct) < DISTINCT:
        return ""
    gaps = np.diff(distinct)
    low, high = np.quantile(numbers[(numbers > distinct[0]) & (numbers < distinct[-1])], [0.25, 0.75])
    far = max(FAR * float(np.median(gaps)), (high - low) / 10)
    for said, place, gap in ((LOWEST, 0, gaps[0]), (HIGHEST, -1, gaps[-1])):
        if counts[place] >= PILE and gap > far:
            piled = NumberOf(share, int(counts[place]), len(values))
            return TextOf(lambda n, said=said: said.format(n=f"{n:.1%}"), piled)
    return ""


def mostly_missing(values: pd.Series) -> str:
    """The share of missing values where it is more than half."""
    missing = NumberOf(share, int(values.isna().sum()), len(values))
    says = TextOf(lambda n: phrase("it is missing in {n} of the records").format(n=f"{n:.0%}"), missing)
    return says if missing > MOSTLY else ""


def constant(values: pd.Series) -> str:
    """That all records have the same value, if so."""
    return "" if values.nunique(dropna=False) > 1 else phrase("it is the same in all records")
