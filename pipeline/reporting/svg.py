"""From a matplotlib figure to SVG that stands in a page: accessible, small, the same bytes every time."""

import io
import math
import re
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup, escape

WIDTH = 300
"""Points, and so pixels at a narrow phone's width: text keeps about its size there."""

LABEL = 48
"""Characters in a line of a label that stands above its row."""
FILLER = "\u2060"
"""Beside each wide character while lines are filled."""

STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: selectable, and half the bytes of outlines
    "svg.hashsalt": "clinrisk",
    "text.parse_math": False,  # a dollar in a label is a dollar
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.labelcolor": "#1b2733",
    "axes.edgecolor": "#6b7885",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#3d4a57",
    "ytick.color": "#3d4a57",
    "text.color": "#1b2733",
    "legend.frameon": False,
    "legend.fontsize": 10,
}

Draw = Callable[[Any], None]


def draw_svg(key: str, title: str, description: str, height: float, draw: Draw) -> Markup:
    """Draw on new axes, `WIDTH` by `height` points, and return the SVG element with ids unique to `key`."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with mpl.rc_context(), warnings.catch_warnings():  # type: ignore[no-untyped-call, unused-ignore]
        warnings.filterwarnings("ignore", message="Glyph")  # the reader's fonts draw the text, not DejaVu
        mpl.rcParams.update(mpl.rcParamsDefault)
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        figure.savefig(out, format="svg", metadata=nothing, transparent=True)
    return _embed(out.getvalue(), key, title, description, height)


def wrap(label: str, characters: int = 46) -> str:
    """A label in at most two lines; what is beyond is cut, the table has it all."""
    doubled = "".join(one + FILLER * (measure(one) - 1) for one in label)
    lines = textwrap.wrap(doubled, characters, break_long_words=characters > 20 or doubled != label) or [""]
    return ("\n".join(lines[:2]) + (" …" if len(lines) > 2 else "")).replace(FILLER, "")


def measure(text: str) -> int:
    """How many characters a text is as wide as: an East Asian wide one counts twice (Unicode, UAX #11)."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def pad(text: str) -> str:
    """A text in a legend with blanks for what its wide characters need beyond what DejaVu leaves for them.

    They are drawn by the reader's fonts, in whole ems; a character that DejaVu lacks counts 0.6 there, a blank 0.32.
    """
    return text + " " * math.ceil(1.3 * (measure(text) - len(text)))


def pad_legend(legend: Any) -> None:
    """Leave room in a legend for what the reader's fonts draw wider."""
    for text in legend.get_texts():
        text.set_text(pad(text.get_text()))


def place_rows(labels: Sequence[str]) -> list[float]:
    """Where rows lie below each other under their labels: a label in two lines needs more room above."""
    places: list[float] = []
    for label in labels:
        room = 1.4 if "\n" in wrap(label, LABEL) else 1.0
        places.append((places[-1] if places else -1.0) + room)
    return places


def _embed(svg: str, key: str, title: str, description: str, height: float) -> Markup:
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>|<defs>\s*</defs>", "", body, flags=re.S)
    body = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r"\s*\n\s*", "\n", _prefix_ids(shorten(body), key)).strip()
    head = (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-labelledby="{key}-title {key}-desc" '
        f'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    named = f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(description)}</desc>'
    return Markup(f"{head}{named}\n{body}")  # noqa: S704 - matplotlib escapes its text; ours is escaped above


def shorten(svg: str) -> str:
    """The same figure in half the bytes: hundredths of a point, and no attribute that changes nothing.

    The fonts of the page's style sheet apply. Only tags are touched, in which no label of a cohort stands.
    """
    return re.sub(r"<[^<>]+>", _shorten_tag, svg)


def _shorten_tag(tag: re.Match[str]) -> str:
    rounded = re.sub(r"(\.\d\d)\d+", r"\1", tag[0])
    return re.sub(r" transform=\"rotate\(-0 [^\"]*\)\"| font-family: [^;\"]*;", "", rounded)


def _prefix_ids(body: str, key: str) -> str:
    """Make ids that something refers to unique on the page, and drop all others."""
    used = set(re.findall(r"url\(#([^)]+)\)", body)) | set(re.findall(r'href="#([^"]+)"', body))
    body = re.sub(r' id="([^"]*)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", body)
    return re.sub(r'href="#([^"]+)"', rf'href="#{key}-\1"', body)
