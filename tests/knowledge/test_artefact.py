"""The artefact that ships is the knowledge files, and nothing else is taken for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from kneecds.errors import KnowledgeError
from kneecds.knowledge import artefact

if TYPE_CHECKING:
    from kneecds.core.knowledge import KnowledgeFiles


def test_shipped_is_what_the_files_say(knowledge: KnowledgeFiles) -> None:
    expected = artefact.load(artefact.compile_to(knowledge))
    assert artefact.shipped().sha256 == expected.sha256, "the files have changed: run `kneecds knowledge compile`"
    assert artefact.shipped().in_full() == knowledge
    assert artefact.shipped().version == knowledge.version


def test_same_knowledge_gives_same_bytes(knowledge: KnowledgeFiles) -> None:
    again = artefact.load(artefact.compile_to(knowledge)).in_full()
    assert artefact.compile_to(again) == artefact.compile_to(knowledge)
    assert list(again.reasoning.counts_once) == list(knowledge.reasoning.counts_once)


def test_another_figure_gives_another_hash(knowledge: KnowledgeFiles) -> None:
    first = msgspec.structs.replace(knowledge.conditions[0], note="looked at again")
    changed = msgspec.structs.replace(knowledge, conditions=(first, *knowledge.conditions[1:]))
    before, after = (artefact.load(artefact.compile_to(files)) for files in (knowledge, changed))
    assert before.sha256 != after.sha256


def test_files_lack_only_what_sums_do_not_need(knowledge: KnowledgeFiles) -> None:
    files = artefact.shipped().files
    for field in ("version", "findings", "red_flags", "instruments", "factors", "actions", "reasoning"):
        assert getattr(files, field) == getattr(knowledge, field)
    for short, full in zip(files.conditions, knowledge.conditions, strict=True):
        used = [row for row in full.evidence if row.use == "yes"]
        assert [msgspec.structs.replace(row, text="", note="") for row in used] == list(short.evidence)
        assert [msgspec.structs.replace(prior, note="") for prior in full.priors] == list(short.priors)
        assert (short.id, short.gate, short.codes, short.aliases) == (full.id, full.gate, full.codes, full.aliases)
        assert artefact.shipped().condition(full.id) == full
    assert files.appropriateness == ()
    assert artefact.shipped().appropriateness == knowledge.appropriateness
    assert artefact.shipped().sources == knowledge.sources


def test_unknown_condition() -> None:
    with pytest.raises(KeyError):
        artefact.shipped().condition("growing_old")


def wrapped(**changes: object) -> bytes:
    content = msgspec.msgpack.decode(artefact.compile_to(artefact.shipped().in_full()))
    return msgspec.msgpack.encode({**content, **changes})


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(b"{}", "Expected `object`, got `int`", id="JSON"),
        pytest.param(None, "sha256: the content is not what was compiled", id="two bytes changed"),
        pytest.param({"format": 3}, "Invalid enum value 3", id="a format to come"),
        pytest.param({"sha256": "0"}, "sha256: the content is not what was compiled", id="another hash"),
    ],
)
def test_refuses_a_damaged_artefact(damage: bytes | dict[str, object] | None, told: str) -> None:
    if damage is None:
        content = wrapped().replace(b"acl_tear", b"acl_tore", 1)
    else:
        content = damage if isinstance(damage, bytes) else wrapped(**damage)
    with pytest.raises(KnowledgeError, match=told) as refused:
        artefact.load(content)
    assert "run `kneecds knowledge compile`" in str(refused.value)


def test_missing_artefact_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "NAME", "nothing.msgpack")
    with pytest.raises(KnowledgeError, match="run `kneecds knowledge compile`"):
        artefact.shipped.__wrapped__()
