"""For build servers: each input is a test case of a JUnit report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # writes only

from kneecds.render.reports.checked import counted
from kneecds.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.errors import Issue
    from kneecds.render.reports.checked import Checked, Rules


def to_junit(inputs: Sequence[Checked], rules: Rules) -> bytes:
    """Write a test suite; a failed input fails with all its issues, others carry theirs as output."""
    failed = [checked for checked in inputs if checked.failed]
    attributes = {"tests": str(len(inputs)), "failures": str(len(failed)), "errors": "0", "skipped": "0"}
    root = ET.Element("testsuites", {"name": "kneecds validate", **attributes})
    suite = ET.SubElement(root, "testsuite", {"name": "kneecds validate", **attributes})
    for checked in inputs:
        case = ET.SubElement(suite, "testcase", {"name": clean(checked.name), "classname": "kneecds.validate"})
        if not checked.issues:
            continue
        lines = "\n".join(_line(checked, issue, rules) for issue in checked.issues)
        if checked.failed:
            failure = ET.SubElement(case, "failure", {"message": str(counted([checked])), "type": "validation"})
            failure.text = lines
        else:
            ET.SubElement(case, "system-out").text = lines
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _line(checked: Checked, issue: Issue, rules: Rules) -> str:
    place = f"{checked.name}:{issue.line}:{issue.column}" if issue.line else checked.name
    rule = rules.get(issue.rule)
    source = f" ({rule.source})" if rule is not None else ""
    return clean(f"{place}: {issue.severity}: {issue.expression}: {issue.message} [{issue.rule}]{source}")
