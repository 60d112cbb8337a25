"""A run of the suite for people, for programs and for build servers."""

from __future__ import annotations

from kneecds.conformance.reports.json import to_json
from kneecds.conformance.reports.junit import to_junit
from kneecds.conformance.reports.table import listing, to_table

__all__ = ["listing", "to_json", "to_junit", "to_table"]
