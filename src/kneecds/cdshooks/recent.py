"""The last few evaluations, for the next call about the same record: a chart that is opened has several services called.

An evaluation depends on nothing but the record, the knowledge, the day and the setting, so the same of these have the same one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.pipeline import Evaluation


class Recent:
    """Keeps evaluations in memory, the newest and for a short time only; they hold what was read of a patient."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float]) -> None:
        """Begin with none; `now` is a clock that never goes back."""
        self._most, self._seconds, self._now = most, seconds, now
        self._kept: dict[tuple[object, ...], tuple[float, Evaluation]] = {}  # oldest first

    def evaluation(self, body: bytes, because: tuple[object, ...], make: Callable[[], Evaluation]) -> Evaluation:
        """Return the evaluation of a record, from before or made now; `because` is all else that it depends on."""
        if not self._most:
            return make()
        self.forget()
        key = (sha256(body).digest(), *because)
        kept = self._kept.get(key)
        if kept is not None:
            return kept[1]
        evaluation = make()
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._now(), evaluation)
        return evaluation

    def forget(self) -> None:
        """Let go of what is too old; a kept evaluation does not grow younger by being used."""
        oldest = self._now() - self._seconds
        while self._kept:
            key, (made, _) = next(iter(self._kept.items()))
            if made > oldest:
                return
            del self._kept[key]
