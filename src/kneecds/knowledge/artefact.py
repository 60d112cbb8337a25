"""All knowledge in one file that ships in the wheel: what every assessment needs is read at once, the rest on demand.

The file is a MessagePack map. `hot` holds the knowledge without what only a reader wants to see (sources, published
frequencies, notes, evidence that is only quoted, the wording of the rest); `conditions` and `sources` hold it in full,
each condition a part of its own; `appropriateness` holds what only a draft order asks for.
The same knowledge gives the same bytes.
"""

from __future__ import annotations

import hashlib
import pkgutil
from functools import cache, cached_property
from typing import Literal

import msgspec

from kneecds.core.knowledge import Appropriateness, Condition, KnowledgeFiles, Source
from kneecds.errors import KnowledgeError

NAME = "compiled.msgpack"
FORMAT: Literal[2] = 2
REMEDY = "run `kneecds knowledge compile`"


class _Parts(msgspec.Struct, frozen=True):
    hot: msgspec.Raw
    conditions: dict[str, msgspec.Raw]
    sources: msgspec.Raw
    appropriateness: msgspec.Raw
    intake: msgspec.Raw


class _Wrapped(msgspec.Struct, frozen=True):
    format: Literal[2]
    version: str
    sha256: str
    parts: bytes


class Compiled:
    """The knowledge of one artefact; `files` lacks what `condition` and `sources` give in full."""

    def __init__(self, version: str, sha256: str, parts: _Parts) -> None:
        """Keep the parts; none but the frame is decoded yet."""
        self.version = version
        self.sha256 = sha256
        self._parts = parts

    @cached_property
    def files(self) -> KnowledgeFiles:
        """All that an assessment needs; conditions without figures, notes, quoted rows and the wording of evidence."""
        return msgspec.msgpack.decode(self._parts.hot, type=KnowledgeFiles)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every source."""
        return msgspec.msgpack.decode(self._parts.sources, type=tuple[Source, ...])

    @cached_property
    def appropriateness(self) -> tuple[Appropriateness, ...]:
        """Every statement about orders."""
        return msgspec.msgpack.decode(self._parts.appropriateness, type=tuple[Appropriateness, ...])

    @cached_property
    def intake(self) -> dict[str, object]:
        """The content of the intake form."""
        return msgspec.msgpack.decode(self._parts.intake, type=dict[str, object])

    def condition(self, condition_id: str) -> Condition:
        """Return one condition in full; KeyError if there is none of this id."""
        return msgspec.msgpack.decode(self._parts.conditions[condition_id], type=Condition)

    def in_full(self) -> KnowledgeFiles:
        """Return the knowledge as it was compiled."""
        conditions = tuple(self.condition(condition.id) for condition in self.files.conditions)
        return msgspec.structs.replace(
            self.files,
            conditions=conditions,
            sources=self.sources,
            appropriateness=self.appropriateness,
            intake=self.intake,
        )


def compile_to(files: KnowledgeFiles) -> bytes:
    """Return the artefact of this knowledge."""
    encode = msgspec.msgpack.Encoder().encode  # in the order of the files: what is read back iterates as they do
    hot = msgspec.structs.replace(
        files, conditions=tuple(map(_shortened, files.conditions)), sources=(), appropriateness=(), intake={}
    )
    parts = encode(
        _Parts(
            hot=msgspec.Raw(encode(hot)),
            conditions={condition.id: msgspec.Raw(encode(condition)) for condition in files.conditions},
            sources=msgspec.Raw(encode(files.sources)),
            appropriateness=msgspec.Raw(encode(files.appropriateness)),
            intake=msgspec.Raw(encode(files.intake)),
        )
    )
    return encode(_Wrapped(format=FORMAT, version=files.version, sha256=_sha256(parts), parts=parts))


def load(artefact: bytes) -> Compiled:
    """Read an artefact, or raise KnowledgeError if it is damaged or of another format."""
    try:
        wrapped = msgspec.msgpack.decode(artefact, type=_Wrapped)
        if _sha256(wrapped.parts) != wrapped.sha256:
            raise KnowledgeError((f"{NAME}: sha256: the content is not what was compiled; {REMEDY}",))
        parts = msgspec.msgpack.decode(wrapped.parts, type=_Parts)
    except msgspec.MsgspecError as error:
        raise KnowledgeError((f"{NAME}: file: {error}; {REMEDY}",)) from error
    return Compiled(wrapped.version, wrapped.sha256, parts)


@cache
def shipped() -> Compiled:
    """Return the knowledge that came with the package."""
    try:
        artefact = pkgutil.get_data(__package__, NAME)  # half the import time of importlib.resources
    except OSError as error:
        raise KnowledgeError((f"{NAME}: file: {error.strerror}; {REMEDY}",)) from error
    if artefact is None:
        raise KnowledgeError((f"{NAME}: file: the package cannot be read; {REMEDY}",))
    return load(artefact)


def _shortened(condition: Condition) -> Condition:
    evidence = tuple(msgspec.structs.replace(row, text="", note="") for row in condition.evidence if row.use == "yes")
    return msgspec.structs.replace(
        condition,
        evidence=evidence,
        priors=tuple(msgspec.structs.replace(prior, note="") for prior in condition.priors),
        figures=(),
        disagreement="",
        note="",
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
