"""Runs the checks against one service."""

from __future__ import annotations

import fnmatch
from itertools import islice
from typing import TYPE_CHECKING, Final

from kneecds._version import __version__
from kneecds.conformance.client import Client, NoAnswer
from kneecds.conformance.result import Evidence, Problem, Report, Result, Status, Unseen
from kneecds.conformance.suite import Suite
from kneecds.conformance.table import CHECKS
from kneecds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kneecds.conformance.requirements import Level
    from kneecds.conformance.table import Check
    from kneecds.conformance.target import Target

_STATUS: Final[dict[Level, Status]] = {"SHALL": "fail", "SHOULD": "warning", "MAY": "pass"}
_MOST_EVIDENCE: Final = 3
_MOST_PROBLEMS: Final = 1000


def chosen(patterns: Sequence[str]) -> tuple[Check, ...]:
    """Return the checks that are wanted: by id, by group (`cards`), by pattern (`cards.*`) or by requirement."""
    if not patterns:
        return CHECKS
    found = {pattern: [check for check in CHECKS if _is_wanted(check, pattern)] for pattern in patterns}
    unknown = [pattern for pattern, checks in found.items() if not checks]
    if unknown:
        msg = f"no check, group or requirement is called {', '.join(unknown)}; --list shows all"
        raise UsageError(msg)
    wanted = {check.id for checks in found.values() for check in checks}
    return tuple(check for check in CHECKS if check.id in wanted)


def _is_wanted(check: Check, pattern: str) -> bool:
    return (
        fnmatch.fnmatchcase(check.id, pattern)
        or check.id.partition(".")[0] == pattern
        or pattern in check.requirements
    )  # fmt: skip


def run(
    target: Target,
    checks: Sequence[Check] = CHECKS,
    *,
    verify: str | bool = True,
    progress: Callable[[Check], None] = lambda _: None,
) -> Report:
    """Run checks in their order; `progress` is told of each before it is run."""
    results = []
    with Client(target, verify) as client:
        suite = Suite(target, client)
        for check in checks:
            progress(check)
            results.append(_result(check, suite))
        services = _services(suite)
    at = target.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return Report(target.url, at, f"kneecds {__version__}", services, tuple(results))


def _result(check: Check, suite: Suite) -> Result:
    try:
        problems = list(islice(check.look(suite), _MOST_PROBLEMS))
    except Unseen as why:
        return _as(check, "skip", str(why))
    except NoAnswer as why:
        return _as(check, "error", str(why))
    except Exception as problem:  # noqa: BLE001 - the other checks go on, and this one says that it failed
        return _as(check, "error", f"the check itself failed ({type(problem).__name__}); please report this", ours=True)
    weights = [_STATUS[problem.level or check.level] for problem in problems]
    status: Status = next((one for one in ("fail", "warning") if one in weights), "pass")
    ordered = [one for _, one in sorted(zip(weights, problems, strict=True), key=lambda pair: pair[0] != status)]
    return _as(check, status, _reason(ordered), tuple(_evidence(one) for one in ordered[:_MOST_EVIDENCE]))


def _as(
    check: Check, status: Status, reason: str, evidence: tuple[Evidence, ...] = (), *, ours: bool = False
) -> Result:  # fmt: skip
    return Result(check.id, check.requirements, check.level, check.title, status, check.link, reason, evidence, ours)


def _reason(problems: list[Problem]) -> str:
    if not problems:
        return ""
    more = len(problems) - 1
    return problems[0].message + (f" (and {more} more)" if more else "")


def _evidence(problem: Problem) -> Evidence:
    if problem.exchange is None:
        return Evidence(problem.message)
    return problem.exchange.evidence(problem.message)


def _services(suite: Suite) -> tuple[str, ...]:
    try:
        return tuple(map(str, suite.offered))
    except (Unseen, NoAnswer):
        return ()
