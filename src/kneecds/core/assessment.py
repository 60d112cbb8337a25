"""The frozen answer: escalation, hypotheses, options, and why.

Its JSON form is stable; `SCHEMA_VERSION` changes when a field changes its meaning or goes away.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kneecds.core.facts import Origin, Scope, Side, Subject
from kneecds.core.knowledge import Setting, Tier
from kneecds.errors import Issue

SCHEMA_VERSION = "1"

Status = Literal["success", "data-requested", "data-required", "failure"]
"""As GuidanceResponse.status. `success`: nothing unanswered could raise the escalation."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of everything in an assessment."""


FindingState = Literal["present", "absent", "value", "contradicted", "stale", "unknown"]


class KnownFinding(Part, frozen=True):
    """A finding as it was taken, with every statement it rests on."""

    finding: str
    label: str
    scope: Scope
    state: FindingState
    value: str = ""  # of a quantity or choice, as stated, in our unit
    unit: str = ""
    origins: tuple[Origin, ...] = ()


class Answer(Part, frozen=True):
    """A finding and the answer to it that would make a difference."""

    finding: str
    label: str
    answer: str  # "present", "absent", or a comparison such as ">= 55"
    asked_of: str = ""


class RuleResult(Part, frozen=True):
    """What became of one red-flag rule."""

    rule: str
    title: str
    tier: Tier
    status: Literal["met", "met_unless", "undecided"]
    scope: Scope
    because: tuple[str, ...] = ()  # what is known of what the rule looks at, in words
    cancelled_by: tuple[Answer, ...] = ()  # met_unless: answers that would cancel it
    decided_by: tuple[Answer, ...] = ()  # undecided: the fewest answers that would make it met
    raises: tuple[str, ...] = ()  # condition ids
    action: str = ""
    rationale: str = ""
    sources: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()  # ids of the known findings it rests on


class InstrumentResult(Part, frozen=True):
    """A published decision rule or classification, applied."""

    instrument: str
    title: str
    scope: Scope
    status: Literal["met", "not_met", "undecided", "not_applicable"]
    meaning: str = ""
    score_low: float | None = None
    score_high: float | None = None
    band: str = ""
    criteria: tuple[tuple[str, str], ...] = ()  # (criterion, "met" | "not met" | "unknown")
    decided_by: tuple[Answer, ...] = ()  # undecided: the unanswered findings that would decide
    sources: tuple[str, ...] = ()


class Contribution(Part, frozen=True):
    """What one finding does to one hypothesis."""

    finding: str
    label: str
    state: Literal["present", "absent", "unknown"]
    log_odds: float  # natural logarithm of the likelihood ratio as used; 0 for what is missing
    basis: Literal["measured", "qualitative"]
    source: str
    weight: str = ""  # qualitative: the judged weight
    note: str = ""  # how the ratio was changed (capped, shrunk for its setting)
    if_present: float | None = None  # missing: log-odds it would add
    if_absent: float | None = None


class Hypothesis(Part, frozen=True):
    """One condition considered for one side."""

    condition: str
    label: str
    rank: int  # 1 is first; 0: named or not excluded, without rank
    probability: float  # that this condition is present, on its own
    low: float
    high: float
    share: float  # of the whole list, for ranking only
    default_tier: Tier
    raised_by: tuple[str, ...] = ()  # rule ids
    includes: tuple[str, ...] = ()  # narrower conditions that this entry stands for
    supporting: tuple[Contribution, ...] = ()
    opposing: tuple[Contribution, ...] = ()
    missing: tuple[Contribution, ...] = ()
    prior: float = 0.0
    prior_source: str = ""
    prior_basis: str = ""
    confirmed_by: str = ""
    note: str = ""


class Question(Part, frozen=True):
    """What to ask or examine next, and why."""

    finding: str
    label: str
    scope: Scope
    asked_of: str
    kind: Literal["escalation", "hypotheses"]
    why: str
    gain: float  # escalation: rank of the tier it could raise to; hypotheses: expected bits
    tier: Tier | None = None


class Counterfactual(Part, frozen=True):
    """A smallest set of answers that would change the escalation."""

    direction: Literal["raise", "lower"]
    tier: Tier  # that it would become
    scope: Scope
    changes: tuple[Answer, ...]
    rule: str = ""


class Option(Part, frozen=True):
    """One thing that can be done, offered to the clinician."""

    action: str
    kind: str
    text: str
    scope: Scope
    strength: str
    because: tuple[str, ...] = ()  # condition or rule ids
    dosage: str = ""
    caution: tuple[str, ...] = ()  # what needs a clinician's review before
    sources: tuple[str, ...] = ()


class Blocked(Part, frozen=True):
    """An option left out, and what stands against it."""

    action: str
    text: str
    scope: Scope
    because: tuple[str, ...]  # findings or conditions present or raised
    unknown: tuple[str, ...] = ()  # unanswered findings that would forbid it


class FactorPresent(Part, frozen=True):
    """A contributing factor that is present."""

    factor: str
    text: str
    advice: str
    scope: Scope
    because: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Knee(Part, frozen=True):
    """The assessment of one side."""

    side: Side
    tier: Tier | None
    enough_known: bool  # False: not enough is known to rank anything
    hypotheses: tuple[Hypothesis, ...] = ()  # the ranked list, at most five
    named: tuple[Hypothesis, ...] = ()  # raised by a met rule, below the list
    not_excluded: tuple[Hypothesis, ...] = ()  # dangerous, raised by nothing, not yet excluded
    rules: tuple[RuleResult, ...] = ()  # met and met unless
    undecided: tuple[RuleResult, ...] = ()
    instruments: tuple[InstrumentResult, ...] = ()
    factors: tuple[FactorPresent, ...] = ()
    raised_by_probability: str = ""  # the condition whose probability raised the escalation above the rules


class Software(Part, frozen=True):
    """What produced the answer."""

    version: str
    knowledge_version: str
    knowledge_hash: str


class Assessment(Part, frozen=True):
    """The whole answer for one patient."""

    schema_version: str
    software: Software
    as_of: str
    setting: Setting
    status: Status
    subject: Subject
    tier: Tier | None  # None: no escalation could be worked out
    knees: tuple[Knee, ...] = ()
    person_rules: tuple[RuleResult, ...] = ()  # rules about the whole patient
    person_undecided: tuple[RuleResult, ...] = ()
    person_instruments: tuple[InstrumentResult, ...] = ()
    questions: tuple[Question, ...] = ()
    counterfactuals: tuple[Counterfactual, ...] = ()
    options: tuple[Option, ...] = ()
    against: tuple[Option, ...] = ()  # what guidelines say not to do
    blocked: tuple[Blocked, ...] = ()
    findings: tuple[KnownFinding, ...] = ()
    issues: tuple[Issue, ...] = ()
