"""A figure's SVG: small, and its labels untouched."""

from pipeline.reporting.svg import shorten


def test_a_shorter_figure_keeps_its_labels_and_its_places() -> None:
    label = 'pH 7.12345 transform="rotate(-0 1 2)" font-family: x; 1.23456'
    font, turn = "font-family: 'DejaVu Sans', serif; ", ' transform="rotate(-0 65.545876 2)"'
    svg = f'<text style="font-size: 10px; {font}fill: #123456" x="65.545876"{turn}>{label}</text>'
    assert shorten(svg) == f'<text style="font-size: 10px; fill: #123456" x="65.54">{label}</text>'
