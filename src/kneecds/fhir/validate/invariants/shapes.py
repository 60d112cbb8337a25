"""The shapes that most invariants have: this needs that, one of these, not both, only if a code says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.validate.invariants.row import Kept, has

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.fhir.structure.visit import Node


def needs(given: str, *one_of: str) -> Callable[[Node, Kept], str | None]:
    """Where one element is, one of others must be too."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return "" if has(value, given) and not any(has(value, name) for name in one_of) else None

    return broken


def some(*names: str) -> Callable[[Node, Kept], str | None]:
    """At least one of these must be there."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return None if any(has(value, name) for name in names) else ""

    return broken


def exactly_one(*names: str) -> Callable[[Node, Kept], str | None]:
    """One of these must be there, and only one."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return None if sum(has(value, name) for name in names) == 1 else ""

    return broken


def not_both(*names: str) -> Callable[[Node, Kept], str | None]:
    """At most one of these may be there; the place is the last that is too many."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        there = [name for name in names if has(value, name)]
        if len(there) < 2:  # noqa: PLR2004 - two are both
            return None
        return "" if there[-1].endswith("[x]") else f".{there[-1]}"

    return broken


def together(*names: str) -> Callable[[Node, Kept], str | None]:
    """All of these or none."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return None if sum(has(value, name) for name in names) in (0, len(names)) else ""

    return broken


def only_with(element: str, codes: tuple[object, ...], *names: str) -> Callable[[Node, Kept], str | None]:
    """Let these be there only where a code is one of some; the place is the one that may not."""
    allowed = frozenset(codes)

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        for name in names:
            if has(value, name):
                code = value.get(element)
                if isinstance(code, (str, bool)) and code in allowed:
                    return None
                return "" if name.endswith("[x]") else f".{name}"
        return None

    return broken


def never_with(element: str, codes: tuple[object, ...], *names: str) -> Callable[[Node, Kept], str | None]:
    """Let none of these be there where a code is one of some, or missing; the place is the one that may not."""
    refused = frozenset(codes)

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        for name in names:
            if has(value, name):
                code = value.get(element)
                if isinstance(code, (str, bool)) and code not in refused:
                    return None
                return "" if name.endswith("[x]") else f".{name}"
        return None

    return broken


def when(element: str, code: object, *needed: str) -> Callable[[Node, Kept], str | None]:
    """Where a code is this one, all of these must be there."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        return "" if value.get(element) == code and not all(has(value, name) for name in needed) else None

    return broken


def when_not(element: str, code: object, *refused: str) -> Callable[[Node, Kept], str | None]:
    """Where a code is this one, none of these may be there."""

    def broken(node: Node, _kept: Kept) -> str | None:
        value = node.value
        if value.get(element) == code:
            for name in refused:
                if has(value, name):
                    return "" if name.endswith("[x]") else f".{name}"
        return None

    return broken
