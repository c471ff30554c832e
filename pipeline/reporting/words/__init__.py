"""The only room of prose: every sentence of the pages, a module for each section or page.

Modules hold fixed sentences as constants, and functions that put numbers into words. Code and templates reach them by
name, as in `words.factors.NO_RANKING`. No word claims a cause, and a number picks every adjective that judges
(`adjectives`).
"""

from pipeline.reporting.words import (
    adjectives,
    card,
    data,
    dictionary,
    effect_terms,
    effects,
    explanations,
    factors,
    index,
    model,
    numbers,
    patient,
    performance,
    phenotype_figures,
    phenotype_risks,
    phenotypes,
    report,
    subgroups,
    supplied,
    tables,
    tripod,
    utility,
    validation,
    verdict,
)

__all__ = [
    "adjectives",
    "card",
    "data",
    "dictionary",
    "effect_terms",
    "effects",
    "explanations",
    "factors",
    "index",
    "model",
    "numbers",
    "patient",
    "performance",
    "phenotype_figures",
    "phenotype_risks",
    "phenotypes",
    "report",
    "subgroups",
    "supplied",
    "tables",
    "tripod",
    "utility",
    "validation",
    "verdict",
]
