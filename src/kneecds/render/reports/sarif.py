"""For code scanners and editors: SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from kneecds.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.errors import Issue
    from kneecds.render.reports.checked import Checked, Rules

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"fatal": "error", "error": "error", "warning": "warning", "information": "note"}


def to_sarif(inputs: Sequence[Checked], rules: Rules, version: str) -> bytes:
    """Write one run with every rule that was broken and every place where."""
    broken = sorted({issue.rule for checked in inputs for issue in checked.issues})
    places = {rule: number for number, rule in enumerate(broken)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "kneecds",
                "semanticVersion": version,
                "rules": [_rule(name, rules) for name in broken],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(checked, issue, places) for checked in inputs for issue in checked.issues],
    }
    report = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _rule(name: str, rules: Rules) -> dict[str, Any]:
    rule = rules.get(name)
    if rule is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": rule.says},
        "helpUri": rule.source,
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"layer": rule.layer},
    }


def _result(checked: Checked, issue: Issue, places: dict[str, int]) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(checked.name.partition("#")[0])}}
    if issue.line:
        location["region"] = {"startLine": issue.line, "startColumn": issue.column}
    place: dict[str, Any] = {"physicalLocation": location}
    if issue.expression:
        place["logicalLocations"] = [{"fullyQualifiedName": clean(issue.expression), "kind": "element"}]
    return {
        "ruleId": issue.rule,
        "ruleIndex": places[issue.rule],
        "level": _LEVELS[issue.severity],
        "message": {"text": clean(issue.message) + (f" Fix: {clean(issue.fix)}" if issue.fix else "")},
        "locations": [place],
    }
