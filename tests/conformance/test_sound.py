"""A service that keeps the rules passes."""

from __future__ import annotations

import reference_service

SEEN_NOWHERE = {"security.tls", "security.rs384"}
"""What plain HTTP on loopback, and a key for ES384, give no occasion to see."""


def _not_passed(report):
    return {one.check: (one.status, one.reason) for one in report.results if one.status != "pass"}


def test_the_reference_passes_all_with_tokens(look, sound):
    assert _not_passed(look(sound)).keys() == SEEN_NOWHERE


def test_the_reference_passes_all_without_tokens(look):
    found = _not_passed(look(reference_service.create(), signed=False))
    assert all(status == "skip" for status, _ in found.values()), found
    assert {name for name in found if not name.startswith("security.")} == set()
