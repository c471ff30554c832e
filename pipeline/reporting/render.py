"""Text from templates, which take fixed sentences from `words` by name. Autoescape is on, no template calculates."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_schemas.columns import Cohort
from pipeline.reporting import dictionary, exports, language, page, summaries, words
from pipeline.reporting.results import Results

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
SCRIPTED = {"report.html", "dictionary.html", "index.html"}
"""Pages whose tables can be sorted; all others run nothing."""
MARKDOWN = re.compile(r"([\\`*\[\]#|~])")


@dataclass(frozen=True)
class Report:
    """A report in its forms: the page, its content as plain values, and its tables as CSV by file name."""

    page: str
    content: dict[str, Any]
    tables: dict[str, str]


def make_report(cohort: type[Cohort], name: str, results: Results) -> Report:
    """The report of a cohort in all forms, which say the same."""
    context = page.build_report(cohort, name, results)
    return Report(_render("report.html", context), exports.export_report(context), exports.export_tables(context))


def render_report(cohort: type[Cohort], name: str, results: Results) -> str:
    """The report of a cohort: one HTML file that needs nothing else."""
    return _render("report.html", page.build_report(cohort, name, results))


def render_dictionary(cohort: type[Cohort], name: str) -> str:
    """The data dictionary of a cohort as HTML."""
    return _render("dictionary.html", dictionary.build_dictionary(cohort, name))


def render_index(cards: list[dict[str, Any]]) -> str:
    """The page that leads to every cohort's report; `cards` come from `summarise`."""
    return _render("index.html", summaries.build_index(cards))


def render_model_card(cohort: type[Cohort], name: str, results: Results) -> str:
    """The model card of a cohort as Markdown."""
    return _render("model_card.md", summaries.build_model_card(cohort, name, results))


def render_patient(context: dict[str, Any]) -> str:
    """The page of one patient, never to be published; `context` comes from `patient.build_patient`."""
    return _render("patient.html", context)


def render_patient_list(context: dict[str, Any]) -> str:
    """The page that leads to those of a clinic list; `context` comes from `patient.build_patient_list`."""
    return _render("patient_list.html", context)


def _render(template: str, context: dict[str, Any]) -> str:
    from markupsafe import Markup

    css = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8") if template in SCRIPTED else ""
    ours = {"css": Markup(css), "script": Markup(script), "policy": Markup(_allow(script))}  # noqa: S704 - our own files
    text = _environment(markdown=template.endswith(".md")).get_template(template).render(**ours, **context)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _allow(script: str) -> str:
    """The page's Content Security Policy: nothing is fetched, and nothing but `script` runs (W3C, CSP Level 3)."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs = [f"script-src 'sha256-{digest}'"] if script else []
    shows = ["style-src 'unsafe-inline'", "img-src data:"]
    return "; ".join(["default-src 'none'", *runs, *shows, "base-uri 'none'", "form-action 'none'"])


def _environment(*, markdown: bool) -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_escape_markdown if markdown else None,
    )
    environment.globals |= {"words": words, "say": language.say, "spoken": language.SPOKEN.get().tag}
    return environment


def _escape_markdown(value: object) -> object:
    """Text that Markdown shows as it is: no markup, no HTML, on one line."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    text = MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(escaped)  # noqa: S704 - escaped in the lines above
