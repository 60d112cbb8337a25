"""How long answers take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.suite import Suite

SOON: Final = 0.5
"""Seconds: https://cds-hooks.hl7.org/2.0/#providing-fhir-resources-to-a-cds-service, "on the order of 500 ms"."""
CRD: Final = 5.0
"""Seconds for nine calls of ten: https://hl7.org/fhir/us/davinci-crd/STU2/foundation.html#performance."""
_P95, _P90 = 0.95, 0.9


def soon(suite: Suite) -> Iterator[Problem]:
    """Yield services of which one call of twenty takes more than 500 ms; report the percentiles of all."""
    for name, seconds in _measured(suite):
        slow = percentile(seconds, _P95) > SOON
        shown = ", ".join(f"p{round(100 * one)} {1000 * percentile(seconds, one):.0f} ms" for one in (0.5, 0.95, 0.99))
        yield Problem(f"{name}: {shown} of {len(seconds)} calls", None, None if slow else "MAY")


def crd(suite: Suite) -> Iterator[Problem]:
    """Yield services of which more than one call of ten takes more than 5 s."""
    for name, seconds in _measured(suite):
        if percentile(seconds, _P90) > CRD:
            yield Problem(f"{name}: p90 {percentile(seconds, _P90):.1f} s of {len(seconds)} calls")


def percentile(seconds: list[float], part: float) -> float:
    """Return the nearest rank."""
    return sorted(seconds)[max(math.ceil(part * len(seconds)) - 1, 0)]


def _measured(suite: Suite) -> list[tuple[str, list[float]]]:
    if not suite.target.latency_calls:
        msg = "--latency-calls 0"
        raise Unseen(msg)
    found = []
    for call in suite.answered:
        again = [suite.changed(f"latency {turn}", call.offered, lambda request: request)
                 for turn in range(suite.target.latency_calls)]  # fmt: skip
        found.append((str(call.offered), [one.exchange.seconds for one in again]))
    return found
