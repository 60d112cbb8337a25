"""Metrics: how long hooks take, what they answer, whom they refuse; no label comes from a client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kneecds.cdshooks.model import Advice, Service

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the directory in which several workers add up; prometheus_client looks at it, too."""

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # 0.5: R-27

CALLS_TOGETHER: Final = 50


class Metrics:
    """All counters of one application."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.registry = CollectorRegistry()
        to = self.registry
        self.requests = Counter("kneecds_requests", "Answers by route and status.", ("route", "status"), registry=to)
        self.calls = Histogram(
            "kneecds_call_seconds",
            "Time from the request of a hook to its answer.",
            ("service", "hook"),
            buckets=BUCKETS,
            registry=to,
        )
        self.cards = Counter("kneecds_cards", "Cards sent.", ("service", "role", "indicator"), registry=to)
        self.undecided = Counter(
            "kneecds_rules_undecided", "Red-flag rules left undecided for lack of answers.", ("rule",), registry=to
        )
        self.refusals = Counter("kneecds_refusals", "Callers refused, by reason.", ("reason",), registry=to)
        self.feedback = Counter("kneecds_feedback", "Feedback kept.", ("service", "outcome"), registry=to)
        self.fetches = Counter(
            "kneecds_fetches", "Queries not prefetched, by what became of them.", ("state",), registry=to
        )
        self.key_sets = Counter("kneecds_key_set_fetches", "Key sets fetched, by outcome.", ("outcome",), registry=to)
        self.dropped = Counter("kneecds_evaluations_dropped", "Evaluations that could not be kept.", registry=to)
        self.failures = Counter("kneecds_failures", "Exceptions answered with 500.", registry=to)
        self.in_flight = Gauge("kneecds_in_flight", "Calls in flight.", multiprocess_mode="livesum", registry=to)
        self._undecided: dict[str, int] = {}
        self._calls = self._dropped = 0

    def answered(self, service: Service, advice: Advice, seconds: float) -> None:
        """Count the answer to a hook."""
        self.calls.labels(service.id, service.hook).observe(seconds)
        for card in advice.made:
            self.cards.labels(service.id, card.role, card.indicator).inc()

    def left_undecided(self, rules: Iterable[str]) -> None:
        """Count the rules that lacked an answer; there are dozens in a call, so they are added up now and then."""
        counts = self._undecided
        for rule in rules:
            counts[rule] = counts.get(rule, 0) + 1
        self._calls += 1
        if self._calls >= CALLS_TOGETHER:
            self.add_up()

    def add_up(self) -> None:
        """Add what was counted since the last time."""
        self._calls = 0
        for rule, count in self._undecided.items():
            self.undecided.labels(rule).inc(count)
        self._undecided.clear()

    def lost(self, total: int) -> None:
        """Take how many evaluations were dropped so far."""
        if total > self._dropped:
            self.dropped.inc(total - self._dropped)
            self._dropped = total

    def shown(self) -> bytes:
        """Return all in the text format; of all workers if they share a directory."""
        self.add_up()
        if not os.environ.get(SHARED):
            return generate_latest(self.registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
