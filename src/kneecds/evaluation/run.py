"""Send labelled cases through FHIR and whatever assesses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kneecds.errors import InputError
from kneecds.evaluation import scoring
from kneecds.evaluation.report import Report, summarise
from kneecds.fhir import cases as compact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from kneecds.core.assessment import Assessment
    from kneecds.core.knowledge import Finding, KnowledgeFiles, Setting
    from kneecds.errors import Issue
    from kneecds.evaluation.cases import Case, Line

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_IN_LIST: Final = re.compile(r"findings\.(present|absent)\[(\d+)\]")


def to_fhir(content: Mapping[str, Any], findings: Mapping[str, Finding], as_of: date) -> bytes:
    """Return one case as the bytes of a FHIR Bundle; numbers keep their digits."""
    return _ENCODER.encode(compact.to_bundle(content, findings, as_of))


def run(
    lines: Sequence[Line],
    *,
    assess: Callable[[bytes], Assessment],
    files: KnowledgeFiles,
    as_of: date,
    setting: Setting,
    split: str = "",
    on_case: Callable[[], None] = lambda: None,
) -> Report:
    """Assess every case and compare; `on_case` is called after each.

    A statement that the knowledge has no finding for is left out and named in `unknown_ids`.
    """
    findings = {finding.id: finding for finding in files.findings}
    family = scoring.Family(files.conditions)
    scores = []
    software = None
    for line in lines:
        content, unknown = understood(line, findings)
        unknown += tuple(sorted(name for name in line.case.wanted if name not in family))
        try:
            assessment = assess(to_fhir(content, findings, as_of))
        except InputError as problem:
            scores.append(scoring.refused(line.case, unknown, problem.issues))
        else:
            scores.append(scoring.score(line.case, assessment, family, unknown))
            software = assessment.software
        on_case()
    return summarise(
        scores,
        split=split,
        setting=setting,
        as_of=as_of.isoformat(),
        knowledge_version=software.knowledge_version if software else "",
        knowledge_hash=software.knowledge_hash if software else "",
    )


def understood(line: Line, findings: Mapping[str, Finding]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the case without what is no finding of ours, and the names of what was left out."""
    issues = compact.unknown_ids(line.content, findings)
    if not issues:
        return line.content, ()
    places = [issue.expression for issue in issues]
    stated = {
        key: [name for index, name in enumerate(names) if f"findings.{key}[{index}]" not in places]
        for key, names in (("present", line.case.findings.present), ("absent", line.case.findings.absent))
    }
    measured = {name: value for name, value in line.case.measurements.items() if f"measurements.{name}" not in places}
    content = {key: value for key, value in line.content.items() if key not in places}
    names = tuple(dict.fromkeys(_name(issue, line.case) for issue in issues))
    return {**content, "findings": stated, "measurements": measured}, names


def _name(issue: Issue, case: Case) -> str:
    place = _IN_LIST.fullmatch(issue.expression)
    if place:
        names = case.findings.present if place[1] == "present" else case.findings.absent
        return names[int(place[2])]
    return issue.expression.removeprefix("measurements.")
