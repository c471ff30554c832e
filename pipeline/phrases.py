"""Text that a page will show, written where it is thought of and put into the reader's language by the page.

Results are written in English. A sentence that a room writes into them is a `phrase`: a template, whose `{names}` are
filled by `str.format`. The catalogues of languages list every phrase, and a page finds a finished sentence there again:
by the phrase's own words, of which it needs some, and sentence by sentence where several stand side by side.
"""

NUMBER = "n"
"""The name in a template that stands for a number in figures, which tells a short template from other words."""
GIVEN = frozenset({"label", "level", "unit", "source"})
"""The names that stand for words of the schema, which are in no catalogue."""


def phrase(template: str) -> str:
    """The template itself; a mark by which catalogues find it, as gettext's `N_` is."""
    return template


BETWEEN = {"; ": phrase("; "), ": ": phrase(": "), " ": phrase("{before} {after}")}
"""What is asked for in place of what stands between sentences, and their parts."""
STOPPED = phrase("{sentence}.")
"""What is asked for in place of a sentence with its full stop."""
