"""The words in which a cohort is described: roles, kinds, severities, and what stands beside a pandera field.

Two ranges, never merged: the *plausible* range refuses a value, the *reference* range only annotates it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from data_schemas.effects import Effect
from data_schemas.images import Image
from data_schemas.outcomes import Outcome


class Role(StrEnum):
    """What a column is for."""

    IDENTIFIER = "identifier"
    PREDICTOR = "predictor"
    OUTCOME = "outcome"
    INDEX_DATE = "index date"
    SITE = "site"
    IMAGE = "image"
    EXCLUDED = "excluded"


class Kind(StrEnum):
    """How a column's text is read."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CATEGORY = "category"
    DATE = "date"


class FactorClass(StrEnum):
    """Whether medicine can act on a predictor. Never ranked together."""

    IMMUTABLE = "immutable"
    MARKER = "marker"
    MODIFIABLE = "modifiable"
    TREATMENT = "treatment"


class Direction(IntEnum):
    """How risk is expected to move as a predictor rises (a category: from its first code to its last)."""

    DECREASES = -1
    INCREASES = 1

    @property
    def verb(self) -> str:
        """What the risk does."""
        return self.name.lower()


class Severity(StrEnum):
    """What follows when a rule is broken."""

    REFUSE = "refuse"
    QUARANTINE = "quarantine"
    WARN = "warn"


# What follows where a column declares nothing else: `type` is a text that is not of the declared kind, `range` a
# value that is not plausible, `missing` a value (or its unit) that is not given, `share missing` too many of them.
SEVERITIES: Mapping[str, Severity] = {
    "type": Severity.REFUSE,
    "range": Severity.QUARANTINE,
    "missing": Severity.QUARANTINE,
    "share missing": Severity.WARN,
}
# The same of rules on images.
IMAGE_SEVERITIES: Mapping[str, Severity] = dict.fromkeys(
    (
        "image found", "image not empty", "image format", "image decoder", "image decodable", "image size",
        "image grey", "image bits", "image modality", "image body part", "image laterality", "image spacing",
        "image of this patient", "image not blank", "image of one patient",
    ),
    Severity.QUARANTINE,
) | {"no burned-in text": Severity.WARN}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """The direction a published source leads one to expect."""

    direction: Direction
    source: str


@dataclass(frozen=True)
class Reference:
    """The range medicine calls normal, or favourable; None leaves a side open."""

    low: float | None
    high: float | None
    source: str


@dataclass(frozen=True)
class Change:
    """What a patient and a doctor could change, and who says so.

    `step` is the largest plausible change in the column's unit, signed; no changed value leaves `bounds`.
    """

    step: float
    bounds: tuple[float, float]
    source: str


MAY_BE_ACKNOWLEDGED = frozenset({
    "named as known later", "suspected missing code", "mostly missing", "constant", "strong predictor",
    "deciding group", "missingness",
})  # fmt: skip


@dataclass(frozen=True)
class Column:
    """What a column means beyond its pandera field.

    `codes` maps the source's text to a label for people; several codes may share a label. Values are kept in
    `unit`; the source may write them in `source_unit`, or record by record in the unit that `unit_column` names,
    and `molar_mass` (g/mol) leads from mass to amount of substance. `missing_at_most` is the largest share that
    may be missing. `known_on` names the date column that says when the value became known; `known_later` says
    that it is known only after the moment of prediction. `phenotype_weight` is how much a predictor counts where
    patients are compared to find phenotypes: 1 if nothing is declared, but 0 for a treatment, which says what was done
    for a patient rather than who the patient is. `acknowledged` gives, by name of a trap that
    only warns (see `MAY_BE_ACKNOWLEDGED`), the reason why it is none here. `guessed` names what a draft has
    guessed and no person has confirmed. `severities` changes what follows when a rule is broken: see `SEVERITIES`
    and, for a column of images, which `image` describes, `IMAGE_SEVERITIES`.
    """

    label: str
    role: Role
    kind: Kind
    unit: str | None = None
    source_unit: str | None = None
    unit_column: str | None = None
    molar_mass: float | None = None
    plausible: tuple[float, float] | None = None
    reference: Reference | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    factor: FactorClass | None = None
    expected: Expected | None = None
    change: Change | None = None
    missing_codes: tuple[str, ...] = ()
    missing_allowed: bool = False
    missing_at_most: float | None = None
    date_format: str | None = None
    excluded_because: str | None = None
    known_on: str | None = None
    known_later: bool = False
    phenotype_weight: float | None = None
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()
    image: Image | None = None

    @property
    def weight_in_phenotypes(self) -> float:
        """How much the predictor counts where patients are compared; 0 leaves it out."""
        if self.phenotype_weight is None:
            return 0.0 if self.factor == FactorClass.TREATMENT else 1.0
        return self.phenotype_weight

    @property
    def numeric(self) -> bool:
        """Whether values are numbers with a size, not codes."""
        return self.kind in (Kind.INTEGER, Kind.DECIMAL)

    @property
    def labels(self) -> list[str]:
        """The labels of a category, each once, in declared order."""
        return list(dict.fromkeys(self.codes.values()))

    def severity(self, rule: str) -> Severity:
        """What follows when a value breaks `rule`, one of `SEVERITIES` or `IMAGE_SEVERITIES`."""
        return self.severities.get(rule) or ({**SEVERITIES, **IMAGE_SEVERITIES})[rule]


@dataclass(frozen=True)
class Subgroup:
    """A column by which performance is shown; a numeric one is cut at `cuts`, left-closed."""

    column: str
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True)
class OneRow:
    """Every patient has one record."""

    severity: Severity = Severity.REFUSE
    name = "one row per patient"
    sentence = "No two records are of one patient"


@dataclass(frozen=True)
class Visits:
    """A patient may have several records, visits that do not overlap; one may begin on the day another ends."""

    start: str
    end: str
    severity: Severity = Severity.QUARANTINE
    name = "visits in order"
    sentence = "No two visits of one patient overlap"


@dataclass(frozen=True)
class AnyRows:
    """A patient may have any number of records."""


@dataclass(frozen=True)
class RecordCount:
    """The number of records has changed by at most this share since the last release."""

    change_at_most: float
    severity: Severity = Severity.WARN
    name = "record count"

    @property
    def sentence(self) -> str:
        """The rule for people."""
        return f"The number of records is within {self.change_at_most:.0%} of the last release's"


@dataclass(frozen=True)
class EventShare:
    """The share of records with the event lies between `low` and `high`, as other sources lead one to expect."""

    low: float
    high: float
    severity: Severity = Severity.WARN
    name = "event share"

    @property
    def sentence(self) -> str:
        """The rule for people."""
        return f"Between {self.low:.0%} and {self.high:.0%} of the records have the event"


@dataclass(frozen=True)
class NoRepeats:
    """No record repeats another; with `but_identifier`, also not under another identifier.

    Under quarantine the first record stays and its copies are set aside.
    """

    but_identifier: bool = False
    severity: Severity = Severity.WARN

    @property
    def name(self) -> str:
        """The rule's name."""
        return "same record, other identifier" if self.but_identifier else "repeated record"

    @property
    def sentence(self) -> str:
        """The rule for people."""
        return "No two records are the same in everything" + (" but the identifier" if self.but_identifier else "")


TableRule = RecordCount | EventShare | NoRepeats


@dataclass(frozen=True)
class Study:
    """The cohort as a whole.

    `thresholds` are the risks at which care would change. An AUROC above `auroc_ceiling` is too good to be
    believed and reported as a suspected leak; so is a single predictor's above `single_ceiling`, or
    above 0.9 where a cohort declares none. The AUROC that
    others have published, if any, says how large a sample is needed. `baseline` names the predictors, mostly age and
    sex, of the simple model that every other is compared with. `effect`, if any, declares the treatment whose effect is
    estimated.
    """

    title: str
    population: str
    intended_use: str
    outcome: Outcome
    source: str
    licence: str
    thresholds: tuple[float, ...]
    auroc_ceiling: float
    auroc_ceiling_source: str
    single_ceiling: float | None = None
    single_ceiling_source: str | None = None
    published_auroc: float | None = None
    published_auroc_source: str | None = None
    limits: tuple[str, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    baseline: tuple[str, ...] = ()
    per_patient: OneRow | Visits | AnyRows = OneRow()
    table_rules: tuple[TableRule, ...] = (NoRepeats(), NoRepeats(but_identifier=True))
    effect: Effect | None = None
    guessed: tuple[str, ...] = ()
