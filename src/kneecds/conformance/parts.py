"""The parts of what a service sent, each with where it was: services, cards, sources, suggestions, actions, links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.requirements import Level
    from kneecds.conformance.suite import Suite


class Part(NamedTuple):
    """One object, or what stands where one should."""

    value: Any
    place: str
    exchange: Exchange

    def problem(self, message: str, level: Level | None = None) -> Problem:
        """Return what is wrong with it."""
        return Problem(f"{self.place} {message}".strip(), self.exchange, level)

    def of(self, name: str) -> Any:  # noqa: ANN401 - whatever the service sent
        """Return a member; None if there is none."""
        return self.value.get(name) if isinstance(self.value, dict) else None


def _services(suite: Suite) -> Iterator[Part]:
    for index, one in enumerate(suite.described):
        yield Part(one, f"services[{index}]", suite.discovery)


def _responses(suite: Suite) -> Iterator[Part]:
    for call in suite.answered:
        yield Part(call.exchange.document, str(call.offered), call.exchange)


def _members(of: str, name: str) -> Callable[[Suite], Iterator[Part]]:
    """Return what yields the members of an array."""

    def found(suite: Suite) -> Iterator[Part]:
        for part in PARTS[of](suite):
            members = part.of(name)
            for index, one in enumerate(members if isinstance(members, list) else ()):
                yield Part(one, f"{part.place} {name}[{index}]", part.exchange)

    return found


def _member(of: str, name: str) -> Callable[[Suite], Iterator[Part]]:
    """Return what yields a member that is an object."""

    def found(suite: Suite) -> Iterator[Part]:
        for part in PARTS[of](suite):
            if isinstance(part.of(name), dict):
                yield Part(part.of(name), f"{part.place} {name}", part.exchange)

    return found


def _actions(suite: Suite) -> Iterator[Part]:
    yield from _members("suggestion", "actions")(suite)
    yield from _members("response", "systemActions")(suite)


PARTS: Final[dict[str, Callable[[Suite], Iterator[Part]]]] = {
    "service": _services,
    "response": _responses,
    "card": _members("response", "cards"),
    "source": _member("card", "source"),
    "topic": _member("source", "topic"),
    "override reason": _members("card", "overrideReasons"),
    "link": _members("card", "links"),
    "suggestion": _members("card", "suggestions"),
    "action": _actions,
}
"""What yields the parts of each kind."""


def parts(kind: str, suite: Suite) -> list[Part]:
    """Return the parts of a kind; Unseen if the service sent none."""
    found = list(PARTS[kind](suite))
    if not found:
        msg = f"no {kind} was seen"
        raise Unseen(msg)
    return found


def with_member(kind: str, name: str, suite: Suite) -> list[Part]:
    """Return the parts of a kind that have a member; Unseen if none has."""
    found = [part for part in parts(kind, suite) if part.of(name) is not None]
    if not found:
        msg = f"no {kind} with {name} was seen"
        raise Unseen(msg)
    return found
