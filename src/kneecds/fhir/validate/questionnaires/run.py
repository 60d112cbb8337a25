"""One response under check: what the checks of its answers share, and where they say what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kneecds.errors import Severity
    from kneecds.fhir.validate.context import Context
    from kneecds.fhir.validate.questionnaires.form import Form

Trail = tuple[Any, str, int]
"""A place: that of what is around it (or its path), the step, and the number of a repeating one, or -1.

Paths are spelled only when something is wrong there, so that what is right costs nothing.
"""

_SHOWN: Final = 60
# https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html
_COMPLETE: Final = frozenset({"completed", "amended"})


def spell(trail: Trail | str) -> str:
    """Write a place as FHIRPath."""
    steps: list[str] = []
    while not isinstance(trail, str):
        above, step, number = trail
        steps.append(f"{step}[{number}]" if number >= 0 else step)
        trail = above
    return ".".join([trail, *reversed(steps)])


def shown(value: object) -> str:
    """Return a value as short as a message bears."""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class Run:
    """A response, its form, and the answers found so far by their place."""

    __slots__ = (
        "complete",
        "context",
        "document",
        "form",
        "given",
        "levels",
        "path",
        "response",
        "variables",
        "voided",
    )

    def __init__(self, context: Context, response: dict[str, Any], form: Form, path: str) -> None:
        """Look at nothing yet."""
        self.context = context
        self.response = response
        self.form = form
        self.path = path
        status = response.get("status")
        self.complete = isinstance(status, str) and status in _COMPLETE
        """Whether the answers are said to be all there; until then what is missing is only pointed out."""
        self.voided = status == "entered-in-error"
        self.document = context.document
        self.given: dict[tuple[int, str], list[tuple[str, Any]]] = {}
        """The answers to a question in a part of the response, once they were asked for."""
        self.variables: dict[str, Any] | None = None
        """What the form's own variables come to, once an expression asks for them."""
        self.levels: dict[int, dict[str, list[tuple[int, dict[str, Any]]]]] = {}
        """The items of each holder by linkId; a holder is known by its identity, which it keeps while it is looked at."""

    def say(self, severity: Severity, code: str, rule: str, at: Trail | str, message: str, fix: str = "") -> None:
        """Add an issue."""
        self.context.say(severity, code, rule, spell(at), message, fix)

    def error(self, code: str, rule: str, at: Trail | str, message: str, fix: str = "") -> None:
        """Say what makes the response invalid."""
        self.context.say("error", code, rule, spell(at), message, fix)

    def warn(self, code: str, rule: str, at: Trail | str, message: str, fix: str = "") -> None:
        """Say what somebody should look at."""
        self.context.say("warning", code, rule, spell(at), message, fix)

    def remark(self, code: str, rule: str, at: Trail | str, message: str, fix: str = "") -> None:
        """Say what could not be checked."""
        self.context.say("information", code, rule, spell(at), message, fix)

    def items(self, holder: dict[str, Any], link_id: str) -> list[tuple[int, dict[str, Any]]]:
        """Return the items of a linkId directly in a response, group or answer; each holder is gone through once."""
        found = self.levels.get(id(holder))
        if found is None:
            found = self.levels[id(holder)] = {}
            listed = holder.get("item")
            for number, item in enumerate(listed if isinstance(listed, list) else ()):
                named = item.get("linkId") if isinstance(item, dict) else None
                if isinstance(named, str):
                    found.setdefault(named, []).append((number, item))
        return found.get(link_id, [])
