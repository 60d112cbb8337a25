"""For programs: the whole report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from kneecds.conformance.result import Report


def to_json(report: Report) -> bytes:
    """Write the report with its counts."""
    head = {"url": report.url, "at": report.at, "software": report.software, "services": report.services}
    whole = {**head, "ok": report.exit_code == 0, "counts": report.counts, "results": report.results}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
