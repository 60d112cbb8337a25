"""Feedback on cards: what became of each, by the rules of the specification.

https://cds-hooks.hl7.org/2.0/#feedback. An override without a reason is sound: clients send it, and a reason is asked
for only where one was chosen or written.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from kneecds.cdshooks.envelope import strict
from kneecds.cdshooks.rules import Breaches, is_blank
from kneecds.cdshooks.wire import UUID

if TYPE_CHECKING:
    from kneecds.cdshooks.model import Json

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 20
MAX_ENTRIES: Final = 500
MAX_SUGGESTIONS: Final = 50
MAX_COMMENT: Final = 10_000
MAX_CODE: Final = 1_000

# RFC 3339, section 5.6, in UTC: "Z", or an offset that is none
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|\+00:00|-00:00)")
_OUTCOMES: Final = ("accepted", "overridden")


class Feedback(msgspec.Struct, frozen=True):
    """What a user did with one card."""

    card: str  # its uuid, in lower case
    outcome: Literal["accepted", "overridden"]
    accepted: tuple[str, ...] = ()  # the uuids of the suggestions taken
    reason: tuple[str, str, str] | None = None  # system, code, display
    comment: str = ""
    timestamp: str = ""  # when it was done, as sent


def read_feedback(body: bytes, *, max_bytes: int = MAX_BYTES) -> tuple[Feedback, ...]:
    """Read the body of a feedback call; InputError with every breach of the rules."""
    whole = strict(body, max_bytes=max_bytes, max_depth=MAX_DEPTH)
    breaches = Breaches()
    if whole:
        breaches.blanks(whole, "Request")
    entries = whole.get("feedback")
    found: list[Feedback] = []
    if "feedback" not in whole:
        breaches.add("feedback-list", "Request.feedback", "feedback is missing")
    elif not isinstance(entries, list):
        if not is_blank(entries):
            breaches.add("feedback-list", "Request.feedback", "feedback is not an array")
    elif len(entries) > MAX_ENTRIES:
        message = f"{len(entries)} entries; at most {MAX_ENTRIES} are taken at once"
        breaches.add("too-many", "Request.feedback", message)
    else:
        found = [_entry(breaches, entry, f"Request.feedback[{index}]") for index, entry in enumerate(entries)]
    breaches.settle()
    return tuple(found)


def _entry(breaches: Breaches, entry: object, place: str) -> Feedback:
    if not isinstance(entry, dict):
        if not is_blank(entry):
            breaches.add("feedback-list", place, "the entry is not a JSON object")
        return Feedback("", "overridden")
    card = _uuid(breaches, entry, "card", place, "feedback-card")
    outcome = breaches.text(entry, "outcome", place)
    if outcome and outcome not in _OUTCOMES:
        breaches.add("feedback-outcome", f"{place}.outcome", "outcome is neither accepted nor overridden")
    accepted = _accepted(breaches, entry, place, required=outcome == "accepted")
    reason, comment = _override(breaches, entry, place, outcome)
    timestamp = breaches.text(entry, "outcomeTimestamp", place)
    if timestamp and not is_utc(timestamp):
        message = "outcomeTimestamp is not a time of RFC 3339 in UTC"
        breaches.add("feedback-time", f"{place}.outcomeTimestamp", message)
    known: Literal["accepted", "overridden"] = "accepted" if outcome == "accepted" else "overridden"
    return Feedback(card, known, accepted, reason, comment, timestamp)


def is_utc(text: str) -> bool:
    """Whether a text is a time that exists, as RFC 3339 writes it in UTC."""
    if not _UTC.fullmatch(text) or not text.isascii():
        return False
    try:
        # a leap second, 60, is sound in RFC 3339 and unknown to datetime
        datetime.fromisoformat(f"{text[:10]}T{text[11:17]}{text[17:19].replace('60', '59')}+00:00")
    except ValueError:
        return False
    return True


def _uuid(breaches: Breaches, holder: Json, name: str, place: str, rule: str) -> str:
    value = breaches.text(holder, name, place)
    if value and not UUID.fullmatch(value):
        breaches.add(rule, f"{place}.{name}", f"{name} is not a UUID")
    return value.lower()


def _accepted(breaches: Breaches, entry: Json, place: str, *, required: bool) -> tuple[str, ...]:
    rule, where = "feedback-accepted", f"{place}.acceptedSuggestions"
    if "acceptedSuggestions" not in entry:
        if required:
            breaches.add(rule, where, "acceptedSuggestions is missing although the outcome is accepted")
        return ()
    listed = entry["acceptedSuggestions"]
    if not isinstance(listed, list):
        if not is_blank(listed):
            breaches.add(rule, where, "acceptedSuggestions is not an array")
        return ()
    if not required:
        breaches.add(rule, where, "acceptedSuggestions is sent although the outcome is not accepted")
        return ()
    if len(listed) > MAX_SUGGESTIONS:
        breaches.add("too-many", where, f"{len(listed)} suggestions; at most {MAX_SUGGESTIONS} are taken")
        return ()
    ids = []
    for index, one in enumerate(listed):
        if isinstance(one, dict):
            ids.append(_uuid(breaches, one, "id", f"{where}[{index}]", rule))
        elif not is_blank(one):
            breaches.add(rule, f"{where}[{index}]", "an accepted suggestion is not an object with its id")
    return tuple(dict.fromkeys(ids))


def _override(breaches: Breaches, entry: Json, place: str, outcome: str) -> tuple[tuple[str, str, str] | None, str]:
    rule, where = "feedback-reason", f"{place}.overrideReason"
    given = entry.get("overrideReason")
    if given is None or is_blank(given):
        return None, ""
    if not isinstance(given, dict):
        breaches.add(rule, where, "overrideReason is not a JSON object")
        return None, ""
    if outcome == "accepted":
        breaches.add(rule, where, "overrideReason is sent although the outcome is accepted")
    comment = breaches.text(given, "userComment", where, required=False)
    if len(comment) > MAX_COMMENT:
        breaches.add("too-many", f"{where}.userComment", f"a comment is at most {MAX_COMMENT} characters")
    if "reason" not in given and "userComment" not in given:
        breaches.add(rule, where, "overrideReason has neither reason nor userComment")
    reason = given.get("reason")
    if isinstance(reason, dict) and reason:
        return _coding(breaches, reason, f"{where}.reason"), comment
    if not is_blank(reason):
        breaches.add(rule, f"{where}.reason", "reason is not a Coding")
    return None, comment


def _coding(breaches: Breaches, coding: Json, place: str) -> tuple[str, str, str]:
    system = breaches.text(coding, "system", place)
    code = breaches.text(coding, "code", place)
    display = breaches.text(coding, "display", place, required=False)
    for name, value in (("system", system), ("code", code), ("display", display)):
        if len(value) > MAX_CODE:
            breaches.add("too-many", f"{place}.{name}", f"{name} is at most {MAX_CODE} characters")
    return system, code, display
