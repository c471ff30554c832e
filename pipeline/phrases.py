"""Text that a page will show, written where it is thought of and put into the reader's language by the page.

Results are written in English. A sentence that a room writes into them is a `phrase`: a template, whose `{names}` are
filled by `str.format`. The catalogues of languages list every phrase, and a page finds a finished sentence there again.
"""


def phrase(template: str) -> str:
    """The template itself; a mark by which catalogues find it, as gettext's `N_` is."""
    return template
