"""The project's models against AutoGluon and boosted trees with defaults, on six clinical tables, in one command.

    python benchmarks/models.py DATA_FOLDER WORK_FOLDER [--key KEY] [--methods M ...] [--tables T ...] [--folds F ...]
        [--again] [--write docs/benchmarks.md]

Prepares the tables (`tables.py`) where WORK_FOLDER/data lacks them, develops the project's model on every fold not
done yet (with `--again` on all), each in a process of its own, reads the results of `peers.py` from
WORK_FOLDER/peers, and prints Markdown tables of the folds that every method has done.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from peers import METHODS, TABLES, cpu_seconds
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as class_log_loss
from tables import FINAL_KEY, FOLDS, PATIENT, Y, load_cohort, target_codes, validate_table, write_folds

from data_schemas.columns import Cohort
from pipeline.arrays import FloatArray
from pipeline.evaluation.calibration import brier, calibration_slope, log_loss
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.flexible import fit_curve, ici
from pipeline.evaluation.resampling import Table
from pipeline.models.development import develop
from pipeline.models.outcomes import Examples
from pipeline.models.planning import make_plan
from pipeline.outcomes import Observed
from pipeline.sections import Train

PROJECT, REFERENCE = "project", "autogluon"
PARAMS = Path(__file__).parents[1] / "params.yaml"
FIGURES = {"auroc": "AUROC", "log_loss": "Log-loss", "brier": "Brier", "ici": "ICI", "slope": "Slope"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # as in every stage
COMPARED = ("auroc", "log_loss", "brier")
BY_HAND = "## Other measurements"  # what the page to write has from here on is kept


def train_and_predict(train: pd.DataFrame, test: pd.DataFrame, cohort: type[Cohort]) -> dict[str, FloatArray]:
    """Risks of the test records by class label (binary: of the event alone), each (n,), from the deployed model."""
    names = list(cohort.predictors())
    settings = Train(**yaml.safe_load(PARAMS.read_text())["train"])
    plan = make_plan(cohort, settings).alone()
    targets = {label: Observed((train[Y] == code).to_numpy(float)) for label, code in target_codes(cohort).items()}
    examples = Examples(train[names], targets, pd.factorize(train[PATIENT])[0], train[PATIENT])
    told = develop(examples, plan).deployed.predict(test[names])
    first, *others = targets
    return {first: told["risk"].to_numpy()} | {label: told[f"also_{label}"].to_numpy() for label in others}


def as_matrix(risks: dict[str, FloatArray], cohort: type[Cohort]) -> FloatArray:
    """Columns in the order of `_y`, shape (n, classes)."""
    codes = target_codes(cohort)
    if len(codes) == 1:
        (risk,) = risks.values()
        return np.column_stack([1 - risk, risk])
    return np.column_stack([risks[label] for label in sorted(codes, key=lambda label: codes[label])])


def run_fold(table: str, data: Path, out: Path) -> None:
    """Train on `data`/train.parquet, predict `data`/test.parquet, write both results; the figures last."""
    train, test, cohort = (
        pd.read_parquet(data / "train.parquet"),
        pd.read_parquet(data / "test.parquet"),
        load_cohort(table),
    )
    wall, cpu = time.perf_counter(), cpu_seconds()
    risks = as_matrix(train_and_predict(train, test, cohort), cohort)
    spent = {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": cpu_seconds() - cpu}
    pd.DataFrame(risks, columns=[str(k) for k in range(risks.shape[1])]).to_parquet(out / f"{PROJECT}.parquet")
    versions = {name: version(name) for name in ("scikit-learn", "xgboost")}
    (out / f"{PROJECT}.json").write_text(json.dumps(spent | {"versions": versions}, indent=1))


def run_project(asked: argparse.Namespace) -> None:
    """The project's model on every fold, each in a process of its own; a failure ends the run."""
    for fold in asked.folds:
        for table in asked.tables:
            place = Path(table) / asked.key / str(fold)
            out = asked.work / PROJECT / place
            out.mkdir(parents=True, exist_ok=True)
            if (out / f"{PROJECT}.json").exists() and not asked.again:
                continue
            words = [asked.data, asked.work, "--key", asked.key, "--folds", fold, "--tables", table, "--one"]
            subprocess.run([sys.executable, __file__, *map(str, words)], env=os.environ | ONE_THREAD, check=True)
            spent = json.loads((out / f"{PROJECT}.json").read_text())
            print(f"{table} {asked.key} {fold}: {spent['cpu_seconds']:.1f} CPU s", file=sys.stderr, flush=True)


def measure_risks(risks: FloatArray, y: np.ndarray, cohort: type[Cohort]) -> dict[str, float]:
    """The figures of `FIGURES` for risks (n, classes) and class numbers y (n,).

    With more than two classes, ICI and slope are those of the class of interest against the others, the AUROC is the
    plain mean over the classes, each against the others, and the Brier score adds up the classes.
    """
    code = next(iter(target_codes(cohort).values()))
    risk, event, once = risks[:, code], (y == code).astype(float), np.ones((1, len(y)))
    figures = {
        "auroc": auroc(risk, event, once),
        "log_loss": log_loss(risk, event, once, once),
        "brier": brier(risk, event, once, once),
        "ici": ici(risk, event, once, once, fit_curve(risk, Table(risk, event, once, once)))[0],
        "slope": calibration_slope(risk, event, once),
    }
    found = {name: float(value[0]) for name, value in figures.items()}
    if risks.shape[1] == 2:
        return found
    whole = risks / risks.sum(axis=1, keepdims=True)  # some come in single precision
    classes = {
        "auroc": roc_auc_score(y, whole, multi_class="ovr"),
        "log_loss": class_log_loss(y, whole),
        "brier": brier_score_loss(y, whole, scale_by_half=False),
    }
    return found | {name: float(value) for name, value in classes.items()}


def result_place(work: Path, method: str, table: str, key: str, fold: int) -> Path:
    return work / (PROJECT if method == PROJECT else "peers") / table / key / str(fold) / method


def complete_folds(asked: argparse.Namespace) -> dict[str, list[int]]:
    """The folds of each table that every method has done."""

    def done(table: str, fold: int) -> bool:
        places = [result_place(asked.work, method, table, asked.key, fold) for method in asked.methods]
        return all(place.with_suffix(".json").exists() for place in places)

    found = {table: [fold for fold in asked.folds if done(table, fold)] for table in asked.tables}
    return {table: folds for table, folds in found.items() if folds}


def collect(asked: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Figures per table and method on pooled risks; the same per fold; and versions by package."""
    pooled, single, versions = [], [], {}
    for table, folds in complete_folds(asked).items():
        cohort = load_cohort(table)
        truth = [pd.read_parquet(asked.work / "data" / table / asked.key / str(f) / "test.parquet")[Y] for f in folds]
        for method in asked.methods:
            places = [result_place(asked.work, method, table, asked.key, fold) for fold in folds]
            risks = [pd.read_parquet(place.with_suffix(".parquet")).to_numpy() for place in places]
            spent = [json.loads(place.with_suffix(".json").read_text()) for place in places]
            versions |= spent[0]["versions"]
            named = {"table": table, "method": method}
            for fold, p, y, s in zip(folds, risks, truth, spent, strict=True):
                single.append(named | {"fold": fold, "cpu": s["cpu_seconds"]} | measure_risks(p, y.to_numpy(), cohort))
            cpu = {"folds": len(folds), "cpu": float(np.mean([s["cpu_seconds"] for s in spent]))}
            pooled.append(named | cpu | measure_risks(np.vstack(risks), pd.concat(truth).to_numpy(), cohort))
    return pd.DataFrame(pooled), pd.DataFrame(single), versions


def differences(single: pd.DataFrame) -> pd.DataFrame:
    """Each method's figures less those of the reference, per table and fold."""
    index = ["table", "fold"]
    reference = single[single["method"] == REFERENCE].set_index(index)
    parts = []
    for method, own in single[single["method"] != REFERENCE].groupby("method", sort=False):
        other = own.set_index(index)
        less = other[list(COMPARED)] - reference[list(COMPARED)]
        parts.append(less.assign(cpu_ratio=other["cpu"] / reference["cpu"], method=method).reset_index())
    return pd.concat(parts, ignore_index=True)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figures_table(pooled: pd.DataFrame) -> str:
    rows = [
        [r["table"], r["method"], str(r["folds"]), *(f"{r[name]:.4f}" for name in COMPARED), f"{r['ici']:.4f}",
         f"{r['slope']:.2f}", f"{r['cpu']:.1f}"]
        for r in pooled.to_dict("records")
    ]  # fmt: skip
    return markdown(["Table", "Method", "Folds", *FIGURES.values(), "CPU s a fold"], rows)


def differences_table(less: pd.DataFrame, by: list[str]) -> str:
    """Means over table-folds with standard errors, for each group of `by`."""
    rows = []
    for names, group in less.groupby(by, sort=False):
        cells = [f"{group[f].mean():+.4f} ({group[f].sem():.4f})" if len(group) > 1 else f"{group[f].mean():+.4f}"
                 for f in COMPARED]  # fmt: skip
        rows.append([*map(str, names), str(len(group)), *cells, f"{group['cpu_ratio'].mean():.3f}"])
    return markdown([*(b.capitalize() for b in by), "Table-folds", *(FIGURES[f] for f in COMPARED), "CPU ratio"], rows)


def describe_tables(asked: argparse.Namespace) -> str:
    rows = []
    for table in complete_folds(asked):
        place = asked.work / "data" / table / asked.key / "0"
        both = pd.concat([pd.read_parquet(place / f"{part}.parquet") for part in ("train", "test")])
        cohort = load_cohort(table)
        code = next(iter(target_codes(cohort).values()))
        rows.append([table, f"{len(both):,}", f"{both[PATIENT].nunique():,}", str(both.shape[1] - 2),
                     f"{cohort.study().outcome.says}, {(both[Y] == code).mean():.1%}"])  # fmt: skip
    return markdown(["Table", "Records", "Patients", "Predictors", "Outcome and its share"], rows)


def page(asked: argparse.Namespace) -> str:
    """The whole page in Markdown."""
    pooled, single, versions = collect(asked)
    parts = [HEAD.format(key=asked.key, cores=os.cpu_count(), system=f"{platform.system()} {platform.machine()}")]
    parts += [describe_tables(asked), "## Figures of pooled out-of-fold risks", figures_table(pooled)]
    if REFERENCE in asked.methods and len(asked.methods) > 1:
        less = differences(single)
        parts += [DIFFERENCES, differences_table(less, ["method"])]
        parts += ["Table by table:", differences_table(less, ["table", "method"])]
        parts += [tell_networks(asked)]
    told = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    return "\n\n".join([*parts, f"Versions: Python {platform.python_version()}, {told}."]) + "\n"


def tell_networks(asked: argparse.Namespace) -> str:
    """What the reference could finish in its time."""
    folds = [(table, fold) for table, done in complete_folds(asked).items() for fold in done]
    places = [result_place(asked.work, REFERENCE, table, asked.key, fold) for table, fold in folds]
    fitted = [[m["model"] for m in json.loads(p.with_suffix(".json").read_text())["models"]] for p in places]
    networks = sum(any("NeuralNet" in name for name in names) for names in fitted)
    counts = [len(names) for names in fitted]
    return (
        f"{REFERENCE} fitted {min(counts)} to {max(counts)} models a table-fold, and had the time for neural networks "
        f"in {networks} of {len(folds)}."
    )


HEAD = """# Benchmark of risk models

The project's deployed model, as `params.yaml` describes it, against AutoGluon (preset `best_quality`, log-loss, at
most 120 seconds a fold, with its neural networks, without pretrained models) and the defaults of three libraries of
boosted trees. All see the same predictors on the same patients. A patient's fold follows from a keyed hash (key
`{key}`), so all records of a patient are on one side; AutoGluon's inner folds keep them together too. Nothing
was chosen on these folds. Measured on {cores} cores, {system}. CPU seconds are those of fitting and
predicting, without loading code, of all processes and threads.

```
python benchmarks/tables.py DATA_FOLDER WORK_FOLDER
OTHER_PYTHON benchmarks/peers.py autogluon WORK_FOLDER/data WORK_FOLDER/peers   # xgboost, lightgbm, catboost likewise
python benchmarks/models.py DATA_FOLDER WORK_FOLDER --write docs/benchmarks.md
```

OTHER_PYTHON has `autogluon.tabular[lightgbm,catboost,xgboost,fastai]` and `torch`. With three classes AUROC is the
plain mean over the classes, each against the others, log-loss and Brier score are those of all classes, and ICI and
slope are those of the class of interest."""

DIFFERENCES = f"""## Difference from {REFERENCE}

Mean over table-folds with its standard error; a higher AUROC and a lower log-loss and Brier score are better. CPU ratio
is the mean of the CPU seconds over {REFERENCE}'s."""


def write_page(text: str, path: Path | None) -> None:
    if path is None:
        return print(text)
    before = path.read_text() if path.exists() else ""
    kept = before[before.index(BY_HAND) :] if BY_HAND in before else ""
    path.write_text(f"{text}\n{kept}" if kept else text)
    return None


def prepare(asked: argparse.Namespace) -> None:
    for table in asked.tables:
        if not (asked.work / "data" / table / asked.key).exists():
            write_folds(table, validate_table(table, asked.data, asked.work), asked.work)


def parse() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--key", default=FINAL_KEY)
    parser.add_argument("--methods", nargs="+", choices=[PROJECT, *METHODS], default=[PROJECT, *METHODS])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--again", action="store_true", help="develop the project's model anew where it is done")
    parser.add_argument("--write", type=Path, help="the page to write")
    parser.add_argument("--one", action="store_true", help="run the one fold in this process")
    return parser.parse_args()


def main() -> None:
    asked = parse()
    if asked.one:
        place = Path(asked.tables[0]) / asked.key / str(asked.folds[0])
        return run_fold(asked.tables[0], asked.work / "data" / place, asked.work / PROJECT / place)
    prepare(asked)
    if PROJECT in asked.methods:
        run_project(asked)
    if not complete_folds(asked):
        sys.exit(f"no fold of key {asked.key} is done by all of {', '.join(asked.methods)}; run peers.py with this key")
    return write_page(page(asked), asked.write)


if __name__ == "__main__":
    main()
