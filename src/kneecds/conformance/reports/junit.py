"""For build servers: each check is a test case, each group a suite."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # writes only

from kneecds.render.words import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.conformance.result import Report, Result

_TESTS = "kneecds.conformance"


def to_junit(report: Report) -> bytes:
    """Write the suites; a warning passes and says in its output what it warns of."""
    root = ET.Element("testsuites", {"name": "kneecds conformance", **_counts(report.results)})
    for group, found in groupby(report.results, key=lambda one: one.check.partition(".")[0]):
        results = list(found)
        suite = ET.SubElement(
            root, "testsuite", {"name": group, "timestamp": report.at.removesuffix("Z"), **_counts(results)}
        )
        for result in results:
            _case(suite, result)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    def count(status: str) -> str:
        return str(sum(one.status == status for one in results))

    return {"tests": str(len(results)), "failures": count("fail"), "errors": count("error"), "skipped": count("skip")}


def _case(suite: ET.Element, result: Result) -> None:
    group, _, name = result.check.partition(".")
    case = ET.SubElement(suite, "testcase", {"name": name, "classname": f"{_TESTS}.{group}"})
    kind = {"fail": "failure", "error": "error", "skip": "skipped"}.get(result.status)
    if kind is not None:
        said = ET.SubElement(case, kind, {"message": clean(result.reason), "type": result.level})
        if kind != "skipped":
            said.text = _lines(result)
    elif result.reason:
        ET.SubElement(case, "system-out").text = _lines(result)


def _lines(result: Result) -> str:
    lines = [f"{result.status}: {result.title}: {result.reason}", f"{', '.join(result.requirements)} ({result.link})"]
    for one in result.evidence:
        lines += [f"- {one.message}"]
        if one.request:
            lines += [f"  {one.request}", f"  sent: {one.sent}", f"  received {one.status}: {one.received}"]
    return "\n".join(map(clean, lines))
