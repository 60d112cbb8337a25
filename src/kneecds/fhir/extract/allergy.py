"""AllergyIntolerance: an anti-inflammatory that the patient must not have."""

from __future__ import annotations

from typing import Final

from kneecds.core.facts import Origin
from kneecds.fhir.concepts import RXNORM, Meaning
from kneecds.fhir.extract.run import Resource, Run, code_of, name_of

_FINDING: Final = "nsaid_hypersensitivity"
_ASPIRIN: Final = (RXNORM, "1191")
# https://hl7.org/fhir/R4/valueset-allergyintolerance-verification.html and -clinical.html
_NO_ALLERGY: Final = frozenset({"refuted", "entered-in-error"})
_OVER: Final = frozenset({"inactive", "resolved"})


def read(run: Run, resource: Resource, path: str) -> None:
    """Take an allergy to an anti-inflammatory or to aspirin."""
    concepts = [resource.get("code"), *(reaction.get("substance") for reaction in resource.get("reaction", ()))]
    if not any(_is_nsaid(run, concept) for concept in concepts if concept):
        return
    verification = code_of(resource.get("verificationStatus"))
    clinical = code_of(resource.get("clinicalStatus"))
    if verification in _NO_ALLERGY or clinical in _OVER:
        message = f"an allergy that is {verification if verification in _NO_ALLERGY else clinical} is ignored"
        run.remark("informational", "allergy-not-there", path, message)
        return
    if not run.usable(resource, path):
        return
    time = str(resource.get("recordedDate", ""))
    if time and run.is_future(time, f"{path}.recordedDate"):
        return
    if verification in ("unconfirmed", "presumed"):
        run.warn("informational", "allergy-unconfirmed", path, "the allergy is unconfirmed; taken as one, to be safe")
    kind = resource.get("type")
    if kind == "intolerance" or (isinstance(kind, dict) and code_of(kind) == "intolerance"):
        run.warn(
            "informational", "allergy-intolerance", path, "an intolerance is taken as a hypersensitivity, to be safe"
        )
    if _FINDING in run.concepts.targets:
        run.add(_FINDING, ("person",), True, Origin(name_of(resource), f"{path}.code", "", time))  # noqa: FBT003


def _is_nsaid(run: Run, concept: Resource) -> bool:
    """Whether a substance is a mapped anti-inflammatory or aspirin; one such coding is enough, to be safe."""
    for coding in concept.get("coding", ()):
        meaning: Meaning | None = run.concepts.of_coding(coding)
        if meaning is None:
            continue
        names = {target.id for target in (meaning.target, *meaning.sets) if target is not None}
        if names & {"nsaid_use", _FINDING} or (coding.get("system"), coding.get("code")) == _ASPIRIN:
            return True
    return False
