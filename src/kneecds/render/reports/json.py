"""For programs: every issue with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kneecds.render.reports.checked import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.errors import Issue
    from kneecds.render.reports.checked import Checked, Rules


def to_json(inputs: Sequence[Checked], rules: Rules) -> bytes:
    """Write a list of inputs, each with `input`, `ok` (no error), the counts and `issues`."""
    table = [
        {
            "input": checked.name,
            "ok": not any(issue.is_error for issue in checked.issues),
            "counts": counted([checked])._asdict(),
            "issues": [_issue(issue, rules) for issue in checked.issues],
        }
        for checked in inputs
    ]
    return msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"


def _issue(issue: Issue, rules: Rules) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(issue)
    rule = rules.get(issue.rule)
    if rule is not None:
        said |= {"source": rule.source, "fix": issue.fix or rule.fix}
    return said
