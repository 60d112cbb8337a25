"""A pipeline that answers what a test tells it to, in place of the real one."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

import kneecds
import kneecds.knowledge
from kneecds.cli import kneecds as command
from kneecds.core.assessment import SCHEMA_VERSION, Assessment, Contribution, Hypothesis, Knee, Software
from kneecds.core.facts import Subject
from kneecds.errors import error
from kneecds.knowledge import artefact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kneecds.errors import Issue

ACL = Hypothesis(
    "acl_tear",
    "ACL tear",
    1,
    0.7,
    0.4,
    0.9,
    1.0,
    "soon_within_days",
    supporting=(Contribution("pop_at_injury", "Pop at injury", "present", 1.0, "measured", "study"),),
)

BROKEN = error("value", "observation-value", "Bundle.entry[0]", "the value cannot be read")


class FakePipeline(SimpleNamespace):
    """Keeps what it was asked, and answers with what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: tuple[Issue, ...] = ()
        self.raises: Exception | None = None
        self.asked: list[tuple[bytes, dict[str, Any]]] = []

    def evaluate(self, body: bytes, **asked: object) -> SimpleNamespace:
        self.asked.append((body, asked))
        if self.raises:
            raise self.raises
        side = b'"left"' in body or b"7771000" in body
        knee = Knee("left" if side else "right", "soon_within_days", enough_known=True, hypotheses=(ACL,))
        answer = Assessment(
            SCHEMA_VERSION,
            Software("0.1.0", "2026.1", "abc"),
            str(asked["as_of"]),
            asked["setting"],  # type: ignore[arg-type]
            "success",
            Subject(),
            "soon_within_days",
            (knee,),
            issues=self.issues,
        )
        return SimpleNamespace(
            assessment=answer,
            issues=self.issues,
            ok=not any(issue.is_error for issue in self.issues),
            to_fhir_bytes=lambda _release="R4": b'{"resourceType":"Bundle"}',
            explain=lambda condition: (("right", ACL),) if condition == "acl_tear" else (),
        )

    def validate(self, body: bytes, **asked: object) -> tuple[Issue, ...]:
        self.asked.append((body, asked))
        if self.raises:
            raise self.raises
        return self.issues


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    for name in ("pipeline", "validation"):
        monkeypatch.setitem(sys.modules, f"kneecds.{name}", fake)
        monkeypatch.setattr(kneecds, name, fake, raising=False)
    monkeypatch.setattr(kneecds.knowledge, "shipped", artefact.shipped, raising=False)
    return fake


@pytest.fixture
def run(pipeline: FakePipeline) -> Callable[..., Result]:
    del pipeline

    def invoke(*arguments: object, stdin: bytes | None = None, **environment: str) -> Result:
        return CliRunner().invoke(command, [str(each) for each in arguments], input=stdin, env=environment)

    return invoke


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(b'{"resourceType": "Bundle"}')
    return path
