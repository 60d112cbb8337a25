"""Whatever stands wherever, validation answers with issues: junk at any place of every example in the catalogue."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import kneecds
from kneecds.fhir.validate.catalogue import rules

EXAMPLES: list[tuple[Any, Any, Any]] = [
    (example, rule.beside, rule.release)
    for rule in rules().values()
    for example in (rule.accepted, rule.refused)
    if isinstance(example, dict) and rule.layer != "json"
]
JUNK: list[Any] = [
    None, [], {}, [None], [[]], [{}], 5, -1, 0.5, True, "", " ", "x", "#", "#x", "http://", "urn:uuid:", "2026-02-30", ["x"], [5],
    {"x": None}, {"coding": 5}, {"reference": []}, {"extension": [5]}, {"url": {}}, "a" * 300, "\u202e", "💥", {"resourceType": 5},
    {"resourceType": "Patient"}, 10**30, "<div>", {"contained": [{"contained": [{}]}]},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        found += places(inner, (*path, step))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Any, list[Any], Any]:
    """Return an example, or what it is validated with, with junk in one or two places."""
    example, beside, release = draw(st.sampled_from(EXAMPLES))
    document, others = copy.deepcopy(example), copy.deepcopy(list(beside))
    for _ in range(draw(st.integers(1, 2))):
        target = draw(st.sampled_from([document, *others]))
        ways = places(target)
        path = draw(st.sampled_from(ways)) if ways else ()
        around = target
        try:
            for step in path[:-1]:
                around = around[step]
            if path:
                around[path[-1]] = copy.deepcopy(draw(st.sampled_from(JUNK)))
        except (KeyError, IndexError, TypeError):
            continue
    return document, others, release


@given(damaged())
@settings(max_examples=1500, deadline=None)
def test_junk_anywhere_gives_issues_and_no_exception(case: tuple[Any, list[Any], Any]) -> None:
    document, others, release = case
    beside = [one for one in others if isinstance(one, dict)]
    for issue in kneecds.validate(document, as_of="2026-01-15", release=release, profiles=beside):
        assert issue.message
        assert issue.rule
