"""The network and what it adds on synthetic radiographs, where the truth is known.

    PYTHONPATH=. .venv/bin/python benchmarks/radiographs.py planted FOLDER [--patients N]
    PYTHONPATH=. .venv/bin/python benchmarks/radiographs.py null [--repeats R] [--first F] [--jobs J]

`planted` builds the demonstration of `make repro-imaging` in the new FOLDER, up to the stage `evaluate`, and prints its
figures with 95% intervals, and how many lesions are missed by contrast.

`null` draws R (100) cohorts in which no lesion has any contrast, so that images say nothing, and counts in how many
the 95% interval of the finding's AUROC holds .5, and in how many images are said to add to the record. Each has 200
patients, images of 32 pixels, 2 folds and at most 4 epochs; it takes about 10 CPU seconds. A logistic regression on
the record, and on the record and what the networks tell, held out on the same folds, stands for the risk model, as
developing that takes a minute a time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import binomtest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deploy.imaging_demo import COHORT, LIGHT, SOURCE, make_workspace
from pipeline.arrays import FloatArray, IntArray
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.images.fusion import judge_difference
from pipeline.imaging.examples import Examples
from pipeline.imaging.out_of_fold import learn_images
from pipeline.outcomes import Observed
from pipeline.records.synthetic.radiographs.lesions import NONE, TYPES
from pipeline.records.synthetic.radiographs.patients import draw_patients
from pipeline.records.synthetic.radiographs.pictures import draw_picture
from pipeline.sections import Imaging

SIDE, PATIENTS, FOLDS = 32, 200, 2
QUICK = Imaging(
    network="small", networks=1, epochs=4, patience=4, batch=32, learning_rate=0.002, validation_share=0.15,
    folds=FOLDS, device="cpu", seed=1,
)  # fmt: skip
RECORD = ["age", "pack_years", "family_history", "crp_mg_l", "cea_ug_l"]
TOLD = ["log_odds", "component_1", "component_2"]
RESAMPLES = 500


def show_planted(folder: Path, patients: int) -> None:
    make_workspace(folder, patients, LIGHT)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", f"evaluate@{COHORT}"]
    subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=True)
    found = json.loads((folder / f"reports/{COHORT}/performance.json").read_text())["images"]
    network, fusion = found["network"], found["fusion"]
    show("AUROC of a finding", network["estimates"]["auroc"])
    show("type, of lesions found", network["accuracy"]["type"])
    for name, figures in fusion["figures"].items():
        show(f"AUROC of the outcome, {name}", figures["auroc"])
    show("both less the record alone", fusion["differences"]["record"]["auroc"])
    show("both less images alone", fusion["differences"]["images"]["auroc"])
    predictions = pd.read_parquet(folder / f"artifacts/{COHORT}/image_predictions.parquet")
    for name in ("hit", "hit_random"):  # counted here, as a report hides a share that tells of too few
        hits = predictions[name].dropna().astype(float)
        interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
        show(f"pointing game, {name}", {"value": hits.mean(), "lo": interval.low, "hi": interval.high})
    valid = pd.read_parquet(folder / f"data/{COHORT}/valid.parquet")
    truth = pd.read_parquet(folder / SOURCE / "truth.parquet").assign(cell=lambda t: t["patient_id"] + ".png")
    cells = valid["radiograph"].iloc[predictions["record"]].astype(str)
    contrast = truth.set_index("cell")["contrast"].reindex(cells).to_numpy()
    lesion = contrast > 0
    bins = pd.cut(contrast[lesion], [0, 0.1, 0.2, 0.3, 0.6])
    missed = pd.Series(predictions["told"].eq(NONE).to_numpy()[lesion]).groupby(bins, observed=True)
    print(missed.agg(["size", "mean"]).rename(columns={"size": "lesions", "mean": "missed"}).round(3))


def show(name: str, told: dict[str, float]) -> None:
    print(f"{name:32} {told['value']:.3f} ({told['lo']:.3f} to {told['hi']:.3f})", flush=True)


def try_null(seed: int) -> tuple[bool, str]:
    """Whether the interval of the AUROC holds .5, and what is said of images beside the record."""
    records, truth = draw_patients(PATIENTS, seed, 0.45, 0.0)
    drawn = [draw_picture(seed, n, SIDE, kind, 0.0).brightness for n, kind in enumerate(truth["finding"])]
    classes = (NONE, *TYPES)
    label = np.array([classes.index(kind) for kind in truth["finding"]], dtype=np.int64)
    patient, fold = np.arange(PATIENTS), np.arange(PATIENTS) % FOLDS
    pixels = np.rint(np.stack(drawn) * 255).astype(np.uint8)
    examples = Examples(pixels, None, patient < 0, classes, (1, 2, 3), label, patient, fold)
    scratch = Path(tempfile.mkdtemp())
    told = learn_images(examples, QUICK, 2, scratch, jobs=1).told
    shutil.rmtree(scratch)
    return covers(told["log_odds"].to_numpy(float), label > 0), judge(records, told, fold, patient)


def covers(log_odds: FloatArray, finding: "np.typing.NDArray[np.bool_]") -> bool:
    share = [1 / PATIENTS] * PATIENTS
    counts = np.random.default_rng(1).multinomial(PATIENTS, share, RESAMPLES).astype(float)
    low, high = np.nanquantile(auroc(log_odds, finding.astype(float), counts), [0.025, 0.975])
    return bool(low <= 0.5 <= high)


def judge(records: pd.DataFrame, told: pd.DataFrame, fold: IntArray, patient: IntArray) -> str:
    event = (records["cancer"] == "1").to_numpy()
    record = records[RECORD].astype(float)
    both, alone = (hold_out(table, event, fold) for table in (record.join(told[TOLD].astype(float)), record))
    found = compare(both, alone, Observed(event.astype(float)), patient, [0.2], RESAMPLES, 1)
    return judge_difference({name: {"lo": found[name].lo, "hi": found[name].hi} for name in ("auroc", "brier")})


def hold_out(table: pd.DataFrame, event: "np.typing.NDArray[np.bool_]", fold: IntArray) -> FloatArray:
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    folds = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(FOLDS)]
    risk: FloatArray = cross_val_predict(model, table, event, cv=folds, method="predict_proba")[:, 1]
    return risk


def show_null(repeats: int, first: int, jobs: int) -> None:
    found = Parallel(n_jobs=jobs)(delayed(try_null)(seed) for seed in range(first, first + repeats))
    says = pd.Series([verdict for _, verdict in found]).value_counts().to_dict()
    print(f"the interval of the finding's AUROC holds .5 in {sum(held for held, _ in found)} of {repeats}")
    print(f"images beside the record: {says}")


def main() -> None:
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    planted, null = kinds.add_parser("planted"), kinds.add_parser("null")
    planted.add_argument("folder", type=Path)
    planted.add_argument("--patients", type=int, default=600)
    null.add_argument("--repeats", type=int, default=100)
    null.add_argument("--first", type=int, default=0)
    null.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if given.kind == "planted":
        show_planted(given.folder, given.patients)
    else:
        show_null(given.repeats, given.first, given.jobs)


if __name__ == "__main__":
    main()
