"""The catalogue of rules for people: looked up, and explained with an example on either side."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from kneecds.errors import UsageError
from kneecds.fhir.validate.catalogue import rules
from kneecds.render.reports import explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kneecds.fhir.validate.rule import Example, Rule


def texts() -> Mapping[str, Rule]:
    """Return every rule by its id."""
    return rules()


def explanation(name: str) -> str:
    """Explain one rule; UsageError with what comes near if there is none of that name."""
    known = rules()
    rule = known.get(name)
    if rule is None:
        near = get_close_matches(name, known, 3, 0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        msg = f"there is no rule {name!r}{hint}"
        raise UsageError(msg)
    return explained(rule.id, rule, _shown(rule.accepted), _shown(rule.refused), rule.at)


def _shown(example: Example) -> str:
    if isinstance(example, str):
        return example
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
