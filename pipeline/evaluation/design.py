"""On whom the model was judged, in one sentence that cannot disagree with the split."""

from datetime import date

import pandas as pd


def describe_design(split: pd.DataFrame, index_label: str | None, test_from: date | None) -> dict[str, str]:
    """`design` (`temporal`, `cross-validation` or `hold-out`) and `says`, a sentence, from `split.parquet`.

    `index_label` names the index date and `test_from` is the first day of the test period, both None if there is
    no index date.
    """
    patients = split["part"].value_counts()
    folds = split.filter(like="fold_")
    if index_label is not None:
        return {
            "design": "temporal",
            "says": f"Developed on {patients['development']} patients and tested on the {patients['test']} later ones, "
            f"with {index_label[0].lower() + index_label[1:]} on or after {test_from:%d %B %Y}.",
        }
    if not folds.empty:
        return {
            "design": "cross-validation",
            "says": f"Cross-validated on {len(split)} patients, {folds.iloc[:, 0].nunique()} folds repeated "
            f"{folds.shape[1]} times; tuning and recalibration were done anew inside each fold.",
        }
    return {
        "design": "hold-out",
        "says": f"Developed on {patients['development']} patients and tested on {patients['test']} others, drawn by "
        "a keyed hash of each patient.",
    }
