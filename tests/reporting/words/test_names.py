"""Names that the stages put together are told part by part; labels, categories and units stay as they are."""

from collections.abc import Iterator
from math import inf
from typing import Any

import numpy as np
import pytest

from pipeline.explanation.groups import _labels
from pipeline.phenotypes.conditions import Condition, Predictor, say
from pipeline.phenotypes.profile import NO_NAME, PredictorProfile
from pipeline.reporting.catalogue import Catalogue
from pipeline.reporting.language import SPOKEN
from pipeline.reporting.words import names

CHINESE = {
    "higher {label}": "{label}较高",
    "lower {label}": "{label}较低",
    "other {label}": "{label}不同",
    "more often {label}: {level}": "{label}较多为{level}",
    "less often {label}: {level}": "{label}较少为{level}",
    "{first}, {rest}": "{first}、{rest}",
    "{first} or {rest}": "{first}或{rest}",
    "{first} to {rest}": "{first}至{rest}",
    "{label} {values}": "{label}{values}",
    "{values} or not recorded": "{values}或未记录",
    "is recorded": "已记录",
    "is not recorded": "未记录",
    "is at least {level}": "不低于{level}",
    "is at most {level}": "不高于{level}",
    "is not {level}": "不为{level}",
    "is {level}": "为{level}",
    "at least {n}": "不低于{n}",
    "under {n}": "低于{n}",
    "{low} to under {n}": "{low}至低于{n}",
    "{n} or more": "{n}及以上",
    "above {n}": "高于{n}",
    "not recorded": "未记录",
    "all values": "所有取值",
    "Phenotype": "表型",
    "phenotype {n}": "表型{n}",
    NO_NAME: "没有预测变量相差半个标准差",
}
GRADES = ("grade 1", "grade 2", "grade 3")
SITES = ("colon", "colon, left", "rectum", "other")


@pytest.fixture
def chinese() -> Iterator[None]:
    token = SPOKEN.set(Catalogue("zh", {text: (made,) for text, made in CHINESE.items()}, lambda number: 0))
    yield
    SPOKEN.reset(token)


def profile(label: str, difference: float, level: str | None = None) -> PredictorProfile:
    shares = {} if level is None else dict.fromkeys(SITES, 0.25)
    return PredictorProfile(label, label, "numeric", None, None, shares, None, difference, level)


def cluster(*profiles: PredictorProfile, name: str = "") -> dict[str, Any]:
    known = [{"label": one.label, "shares": one.shares, "level": one.level} for one in profiles]
    return {"cluster": 1, "name": name or ", ".join(one.phrase for one in profiles), "predictors": known[::-1]}


NAMED = [
    (cluster(profile("Age", 1), profile("Nodes", -1)), "Age较高、Nodes较低"),
    (cluster(profile("Age, corrected", -1), profile("Age", 1)), "Age, corrected较低、Age较高"),
    (cluster(profile("Site", 1, "colon, left"), profile("Age", 1)), "Site较多为colon, left、Age较高"),
    (cluster(profile("Age", -1), profile("Site", -1, "colon")), "Age较低、Site较少为colon"),
    (cluster(profile("Age", 0), name=NO_NAME), "没有预测变量相差半个标准差"),
]


@pytest.mark.parametrize(("found", "said"), NAMED)
@pytest.mark.usefixtures("chinese")
def test_the_name_of_a_cluster(found: dict[str, Any], said: str) -> None:
    assert names.say_name(found) == said


@pytest.mark.usefixtures("chinese")
def test_an_axis() -> None:
    levels = names.read_levels([cluster(profile("Age", 1), profile("Site", 1, "colon"))])
    assert names.say_axis("higher Age, other Site", levels) == "Age较高、Site不同"
    assert names.say_axis("lower Weight", levels) == "lower Weight"


def predictor(kind: Any = "numeric", levels: tuple[str, ...] = (), *, unit: str = "") -> Predictor:
    return Predictor("Finding" if levels else "Age", unit, kind, levels, np.array([1.0, np.nan]), True, True)


AGE, GRADE, SITE = predictor(unit="years"), predictor("ordered", GRADES), predictor("nominal", SITES)
CONDITIONS = [
    (Condition(40, 52), AGE, "Age40至低于52 years或未记录"),
    (Condition(lower=40, missing=False), AGE, "Age不低于40 years"),
    (Condition(upper=1e12, missing=False), predictor(), "Age低于1e+12"),
    (Condition(upper=-0.05, missing=False), predictor(), "Age低于-0.05"),
    (Condition(missing=False), AGE, "Age已记录"),
    (Condition(inf), AGE, "Age未记录"),
    (Condition(allowed=frozenset({1, 2}), missing=False), GRADE, "Finding不低于grade 2"),
    (Condition(allowed=frozenset({0, 1})), GRADE, "Finding不高于grade 2或未记录"),
    (Condition(allowed=frozenset({1}), missing=False), GRADE, "Finding为grade 2"),
    (Condition(allowed=frozenset({1, 2})), predictor("ordered", SITES), "Finding为colon, left至rectum或未记录"),
    (Condition(allowed=frozenset({0, 1, 2}), missing=False), SITE, "Finding不为other"),
    (Condition(allowed=frozenset({1, 2}), missing=False), SITE, "Finding为colon, left或rectum"),
    (Condition(allowed=frozenset(range(4))), SITE, "Finding已记录或未记录"),
    (Condition(), SITE, "Finding未记录"),
]


@pytest.mark.parametrize(("condition", "asked", "said"), CONDITIONS)
@pytest.mark.usefixtures("chinese")
def test_a_condition(condition: Condition, asked: Predictor, said: str) -> None:
    text = say(condition, asked)
    assert names.say_condition(text, {asked.label: asked.levels, "A": ()}) == said
    assert names.say_condition(text, {"Other": ()}) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *zip(_labels([40, 52.5, 1e7]), ["低于40", "40至低于52.5", "52.5至低于1e+07", "1e+07及以上"], strict=True),
        (*_labels([]), "所有取值"),
        ("65 years or more", "65 years及以上"),
        ("above 3", "高于3"),
        ("not recorded", "未记录"),
        ("grade 3", "grade 3"),
        ("under treatment", "under treatment"),
    ],
)
@pytest.mark.usefixtures("chinese")
def test_a_range_of_values(text: str, said: str) -> None:
    assert names.say_values(text) == names.say_group("Age", text) == said


@pytest.mark.usefixtures("chinese")
def test_groups_of_phenotypes() -> None:
    assert (names.say_kind("Phenotype"), names.say_group("Phenotype", "phenotype 12")) == ("表型", "表型12")
    assert names.say_kind("Age") == "Age"


def test_in_english_all_is_as_the_stages_write_it() -> None:
    for found, _ in NAMED:
        assert names.say_name(found) == found["name"]
    for condition, asked, _ in CONDITIONS:
        text = say(condition, asked)
        assert names.say_condition(text, {asked.label: asked.levels}) == text
    for text in _labels([40, 52.5, 1e7]):
        assert names.say_values(text) == text
    assert names.say_group("Phenotype", "phenotype 12") == "phenotype 12"
