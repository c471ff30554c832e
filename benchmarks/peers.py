"""Other tools on the benchmark's tables, each with its defaults; run by a Python that has them.

    python peers.py METHOD DATA_FOLDER OUT_FOLDER [--key KEY] [--limit SECONDS] [--folds 0 1 ...] [--tables NAME ...]

METHOD is `autogluon` (preset best_quality, log-loss, two processors, networks included), `xgboost`, `lightgbm` or
`catboost`. DATA_FOLDER is what `tables.py` wrote. Each fold runs in a process of its own, fold 0 of all tables
first; what is done is not done again. OUT_FOLDER/<table>/<key>/<fold>/ gets `<method>.parquet`, the risks of the
test records (n, classes), and `<method>.json`: wall and CPU seconds of fitting and predicting, of this process
and of all that it started, with versions.
"""

import argparse
import hashlib
import importlib
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

Y, PATIENT, GROUP = "_y", "_patient", "_group"
INNER_FOLDS = 8
TABLES = ("heart_failure", "pima", "actg175", "cardiotocography", "support2", "diabetes130")
Predict = Callable[[pd.DataFrame, pd.DataFrame, Path, int], tuple[np.ndarray, dict[str, object]]]


def predict_autogluon(
    train: pd.DataFrame, test: pd.DataFrame, place: Path, limit: int
) -> tuple[np.ndarray, dict[str, object]]:
    """Everything in this process, so that all its CPU time is counted; a patient's records share an inner fold."""
    from autogluon.tabular import TabularPredictor

    several = train[PATIENT].duplicated().any()
    groups = train[PATIENT].map(lambda p: int(hashlib.sha256(p.encode()).hexdigest(), 16) % INNER_FOLDS)
    given = train.drop(columns=PATIENT).assign(**({GROUP: groups} if several else {}))
    predictor = TabularPredictor(Y, eval_metric="log_loss", path=str(place), groups=GROUP if several else None)
    predictor.fit(
        given, presets="best_quality", time_limit=limit, num_cpus=2, num_gpus=0,
        ag_args_ensemble={"fold_fitting_strategy": "sequential_local"}, ds_args={"memory_safe_fits": False},
    )  # fmt: skip
    risks = predictor.predict_proba(test.drop(columns=[Y, PATIENT]))
    board = predictor.leaderboard()[["model", "score_val", "fit_time", "stack_level"]]
    return risks[sorted(risks)].to_numpy(float), {"models": board.to_dict("records")}


def predict_xgboost(train: pd.DataFrame, test: pd.DataFrame, *_: object) -> tuple[np.ndarray, dict[str, object]]:
    from xgboost import XGBClassifier

    return _plain(XGBClassifier(enable_categorical=True), train, test)


def predict_lightgbm(train: pd.DataFrame, test: pd.DataFrame, *_: object) -> tuple[np.ndarray, dict[str, object]]:
    from lightgbm import LGBMClassifier

    return _plain(LGBMClassifier(verbose=-1), train, test)


def predict_catboost(train: pd.DataFrame, test: pd.DataFrame, *_: object) -> tuple[np.ndarray, dict[str, object]]:
    """CatBoost wants categories as texts, a missing one as a text of its own."""
    from catboost import CatBoostClassifier

    coded = [name for name in train if train[name].dtype == "category"]

    def texts(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{name: frame[name].astype(object).fillna("missing") for name in coded})

    model = CatBoostClassifier(cat_features=coded, verbose=0, allow_writing_files=False)
    return _plain(model, texts(train), texts(test))


def _plain(model: object, train: pd.DataFrame, test: pd.DataFrame) -> tuple[np.ndarray, dict[str, object]]:
    names = [name for name in train if name not in (Y, PATIENT)]
    model.fit(train[names], train[Y])
    return model.predict_proba(test[names]).astype(float), {}


# The function, and the packages with the names of their modules.
METHODS: dict[str, tuple[Predict, dict[str, str]]] = {
    "autogluon": (
        predict_autogluon,
        {
            "autogluon.tabular": "autogluon.tabular", "torch": "torch", "fastai": "fastai.tabular.all",
            "lightgbm": "lightgbm", "catboost": "catboost", "xgboost-cpu": "xgboost",
        },
    ),
    "xgboost": (predict_xgboost, {"xgboost-cpu": "xgboost"}),
    "lightgbm": (predict_lightgbm, {"lightgbm": "lightgbm"}),
    "catboost": (predict_catboost, {"catboost": "catboost"}),
}  # fmt: skip


# What the first network would load within its share of the time, and then be given up as too slow.
LOADED_LATE = {"autogluon": ("torch._dynamo", "networkx")}


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def run_fold(method: str, data: Path, out: Path, limit: int) -> None:
    """Fit on `data`/train.parquet, predict `data`/test.parquet, write both results; the figures last."""
    predict, packages = METHODS[method]
    for module in [*packages.values(), *LOADED_LATE.get(method, ())]:
        importlib.import_module(module)  # before the clock: loading code is no fitting
    train, test = pd.read_parquet(data / "train.parquet"), pd.read_parquet(data / "test.parquet")
    scratch = out / f"{method}.models"
    wall, cpu = time.perf_counter(), cpu_seconds()
    risks, notes = predict(train, test, scratch, limit)
    spent = {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": cpu_seconds() - cpu}
    shutil.rmtree(scratch, ignore_errors=True)
    pd.DataFrame(risks, columns=[str(k) for k in range(risks.shape[1])]).to_parquet(out / f"{method}.parquet")
    figures = spent | {"limit": limit, "versions": {name: version(name) for name in packages}} | notes
    (out / f"{method}.json").write_text(json.dumps(figures, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--key", default="final-2026")
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--one", action="store_true", help="run the one fold in this process")
    asked = parser.parse_args()
    for fold in asked.folds:
        for table in asked.tables:
            place = Path(table) / asked.key / str(fold)
            (asked.out / place).mkdir(parents=True, exist_ok=True)
            if asked.one:
                run_fold(asked.method, asked.data / place, asked.out / place, asked.limit)
            elif not (asked.out / place / f"{asked.method}.json").exists():
                run_apart(asked, table, fold)


def run_apart(asked: argparse.Namespace, table: str, fold: int) -> None:
    """The fold in a process of its own; a failure is told and the others go on."""
    words = [asked.method, asked.data, asked.out, "--key", asked.key, "--limit", asked.limit, "--one"]
    words += ["--folds", fold, "--tables", table]
    start = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, *map(str, words)], check=False)
    told = "done" if done.returncode == 0 else f"FAILED ({done.returncode})"
    print(f"{asked.method} {table} {asked.key} {fold}: {told} in {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
