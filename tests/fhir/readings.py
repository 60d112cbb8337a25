"""What a reading says, in short; a module of its own because every folder of tests has a `conftest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kneecds.fhir.read import Reading


def facts(reading: Reading) -> set[tuple[str, str, object]]:
    return {(fact.finding, fact.scope, fact.value) for fact in reading.facts}


def rules(reading: Reading, *but: str) -> set[str]:
    return {issue.rule for issue in reading.issues} - {"patient-missing", *but}
