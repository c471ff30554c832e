"""What part each column of a table seems to play: identifier, outcome, predictor or none; a person confirms each.

A column's name decides together with what it seems to hold, which `contents` tells.
"""

import re

import pandas as pd

from data_schemas.columns import FactorClass, Kind, Role
from data_schemas.later import sounds_later
from pipeline.errors import ConfigurationError
from pipeline.records.drafts.contents import (
    CODE_MARKS,
    MOST_CODES,
    PERSONAL,
    Guess,
    as_category,
    guess_content,
    missing_marks,
    name_words,
    with_missing,
)

IMMUTABLE = re.compile(r"_(?:age|sex|gender|race|ethnic(?:ity)?)_")
OUTCOMES = re.compile(r"outcome|died|death|dead|_(?:event|class|target)_|readmi|recur|relapse")
NUMBERED = r"_?(?:id|no|nr|nbr|num|number)?"
PATIENT = re.compile(rf"_(?:study_?|hospital_?)?(?:patient|subject|person|participant|nhs|mrn|pid){NUMBERED}_")
RECORD = re.compile(rf".*_(?:id|identifier|uuid|guid)_|_(?:case|record|visit|encounter|admission|sample){NUMBERED}_")


def draft_columns(text: pd.DataFrame, outcome: str | None, event: str | None, smallest_group: int) -> list[Guess]:
    """A guess for every column of `text`, in its order; exactly one is the identifier and one the outcome.

    `text` holds text only, the empty text where a value is missing. A code is shown only if `smallest_group`
    records have it, or if it is the `event` that the caller names. Raises ConfigurationError where no draft is
    possible: no records, no identifier, no outcome, an outcome that is no code, or no predictor left.
    """
    _check_request(text, outcome, event)
    guesses = [guess_content(name, text[name], smallest_group) for name in text.columns]
    chosen = outcome or _likely_outcome(guesses)
    others = [guess for guess in guesses if guess.name != chosen]
    ranks = {guess.name: _identifier_rank(guess, text[guess.name]) for guess in others}
    identifier = max(ranks, key=lambda name: (ranks[name], text[name].nunique()), default="")
    if not ranks.get(identifier):
        raise ConfigurationError(
            "no column tells patients apart: expected one that is filled and differs in every record, or has a name "
            "such as patient_id; add one to the table (a running number will do where every record is another patient)"
        )
    drafted = {
        guess.name: _as_identifier(guess, text[guess.name], guess.name == identifier) if ranks[guess.name] else
        _as_predictor(guess) for guess in others
    }  # fmt: skip
    if not any(guess.role == Role.PREDICTOR for guess in drafted.values()):
        raise ConfigurationError("no column is left as a predictor: all look like texts, dates, identifiers or results")
    told = next(guess for guess in guesses if guess.name == chosen)
    told = _as_outcome(told, text[chosen], event, smallest_group)
    drafted[chosen] = told if outcome else told.doubting("whether this is the outcome")
    return [drafted[guess.name] for guess in guesses]


def _check_request(text: pd.DataFrame, outcome: str | None, event: str | None) -> None:
    if text.empty:
        raise ConfigurationError("the table holds no records; a draft needs some to guess from")
    if text.columns.has_duplicates:
        raise ConfigurationError("the table has several columns of one name; give each its own")
    if outcome is not None and outcome not in text.columns:
        raise ConfigurationError(f"the table has no column {outcome!r}; --outcome names one of its columns")
    if event is not None and outcome is None:
        raise ConfigurationError("--event needs --outcome, the column that holds the code")


def _identifier_rank(guess: Guess, texts: "pd.Series[str]") -> int:
    """How much a column looks like an identifier, 0 (not at all) to 3 (of patients, by its name too)."""
    if guess.kind not in (Kind.TEXT, Kind.INTEGER) or PERSONAL.search(name_words(guess.name)):
        return 0
    distinct = texts[texts != ""].nunique() / len(texts)
    if PATIENT.fullmatch(name_words(guess.name)) and distinct > 0.1:
        return 3
    if RECORD.fullmatch(name_words(guess.name)) and distinct > 0.95:
        return 2
    return int(distinct == 1 and bool(texts.str.fullmatch(r"[\w./-]{1,40}").all()))


def _as_identifier(guess: Guess, texts: "pd.Series[str]", chosen: bool) -> Guess:
    plain = Guess(guess.name, guess.attribute, missing_share=(texts == "").mean(), notes=guess.notes)
    if not chosen:
        return plain.doubting("whether it identifies a patient", excluded="suspected identifier")
    repeated = bool(texts[texts != ""].duplicated().any())
    return plain.doubting("identifier", role=Role.IDENTIFIER, repeated=repeated)


def _as_predictor(guess: Guess) -> Guess:
    if guess.excluded:
        return guess
    if sounds_later(guess.name):
        reason = "suspected to be known only after the moment of prediction"
        return guess.doubting("when it is known", role=Role.EXCLUDED, excluded=reason)
    factor = FactorClass.IMMUTABLE if IMMUTABLE.search(name_words(guess.name)) else FactorClass.MARKER
    return guess.doubting("factor class", factor=factor)


def _likely_outcome(guesses: list[Guess]) -> str:
    two = [g.name for g in guesses if len(g.codes) == 2 and not IMMUTABLE.search(name_words(g.name))]
    named = [name for name in two if OUTCOMES.search(name_words(name))]
    if not two:
        raise ConfigurationError("no column has two codes and could be the outcome; name it with --outcome and --event")
    return named[0] if named else two[-1]


def _as_outcome(guess: Guess, texts: "pd.Series[str]", event: str | None, smallest_group: int) -> Guess:
    """The outcome, a code; raises ConfigurationError where it has too many codes, or some that must not be shown."""
    filled = texts[texts != ""]
    base = Guess(guess.name, guess.attribute, missing_share=1 - len(filled) / len(texts), notes=guess.notes)
    base, coded = with_missing(base, filled, missing_marks(filled[~filled.isin([event])], CODE_MARKS))
    counts = coded.value_counts()
    rare = counts[(counts < smallest_group) & ~counts.index.isin([event])]
    if not 2 <= len(counts) <= MOST_CODES:
        raise ConfigurationError(
            f"outcome {guess.name} has {len(counts)} distinct texts, expected 2 to {MOST_CODES} codes; name another"
        )
    if event is not None and event not in counts:
        raise ConfigurationError(f"outcome {guess.name} has no code {event!r}; --event is written as in the table")
    if len(rare):
        raise ConfigurationError(
            f"outcome {guess.name} has {len(rare)} codes that fewer than {smallest_group} records have each "
            f"({rare.sum()} in all) and that a draft must not show; group them in the source, or name --event"
        )
    drafted = as_category(base, coded)
    likely = {label: code for code, label in drafted.codes.items()}.get("yes", str(counts.index[-1]))
    unsure = () if event is not None else ("event",)
    return drafted.doubting(*unsure, role=Role.OUTCOME, event=drafted.codes[event or likely])
