"""Everything that is wrong with a document: from its JSON to what its content means here, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from kneecds.core import statements
from kneecds.fhir import read, structure, version
from kneecds.fhir.concepts import CANONICAL
from kneecds.fhir.source import Source
from kneecds.pipeline import Parsed, Prepared, parsed, prepare

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
_ONLY_OF_KNEES: Final = frozenset({"patient-missing", "resource-without-finding"})
"""What says something only to somebody who means to have a knee assessed."""


def validate(
    body: Body,
    *,
    knowledge: Knowledge,
    as_of: date | None = None,
    release: Release | None = None,
    conformance: Supplied | None = None,
    best_practice: bool = False,
    claimed: tuple[str, ...] = (),
) -> tuple[Issue, ...]:
    """List every problem of one document; `as_of` None leaves out what the content means on a day.

    `claimed` are canonicals of profiles that the document is asked to fit, as if it said so itself.
    """
    prepared = prepare(knowledge)
    supplied = conformance if conformance is not None else prepared.published
    issues: tuple[Issue, ...] = ()
    source = b""
    short = release in (None, "R4") and not best_practice and not claimed
    usable: Any = _plain(body, prepared, supplied) if short else None
    if usable is not None:
        source = text = cast("bytes", body)
        release = "R4"
    else:
        parse = parsed(body)
        source, text = parse.source, parse.text
        issues = parse.issues
        if parse.document is not None:
            release = release or version.detect(parse.document)
            usable, issues = _looked_at(
                parse, prepared, release, supplied, best_practice=best_practice, claimed=claimed
            )
    if as_of is not None and usable is not None and release is not None:
        issues = (*issues, *_meaning(usable, prepared, as_of, release, text))
    if not issues:
        return ()
    return Source(source).locate(_once(issues)) if source else tuple(_once(issues))


def _plain(body: Body, prepared: Prepared, supplied: Supplied) -> dict[str, Any] | None:
    """Show in the short way that there is nothing to say but what the content means; not worth it for one document."""
    if not prepared.warm or not isinstance(body, bytes):
        return None
    from kneecds.fhir.validate import plain  # noqa: PLC0415 - a single run is faster without

    return plain.plain(body, supplied)


def _looked_at(
    parse: Parsed,
    prepared: Prepared,
    release: Release,
    supplied: Supplied,
    *,
    best_practice: bool,
    claimed: tuple[str, ...],
) -> tuple[Any, tuple[Issue, ...]]:
    """Look in every layer but the last; return also what of the document can be read."""
    sound = parse.is_sound(release, prepared)
    usable, found = (parse.document, ()) if sound else structure.usable(parse.document, release)
    deeper = _deeper(parse.document, release, supplied, best_practice=best_practice, claimed=claimed)
    return usable, (*parse.issues, *map(_not_hopeless, found), *deeper)


def _not_hopeless(issue: Issue) -> Issue:
    """Return a fault of structure as what it is: fatal only to an assessment, which needs something sound to read."""
    if issue.severity == "fatal" and issue.rule != "not-fhir":
        return msgspec.structs.replace(issue, severity="error")
    return issue


def _deeper(
    document: Any,  # noqa: ANN401
    release: Release,
    supplied: Supplied,
    *,
    best_practice: bool,
    claimed: tuple[str, ...],
) -> list[Issue]:
    """Let the rooms look at a document; see `fhir/validate/run.py`."""
    from kneecds.fhir.validate.context import Context  # noqa: PLC0415 - what is soon found sound never pays for it
    from kneecds.fhir.validate.run import run  # noqa: PLC0415

    context = Context(document, release, supplied, best_practice=best_practice, claimed=claimed)
    run(context)
    return context.found


def _meaning(document: Any, prepared: Prepared, as_of: date, release: Release, text: bytes) -> tuple[Issue, ...]:  # noqa: ANN401
    """Read the document as an assessment would; what is no matter of the knee is valid FHIR that we merely cannot use."""
    reading = read.read(document, concepts=prepared.concepts, as_of=as_of, release=release, forms=prepared.forms)
    if reading.facts and _need_settling(reading.facts, as_of):
        record = statements.taken(reading.facts, prepared.model.vocabulary, as_of)
        reading = msgspec.structs.replace(reading, issues=(*reading.issues, *record.issues))
    if all(issue.severity == "information" for issue in reading.issues):
        return reading.issues
    in_play = (
        _OURS in text or any(fact.scope != "person" for fact in reading.facts) or _names_a_knee(document, prepared)
    )
    return reading.issues if in_play else tuple(_milder(issue) for issue in reading.issues)


def _need_settling(facts: tuple[Fact, ...], as_of: date) -> bool:
    """Whether some statements may be stale, or say different things of the same finding."""
    stated: dict[tuple[str, str], object] = {}
    times: set[str] = set()
    for fact in facts:
        value = fact.value
        if stated.setdefault((fact.scope, fact.finding), value) != value:
            return True
        times.add(fact.origin.time)
    oldest = min((time for time in times if time), default="")
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
    """Return what is said of a document that no knee is in: what an assessment would refuse is only to be looked at."""
    if issue.rule in _ONLY_OF_KNEES:
        return msgspec.structs.replace(issue, severity="information")
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
