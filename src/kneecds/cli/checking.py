"""Checks documents one after the other or in several processes; the order of the answers is that of the documents."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from kneecds.cli.gather import Document, documents
from kneecds.fhir.source import Source
from kneecds.render.reports import Checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from kneecds.errors import Issue
    from kneecds.fhir.version import Release

_BATCH: Final = 32  # documents that go to a process together
_SHOWN: Final = 1_000  # characters of a source line that are kept for the report


class Asked(NamedTuple):
    """How documents are to be checked."""

    as_of: date | None
    release: Release | None
    questionnaires: tuple[dict[str, object], ...] = ()
    applied: tuple[dict[str, object], ...] = ()
    """Profiles that every resource of their type must fit."""
    others: tuple[dict[str, object], ...] = ()
    """Conformance resources that are there to be referred to."""
    best_practice: bool = False
    failing: tuple[str, ...] = ("fatal", "error")
    """Severities that make an input count as failed."""


def check_all(names: Iterable[str], asked: Asked, jobs: int) -> Iterator[Checked]:
    """Check every document of some files."""
    found = (document for name in names for document in documents(name))
    if jobs == 1:
        check = checker(asked)
        yield from map(check, found)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - one process needs no pool

    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(asked,)) as pool:
        waiting = []
        for batch in _batches(found):
            waiting.append(pool.submit(_check_batch, batch))
            while len(waiting) > 4 * jobs:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()


def _batches(found: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(found, _BATCH)):
        yield batch


_check: list[Callable[[Document], Checked]] = []
"""Of a process of the pool: what it checks with."""


def _begin(asked: Asked) -> None:
    _check.append(checker(asked))


def _check_batch(batch: list[Document]) -> list[Checked]:
    return [_check[0](document) for document in batch]


def checker(asked: Asked) -> Callable[[Document], Checked]:
    """Return what checks one document, with everything it needs made ready."""
    from kneecds import knowledge, validation  # noqa: PLC0415 - heavy; after the options were found right

    known = knowledge.shipped()
    given = None
    if asked.questionnaires or asked.applied or asked.others:
        from kneecds import api  # noqa: PLC0415

        given = api.Conformance(
            questionnaires=asked.questionnaires, profiles=asked.applied, others=asked.others, knowledge=known
        ).supplied

    def check(document: Document) -> Checked:
        if document.issue is not None:
            return Checked(document.name, (document.issue,), failed=True)
        issues = validation.validate(
            document.body, knowledge=known, as_of=asked.as_of, release=asked.release, conformance=given,
            best_practice=asked.best_practice,
        )  # fmt: skip
        return _with_lines(document, issues, asked.failing)

    return check


def _with_lines(document: Document, issues: tuple[Issue, ...], failing: tuple[str, ...]) -> Checked:
    """Put the issues in the order of the text, with the lines that they point at."""
    ordered = sorted(issues, key=lambda issue: (issue.line, issue.column))
    source = Source(document.body)
    lines = {number: source.line(number)[:_SHOWN] for number in {issue.line for issue in ordered} if number}
    shift = document.first_line - 1
    if shift:
        ordered = [
            msgspec.structs.replace(issue, line=issue.line + shift) if issue.line else issue for issue in ordered
        ]
        lines = {number + shift: line for number, line in lines.items()}
    failed = any(issue.severity in failing for issue in ordered)
    return Checked(document.name, tuple(ordered), lines, failed)
