"""Reports, model cards, data dictionaries and the index page, from results that are already computed."""

from pipeline.reporting.language import speaking
from pipeline.reporting.render import (
    Report,
    make_report,
    render_dictionary,
    render_index,
    render_model_card,
    render_report,
)
from pipeline.reporting.results import Results
from pipeline.reporting.summaries import summarise

__all__ = [
    "Report",
    "Results",
    "make_report",
    "render_dictionary",
    "render_index",
    "render_model_card",
    "render_report",
    "speaking",
    "summarise",
]
