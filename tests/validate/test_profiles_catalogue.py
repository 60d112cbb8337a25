"""Every row of the catalogue's page on profiles, by the room alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kneecds.fhir.validate import profiles
from kneecds.fhir.validate.catalogue.profiles import RULES
from kneecds.fhir.validate.context import Context
from kneecds.fhir.validate.supplied import Supplied

if TYPE_CHECKING:
    from kneecds.errors import Issue
    from kneecds.fhir.validate.rule import Rule


def said(rule: Rule, example: object) -> list[Issue]:
    assert isinstance(example, dict)
    context = Context(example, rule.release, Supplied(rule.beside), best_practice=rule.best_practice)
    profiles.look(context)
    return context.found


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_row(rule: Rule) -> None:
    assert [one for one in said(rule, rule.accepted) if one.is_error or one.rule == rule.id] == []
    found = [one for one in said(rule, rule.refused) if one.rule == rule.id]
    assert rule.at in {one.expression for one in found}
    assert {one.severity for one in found} == {rule.severity}
