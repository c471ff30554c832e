"""A figure's SVG: small, and its labels untouched."""

import math
import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.svg import draw_svg, measure, pad, shorten, wrap

NARROW = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)
MIXED = st.text(st.sampled_from("风险预测。阈值 ab1 -"), max_size=80)


def test_a_shorter_figure_keeps_its_labels_and_its_places() -> None:
    label = 'pH 7.12345 transform="rotate(-0 1 2)" font-family: x; 1.23456'
    font, turn = "font-family: 'DejaVu Sans', serif; ", ' transform="rotate(-0 65.545876 2)"'
    svg = f'<text style="font-size: 10px; {font}fill: #123456" x="65.545876"{turn}>{label}</text>'
    assert shorten(svg) == f'<text style="font-size: 10px; fill: #123456" x="65.54">{label}</text>'


@settings(deadline=None)
@given(NARROW, st.integers(21, 60))
def test_a_label_of_narrow_characters_is_filled_as_ever(label: str, characters: int) -> None:
    lines = textwrap.wrap(label, characters)
    assert measure(label) == len(label)
    assert pad(label) == label
    assert wrap(label, characters) == "\n".join(lines[:2]) + (" \u2026" if len(lines) > 2 else "")


@settings(deadline=None)
@given(MIXED, st.integers(4, 60))
def test_no_line_of_a_label_is_more_than_one_column_too_wide(label: str, characters: int) -> None:
    label += "风"
    shown = wrap(label, characters).removesuffix(" \u2026")
    assert max(measure(line) for line in shown.split("\n")) <= characters + 1
    assert "".join(label.split()).startswith("".join(shown.split()))


def test_wide_characters_count_twice() -> None:
    assert [measure(text) for text in ("", "AUROC", "阈值", "阈值35%")] == [0, 5, 4, 7]
    assert wrap("一二三四五六七八九十", 10) == "一二三四五\n六七八九十"
    assert wrap("一二三四五六七八九十", 6) == "一二三\n四五六 \u2026"


def test_legends_leave_room_for_wide_characters() -> None:
    def place(label: str) -> float:
        def draw(ax: object) -> None:
            ax.plot([0, 1], label=label)  # type: ignore[attr-defined]
            ax.legend(loc="upper right", frameon=False)  # type: ignore[attr-defined]

        text = next(line for line in str(draw_svg("k", "t", "d", 200, draw)).split("\n") if label.strip() in line)
        return float(text.split(' x="')[1].split('"')[0])

    assert place("风险") - place(pad("风险")) >= 0.8 * 10  # two characters of 1 em rather than 0.6, at 10 points
    assert math.isclose(place("risk"), place(pad("risk")))
