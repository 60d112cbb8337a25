"""The one place that knows the order: parse, validate, read, think, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import msgspec

from kneecds._version import __version__
from kneecds.core import assess as thinking
from kneecds.core.assessment import SCHEMA_VERSION, Software
from kneecds.core.assessment import Assessment as Answer
from kneecds.core.facts import Fact, Subject
from kneecds.core.model import Model
from kneecds.errors import Issue, UsageError, fatal
from kneecds.fhir import concept_map, emit, read, strict_json, structure, version
from kneecds.fhir.concepts import Concepts
from kneecds.knowledge import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.core.appropriateness import Rater
    from kneecds.core.assessment import Hypothesis
    from kneecds.core.facts import Side
    from kneecds.core.knowledge import Setting
    from kneecds.fhir.questionnaire import Form
    from kneecds.fhir.validate.supplied import Supplied
    from kneecds.fhir.version import Release
    from kneecds.knowledge import Knowledge

INTAKE = "https://kneecds.org/fhir/Questionnaire/kneecds-intake"
RELEASES: tuple[Release, ...] = ("R4", "R4B", "R5")


class Jsonable(Protocol):
    """A typed resource of fhir.resources."""

    def model_dump_json(self) -> str:
        """Return the resource as JSON."""


Body: TypeAlias = "bytes | bytearray | memoryview | str | Mapping[str, object] | Sequence[object] | Jsonable"


class Assessment(Answer, frozen=True):
    """The answer, with a way to FHIR."""

    def to_fhir(self, release: Release = "R4", *, knowledge: Knowledge | None = None) -> dict[str, Any]:
        """Return the guidance as a FHIR Bundle; `knowledge` if the answer was made with other than the shipped."""
        return emit.guidance(self, _prepared_for(self, knowledge).catalogue, release)

    def to_fhir_bytes(self, release: Release = "R4", *, knowledge: Knowledge | None = None) -> bytes:
        """Return the guidance as the bytes of a FHIR Bundle."""
        return emit.guidance_bytes(self, _prepared_for(self, knowledge).catalogue, release)


class Prepared:
    """One version of the knowledge, compiled for use; parts that a run does not need are not built."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Keep the knowledge."""
        self.knowledge = knowledge
        self.forms = Forms(self)
        self.warm = False  # the first document is checked by the walker, which starts faster than the gate
        self.software = Software(__version__, knowledge.version, knowledge.sha256)

    @cached_property
    def model(self) -> Model:
        """The knowledge as the core thinks with it."""
        return Model(self.knowledge.files)

    @cached_property
    def rater(self) -> Rater:
        """The statements about orders, as the core thinks with them."""
        from kneecds.core.appropriateness import Rater  # noqa: PLC0415 - only where an order is rated

        return Rater(self.knowledge.files, self.knowledge.appropriateness)

    @cached_property
    def concepts(self) -> Concepts:
        """The codes."""
        return Concepts(self.knowledge.files.findings, self.knowledge.files.conditions)

    @cached_property
    def catalogue(self) -> emit.Catalogue:
        """The codes and texts for writing."""
        return emit.Catalogue.of(msgspec.structs.replace(self.knowledge.files, sources=self.knowledge.sources))

    @cached_property
    def published(self) -> Supplied:
        """The FHIR artefacts that we publish."""
        from kneecds.fhir.validate.published import Published  # noqa: PLC0415 - only where something is validated

        ships = self.knowledge.sha256 == shipped().sha256
        return Published(None if ships else self.questionnaire_of)

    @cached_property
    def questionnaire(self) -> dict[str, Any]:
        """The intake form as a FHIR Questionnaire."""
        from kneecds.fhir import questionnaire  # noqa: PLC0415 - only where a form is used

        findings = {finding.id: finding for finding in self.knowledge.files.findings}
        return questionnaire.build(self.knowledge.intake, findings, self.knowledge.version)

    @cached_property
    def _questionnaire_r5(self) -> dict[str, Any]:
        from kneecds.fhir.sdc import release  # noqa: PLC0415

        return release.r5(self.questionnaire)

    def questionnaire_of(self, release: Release) -> dict[str, Any]:
        """Return the intake form as a release says it; that of R4 is one of R4B too."""
        return self._questionnaire_r5 if release == "R5" else self.questionnaire

    @cached_property
    def form(self) -> Form:
        """The intake form, made ready for reading responses."""
        from kneecds.fhir.questionnaire import Form  # noqa: PLC0415

        return Form(self.questionnaire)


class Forms(Mapping[str, "Form"]):
    """The forms whose responses can be read, by canonical; made when the first response comes."""

    def __init__(self, prepared: Prepared) -> None:
        """Wait."""
        self._prepared = prepared

    def __getitem__(self, canonical: str) -> Form:
        """Return the form of a canonical."""
        if canonical == INTAKE:
            return self._prepared.form
        raise KeyError(canonical)

    def __iter__(self) -> Iterator[str]:
        """Yield the canonicals."""
        return iter((INTAKE,))

    def __len__(self) -> int:
        """There is one form of our own."""
        return 1


@lru_cache(maxsize=8)
def prepare(knowledge: Knowledge) -> Prepared:
    """Return the knowledge compiled for use; the same knowledge is compiled once."""
    return Prepared(knowledge)


def _prepared_for(answer: Answer, knowledge: Knowledge | None) -> Prepared:
    known = knowledge or shipped()
    if known.sha256 != answer.software.knowledge_hash:
        msg = "the assessment was made with other knowledge; pass that knowledge"
        raise UsageError(msg)
    return prepare(known)


class Evaluation(NamedTuple):
    """An assessment with what it was made from, for looking closer."""

    assessment: Assessment
    facts: tuple[Fact, ...]
    prepared: Prepared

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Every problem and remark on the input."""
        return self.assessment.issues

    @property
    def ok(self) -> bool:
        """Whether the input had no error."""
        return not any(issue.is_error for issue in self.issues)

    def to_fhir(self, release: Release = "R4") -> dict[str, Any]:
        """Return the guidance as a FHIR Bundle."""
        return emit.guidance(self.assessment, self.prepared.catalogue, release)

    def to_fhir_bytes(self, release: Release = "R4") -> bytes:
        """Return the guidance as the bytes of a FHIR Bundle."""
        return emit.guidance_bytes(self.assessment, self.prepared.catalogue, release)

    def explain(self, condition: str) -> tuple[tuple[Side, Hypothesis], ...]:
        """Return for each side what makes a condition more or less probable, also if it is not in the list."""
        answer = self.assessment
        return thinking.explained(
            self.facts, condition, model=self.prepared.model, as_of=date.fromisoformat(answer.as_of), setting=answer.setting,
        )  # fmt: skip


def evaluate(
    body: Body,
    *,
    knowledge: Knowledge,
    as_of: date,
    setting: Setting = "primary_care",
    release: Release | None = None,
    maps: Sequence[Mapping[str, object]] = (),
) -> Evaluation:
    """Read one FHIR document and think about it; problems of the input are issues of the answer, never exceptions."""
    prepared = prepare(knowledge)
    parse = parsed(body)
    document, issues = parse.document, parse.issues
    if document is None or _hopeless(issues):
        return _failure(prepared, as_of, setting, issues)
    used = release or version.detect(document)
    if not parse.is_sound(release, prepared):
        document, found = structure.usable(document, used)
        issues = (*issues, *found)
        if document is None:
            return _failure(prepared, as_of, setting, issues)
    mappings = []
    for resource in maps:
        mapping, found_in_map = concept_map.concept_mapping(dict(resource), prepared.concepts)
        mappings.append(mapping)
        issues = (*issues, *found_in_map)
    reading = read.read(
        document, concepts=prepared.concepts, as_of=as_of, release=used, forms=prepared.forms, maps=tuple(mappings),
    )  # fmt: skip
    issues = (*issues, *reading.issues)
    if _hopeless(issues):
        return _failure(prepared, as_of, setting, issues)
    unusable = reading.unusable or any(issue.is_error for issue in issues)
    return evaluate_facts(
        reading.facts, knowledge=knowledge, as_of=as_of, setting=setting, subject=reading.subject, issues=issues,
        unusable=unusable,
    )  # fmt: skip


def evaluate_facts(
    facts: Iterable[Fact],
    *,
    knowledge: Knowledge,
    as_of: date,
    setting: Setting = "primary_care",
    subject: Subject = Subject(),  # noqa: B008 - frozen
    issues: tuple[Issue, ...] = (),
    unusable: bool = False,
) -> Evaluation:
    """Think about facts that a host hands over itself: the same answer as for the FHIR they could have come from."""
    prepared = prepare(knowledge)
    facts = tuple(facts)
    answer = thinking.assess(
        facts, model=prepared.model, software=prepared.software, as_of=as_of, setting=setting, subject=subject,
        issues=issues, unusable=unusable, make=Assessment,
    )  # fmt: skip
    return Evaluation(answer, facts, prepared)


class Parsed(NamedTuple):
    """A document out of its bytes."""

    document: Any
    issues: tuple[Issue, ...]
    text: bytes = b""
    """The document as an encoder writes it, without space between tokens."""
    source: bytes = b""
    """The bytes as they came; empty for a body that was no text."""

    def is_sound(self, release: Release | None, prepared: Prepared) -> bool:
        """Show in the short way that the structure is that of R4; False means that the walker must look."""
        if self.issues or release not in (None, "R4") or not isinstance(self.document, dict):
            return False
        if not prepared.warm:
            prepared.warm = True
            return False
        from kneecds.fhir.structure import gate  # noqa: PLC0415 - loads 60 classes; a single run is faster without

        return gate.sound_text(self.text)


def parsed(body: Body) -> Parsed:
    """Read a body as JSON."""
    raw = _bytes(body)
    if isinstance(raw, Issue):
        return Parsed(None, (raw,))
    source = raw if isinstance(body, (bytes, bytearray, memoryview, str)) else b""
    document, issues, text = strict_json.parse_and_write(raw)
    if document is None and not issues:
        issues = (fatal("structure", "not-fhir", "", "null is not a FHIR resource"),)
    return Parsed(document, issues, text, source)


def _bytes(body: Body) -> bytes | Issue:
    if isinstance(body, bytes):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    try:
        if isinstance(body, str):
            return body.encode()
        if isinstance(body, (Mapping, Sequence)):
            return ENCODER.encode(body)
        return body.model_dump_json().encode()
    except (UnicodeEncodeError, msgspec.MsgspecError, TypeError, ValueError, RecursionError, AttributeError) as problem:
        return fatal("structure", "not-json", "", f"the input cannot be written as JSON: {type(problem).__name__}")


def _hopeless(issues: Iterable[Issue]) -> bool:
    return any(issue.severity == "fatal" for issue in issues)


def _failure(prepared: Prepared, as_of: date, setting: Setting, issues: tuple[Issue, ...]) -> Evaluation:
    answer = Assessment(
        SCHEMA_VERSION, prepared.software, as_of.isoformat(), setting, "failure", Subject(), None, issues=issues
    )
    return Evaluation(answer, (), prepared)


ENCODER = msgspec.json.Encoder(decimal_format="number")
