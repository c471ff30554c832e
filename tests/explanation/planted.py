"""What tests of changes share."""

import numpy as np
import pandas as pd


def everything_goes(before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """No rule is broken by any change."""
    return np.ones(len(before), dtype=bool)
