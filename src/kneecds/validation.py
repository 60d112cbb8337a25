"""Everything that is wrong with a document: from its JSON to what its content means here, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.core import statements
from kneecds.fhir import read, structure, version
from kneecds.fhir.concepts import CANONICAL
from kneecds.fhir.source import Source
from kneecds.pipeline import Prepared, parsed, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from kneecds.core.facts import Fact
    from kneecds.errors import Issue
    from kneecds.fhir.validate.supplied import Supplied
    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge
    from kneecds.pipeline import Body

_OURS: Final = CANONICAL.encode()
_FAULTS: Final = frozenset({"laterality-conflict", "answer-conflict"})
"""What contradicts itself, whoever reads it."""


def validate(
    body: Body,
    *,
    knowledge: Knowledge,
    as_of: date | None = None,
    release: Release | None = None,
    conformance: Supplied | None = None,
    best_practice: bool = False,
) -> tuple[Issue, ...]:
    """List every problem of one document; `as_of` None leaves out what the content means on a day."""
    prepared = prepare(knowledge)
    parse = parsed(body, release, prepared)
    document, issues = parse.document, parse.issues
    usable: Any = document
    if document is not None:
        used = release or version.detect(document)
        supplied = conformance if conformance is not None else prepared.published
        if not (parse.sound and used == "R4" and _nothing_to_say(document, parse.text, supplied, best_practice)):
            usable, found = (document, ()) if parse.sound else structure.usable(document, used)
            issues = (*issues, *found, *_deeper(document, used, supplied, best_practice=best_practice))
        if as_of is not None and usable is not None:
            issues = (*issues, *_meaning(usable, prepared, as_of, used, parse.text))
    if not issues:
        return ()
    return Source(parse.source).locate(_once(issues)) if parse.source else tuple(_once(issues))


def _nothing_to_say(document: object, text: bytes, supplied: Supplied, best_practice: bool) -> bool:  # noqa: FBT001
    return False


def _deeper(document: Any, release: Release, supplied: Supplied, *, best_practice: bool) -> list[Issue]:  # noqa: ANN401
    """Let the rooms look at a document; see `fhir/validate/run.py`."""
    from kneecds.fhir.validate.context import Context  # noqa: PLC0415 - what is soon found sound never pays for it
    from kneecds.fhir.validate.run import run  # noqa: PLC0415

    context = Context(document, release, supplied, best_practice=best_practice)
    run(context)
    return context.found


def _meaning(document: Any, prepared: Prepared, as_of: date, release: Release, text: bytes) -> tuple[Issue, ...]:  # noqa: ANN401
    """Read the document as an assessment would; what is no matter of the knee is valid FHIR that we merely cannot use."""
    reading = read.read(document, concepts=prepared.concepts, as_of=as_of, release=release, forms=prepared.forms)
    if reading.facts and _need_settling(reading.facts, as_of):
        record = statements.taken(reading.facts, prepared.model.vocabulary, as_of)
        reading = msgspec.structs.replace(reading, issues=(*reading.issues, *record.issues))
    if not any(issue.is_error for issue in reading.issues):
        return reading.issues
    in_play = (
        _OURS in text or any(fact.scope != "person" for fact in reading.facts) or _names_a_knee(document, prepared)
    )
    return reading.issues if in_play else tuple(_milder(issue) for issue in reading.issues)


def _need_settling(facts: tuple[Fact, ...], as_of: date) -> bool:
    """Whether some statements may be stale, or say something of the same finding twice."""
    if len({(fact.scope, fact.finding) for fact in facts}) < len(facts):
        return True
    oldest = min((fact.origin.time for fact in facts if fact.origin.time), default="")
    return bool(oldest) and (as_of - statements.moment(oldest, as_of)[0]).days > 0


def _names_a_knee(document: object, prepared: Prepared) -> bool:
    """Whether some coding of the document means something about a knee."""
    by_code = prepared.concepts.by_code
    waiting = [document]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            system, code = here.get("system"), here.get("code")
            if isinstance(system, str) and isinstance(code, str):
                meaning = by_code.get((system, code))
                if meaning is not None and meaning.target is not None and meaning.target.knee:
                    return True
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here
    return False


def _milder(issue: Issue) -> Issue:
    if issue.is_error and issue.rule not in _FAULTS:
        return msgspec.structs.replace(issue, severity="warning")
    return issue


def _once(issues: tuple[Issue, ...]) -> Iterator[Issue]:
    """Yield what was found, each rule once for one place."""
    seen: set[tuple[str, str, str]] = set()
    for issue in issues:
        key = (issue.rule, issue.expression, issue.message)
        if key not in seen:
            seen.add(key)
            yield issue
