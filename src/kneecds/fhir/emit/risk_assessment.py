"""The hypotheses for one knee, each with its figure, its interval and what it rests on."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from typing import TYPE_CHECKING, Final

import msgspec

from kneecds.fhir.emit.codes import RISK_PROBABILITY, Json, coding, concept, fragment
from kneecds.fhir.emit.narrative import clean, listed, narrative
from kneecds.fhir.emit.words import TIER_WORDS, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.core.assessment import Contribution, Hypothesis, Knee
    from kneecds.fhir.emit.frame import Frame

_MOST_SHOWN: Final = 4  # findings for, against and missing, in the rationale

# Where the words begin is our choice and no study's. "negligible" and "certain" are never said.
_LOW_BELOW: Final = 0.2
_MODERATE_BELOW: Final = 0.5
_LOW, _MODERATE, _HIGH = (
    fragment(concept([coding(RISK_PROBABILITY, code, words)], words))
    for code, words in (("low", "Low likelihood"), ("moderate", "Moderate likelihood"), ("high", "High likelihood"))
)
_CODES: Final = {
    side: fragment({"text": f"Possible causes of the complaint: {words}"})
    for side, words in (("left", "left knee"), ("right", "right knee"), ("unspecified", "knee, side not stated"))
}
_ORDER: Final = " (for the order only; no reason to leave it out)"
_NOT_RANKED: Final = "No probability is given: it stands here because of its danger, not its frequency."


@lru_cache(maxsize=16)
def _method(knowledge_version: str) -> msgspec.Raw:
    version = clean(knowledge_version) or "not stated"
    return fragment(
        {
            "text": "Red-flag rules first; then prior odds, published likelihood ratios and judged weights. "
            f"Knowledge version {version}."
        }
    )


@lru_cache(maxsize=16)
def _mitigation(tier: str | None) -> str:
    words = f"Escalation for this knee: {TIER_WORDS[tier]}." if tier else "No escalation could be worked out."
    return f"{words} The options are in the RequestGroup of this bundle, for a clinician to choose from."


_prior = lru_cache(maxsize=1024)(percent)


@lru_cache(maxsize=4096)
def _ratio(log_odds: float) -> str:
    return f"{exp(log_odds):.2g}"


def _in_words(probability: float) -> msgspec.Raw:
    if probability >= _MODERATE_BELOW:
        return _HIGH
    return _MODERATE if probability >= _LOW_BELOW else _LOW


def _shown(frame: Frame, contributions: tuple[Contribution, ...]) -> str:
    cite = frame.catalogue.cite
    parts = []
    for one in contributions[:_MOST_SHOWN]:
        weight = f"ratio {_ratio(one.log_odds)}" if one.basis == "measured" else f"judged {one.weight or 'weight'}"
        parts.append(f"{one.label} {one.state} ({weight}, {cite((one.source,))})")
    more = len(contributions) - _MOST_SHOWN
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def _reasons(frame: Frame, hypothesis: Hypothesis) -> list[str]:
    parts = []
    if hypothesis.raised_by:
        parts.append(f"Raised by: {frame.catalogue.labels(hypothesis.raised_by)}.")
    if hypothesis.supporting:
        parts.append(f"For: {_shown(frame, hypothesis.supporting)}.")
    if hypothesis.opposing:
        parts.append(f"Against: {_shown(frame, hypothesis.opposing)}.")
    if hypothesis.missing:
        parts.append(f"Not known: {'; '.join([one.label for one in hypothesis.missing[:_MOST_SHOWN]])}.")
    if hypothesis.includes:
        parts.append(f"Includes: {frame.catalogue.labels(hypothesis.includes)}.")
    if hypothesis.confirmed_by:
        parts.append(f"Settled by: {hypothesis.confirmed_by}.")
    if hypothesis.note:
        parts.append(hypothesis.note)
    return parts


def _ranked(frame: Frame, hypothesis: Hypothesis, side: str) -> Json:
    figure, low, high = frame.figures(hypothesis)
    parts = [
        f"Rank {hypothesis.rank}. About {figure}%, between {low}% and {high}%; on its own, not as a share of the list.",
    ]
    if hypothesis.prior:
        source = frame.catalogue.cite((hypothesis.prior_source,))
        named = ", ".join([part for part in (hypothesis.prior_basis, source) if part])
        parts.append(f"Before these findings {_prior(hypothesis.prior)}%{f' ({named})' if named else ''}.")
    parts += _reasons(frame, hypothesis)
    prediction: Json = {
        "outcome": frame.catalogue.condition(hypothesis.condition, side, hypothesis.label),
        "probabilityDecimal": msgspec.Raw(figure.encode()),
    }
    if frame.catalogue.orders_only(hypothesis.condition):
        parts.append("The figure only orders the list; it is no reason to leave this out.")
    else:
        prediction["qualitativeRisk"] = _in_words(hypothesis.probability)
    prediction["rationale"] = clean(" ".join(parts))
    return prediction


def _unranked(frame: Frame, hypothesis: Hypothesis, side: str, standing: str) -> Json | msgspec.Raw:
    if hypothesis.supporting or hypothesis.opposing or hypothesis.missing:
        return _told(frame, hypothesis, side, standing)
    key = (
        hypothesis.condition, side, standing, hypothesis.label, hypothesis.raised_by, hypothesis.includes,
        hypothesis.confirmed_by, hypothesis.note,
    )  # fmt: skip
    kept = frame.catalogue.texts
    return kept.get(key) or kept.keep(key, fragment(_told(frame, hypothesis, side, standing)))


def _told(frame: Frame, hypothesis: Hypothesis, side: str, standing: str) -> Json:
    parts = [standing, _NOT_RANKED, *_reasons(frame, hypothesis)]
    return {
        "outcome": frame.catalogue.condition(hypothesis.condition, side, hypothesis.label),
        "rationale": clean(" ".join(parts)),
    }


def predictions(frame: Frame, knee: Knee) -> list[Json | msgspec.Raw]:
    """Return the ranked hypotheses, then those a rule raised, then the dangerous ones not excluded."""
    side = knee.side
    return [
        *[_ranked(frame, one, side) for one in knee.hypotheses],
        *[_unranked(frame, one, side, "Named because a met rule raises it.") for one in knee.named],
        *[_unranked(frame, one, side, "Not excluded by what is known.") for one in knee.not_excluded],
    ]


def _names(hypotheses: Iterable[Hypothesis]) -> str:
    return clean(", ".join([one.label for one in hypotheses]))


def r4(frame: Frame, knee: Knee) -> Json:
    """Return the RiskAssessment of one knee."""
    assessment = frame.assessment
    where = frame.catalogue.where(knee.side)
    tier = TIER_WORDS.get(knee.tier or "", "not worked out")
    orders_only = frame.catalogue.orders_only
    lines = [
        f"{clean(one.label)}: about {frame.figures(one)[0]}%{_ORDER if orders_only(one.condition) else ''}"
        for one in knee.hypotheses
    ]
    if knee.named:
        lines.append(f"Raised by a rule: {_names(knee.named)}")
    if knee.not_excluded:
        lines.append(f"Not excluded: {_names(knee.not_excluded)}")
    if not knee.enough_known:
        lines.append("Not enough is known to rank causes.")
    risk: Json = {
        "resourceType": "RiskAssessment",
        "id": "",
        "text": narrative(f"Possible causes, {where}; escalation: {tier}", listed(lines)),
        "status": "final" if assessment.status == "success" else "preliminary",
        "method": _method(assessment.software.knowledge_version),
        "code": _CODES[knee.side],
        "subject": frame.subject,
        "performer": frame.device,
    }
    if frame.time:
        risk["occurrenceDateTime"] = frame.time
    basis = frame.basis(knee.side)
    if basis:
        risk["basis"] = basis
    predicted = predictions(frame, knee)
    if predicted:
        risk["prediction"] = predicted
    risk["mitigation"] = _mitigation(knee.tier)
    return risk
