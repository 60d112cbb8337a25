"""For a person: each issue with the line of the source that it points at, and how to mend it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from kneecds.render.reports.checked import counted
from kneecds.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kneecds.errors import Issue
    from kneecds.render.reports.checked import Checked, Rules, RuleText

    Painter = Callable[[str, str], str]

_WIDE: Final = 100  # columns of a source line that are shown
_COLOURS: Final = {"fatal": "31;1", "error": "31", "warning": "33", "information": "36"}
_NAMES: Final = {"fatal": "fatal", "error": "error", "warning": "warning", "information": "remark"}


def to_text(inputs: Sequence[Checked], rules: Rules, *, colour: bool = False, quiet: bool = False) -> str:
    """Write all issues of all inputs and a summary; `quiet` leaves out remarks, and inputs without issues."""
    paint = _paint if colour else _plain
    lines: list[str] = []
    for checked in inputs:
        shown = [issue for issue in checked.issues if not quiet or issue.severity != "information"]
        for issue, more in _together(shown):
            lines += _issue(checked, issue, rules, paint, more)
        if shown or not quiet:
            lines.append(_verdict(checked, paint))
    if len(inputs) != 1:
        lines.append(_summary(inputs, paint))
    return "\n".join(lines) + "\n"


def _plain(text: str, _: str) -> str:
    return text


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _together(issues: list[Issue]) -> Iterator[tuple[Issue, int]]:
    """Yield each rule once for one place, with how often more it is broken there."""
    for _, same in groupby(
        issues, key=lambda issue: (issue.rule, issue.severity, issue.line, issue.column, issue.expression)
    ):
        first, *others = same
        yield first, len(others)


def _issue(checked: Checked, issue: Issue, rules: Rules, paint: Painter, more: int) -> Iterator[str]:
    place = f"{checked.name}:{issue.line}:{issue.column}" if issue.line else checked.name
    severity = paint(_NAMES[issue.severity], _COLOURS[issue.severity])
    yield f"{clean(place)}: {severity}: {clean(issue.message)} [{clean(issue.rule)}]"
    source = checked.lines.get(issue.line)
    if source is not None:
        yield from _source(source, issue, paint)
    if issue.expression:
        yield f"      at  {clean(issue.expression)}"
    if more:
        yield f"      and {more} more of this rule here; --format json has them all"
    rule = rules.get(issue.rule)
    fix = issue.fix or (rule.fix if rule is not None else "")
    if fix:
        yield f"      fix {clean(fix)}"
    if rule is not None:
        yield f"      see {clean(rule.source)}"


def _source(line: str, issue: Issue, paint: Painter) -> Iterator[str]:
    """Yield the line, cut to what fits around the column, and a caret below the place."""
    column = issue.column - 1
    start = 0 if len(line) <= _WIDE else max(0, min(column - _WIDE // 3, len(line) - _WIDE))
    before, after = ("…" if start else ""), ("…" if start + _WIDE < len(line) else "")
    number = f"{issue.line:>5}"
    shown = f"{before}{line[start : start + _WIDE]}{after}"
    yield f"{number} | {''.join(character if character.isprintable() else ' ' for character in shown)}"
    yield f"{'':>5} | {' ' * (len(before) + column - start)}{paint('^', _COLOURS[issue.severity])}"


def _verdict(checked: Checked, paint: Painter) -> str:
    counts = counted([checked])
    word = paint("has errors", "31") if counts.fatal or counts.error else paint("ok", "32")
    said = f" ({counts})" if any(counts) else ""
    return f"{clean(checked.name)}: {word}{said}"


def _summary(inputs: Sequence[Checked], paint: Painter) -> str:
    if not inputs:
        return "nothing was checked"
    bad = sum(any(issue.is_error for issue in checked.issues) for checked in inputs)
    counts = counted(inputs)
    said = f" ({counts})" if any(counts) else ""
    good = len(inputs) - bad
    verdict = f"{bad} with errors, {good} ok" if bad else "all ok"
    return f"{len(inputs)} checked: {paint(verdict, '31' if bad else '32')}{said}"


def explained(name: str, rule: RuleText, accepted: str, refused: str, at: str) -> str:
    """Write what a rule asks, where it comes from, and an example on either side."""
    return "\n".join(
        (
            f"{name} ({rule.severity}, {rule.layer})",
            f"  {rule.says}",
            f"  fix    {rule.fix}",
            f"  source {rule.source}",
            "",
            "Accepted:",
            *(f"  {line}" for line in accepted.splitlines()),
            "",
            f"Refused{f', at {at}' if at else ''}:",
            *(f"  {line}" for line in refused.splitlines()),
            "",
        )
    )
