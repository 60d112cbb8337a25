"""One result of validation, many ways to tell it."""

from __future__ import annotations

from kneecds.render.reports.checked import Checked, Counts, RuleText, counted
from kneecds.render.reports.json import to_json
from kneecds.render.reports.junit import to_junit
from kneecds.render.reports.sarif import to_sarif
from kneecds.render.reports.text import explained, to_text

__all__ = ["Checked", "Counts", "RuleText", "counted", "explained", "to_json", "to_junit", "to_sarif", "to_text"]
