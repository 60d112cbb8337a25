"""The frozen types that the knowledge files become. What each field means is said in `knowledge/schema/`."""

from __future__ import annotations

from typing import Literal

import msgspec

Tier = Literal["emergency", "urgent_same_day", "soon_within_days", "routine", "self_care"]
TIERS: tuple[Tier, ...] = ("emergency", "urgent_same_day", "soon_within_days", "routine", "self_care")
"""Most urgent first; the position is the rank used for comparing."""

TIER_RANK: dict[str, int] = {tier: rank for rank, tier in enumerate(reversed(TIERS))}
"""self_care 0 ... emergency 4: higher is more urgent."""

Setting = Literal["primary_care", "emergency", "sports_clinic", "self_referred_exerciser"]
SETTINGS: tuple[Setting, ...] = ("primary_care", "emergency", "sports_clinic", "self_referred_exerciser")

AgeBand = Literal["child_under_12", "12_17", "18_39", "40_59", "60_plus"]
AGE_BANDS: tuple[tuple[AgeBand, float], ...] = (
    ("child_under_12", 12),
    ("12_17", 18),
    ("18_39", 40),
    ("40_59", 60),
    ("60_plus", float("inf")),
)
"""Each band with the age at which it ends."""

OrderKind = Literal[
    "knee_radiograph", "knee_mri", "knee_ct", "knee_ultrasound", "knee_arthroscopy", "orthopaedics_referral",
    "physiotherapy_referral", "rheumatology_referral", "emergency_referral",
]  # fmt: skip
"""What may be ordered for a knee, as far as some statement speaks of it."""

Weight = Literal[
    "strong for", "moderate for", "weak for", "neutral", "weak against", "moderate against", "strong against",
]  # fmt: skip


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything read from a knowledge file."""


class Code(Record, frozen=True):
    """A code in a published system and how its meaning relates to ours."""

    system: str
    code: str
    display: str
    means: Literal["same", "narrower", "broader", "opposite"] = "same"
    side: Literal["", "left", "right"] = ""  # the code itself names a side
    sets: tuple[str, ...] = ()  # findings that such an entry in the record makes true
    emit: bool = True  # False: accept on input only
    note: str = ""
    concept: str = ""
    subtree: bool = False  # an ICD-10-CM category: the codes below it are meant, too


class Finding(Record, frozen=True):
    """One thing that can be known about the patient, or about one side."""

    id: str
    label: str
    definition: str
    category: str
    value_type: Literal["boolean", "quantity", "choice"]
    scope: Literal["knee", "person"]
    asked_of: Literal["patient", "clinician", "device_or_lab", "computed"]
    unit: str = ""
    choices: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    derived_from: str = ""
    stale_after_days: int = 0  # 0: does not go stale
    plausible: tuple[float, float] | None = None  # values outside are unit nonsense
    codes: tuple[Code, ...] = ()
    note: str = ""


class Prior(Record, frozen=True):
    """How often this is the main cause among people who come with a knee complaint."""

    age_band: str
    setting: str
    sex: Literal["any", "female", "male"]
    low: float
    estimate: float
    high: float
    source: str
    basis: Literal["published", "derived", "consensus"]
    note: str = ""


class Figure(Record, frozen=True):
    """A published frequency, quoted for the reader; not used in sums."""

    population: str
    setting: str
    text: str
    source: str
    verified: str
    note: str = ""


class Evidence(Record, frozen=True):
    """What one source says of one finding for one condition."""

    finding: str
    source: tuple[str, ...]
    verified: Literal["yes", "recalled", "qualitative"]
    setting: str = ""
    text: str = ""
    sensitivity: str = ""
    specificity: str = ""
    lr_positive: str = ""
    lr_negative: str = ""
    interval: str = ""
    weight: Weight | None = None
    note: str = ""
    cap: float | None = None  # ratios beyond this, or below its inverse, are not believed; `note` says why
    use: Literal["yes", "no"] = "yes"  # no: quoted, but not used in sums; `note` says why


class Gate(Record, frozen=True):
    """Criteria without which the condition is practically impossible."""

    when: str
    why: str
    source: tuple[str, ...] = ()


class Confirmation(Record, frozen=True):
    """What settles the diagnosis."""

    text: str
    source: tuple[str, ...] = ()


class Condition(Record, frozen=True):
    """One condition, class of conditions, or study denominator."""

    id: str
    label: str
    group: str
    population: str
    can_coexist: bool
    default_tier: Tier
    managed_by_probability: Literal["yes", "rank_only", "no"]
    parent: str = ""
    aliases: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    gate: Gate | None = None
    confirmed_by: Confirmation | None = None
    priors: tuple[Prior, ...] = ()
    figures: tuple[Figure, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    disagreement: str = ""  # where sources disagree, and what we chose
    note: str = ""


class Share(Record, frozen=True):
    """How likely a condition is once a rule is met; where none is given, the tier's own default stands."""

    condition: str
    share: float
    source: str
    basis: Literal["published", "derived", "consensus"]


class RedFlag(Record, frozen=True):
    """A deterministic rule that sets an escalation."""

    id: str
    title: str
    when: str
    tier: Tier
    action: str
    rationale: str
    source: tuple[str, ...]
    raises: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    seeds: tuple[str, ...] = ()
    note: str = ""


class Performance(Record, frozen=True):
    """How an instrument did in one study."""

    population: str
    text: str
    source: str
    verified: Literal["yes", "recalled"] = "yes"


class Band(Record, frozen=True):
    """What a range of an instrument's score means."""

    when: str
    label: str
    text: str
    reading: str = ""  # where one score is read in two ways: which of them


class Criterion(Record, frozen=True):
    """One line of an instrument as published."""

    text: str
    when: str = ""  # empty: cannot be met by a knee; the text says why
    points: float | None = None


class Instrument(Record, frozen=True):
    """A published decision rule or classification, as published."""

    id: str
    title: str
    asks: str
    when: str
    met: str
    not_met: str
    source: tuple[str, ...]
    scope: Literal["knee", "person"] = "knee"
    applies: str = ""  # criteria; empty: always
    criteria: tuple[Criterion, ...] = ()
    score: str = ""  # points(...), for instruments that count
    score_unit: str = ""
    bands: tuple[Band, ...] = ()
    performance: tuple[Performance, ...] = ()
    concerns: tuple[str, ...] = ()  # conditions
    limits: str = ""  # for whom and when it was made, and where it must not be used
    note: str = ""


class Appropriateness(Record, frozen=True):
    """What sources say of when an order is, or is not, appropriate. It is met if all that it rests on is."""

    id: str
    title: str
    orders: tuple[OrderKind, ...]
    verdict: Literal["appropriate", "not_appropriate"]
    means: str  # what follows if it is met, in a sentence
    strength: str
    source: tuple[str, ...]
    applies: str = ""  # criteria; empty: to every knee
    when: str = ""  # criteria
    criteria: tuple[Criterion, ...] = ()  # `applies` and `when` line by line, for the reader
    instrument: str = ""  # a decision rule it rests on, whose criteria are said there
    result: Literal["met", "not_met"] = "met"  # what the decision rule must come to
    red_flags: tuple[str, ...] = ()  # one of these must be met
    acute: bool = False  # about an acute knee: counts also while a same-day rule is met
    alternative: OrderKind | None = None  # what comes first instead
    note: str = ""


class Factor(Record, frozen=True):
    """Something that contributes to the complaint and can be changed."""

    id: str
    text: str
    mechanism: str
    advice: str
    source: tuple[str, ...]
    linked_conditions: tuple[str, ...] = ()
    present_when: str = ""
    seeds: tuple[str, ...] = ()
    note: str = ""


class Action(Record, frozen=True):
    """One piece of advice: whom it suits, whom it does not, how strong its evidence is."""

    id: str
    kind: str
    text: str
    evidence_strength: str
    source: tuple[str, ...]
    dosage: str = ""
    indicated_for: tuple[str, ...] = ()
    contraindicated_for: tuple[str, ...] = ()
    screened_by: str = ""  # another item whose contraindications forbid this one too
    reviewed_by: str = ""  # another item whose list needs a clinician's review before this one
    urgency: Literal["", "today", "soon"] = ""  # whether it may be offered while an urgent question is open
    statement: bool = False  # something to keep in mind; nothing to do or to request
    seeds: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    note: str = ""


class Source(Record, frozen=True):
    """Where a number or a rule comes from."""

    id: str
    title: str
    authors: str
    year: str
    url: str
    supports: str
    background: bool = False  # read by us, cited by no file


class Reasoning(Record, frozen=True):
    """The numbers that are ours and not a study's; each is a design choice and explained in `reasoning.yaml`."""

    weight_ratios: dict[str, float]
    weight_spread: float
    figure_spread: float
    ratio_floor: float
    ratio_ceiling: float
    narrow_interval: float
    shrink_by_setting: dict[str, float]
    setting_words: tuple[tuple[str, str], ...]
    rule_share_by_tier: dict[str, float]
    rank_prior_weight: float
    rank_prior_anchor: float
    list_coverage: float
    list_most: int
    family_margin: float
    families: tuple[str, ...]
    raise_at_probability: float
    clusters: tuple[str, ...]
    counts_once: dict[str, tuple[str, ...]]


class KnowledgeFiles(Record, frozen=True):
    """All knowledge, as written."""

    version: str
    findings: tuple[Finding, ...]
    conditions: tuple[Condition, ...]
    red_flags: tuple[RedFlag, ...]
    instruments: tuple[Instrument, ...]
    factors: tuple[Factor, ...]
    actions: tuple[Action, ...]
    sources: tuple[Source, ...]
    reasoning: Reasoning
    appropriateness: tuple[Appropriateness, ...] = ()
    intake: dict[str, object] = {}  # the content of the intake form, as written
