"""One unattended run: build each cohort apart, judge it, and release it or keep the champion."""

from collections.abc import Sequence
from typing import Any

from pipeline.errors import EXIT_DONE, EXIT_INTERNAL, ClinriskError, DataRefusedError, GateFailedError, say_unforeseen
from pipeline.operations.releases.shown import show_reports
from pipeline.operations.releases.store import Store
from pipeline.operations.retraining.build import Builder, Built
from pipeline.operations.retraining.clone import forget_other_key, make_clone
from pipeline.operations.retraining.contents import describe_release, list_contents
from pipeline.operations.retraining.gates import BLOCKED, PUBLISHED
from pipeline.operations.retraining.judging import Challenger, Judgement, judge
from pipeline.operations.retraining.record import Run, notify, prune, was_broken_off
from pipeline.records.identity import fingerprint_key, read_key
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

REFUSED, FAILED, PINNED = "refused", "failed", "pinned"
SECONDS = 3600


def retrain(cohorts: Sequence[str], *, accepted: bool) -> tuple[str, int]:
    """Retrain the named `cohorts`, or all; returns the line that sums it up, and the exit code.

    The caller holds the lock. Whatever happens to one cohort, the others are tried, and the release in use of each
    stays as it is unless its challenger passes every gate, or a person has `accepted` what the gates hold against it.
    Raises ConfigurationError before anything has begun.
    """
    settings = load_settings()
    for name in cohorts:
        settings.find_cohort(name)
    anew = was_broken_off()
    run = Run.begin()
    _run(run, list(cohorts) or list(settings.cohorts), settings, anew=anew, accepted=accepted)
    show_reports(settings)
    run.end()
    prune(settings.retrain.keep_runs)
    notify(settings.retrain.notify, run.path)
    return run.summarise(), run.exit_code


def _run(run: Run, cohorts: list[str], settings: Settings, *, anew: bool, accepted: bool) -> None:
    try:
        builder = Builder(make_clone(settings, anew=anew), run.log, settings.retrain.hours_at_most * SECONDS)
    except Exception as error:
        run.cohorts = dict.fromkeys(cohorts, _failed(error))
        return
    for name in cohorts:
        try:
            run.cohorts[name] = _retrain_one(run, name, settings, builder, accepted=accepted)
        except Exception as error:
            run.cohorts[name] = _failed(error)
        run.write(None)


def _retrain_one(run: Run, name: str, settings: Settings, builder: Builder, *, accepted: bool) -> dict[str, Any]:
    """Build, judge, and release or keep one cohort."""
    store, cohort = Store.of(name), load_cohort(name)
    champion = store.champion()
    key = read_key(settings.validate_)
    forget_other_key(builder.clone / "data" / name, key, cohort)
    built = builder.build(f"evaluate@{name}", f"cluster@{name}")
    if built.exit_code:
        return _unbuilt(built)
    fingerprint = fingerprint_key(key)
    challenger = Challenger.read(builder.clone, name, cohort)
    judged = judge(challenger, champion, fingerprint, settings, accepted=accepted)
    told = _tell(judged, challenger)
    if judged.decision.outcome != PUBLISHED:
        return told | {"release": store.current()}
    if store.pinned():
        return told | {"outcome": PINNED, "release": store.current()}
    challenger.write_changes(judged.changes(champion))
    built = builder.build(f"explain@{name}")
    if not built.exit_code:  # DVC need not know what the report tells of the champion, so it is made to build it
        built = builder.build("--force", "--single-item", f"report@{name}")
    if built.exit_code:
        return _unbuilt(built)
    return told | {"release": _publish(run, store, challenger, fingerprint, settings)}


def _publish(run: Run, store: Store, challenger: Challenger, key: str, settings: Settings) -> str:
    """Seal the challenger as a release and put it in use; returns its name."""
    name, clone = challenger.name, challenger.folder
    challenger.write_reference()
    contents = list_contents(clone, name, images=bool(challenger.cohort.findings()))
    made = store.add(contents, describe_release(clone, name, run.id, key, store.current()))
    store.use(made)
    store.retain(settings.retrain.keep_releases)
    return made


def _tell(judged: Judgement, challenger: Challenger) -> dict[str, Any]:
    decision = judged.decision
    code = GateFailedError.exit_code if decision.outcome == BLOCKED else EXIT_DONE
    return {
        "outcome": decision.outcome,
        "exit_code": code,
        "verdict": challenger.verdict()["verdict"],
        "reasons": decision.reasons() if decision.outcome != PUBLISHED else [],
        "gates": decision.told(),
        "comparison": judged.comparison,
        "drift": judged.drift,
    }


def _unbuilt(built: Built) -> dict[str, Any]:
    outcome = REFUSED if built.exit_code == DataRefusedError.exit_code else FAILED
    return {"outcome": outcome, "exit_code": built.exit_code, "reasons": [built.reason]}


def _failed(error: Exception) -> dict[str, Any]:
    if isinstance(error, ClinriskError):
        return {"outcome": FAILED, "exit_code": error.exit_code, "reasons": [str(error)]}
    return {"outcome": FAILED, "exit_code": EXIT_INTERNAL, "reasons": [say_unforeseen(error)]}
