"""The table of checks covers what is asked of a service, and every defect that it can find is put in once."""

from __future__ import annotations

from collections import Counter

from defects import DEFECTS, TOKEN_DEFECTS

from kneecds.conformance.requirements import NOT_CHECKED, REQUIREMENTS
from kneecds.conformance.table import CHECKS


def test_every_requirement_has_a_check_or_a_reason():
    checked = {name for check in CHECKS for name in check.requirements}
    assert checked <= REQUIREMENTS.keys()
    assert REQUIREMENTS.keys() - checked == NOT_CHECKED.keys()


def test_every_id_is_there_once():
    assert {name: times for name, times in Counter(check.id for check in CHECKS).items() if times > 1} == {}


def test_every_check_says_where_its_requirement_is_written():
    assert all(check.link.startswith("https://") for check in CHECKS)


NEEDS_NO_DEFECT = {
    "calls.guidance", "calls.parallel", "calls.same-id", "calls.sound", "cards.uuid-there", "discovery.services",
    "latency.crd", "latency.soon", "requests.context", "requests.optional", "requests.required",
    "security.401", "security.audience-array", "security.es384", "security.feedback", "security.no-echo",
    "security.replay", "security.rs384", "security.tls", "security.token-missing", "security.token-no-token-at-all",
    "security.token-signed-by-another-key", "security.unknown-claims", "source.topic-there", "suggestions.uuid-there",
}  # fmt: skip
"""Checks whose failing takes others with it, or that are seen to fail in `test_failing.py` and `test_defects.py`."""


def test_every_other_check_has_a_defect():
    have = {one.check for one in (*DEFECTS, *TOKEN_DEFECTS)}
    assert {check.id for check in CHECKS} - have == NEEDS_NO_DEFECT
