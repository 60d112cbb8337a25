"""The same content has the same UUID, other content another, and nobody has to be asked for one."""

from __future__ import annotations

import re

import pytest

from kneecds.cdshooks.identity import nth, uuid_of

# https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
VERSION_8 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_same_content_same_uuid() -> None:
    assert uuid_of("card", 1, ["a"]) == uuid_of("card", 1, ["a"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("ab", "c"), ("a", "bc"), id="parts are not run together"),
        pytest.param(("a", "b"), ("b", "a"), id="order"),
        pytest.param(("1",), (1,), id="kind"),
        pytest.param(("a",), ("a", ""), id="number of parts"),
        pytest.param((["a", "b"],), ("a", "b"), id="nesting"),
    ],
)
def test_other_content_other_uuid(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert uuid_of(*one) != uuid_of(*other)


@pytest.mark.parametrize("part", ["", "\ud800", "é\U0001f9b5", None, 3.5, ()], ids=ascii)
def test_any_content_has_a_legal_uuid(part: object) -> None:
    assert VERSION_8.fullmatch(uuid_of(part))


def test_parts_have_a_uuid_each() -> None:
    whole = uuid_of("card")
    parts = [nth(whole, number) for number in range(1, 100)]
    assert len({whole, *parts}) == 100
    assert all(VERSION_8.fullmatch(part) for part in parts)
