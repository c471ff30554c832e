"""What texts may not hold: claims of a cause, adjectives that no number picked, sentences outside `words`.

Texts are found in Python by its own parser and in templates by jinja2's. A value put into a text counts as `VALUE`.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import jinja2

from pipeline.reporting.catalogue import FIELD

WHOSE = r"(?:(?:the|a|an|any|each|their|its|his|her|your|this|that|one's|(?:a|the) patient'?s'?|patients'?) )?"
CAUSAL = (
    r"would (?:reduce|lower|raise|increase|decrease|improve|prevent|avoid|worsen|save)(?! the AUROC)",
    rf"(?:reduc|rais|increas|decreas)(?:e|es|ed|ing) {WHOSE}risks?",
    rf"(?:lowers|lowered|lowering|cuts?|cutting|halves|doubles|improves?|worsens?) {WHOSE}"
    r"(?:risks?|outcomes?|prognosis|survival|chances?)",
    r"lower (?:the|their|his|her|your|a patient's) (?:risks?|chances?)",
    r"prevent(?:s|ed|ing|ion|able)?",
    r"avert(?:s|ed|ing)?",
    r"protect(?:s|ed|ing|ive|ion)?",
    r"(?:due|owing|thanks) to",
    r"caus(?:es?|ed|ing|al|ally|ative)",
    r"(?:lead|leads|led|leading) to",
    r"(?:results?|resulted|resulting) in",
    r"(?:is|are|as|in) (?:the |a )?(?:results?|consequences?) of",
    r"because of (?:\w+ ){0,3}(?:the |a |their )?risk",
    r"(?:effects?|impacts?|influences?) (?:of|on)",
    r"(?<!net )(?:benefits?|harms?) (?:of|from)",
    r"(?:affects?|influences?|impacts?|drives?|driven by|triggers?|induces?|produces?|contributes? to|responsible for"
    r"|attributable to|brings? about|cures?|heals?|saves? lives)",
    r"(?:makes?|making) (?:\w+ ){1,4}(?:more|less) likely",
    r"(?:helps?|helped|helping) (?:to )?(?:lower|reduce|prevent|avoid|raise)",
)
"""Claims of a cause. What denies one, or speaks of the predicted risk, matches none of them."""

JUDGING = (
    r"accepta(?:ble|bly)|adequate(?:ly)?|inadequate(?:ly)?|sufficient(?:ly)?|insufficient(?:ly)?|satisfactor(?:y|ily)",
    r"accurate(?:ly)?|inaccurate(?:ly)?|imprecise(?:ly)?|precise|reliabl[ey]|unreliabl[ey]|trustworthy|dependable",
    r"alarming(?:ly)?|worrying(?:ly)?|encouraging(?:ly)?|disappointing(?:ly)?|reassuring(?:ly)?|surprising(?:ly)?",
    r"bad(?:ly)?|poor(?:ly|er|est)?|mediocre|worthless|useless|useful(?:ly)?|helpful(?:ly)?|valuable",
    r"best|worst|great(?:ly)?|excellent(?:ly)?|outstanding(?:ly)?|exceptional(?:ly)?|superb(?:ly)?|fair(?:ly)?|fine",
    r"good|decent(?:ly)?|solid(?:ly)?|sound(?:ly)?|reasonabl[ey]|respectable|high-quality",
    r"cautious(?:ly)?|extreme(?:ly)?|conservative(?:ly)?|drastic(?:ally)?|dramatic(?:ally)?|huge(?:ly)?|vast(?:ly)?",
    r"clear(?:ly)?|obvious(?:ly)?|evident(?:ly)?|undoubted(?:ly)?|certainly|definite(?:ly)?|distinct(?:ly)?",
    r"compelling(?:ly)?|convincing(?:ly)?|persuasive(?:ly)?|promising(?:ly)?|impressive(?:ly)?|striking(?:ly)?",
    r"considerabl[ey]|substantial(?:ly)?|sizeable|appreciabl[ey]|marked(?:ly)?|pronounced|notabl[ey]|noteworthy",
    r"critical(?:ly)?|crucial(?:ly)?|essential(?:ly)?|important(?:ly)?|unimportant|vital(?:ly)?|relevant|irrelevant",
    r"favou?rabl[ey]|unfavou?rabl[ey]|beneficial(?:ly)?|superior|inferior|optimal(?:ly)?|suboptimal(?:ly)?",
    r"major|minor|mild(?:ly)?|moderate(?:ly)?|modest(?:ly)?|slight(?:ly)?|marginal(?:ly)?|negligibl[ey]|trivial(?:ly)?",
    r"overstated|understated|right on average|about right",
    r"meaningful(?:ly)?|meaningless|significant(?:ly)?|insignificant(?:ly)?|nonsignificant|significance",
    r"powerful(?:ly)?|strong(?:ly|er|est)?|weak(?:ly|er|est|ness)?|(?<!doubly )robust(?:ly|ness)?|fragile|tight(?:ly)?",
    r"remarkabl[ey]|tremendous(?:ly)?|severe(?:ly)?|serious(?:ly)?|tiny|minuscule|very|highly|quite|rather(?! than)",
)
"""Adjectives and adverbs that say how good, sure or large something is."""

VALUE = "\N{REPLACEMENT CHARACTER}"
MOST_WORDS = 8
EFFECTS = "treatment-effect"
"""The one section that may speak of causes."""
_CAUSAL, _JUDGING = (re.compile(rf"\b(?:{'|'.join(p)})\b", re.IGNORECASE) for p in (CAUSAL, JUDGING))
_TABLES = {"Scale", "Sides"}


def find_causes(text: str) -> list[str]:
    """The words of a text that claim a cause."""
    return [found[0] for found in _CAUSAL.finditer(text)]


def find_judgements(text: str) -> list[str]:
    """The adjectives and adverbs of a text that judge."""
    return [found[0] for found in _JUDGING.finditer(text)]


def is_sentence(text: str) -> bool:
    """Whether a text ends like a sentence, holds the end of one, or has more than `MOST_WORDS` words.

    To end like one it must have two words or a value before its full stop, question or exclamation mark. Tags do not
    count.
    """
    text = re.sub(r"<[^>]*>", " ", text)
    words = re.findall(rf"[A-Za-z][\w'-]*|{VALUE}", text)
    ends = re.search(r"[\w)%\"'\ufffd][.?!]['\")]*\s*$", text) is not None and (len(words) > 1 or VALUE in text)
    return ends or len(words) > MOST_WORDS or re.search(r"[a-z)%][.?!] +[A-Z\ufffd]", text) is not None


def read_texts(source: str, *, tables: bool = True) -> list[str]:
    """The texts in Python code but docstrings and messages of errors; tables of adjectives only with `tables`."""
    return list(_read_node(ast.parse(source), tables))


def _read_node(node: ast.AST, tables: bool) -> Iterator[str]:
    match node:
        case ast.Raise() | ast.Expr(value=ast.Constant()):
            return
        case ast.Assert():
            yield from _read_node(node.test, tables)
            return
        case ast.Call(func=ast.Name(id=name)) if name in _TABLES and not tables:
            return
        case ast.Constant(value=str(text)):
            yield FIELD.sub(VALUE, text)
        case ast.JoinedStr():
            yield "".join(part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from _read_node(part.value, tables)
            return
    for child in ast.iter_child_nodes(node):
        yield from _read_node(child, tables)


def read_template(source: str, *, markdown: bool = False) -> list[str]:
    """The texts of a template: from one block element or link to the next, of attributes that are read out, and quoted.

    Emphasis, code and spans belong to the text around them; in Markdown a text is a line or a cell.
    """
    data, quoted, inside = "", [], None
    for _, kind, value in jinja2.Environment(autoescape=True).lex(source):
        if kind in ("variable_begin", "block_begin", "comment_begin"):
            inside = kind
            data += VALUE if kind == "variable_begin" else ""
        elif kind in ("variable_end", "block_end", "comment_end"):
            inside = None
        elif inside and kind == "string":
            quoted.append(value[1:-1])
        elif not inside:
            data += value
    texts = re.split(r"\n|\|", data.replace("**", "")) if markdown else _split_html(data)
    return [text for text in (" ".join(text.split()) for text in [*texts, *quoted]) if text]


def _split_html(data: str) -> list[str]:
    read_out = re.findall(r"(?:aria-label|title|alt|placeholder)=\"([^\"]*)\"", data)
    joined = re.sub(r"</?(?:b|i|em|strong|code|span|sub|sup)\b[^>]*>", "", data)
    return [*re.split(r"<[^>]*>", joined), *read_out]


def is_prose(text: str) -> bool:
    """Whether a text of a template is more than a label: a sentence, or words of its own with a value among them."""
    return bool(re.search("[A-Za-z]", text)) and (is_sentence(text) or VALUE in text)


class _Cutter(HTMLParser):
    """Keeps the text of a page outside one section, style sheets and scripts."""

    def __init__(self, section: str) -> None:
        super().__init__()
        self.section, self.depth, self.style, self.kept = section, 0, False, []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section" and (self.depth or ("id", self.section) in attrs):
            self.depth += 1
        self.style = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "section" and self.depth > 0
        self.style = False

    def handle_data(self, data: str) -> None:
        if not self.depth and not self.style:
            self.kept.append(data)


def read_outside(html: str, section: str = EFFECTS) -> str:
    """The text of a page without what stands in `<section id="SECTION">`, sections within it included."""
    cutter = _Cutter(section)
    cutter.feed(html)
    return " ".join(" ".join(cutter.kept).split())
