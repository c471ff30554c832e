"""The context of a patient's page: one person's risk, what it is made of, and what is not known.

`found` holds, as plain values: `identifier`, `date`, `records`, `taught`, `values` by predictor, the `account` of
`explanation.patient`, `place` among so many `patients` where at least `fewest` are needed, the nearest `phenotype` as
`phenotypes.json` has it, the `model`, a hash, and where there are images what `build_patient_images` reads. It is
about one patient: such a page is never published.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from data_schemas.columns import Cohort, Column
from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.factors import KINDS
from pipeline.reporting.language import say
from pipeline.reporting.patient_figure import draw_parts
from pipeline.reporting.patient_images import build_patient_images
from pipeline.reporting.tables import Row, Table, make_table
from pipeline.reporting.words import numbers

Plain = Mapping[str, Any]

GROUPS = {
    "modifiable": phrase("Factors that medicine can act on"),
    "treatments": phrase("Treatments"),
    "context": phrase("Markers and fixed characteristics"),
}


def build_patient(cohort: type[Cohort], found: Plain) -> dict[str, Any]:
    """Everything that the template of a patient's page shows."""
    study, columns, account = cohort.study(), cohort.described(), found["account"]
    told, groups = account["told"], _grouped(account["parts"], columns)
    headed = {say(GROUPS[key]): parts for key, parts in groups.items() if parts}
    return {
        "study": study,
        "outcome": study.outcome.says,
        "identifier": found["identifier"],
        "record": words.patient.say_record(found["records"], found["date"], found["taught"]),
        "risk": {
            "value": words.patient.risk(told["risk"]),
            "interval": words.patient.say_interval(told),
            "says": words.patient.say_risk(told, study.outcome.says),
            "place": words.patient.say_place(found["place"], found["patients"], found["fewest"]),
            "also": _also(told),
        },
        "support": {"outside": bool(told["outside"]), "says": words.patient.say_support(told)},
        "factors": {
            "base": words.patient.say_base(account),
            "treated": bool(groups["treatments"]),
            "groups": [(h, words.patient.say_parts(parts, columns, found["values"])) for h, parts in headed.items()],
            "figure": draw_parts(headed, columns, tabulate_parts(found, columns)),
        },
        "images": build_patient_images(found),
        "what_ifs": _what_ifs(account, columns),
        "phenotype": words.patient.say_phenotype(found["phenotype"], told),
        "gaps": _gaps(account, columns),
        "thresholds": say(", ").join(numbers.percent(t) for t in study.thresholds) or say("none declared"),
        "model": found["model"],
    }


def build_patient_list(cohort: type[Cohort], entries: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """What the page of a clinic list shows; each of `entries` is an identifier, its page's name and its risk."""
    return {"study": cohort.study(), "outcome": cohort.study().outcome.says, "entries": entries}


def tabulate_parts(found: Plain, columns: Mapping[str, Column]) -> Table:
    """Base, every factor's part with its value in three groups, and the sum."""
    account = found["account"]
    total = account["base"] + sum(part["log_odds"] for part in account["parts"])
    rows = [_end(say("Base"), account["base_risk"], account["base"])]
    for key, parts in _grouped(account["parts"], columns).items():
        rows += [Row(say(GROUPS[key]), group=True)] if parts else []
        rows += [_row(part, columns[part["predictor"]], found["values"]) for part in parts]
    rows.append(_end(say("Sum"), account["told"]["risk"], total))
    head = (say("Factor"), say("This patient"), say("Percentage points"), say("Log-odds"))
    return Table("parts", say("What the predicted risk is made of"), head, tuple(rows))


def _end(label: str, risk: float, log_odds: float) -> Row:
    return Row(label, (numbers.NOTHING, words.patient.risk(risk), numbers.decimal(log_odds)))


def _row(part: Plain, column: Column, values: Plain) -> Row:
    shown = numbers.points(part["risk"]), numbers.signed(2)(part["log_odds"])
    return Row(column.label, (words.patient.value(column, values[part["predictor"]]), *shown), inner=True)


def _grouped(parts: Sequence[Plain], columns: Mapping[str, Column]) -> dict[str, list[Plain]]:
    """The parts of each of the three groups, the largest first: they are never one ranking."""
    return {
        key: sorted((p for p in parts if columns[p["predictor"]].factor in kinds), key=lambda p: -abs(p["risk"]))
        for key, kinds in KINDS.items()
    }


def _also(told: Plain) -> Table | None:
    others = {name.removeprefix("also_"): share for name, share in told.items() if name.startswith("also_")}
    rows = [(name, words.patient.risk(share)) for name, share in others.items()]
    head = (say("Outcome"), say("Predicted risk"))
    return make_table("also", say("Further horizons or classes"), head, rows) if rows else None


def _what_ifs(account: Plain, columns: Mapping[str, Column]) -> dict[str, Any]:
    tried = account["what_ifs"]
    shown = [_what_if(w, columns, account["told"]["risk"]) for w in tried if not w["refused"]]
    head = (
        say("Factor"),
        say("Now"),
        say("Changed to"),
        say("Predicted risk (95% interval)"),
        say("Difference (percentage points)"),
        say("Source of the change"),
    )
    caption = words.patient.name_what_ifs(account["told"]["risk"])
    refused = [(columns[w["predictor"]].label, words.patient.say_refusal(w["refused"])) for w in tried if w["refused"]]
    return {
        "declared": bool(tried),
        "table": make_table("what-ifs", caption, head, shown, _recomputed(tried, columns)) if shown else None,
        "refused": refused,
    }


def _what_if(tried: Plain, columns: Mapping[str, Column], now: float) -> tuple[str, ...]:
    column = columns[tried["predictor"]]
    assert column.change, "only factors with a declared change are tried"
    return (
        column.label,
        words.patient.value(column, tried["before"]),
        words.patient.value(column, tried["after"]),
        numbers.bracket(words.patient.risk(tried["risk"]), words.patient.limits(tried)),
        _difference(tried, now),
        column.change.source,
    )


def _difference(tried: Plain, now: float) -> str:
    limits = {"lo": tried["difference_lo"], "hi": tried["difference_hi"]}
    shown, between = numbers.points(tried["risk"] - now), numbers.interval(limits, numbers.points)
    return numbers.bracket(shown, between) if between else shown


def _recomputed(tried: Sequence[Plain], columns: Mapping[str, Column]) -> str:
    """Which columns followed a change; all others are fixed."""
    followed = {w["predictor"]: w["recomputed"] for w in tried if w["recomputed"]}
    return words.factors.say_recomputed(
        {columns[p].label: [columns[c].label for c in found] for p, found in followed.items()}
    )


def _gaps(account: Plain, columns: Mapping[str, Column]) -> list[tuple[str, str]]:
    now = account["told"]["risk"]
    return [
        (columns[g["predictor"]].label, words.patient.say_gap(g, columns[g["predictor"]], now)) for g in account["gaps"]
    ]
