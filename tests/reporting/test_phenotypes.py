"""The section on phenotypes: what was found or refused, in words that follow from numbers, at every size."""

import re
from dataclasses import replace
from typing import Any

import pytest
from scipy.stats import binom

from data_schemas.columns import Cohort, TimeToEvent
from pipeline.reporting import Results, cluster_risks, clusters, phenotypes, render_report, words
from pipeline.reporting.render import TEMPLATES, _environment

from .finders import find_causes, read_outside
from .made_cohorts import COHORTS, HOSTILE
from .made_estimates import est
from .made_phenotypes import make_map, make_membership, make_phenotypes, make_risks, make_tried
from .made_results import make_results
from .test_pages import Page


def with_clusters(name: str, k: int | None, side: int = 9) -> Results:
    """Results with `k` clusters, or none."""
    cohort, results = COHORTS[name], make_results(name)
    found = make_phenotypes(cohort, k) | ({"map": make_map(cohort, k, side)} if k else {})
    performance = {**results.performance, "phenotypes": make_risks(cohort, k) if k else None}
    weights = make_membership(cohort, k) if k else {}
    return replace(results, phenotypes=found, performance=performance, phenotype_factors=weights)


def render_section(name: str, results: Results) -> str:
    """The section alone, which is drawn sooner than a report."""
    template = section_of((TEMPLATES / "report.html").read_text(encoding="utf-8"))
    macros = '{% from "_macros.html" import table, figure, figures %}'
    made = _environment(markdown=False).from_string(macros + template)
    return made.render(phenotypes=phenotypes.build_phenotypes(COHORTS[name], results))


def section_of(html: str) -> str:
    return html[html.index('<section id="phenotypes"') : html.index('<section id="provenance"')]


def as_before(results: Results) -> Results:
    """Results with the fewest keys that the stages may give."""
    kept = {"cluster", "name", "n", "share", "jaccard", "dissolved", "predictors"}
    found = [{k: v for k, v in c.items() if k in kept} | {"outcome": est(0.4)} for c in results.phenotypes["clusters"]]
    tried = [{k: v for k, v in t.items() if k not in {"rand", "gap", "gap_error"}} for t in make_tried(3)]
    performance = {k: v for k, v in results.performance.items() if k != "phenotypes"}
    plain = {"k": 3, "reason": "3 clusters are stable", "notes": [], "tried": tried, "clusters": found}
    return replace(results, phenotypes=plain, performance=performance, phenotype_factors={})


def test_a_report_with_many_clusters_is_small_and_sound(cohort: type[Cohort], name: str) -> None:
    html = render_report(cohort, name, with_clusters(name, 6, side=24))
    page = Page(html)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(html.encode()) < 500_000
    assert len(page.elements) < 15_000
    assert len(ids) == len(set(ids))
    assert find_causes(read_outside(html)) == []
    assert not re.search(r"\b(nan|None|NaT)\b", page.text)


def test_every_part_is_there_in_order(cohort: type[Cohort], name: str) -> None:
    text = Page(render_section(name, with_clusters(name, 3))).text
    said = ["3 phenotypes were found by k-means", "One predictor was left out.", "Stability (Jaccard)", "Sensitivity",
            "Is the model wrong for some phenotype?", "Do they add to the risk model?", "What sets the phenotypes",
            "How far each phenotype differs", "Where the phenotypes lie", "What tells them apart",
            "it puts 94% where the clusters do", "Shares of the phenotypes over time", "Other clusterers",
            "Numbers of clusters tried", "Gap (standard error)", "Predictors left out"]  # fmt: skip
    places = [text.index(words) for words in said]
    assert places == sorted(places)
    timed = isinstance(cohort.study().outcome, TimeToEvent)
    assert ("Cumulative incidence by phenotype" in text) == timed
    assert ("Observed outcome by phenotype" in text) != timed
    assert ("Their treatments" in text) == (name != "breast_cancer_diagnosis")


def test_hostile_names_are_text() -> None:
    section = render_section("hostile", with_clusters("hostile", 3))
    assert "<script" not in section
    assert "<img" not in section
    assert HOSTILE.replace("  ", " ") in Page(section).text


def test_results_with_the_fewest_keys_are_shown(name: str, results: Results) -> None:
    text = Page(render_section(name, as_before(results))).text
    assert "3 phenotypes were found, of 60 to 150 patients each" in text
    assert "40%" in text
    for absent in ("Is the model wrong", "Do they add", "Where the phenotypes lie", "Other ways", "Gap", "Status"):
        assert absent not in text


def test_no_stable_clusters_is_a_result_with_its_reasons(name: str) -> None:
    results = with_clusters(name, None)
    section = render_section(name, results)
    text = Page(section).text
    assert "No stable clusters: 2, 3, 4, 5 and 6 clusters were tried with k-means, and none was kept." in text
    assert words.phenotypes.FINDING in text
    assert len(re.findall(r"<li>\d clusters: ", section)) == 5
    assert text.count("k = 2") == 0  # the stage's own list would say it all twice
    assert "4 clusters: a cluster is unstable (mean Jaccard 0.61, needs 0.75)" in text
    assert "separation 0.29, where more than 0.30 is needed" in text
    assert "<svg" not in section


def test_a_refusal_before_any_trial_says_why(name: str) -> None:
    refused = {"k": None, "reason": "no stable clusters: fewer than 40 patients", "tried": [], "clusters": []}
    results = replace(with_clusters(name, None), phenotypes=refused)
    text = Page(render_section(name, results)).text
    assert "No stable clusters: fewer than 40 patients. No phenotypes are shown." in text


def test_a_reason_beyond_the_list_of_refusals_is_kept() -> None:
    found = {**make_phenotypes(COHORTS["hostile"], None), "reason": "The mixture did not converge"}
    assert phenotypes._say_result(found)["reason"] == "The mixture did not converge."


def ratio(cluster: int, value: float | None, half: float = 0.1) -> dict[str, Any]:
    return {"cluster": cluster, "name": "a", "oe_ratio": est(value, half, "too few")}


def test_which_ratios_leave_out_1_follows_from_their_intervals() -> None:
    said = words.phenotype_risks.say_ratios([ratio(1, 0.7), ratio(2, 1.05), ratio(3, 1.4), ratio(4, None)])
    assert "Of 4 phenotypes, 2 have a 95% interval of the O:E ratio that leaves out 1" in said
    assert "phenotype 1 with 0.70 (0.60\u00a0to\u00a00.80), risks overstated and phenotype 3" in said
    assert "1.40 (1.30\u00a0to\u00a01.50), risks understated" in said
    assert "For 1 there is no interval." in said
    assert "Of 2 phenotypes, none has" in words.phenotype_risks.say_ratios([ratio(1, 1.0), ratio(2, 0.95)])
    assert "cannot be said" in words.phenotype_risks.say_ratios([ratio(1, None)])


@pytest.mark.parametrize("k", range(2, 9))
def test_how_often_chance_alone_leaves_out_1(k: int) -> None:
    said = words.phenotype_risks.say_ratios([ratio(number, 1.0) for number in range(1, k + 1)])
    assert f"about {words.numbers.percent(float(binom(k, 0.05).sf(0)))}." in said


def test_hidden_counts_stay_hidden() -> None:
    rows = cluster_risks.read_risks(with_clusters("breast_cancer_recurrence", 3))
    table = cluster_risks.tabulate_risks(rows)
    assert table.rows[2].cells[:2] == (words.numbers.HIDDEN, words.numbers.HIDDEN)
    assert "fewer than 10 patients" in table.rows[2].cells[2]


def test_rules_say_their_paths_or_why_there_are_none() -> None:
    rule = {"conditions": [["Age at least 52 years", "Nodes under 4"], ["Grade is grade 3"]], "reason": None}
    assert words.phenotypes.say_rule(rule) == "Age at least 52 years and Nodes under 4; or: Grade is grade 3"
    assert words.phenotypes.say_rule({"conditions": [], "reason": "too few"}) == "No rule: too few."


def test_membership_is_told_by_the_five_heaviest() -> None:
    cohort = COHORTS["breast_cancer_recurrence"]
    found = make_phenotypes(cohort, 3)["clusters"]
    table = clusters.factors(found, make_membership(cohort, 3))
    assert table is not None
    assert [row.group for row in table.rows] == ([True] + [False] * 5) * 3
    ways = list(words.phenotypes.DIRECTIONS.values())
    assert [row.cells[1] for row in table.rows[1:6]] == [*ways, "higher"]
    assert clusters.factors(found, {}) is None


def test_treatments_are_shares_inside_and_outside() -> None:
    found = make_phenotypes(COHORTS["hostile"], 3)["clusters"]
    table = clusters.treatments(found)
    assert table is not None
    assert table.rows[0].group
    assert [row.cells for row in table.rows[1:]] == [("40% [40%]", "hidden [40%]", "60% [40%]")] * 2


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], ""),
        ([{"k": None, "rand": None}], "0 of 1 other clusterer found clusters."),
        ([{"k": 3, "rand": 0.5}, {"k": None}], "1 of 2 other clusterers found clusters; their adjusted Rand index "
         "with the clusters shown is 0.50."),
        ([{"k": 3, "rand": 0.9}, {"k": 2, "rand": 0.25}], "2 of 2 other clusterers found clusters; their adjusted Rand "
         "index with the clusters shown lies between 0.25 and 0.90."),
    ],
)  # fmt: skip
def test_agreement_is_counted(found: list[dict[str, Any]], said: str) -> None:
    assert words.phenotypes.say_agreement({"agreement": found}) == said


def test_what_was_not_tested_says_why() -> None:
    assert "was not tested: too few events." in words.phenotype_risks.say_addition(
        {"reason": "too few events", "says": ""}
    )
    assert cluster_risks.tabulate_addition({"reason": "too few events", "net_benefit": [], "log_loss": None}) is None


def test_clusters_of_which_nothing_was_computed_get_no_empty_figure(name: str) -> None:
    results, nothing = with_clusters(name, 3), est(None, reason="too few events")
    rows = [{**row, "rate": nothing, "oe_ratio": nothing, "auroc": nothing, "incidence": []}
            for row in results.performance["phenotypes"]["clusters"]]  # fmt: skip
    performance = {**results.performance, "phenotypes": {"clusters": rows, "adds": None}}
    section = render_section(name, replace(results, performance=performance))
    assert Page(section).text.count("not computed: too few events") >= 9
    assert "phenotype-oe-title" not in section
    assert "phenotype-rates-title" not in section
