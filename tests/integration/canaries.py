"""Fifty values that no patient but one has, in a made-up cohort, and the search for them in whatever form."""

import base64
import html
import re
from functools import cache
from urllib.parse import unquote

import numpy as np
import pandas as pd

from tests.integration.tiny import plant

GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu")
IDS = [f"ZQ-{7100 + 13 * i}-{name}" for i, name in enumerate(GREEK)]
NAMES = [f"Xylo{name} Quorvath" for name in GREEK]
DATES = [f"19{31 + i}-0{1 + i % 9}-{11 + i}" for i in range(12)]
LABS = [f"{value:.4f}" for low, high in ((2.0137, 2.0719), (8.8131, 8.9713)) for value in np.linspace(low, high, 6)]
CANARIES = (*IDS, *NAMES, *DATES, *LABS)
ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")

SCHEMA = '''"""A made-up ward."""

from data_schemas.columns import (
    Binary, Change, Coded, Cohort, Date, Decimal, Direction, Expected, FactorClass, Role, Study, Subgroup, Text, Whole,
    category, date, identifier, measurement, text,
)


class Ward(Cohort):
    patient_id: Text = identifier("Number")
    name: Text = text("Name", excluded="it names the patient")
    born: Date = date("Date of birth", "%Y-%m-%d", plausible=("1900-01-01", "2020-12-31"), excluded="age says it")
    seen: Date = date("Date of visit", "%Y-%m-%d", plausible=("2015-01-01", "2025-12-31"), role=Role.INDEX_DATE)
    age: Whole = measurement("Age", unit="years", plausible=(18, 110), whole=True, factor=FactorClass.IMMUTABLE,
                             expected=Expected(Direction.INCREASES, "made up"))
    pressure: Decimal = measurement(
        "Systolic blood pressure", unit="mmHg", plausible=(60, 260), factor=FactorClass.MODIFIABLE,
        expected=Expected(Direction.INCREASES, "made up"), missing_allowed=True,
        change=Change(step=-10, bounds=(110, 260), source="made up"),
    )
    potassium: Decimal = measurement("Potassium", unit="mmol/L", plausible=(2, 9), factor=FactorClass.MARKER)
    region: Coded = category("Region", {"n": "north", "s": "south", "w": "west"}, factor=FactorClass.IMMUTABLE)
    died: Coded = category("Died", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        metadata = {"study": Study(
            title="Death within a year", population="made-up patients", intended_use="To try the pipeline.",
            outcome=Binary("died", "yes", "death within a year"), source="made up", licence="none needed",
            thresholds=(0.2, 0.3, 0.4), auroc_ceiling=0.95, auroc_ceiling_source="made up",
            subgroups=(Subgroup("age", (60,)), Subgroup("region")),
        )}
'''


def make_ward(n: int = 420, seed: int = 0) -> pd.DataFrame:
    """Text records with a planted effect of age and blood pressure; each canary stands in one record."""
    generator = np.random.default_rng(seed)
    age, pressure, risk = plant(generator, n)
    day = pd.Timestamp("2016-01-01") + pd.to_timedelta(generator.integers(0, 1400, n), unit="D")
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i:05d}" for i in range(n)],
            "name": [f"Person {i % 40}" for i in range(n)],
            "born": "1950-06-01",
            "seen": day.strftime("%Y-%m-%d"),
            "age": age.astype(str),
            "pressure": pressure.astype(str),
            "potassium": generator.normal(4.3, 0.4, n).clip(3.2, 5.6).round(1).astype(str),
            "region": generator.choice(list("nsw"), n),
            "died": (generator.random(n) < risk).astype(int).astype(str),
        }
    )
    for column, planted in {"patient_id": IDS, "name": NAMES, "born": DATES, "potassium": LABS}.items():
        table.loc[generator.choice(n, len(planted), replace=False), column] = planted
    table.loc[generator.choice(n, 12, replace=False), "pressure"] = "999"  # some of them in quarantine
    return table


def find_canaries(text: str) -> list[str]:
    """The canaries in a text, in any of the forms in which it may hold them."""
    forms = _forms(text)
    return [canary for canary in CANARIES if any(_way(canary).search(form) for form in forms)]


def _forms(text: str) -> list[str]:
    plain = {text, html.unescape(text), unquote(text), unquote(html.unescape(text))}
    plain.add(ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))
    return [*plain, "\n".join(filter(None, map(_decode, TOKEN.findall(text))))]


def _decode(token: str) -> str:
    """What a token is in base64 from each of the four places at which it may begin."""
    found = []
    for start in range(4):
        part = token[start:].rstrip("=").translate(str.maketrans("-_", "+/"))
        whole = part[: len(part) - (len(part) % 4 == 1)]
        found.append(base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("latin-1"))
    return "\n".join(found)


@cache
def _way(canary: str) -> re.Pattern[str]:
    """How a canary may be written: a date in other orders, a name by its first half, a number by itself."""
    if canary in LABS:
        return re.compile(rf"(?<![\d.]){re.escape(canary.rstrip('0'))}0*(?!\d)")
    if canary not in DATES:
        return re.compile(re.escape(canary.split(" ", maxsplit=1)[0]), re.IGNORECASE)
    y, m, d = canary.split("-")
    orders = (f"{y}.?{m}.?{d}", f"{d}.?{m}.?{y}", f"{m}.?{d}.?{y}")
    return re.compile(rf"(?<![\dA-Fa-f])(?:{'|'.join(orders)})(?![\dA-Fa-f])")
