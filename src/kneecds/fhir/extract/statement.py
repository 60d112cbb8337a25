"""What one coded value says: the step from a meaning and a value to facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kneecds.fhir.extract.values import Bound, Nothing, certain

if TYPE_CHECKING:
    from decimal import Decimal

    from kneecds.core.facts import Origin, Scope
    from kneecds.fhir.concepts import Meaning, Target
    from kneecds.fhir.extract.run import Run
    from kneecds.fhir.extract.values import Value


def state(run: Run, meaning: Meaning, value: Value, scopes: tuple[Scope, ...], origin: Origin) -> None:
    """Take a value for the finding that a code means, as far as the relation of the two allows."""
    target = meaning.target
    if target is None or isinstance(value, Nothing):
        return
    if isinstance(value, Bound):
        _bounded(run, target, value, scopes, origin)
    elif meaning.means == "same" or target.kind != "boolean":
        run.add(target.id, scopes, value, origin)
    elif meaning.means == "opposite":
        run.add(target.id, scopes, None if value is None else not value, origin)
    elif meaning.means == "narrower":
        if value is True:
            run.add(target.id, scopes, value, origin)
        elif value is False:
            message = f"the code is narrower than {target.id}; that it is absent says nothing of {target.id}"
            run.remark("informational", "narrower-absent", origin.expression, message)
    else:
        broader(run, meaning, origin.expression)


def broader(run: Run, meaning: Meaning, path: str) -> None:
    """Say that a code alone does not establish a finding."""
    if meaning.target is not None:
        note = f" ({meaning.note})" if meaning.note else ""
        message = f"the code {meaning.code} is broader than {meaning.target.id} and does not establish it{note}; ask"
        run.remark("informational", "code-broader", path, message)


def _bounded(run: Run, target: Target, bound: Bound, scopes: tuple[Scope, ...], origin: Origin) -> None:
    """Keep what holds for every amount beyond the bound; the amount itself is not known."""
    kept = []
    for threshold in target.thresholds:
        answer = certain(bound, threshold)
        if answer is not None:
            run.add(threshold.finding, scopes, answer, origin)
            kept.append(f"{threshold.finding} is {'present' if answer else 'absent'}")
    run.add(target.id, scopes, None, origin)
    message = f"{target.id} is known only as {bound.comparator} {bound.limit:f} {target.unit}; certain is: {', '.join(kept) or 'nothing'}"
    run.remark("informational", "comparator", origin.expression, message)


def raised_by_laboratory(
    run: Run, target: Target, value: Decimal, above: bool | None, scopes: tuple[Scope, ...], origin: Origin
) -> None:
    """Let the limit of the laboratory say whether an amount is raised, where it does not contradict our own limit."""
    threshold = run.concepts.raised.get(target.id)
    if threshold is not None and above is not None and (above or not threshold.holds(value)):
        run.add(threshold.finding, scopes, above, origin)
