"""The design choices: only ids that exist, only kinds of setting that have a share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.knowledge.check.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.core.knowledge import Reasoning
    from kneecds.knowledge.check.places import Placed

FILE = Place("reasoning.yaml")


def problems(placed: Placed) -> Iterator[str]:
    """Yield what is wrong with the design choices."""
    reasoning, boolean = placed.reasoning, placed.boolean_ids
    for _, kind in reasoning.setting_words:
        if kind not in reasoning.shrink_by_setting:
            yield FILE.at("setting_words", f"{kind!r} is not in shrink_by_setting")
    for family in reasoning.families:
        if family not in placed.condition_ids:
            yield FILE.at("families", f"unknown condition {family!r}")
    for where, finding in _findings(reasoning):
        if finding not in boolean:
            yield FILE.at(where, f"unknown yes-or-no finding {finding!r}")
        elif where == "clusters" and not placed.finding_by_id[finding].derived_from:
            yield FILE.at(where, f"{finding} is derived from nothing")


def _findings(reasoning: Reasoning) -> Iterator[tuple[str, str]]:
    yield from (("clusters", cluster) for cluster in reasoning.clusters)
    for group, members in reasoning.counts_once.items():
        yield from ((f"counts_once.{group}", member) for member in members)
