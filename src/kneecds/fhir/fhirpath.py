"""FHIRPath over FHIR data: a thin face over a kept engine, for what has no function of its own here.

What the engine cannot evaluate is None, "could not be said", and never an exception: https://hl7.org/fhirpath
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kneecds.fhir.structure.facts import Release

MOST_CHARACTERS: Final = 20_000
"""No expression of a real profile is longer."""

_LOCK: Final = threading.Lock()  # the engine keeps the time of an evaluation, and the model, in module state


def evaluate(
    expression: str,
    value: object,
    release: Release,
    *,
    base: str | None = None,
    resource: Mapping[str, Any] | None = None,
    root: Mapping[str, Any] | None = None,
    resolve: Callable[[str], Mapping[str, Any] | None] | None = None,
    member_of: Callable[[object, str], bool | None] | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[Any] | None:
    """Return what an expression gives on a value; None where the engine cannot say.

    `base` is the place of the value in its definition, such as `Observation.component`; `resource` and `root` are
    %resource and %rootResource, the value itself where not given. `resolve` finds the resource of a reference, and
    `member_of` tells whether a code, Coding or CodeableConcept is in a value set; without them, or where they give
    None, an expression that asks for it gives nothing.
    """
    parsed = _parsed(expression)
    if parsed is None:
        return None
    engine, tree = parsed
    holder = resource if resource is not None else value
    given = {"resource": holder, "rootResource": root if root is not None else holder, **(variables or {})}
    options = {
        "traceFn": _silent,
        "userInvocationTable": {
            "resolve": {"fn": _resolving(resolve), "arity": {0: []}},
            "memberOf": {"fn": _membership(member_of), "arity": {1: ["String"]}},
            "htmlChecks": {"fn": _html_checks, "arity": {0: []}},
            "htmlChecks2": {"fn": _html_checks, "arity": {0: []}},
        },
    }
    try:
        with _LOCK:
            start = engine.node(value, base) if base is not None else value
            found = engine.apply(start, tree, given, engine.model(release), options)
    except Exception:  # noqa: BLE001 - whatever it stumbles over, the answer is "cannot be said"
        return None
    return found if isinstance(found, list) else [found]


def holds(
    expression: str,
    value: object,
    release: Release,
    *,
    base: str | None = None,
    resource: Mapping[str, Any] | None = None,
    root: Mapping[str, Any] | None = None,
    resolve: Callable[[str], Mapping[str, Any] | None] | None = None,
    member_of: Callable[[object, str], bool | None] | None = None,
) -> bool | None:
    """Whether a constraint holds: it gives true, or something that is no boolean; None where that cannot be said.

    An expression that gives nothing says nothing either way. https://hl7.org/fhirpath/#singleton-evaluation-of-collections
    """
    found = evaluate(
        expression, value, release, base=base, resource=resource, root=root, resolve=resolve, member_of=member_of
    )
    if not found:
        return None
    if len(found) == 1 and isinstance(found[0], bool):
        return found[0]
    return True if len(found) == 1 else None


class _Engine:
    """The parts of the engine that are used, imported once."""

    def __init__(self) -> None:
        from fhirpathpy import apply_parsed_path  # noqa: PLC0415 - slow to import, and seldom needed
        from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415
        from fhirpathpy.models import models  # noqa: PLC0415
        from fhirpathpy.parser import parse  # noqa: PLC0415

        self.apply: Callable[..., Any] = apply_parsed_path
        self.parse: Callable[[str], Any] = parse
        self.node: Callable[[object, str], Any] = ResourceNode.create_node
        self._models = models

    def model(self, release: Release) -> Any:  # noqa: ANN401 - the engine's own
        """Return the engine's model of a release; R4B has that of R4, from which it differs in few types."""
        return self._models["r5" if release == "R5" else "r4"]


@lru_cache(maxsize=1)
def _engine() -> _Engine | None:
    try:
        return _Engine()
    except ImportError:
        return None


@lru_cache(maxsize=2048)
def _parsed(expression: str) -> tuple[_Engine, Any] | None:
    engine = _engine()
    if engine is None or len(expression) > MOST_CHARACTERS:
        return None
    try:
        return engine, engine.parse(expression)
    except Exception:  # noqa: BLE001 - an expression that is none
        return None


@lru_cache(maxsize=2048)
def can_be_read(expression: str) -> bool | None:
    """Whether an expression is FHIRPath from end to end; None where there is no engine to tell.

    The engine itself takes what it can of an expression and passes over the rest.
    """
    if _engine() is None:
        return None
    if len(expression) > MOST_CHARACTERS:
        return False
    from antlr4 import (  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with the engine
        CommonTokenStream,
        InputStream,
        Token,
    )
    from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer  # noqa: PLC0415
    from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser  # noqa: PLC0415

    try:
        lexer = FHIRPathLexer(InputStream(expression))
        lexer.removeErrorListeners()
        lexer.recover = _give_up
        parser = FHIRPathParser(CommonTokenStream(lexer))
        parser.removeErrorListeners()
        parser.expression()
        return bool(parser.getNumberOfSyntaxErrors() == 0 and parser.getCurrentToken().type == Token.EOF)
    except Exception:  # noqa: BLE001 - what the lexer or parser cannot take is no FHIRPath
        return False


def _give_up(problem: Exception) -> None:
    raise problem


class _CannotSayError(Exception):
    """What was asked for is not at hand."""


def _silent(*_seen: object) -> None:
    """Keep trace() off the output."""


def _resolving(resolve: Callable[[str], Mapping[str, Any] | None] | None) -> Callable[[list[Any]], list[Any]]:
    def found(inputs: list[Any]) -> list[Any]:
        if resolve is None:
            raise _CannotSayError
        targets: list[Any] = []
        for one in inputs:
            reference = one.get("reference") if isinstance(one, dict) else one
            target = resolve(reference) if isinstance(reference, str) else None
            engine = _engine()
            if target is not None and engine is not None:
                targets.append(engine.node(target, str(target.get("resourceType"))))
        return targets

    return found


def _membership(member_of: Callable[[object, str], bool | None] | None) -> Callable[[list[Any], str], list[bool]]:
    def found(inputs: list[Any], url: str) -> list[bool]:
        if not inputs:
            return []
        answer = member_of(inputs[0], url) if member_of is not None and len(inputs) == 1 else None
        if answer is None:
            raise _CannotSayError
        return [answer]

    return found


def _html_checks(inputs: list[Any]) -> list[bool]:
    from kneecds.fhir import narrative  # noqa: PLC0415 - only narratives are XHTML

    return [not narrative.problems(one) for one in inputs if isinstance(one, str)]
