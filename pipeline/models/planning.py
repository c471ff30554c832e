"""What a development does, from a cohort's schema and the section `train` of `params.yaml`."""

from dataclasses import replace

from data_schemas.columns import Classes, Cohort, Column
from pipeline.models.baselines import add_baselines
from pipeline.models.candidates import DIRECTED, FREE, Context, build_candidates, refuse_inexact
from pipeline.models.development import Plan
from pipeline.models.ensemble import Portfolio
from pipeline.models.growing import Grower, LocalGrower
from pipeline.models.trees import find_device
from pipeline.sections import Train

LOCAL = LocalGrower()


def make_plan(
    cohort: type[Cohort],
    settings: Train,
    predictors: dict[str, Column] | None = None,
    grower: Grower = LOCAL,
) -> Plan:
    """The candidates that compete, the members of the average and those searched, all built for the cohort.

    They see `predictors`, some of the cohort's, or all of them, and `grower` grows their trees. Directions that the
    schema expects are those of the event: other classes have trees without. Raises ConfigurationError naming an unknown
    candidate, or a member that is not explained exactly.
    """
    predictors = cohort.predictors() if predictors is None else predictors
    context = Context(predictors, settings.seed, find_device(settings.device), grower=grower)
    portfolio = _portfolio(cohort, settings, context)
    refuse_inexact((*settings.ensemble, *settings.search))
    outcome = cohort.study().outcome
    free = replace(context, directed=not isinstance(outcome, Classes))
    others = portfolio if free == context else _portfolio(cohort, settings, free)
    return Plan(portfolio, settings.folds, outcome, predictors, others)


def check_names(settings: Train) -> None:
    """Raise ConfigurationError naming an unknown candidate, or a member that is not explained exactly."""
    build_candidates((*settings.candidates, *settings.ensemble, *settings.search), Context({}, settings.seed))
    refuse_inexact((*settings.ensemble, *settings.search))


def _portfolio(cohort: type[Cohort], settings: Train, context: Context) -> Portfolio:
    names = tuple(dict.fromkeys((*settings.candidates, *settings.ensemble, *settings.search)))
    if not context.directions() and FREE not in (*settings.ensemble, *settings.search) and DIRECTED in names:
        names = tuple(name for name in names if name != FREE)  # they would be the same trees twice
    baseline = tuple(name for name in cohort.study().baseline if name in context.predictors)
    candidates = add_baselines(build_candidates(names, context), baseline, context)
    compete = tuple(name for name in candidates if name in settings.candidates or name not in names)
    return Portfolio(candidates, compete, settings.ensemble, settings.search)
