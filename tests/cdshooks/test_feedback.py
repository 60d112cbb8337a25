from __future__ import annotations

import json
from typing import Any

import pytest
from hook_calls import AWAY, CAPTURES, Json, changed, sent
from hypothesis import given
from hypothesis import strategies as st

from kneecds.cdshooks.feedback import (
    MAX_BYTES,
    MAX_CODE,
    MAX_COMMENT,
    MAX_ENTRIES,
    MAX_SUGGESTIONS,
    Feedback,
    read_feedback,
)
from kneecds.cdshooks.rules import RULES
from kneecds.errors import InputError

CARD = "11111111-1111-4111-8111-111111111111"
SUGGESTION = "22222222-2222-4222-8222-222222222222"
TIME = "2026-11-23T01:23:47.967Z"
CODING: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
    "code": "recipient-disagrees-evidence",
}


def accepted(**changes: Any) -> Json:
    whole = {"card": CARD, "outcome": "accepted", "acceptedSuggestions": [{"id": SUGGESTION}], "outcomeTimestamp": TIME}
    return changed(whole, changes)


def overridden(**changes: Any) -> Json:
    whole = {
        "card": CARD,
        "outcome": "overridden",
        "overrideReason": {"reason": dict(CODING), "userComment": "seen last week"},
        "outcomeTimestamp": TIME,
    }
    return changed(whole, changes)


def body(*entries: Any) -> bytes:
    return sent({"feedback": list(entries)})


def refused(raw: bytes, **options: Any) -> set[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read_feedback(raw, **options)
    return {(issue.rule, issue.expression) for issue in caught.value.issues}


def test_what_was_accepted() -> None:
    assert read_feedback(body(accepted())) == (Feedback(CARD, "accepted", (SUGGESTION,), None, "", TIME),)


def test_what_was_overridden_and_why() -> None:
    reason = (CODING["system"], CODING["code"], "")
    assert read_feedback(body(overridden())) == (Feedback(CARD, "overridden", (), reason, "seen last week", TIME),)


SOUND = [
    pytest.param(overridden(overrideReason=AWAY), id="overridden without a reason, as the sandbox does"),
    pytest.param(overridden(**{"overrideReason.userComment": AWAY}), id="a reason without a comment"),
    pytest.param(overridden(**{"overrideReason.reason": AWAY}), id="a comment without a reason"),
    pytest.param(overridden(**{"overrideReason.reason.display": "Disagrees"}), id="a reason with its display"),
    pytest.param(overridden(unheard={"a": 1}), id="an unknown member"),
    pytest.param(accepted(card=CARD.upper()), id="a UUID in capitals"),
    pytest.param(accepted(acceptedSuggestions=[{"id": SUGGESTION}, {"id": CARD}]), id="two suggestions"),
    *[
        pytest.param(accepted(outcomeTimestamp=time), id=time)
        for time in (
            "2026-11-23T01:23:47Z",
            "2026-11-23T01:23:47+00:00",
            "2026-11-23t01:23:47.123456789z",
            "2026-12-31T23:59:60Z",
        )
    ],
]


@pytest.mark.parametrize("entry", SOUND)
def test_a_sound_entry_is_taken(entry: Json) -> None:
    (one,) = read_feedback(body(entry))
    assert one.card == CARD


def test_several_entries_for_one_card_are_taken_in_their_order() -> None:
    found = read_feedback(body(overridden(), accepted(), accepted()))
    assert [one.outcome for one in found] == ["overridden", "accepted", "accepted"]


HERE = "Request.feedback[0]"
BROKEN = [
    (sent({}), "feedback-list", "Request.feedback"),
    (sent({"feedback": accepted()}), "feedback-list", "Request.feedback"),
    (sent({"feedback": []}), "json-blank", "Request.feedback"),
    (sent({"feedback": None}), "json-blank", "Request.feedback"),
    (body(5), "feedback-list", HERE),
    (body(None), "json-blank", HERE),
    (body(*[accepted()] * (MAX_ENTRIES + 1)), "too-many", "Request.feedback"),
    (body(accepted(card=AWAY)), "request-required", f"{HERE}.card"),
    (body(accepted(card="")), "json-blank", f"{HERE}.card"),
    (body(accepted(card=5)), "request-type", f"{HERE}.card"),
    (body(accepted(card="1")), "feedback-card", f"{HERE}.card"),
    (body(accepted(card=f"urn:uuid:{CARD}")), "feedback-card", f"{HERE}.card"),
    # cds-fb-1
    (body(accepted(outcome=AWAY)), "request-required", f"{HERE}.outcome"),
    (body(accepted(outcome="ignored")), "feedback-outcome", f"{HERE}.outcome"),
    (body(accepted(outcome="Accepted")), "feedback-outcome", f"{HERE}.outcome"),
    # cds-fb-2
    (body(accepted(acceptedSuggestions=AWAY)), "feedback-accepted", f"{HERE}.acceptedSuggestions"),
    (body(accepted(acceptedSuggestions=[])), "json-blank", f"{HERE}.acceptedSuggestions"),
    (body(accepted(acceptedSuggestions=SUGGESTION)), "feedback-accepted", f"{HERE}.acceptedSuggestions"),
    (body(accepted(acceptedSuggestions=[SUGGESTION])), "feedback-accepted", f"{HERE}.acceptedSuggestions[0]"),
    (body(accepted(acceptedSuggestions=[{"uuid": SUGGESTION}])), "request-required", f"{HERE}.acceptedSuggestions[0].id"),
    (body(accepted(acceptedSuggestions=[{"id": "x"}])), "feedback-accepted", f"{HERE}.acceptedSuggestions[0].id"),
    (body(accepted(acceptedSuggestions=[{"id": CARD}] * (MAX_SUGGESTIONS + 1))), "too-many", f"{HERE}.acceptedSuggestions"),
    (body(overridden(acceptedSuggestions=[{"id": CARD}])), "feedback-accepted", f"{HERE}.acceptedSuggestions"),
    # cds-fb-3
    (body(overridden(overrideReason={})), "json-blank", f"{HERE}.overrideReason"),
    (body(overridden(overrideReason={"other": 1})), "feedback-reason", f"{HERE}.overrideReason"),
    (body(overridden(overrideReason="no")), "feedback-reason", f"{HERE}.overrideReason"),
    (body(overridden(**{"overrideReason.reason": "no"})), "feedback-reason", f"{HERE}.overrideReason.reason"),
    (body(overridden(**{"overrideReason.reason": {}})), "json-blank", f"{HERE}.overrideReason.reason"),
    (body(overridden(**{"overrideReason.reason.code": AWAY})), "request-required", f"{HERE}.overrideReason.reason.code"),
    (body(overridden(**{"overrideReason.reason.system": AWAY})), "request-required", f"{HERE}.overrideReason.reason.system"),
    (body(overridden(**{"overrideReason.reason.display": 5})), "request-type", f"{HERE}.overrideReason.reason.display"),
    (body(overridden(**{"overrideReason.reason.code": "x" * (MAX_CODE + 1)})), "too-many", f"{HERE}.overrideReason.reason.code"),
    (body(overridden(**{"overrideReason.userComment": 5})), "request-type", f"{HERE}.overrideReason.userComment"),
    (body(overridden(**{"overrideReason.userComment": ""})), "json-blank", f"{HERE}.overrideReason.userComment"),
    (body(overridden(**{"overrideReason.userComment": "x" * (MAX_COMMENT + 1)})), "too-many", f"{HERE}.overrideReason.userComment"),
    (body(accepted(overrideReason={"userComment": "x"})), "feedback-reason", f"{HERE}.overrideReason"),
    #
    (body(accepted(outcomeTimestamp=AWAY)), "request-required", f"{HERE}.outcomeTimestamp"),
    *[
        (body(accepted(outcomeTimestamp=time)), "feedback-time", f"{HERE}.outcomeTimestamp")
        for time in (
            "2026-11-23", "2026-11-23T01:23:47", "2026-11-23T01:23:47+01:00", "2026-11-23 01:23:47Z", "2026-13-23T01:23:47Z",
            "2026-02-30T01:23:47Z", "2026-11-23T25:23:47Z", "٢٠٢٦-11-23T01:23:47Z", "2026-11-23T01:23:47Z\n",
        )
    ],
    (body(accepted(outcomeTimestamp=1700000000)), "request-type", f"{HERE}.outcomeTimestamp"),
    # JSON
    (b"", "json-empty", "Request"),
    (b"[]", "request-object", "Request"),
    (b"null", "request-object", "Request"),
    (b'{"feedback":[],"feedback":[]}', "json-duplicate-key", "Request.feedback"),
    (b"[" * 1000 + b"]" * 1000, "json-depth", "Request"),
    (b" " * (MAX_BYTES + 1), "json-size", "Request"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "rule", "place"), BROKEN, ids=[f"{n} {rule}: {place}" for n, (_, rule, place) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_said_with_its_place(raw: bytes, rule: str, place: str) -> None:
    assert (rule, place) in refused(raw)


def test_every_rule_of_feedback_is_seen_to_refuse() -> None:
    assert {rule for rule in RULES if rule.startswith("feedback")} <= {rule for _, rule, _ in BROKEN}


def test_one_bad_entry_refuses_the_whole_and_all_bad_ones_are_said() -> None:
    places = {place for _, place in refused(body(accepted(), accepted(card="x"), overridden(outcome="x")))}
    assert places == {"Request.feedback[1].card", "Request.feedback[2].outcome"}


def test_no_message_repeats_what_was_sent() -> None:
    with pytest.raises(InputError) as caught:
        read_feedback(body(accepted(card="MARTHA", outcome="MARTHA", outcomeTimestamp="MARTHA")))
    assert "MARTHA" not in str(caught.value)


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captures lie outside the repository")
@pytest.mark.parametrize("outcome", ["accepted", "overridden"])
def test_what_the_sandbox_sends_is_taken(outcome: str) -> None:
    (one,) = read_feedback((CAPTURES / f"sandbox-feedback-{outcome}.json").read_bytes())
    assert (one.outcome, one.reason) == (outcome, None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([
    "card", "outcome", "acceptedSuggestions", "overrideReason", "outcomeTimestamp", "overrideReason.reason",
    "overrideReason.userComment", "overrideReason.reason.code",
])  # fmt: skip


@given(NAMES, VALUES)
def test_any_damage_is_read_or_refused(path: str, value: Any) -> None:
    for raw in (body(overridden(**{path: value})), json.dumps(value).encode(), body(value)):
        try:
            found = read_feedback(raw)
        except InputError as problem:
            found = problem.issues
        assert found


@given(st.uuids().map(str), st.lists(st.uuids().map(str), min_size=1, max_size=5, unique=True), st.datetimes())
def test_any_sound_feedback_is_taken(card: str, suggestions: list[str], when: Any) -> None:
    time = f"{when.isoformat()}Z"
    (one,) = read_feedback(
        body(accepted(card=card, acceptedSuggestions=[{"id": id_} for id_ in suggestions], outcomeTimestamp=time))
    )
    assert (one.card, one.accepted, one.timestamp) == (card, tuple(suggestions), time)
