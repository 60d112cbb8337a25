"""A small made-up knowledge, of which each test says only what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kneecds.core import assess as thinking
from kneecds.core.assessment import Software
from kneecds.core.facts import Fact
from kneecds.core.knowledge import (
    AGE_BANDS,
    SETTINGS,
    Action,
    Condition,
    Evidence,
    Finding,
    KnowledgeFiles,
    Prior,
    RedFlag,
)
from kneecds.core.model import Model
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from kneecds.core.assessment import Assessment
    from kneecds.core.knowledge import Factor, Instrument, Tier

REASONING = msgspec.structs.replace(
    shipped().files.reasoning,
    weight_ratios={"strong": 8.0, "moderate": 3.0, "weak": 1.4, "neutral": 1.0},
    weight_spread=2.0,
    figure_spread=1.6,
    ratio_floor=0.1,
    ratio_ceiling=20.0,
    narrow_interval=3.0,
    shrink_by_setting={"primary_care": 1.0, "emergency": 0.9, "mixed": 0.85, "not_stated": 0.75, "specialist": 0.6},
    rule_share_by_tier={"emergency": 0.75, "urgent_same_day": 0.45, "soon_within_days": 0.15, "routine": 0.06, "self_care": 0.15},
    rank_prior_weight=0.5,
    rank_prior_anchor=0.003,
    list_coverage=0.93,
    list_most=5,
    family_margin=1.5,
    families=(),
    raise_at_probability=0.5,
    clusters=(),
    counts_once={},
)  # fmt: skip
"""Design choices of its own, so that those that ship may change."""

SOFTWARE = Software("0", "0", "0")


def yes_no(id_: str, **more: Any) -> Finding:
    """Return a finding of a knee that the patient can be asked."""
    known: dict[str, Any] = {
        "label": id_.replace("_", " "),
        "definition": id_,
        "category": "symptom",
        "value_type": "boolean",
        "scope": "knee",
        "asked_of": "patient",
    }
    return Finding(id=id_, **{**known, **more})


def amount(id_: str, unit: str, **more: Any) -> Finding:
    """Return a finding that is an amount."""
    return yes_no(id_, value_type="quantity", unit=unit, **more)


def ratio(finding: str, plus: str = "", minus: str = "", **more: Any) -> Evidence:
    """Return what a study measured in primary care."""
    known: dict[str, Any] = {"source": ("study",), "verified": "yes", "setting": "primary care"}
    return Evidence(finding, lr_positive=plus, lr_negative=minus, **{**known, **more})


def judged(finding: str, weight: str, **more: Any) -> Evidence:
    """Return what a source says without a figure."""
    return Evidence(finding, source=("book",), verified="qualitative", weight=weight, **more)  # type: ignore[arg-type]


def condition(id_: str, *evidence: Evidence, prior: float = 0.1, **more: Any) -> Condition:
    """Return a condition that is as common in every setting and at every age."""
    priors = tuple(
        Prior(band, setting, "any", prior / 2, prior, min(prior * 2, 0.98), "study", "published")
        for setting in SETTINGS
        for band, _ in AGE_BANDS
    )
    known: dict[str, Any] = {
        "label": id_.replace("_", " "),
        "group": "x",
        "population": "all",
        "can_coexist": True,
        "default_tier": "routine",
        "managed_by_probability": "yes",
    }
    known |= {"priors": priors if prior else ()}
    return Condition(id_, evidence=evidence, **{**known, **more})


def rule(id_: str, when: str, tier: Tier, **more: Any) -> RedFlag:
    """Return a red flag."""
    return RedFlag(id_, id_.replace("_", " "), when, tier, "act", "because", ("study",), **more)


def action(id_: str, *indicated_for: str, **more: Any) -> Action:
    """Return a piece of advice."""
    known: dict[str, Any] = {
        "kind": "exercise",
        "text": id_.replace("_", " "),
        "evidence_strength": "moderate",
        "source": ("study",),
    }
    return Action(id_, indicated_for=indicated_for, **{**known, **more})


def knowledge(
    findings: Sequence[Finding] = (),
    conditions: Sequence[Condition] = (),
    rules: Sequence[RedFlag] = (),
    *,
    actions: Sequence[Action] = (),
    factors: Sequence[Factor] = (),
    instruments: Sequence[Instrument] = (),
    **reasoning: Any,
) -> Model:
    """Return a compiled knowledge of these parts."""
    always = [
        yes_no("age_years", value_type="quantity", unit="a", scope="person", category="context"),
        yes_no("sex", value_type="choice", choices=("female", "male"), scope="person", category="context"),
    ]
    return Model(
        KnowledgeFiles(
            "0", (*always, *findings), tuple(conditions), tuple(rules), tuple(instruments), tuple(factors), tuple(actions), (),
            msgspec.structs.replace(REASONING, **reasoning),
        )
    )  # fmt: skip


def answer(
    model: Model,
    as_of: date,
    *,
    present: Iterable[str] = (),
    absent: Iterable[str] = (),
    side: str = "left",
    **amounts: Any,
) -> Assessment:
    """Return the answer for one knee of which this was said."""
    findings = model.vocabulary.findings

    def scope(name: str) -> str:
        return "person" if findings[name].scope == "person" else side

    said = {**dict.fromkeys(present, True), **dict.fromkeys(absent, False), **amounts}
    facts = [Fact(name, scope(name), value) for name, value in said.items()]  # type: ignore[arg-type]
    return thinking.assess(facts, model=model, software=SOFTWARE, as_of=as_of)
