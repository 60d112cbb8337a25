"""The memory of used tokens: bounded, and it forgets only what has expired."""

from __future__ import annotations

import asyncio

import pytest

from kneecds.service.security.principal import Refused
from kneecds.service.security.replay import InMemory


def used(memory: InMemory, token: str, expires: float, now: float) -> tuple[str, int] | None:
    """Use a token; return the refusal."""
    try:
        asyncio.run(memory.use(token, expires, now))
    except Refused as refusal:
        return refusal.reason, refusal.status
    return None


def test_a_token_is_remembered_until_it_expires() -> None:
    memory = InMemory()
    assert used(memory, "a", 10, 0) is None
    assert used(memory, "a", 10, 10) == ("replay", 401)
    assert used(memory, "a", 20, 11) is None
    assert used(memory, "b", 20, 11) is None


def test_full_it_refuses_and_does_not_forget() -> None:
    memory = InMemory(most=2)
    assert [used(memory, name, 10, 0) for name in "ab"] == [None, None]
    assert used(memory, "c", 10, 1) == ("replay-full", 503)
    assert used(memory, "a", 10, 1) == ("replay", 401)
    assert used(memory, "c", 30, 11) is None, "there is room again"


@pytest.mark.parametrize("token", ["", "\ud800", "x" * 10_000])
def test_any_text_can_be_remembered(token: str) -> None:
    memory = InMemory()
    assert [used(memory, token, 10, 0) for _ in range(2)] == [None, ("replay", 401)]
