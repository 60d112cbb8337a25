"""Broader codes that, together with their answer, limit or body site, do establish a finding."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kneecds.fhir.concepts import Meaning
from kneecds.fhir.extract.answers import (
    ABOVE,
    ANSWERS,
    CRYSTALS_NONE,
    CRYSTALS_PYROPHOSPHATE,
    CRYSTALS_URATE,
    INTERPRETATION,
    PREGNANCY,
    WITHIN,
)
from kneecds.fhir.extract.sites import scopes_for
from kneecds.fhir.extract.statement import broader, state
from kneecds.fhir.extract.values import SILENT, Nothing, amount_of, value_of
from kneecds.fhir.units import SAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.core.facts import Origin
    from kneecds.fhir.concepts import ReadingKind, Relation, Target
    from kneecds.fhir.extract.run import Resource, Run
    from kneecds.fhir.extract.sites import Site

_CK_TIMES: Final = 5
_SCALE: Final = 10
_SCALE_LONG: Final = 100


def value_is_broader(run: Run, meaning: Meaning, element: Resource, path: str) -> None:
    """Say that a broader code is no finding, if it was answered at all."""
    if any(key.startswith("value") for key in element):
        broader(run, meaning, path)


def interpretation_codes(element: Resource) -> set[str]:
    """Return the codes of HL7's interpretation that an element carries."""
    return {
        str(coding.get("code"))
        for concept in element.get("interpretation", ())
        for coding in concept.get("coding", ())
        if coding.get("system") == INTERPRETATION
    }


def flagged(element: Resource) -> bool | None:
    """Return whether the interpretation says above the limit (True) or not above it (False)."""
    codes = interpretation_codes(element)
    above, within = bool(codes & ABOVE), bool(codes & WITHIN)
    return None if above == within else above


def upper_limit(element: Resource) -> Resource | None:
    """Return the one upper limit of normal that is stated."""
    highs = []
    for reference in element.get("referenceRange", ()):
        kinds = {coding.get("code") for coding in reference.get("type", {}).get("coding", ())}
        if "high" in reference and "modifierExtension" not in reference and (not kinds or "normal" in kinds):
            highs.append(reference["high"])
    return highs[0] if len(highs) == 1 else None


def limit_says(target: Target, element: Resource, value: Decimal) -> bool | None:
    """Return whether the laboratory calls an amount raised, by its flag or else its limit; None: it does not say."""
    flag = flagged(element)
    if flag is not None:
        return flag
    high = upper_limit(element)
    if high is None or "value" not in high or "comparator" in high:
        return None
    conversion = target.units.get(high.get("code") or high.get("unit") or "")
    if conversion is None:
        return None
    limit = Decimal(high["value"])
    return value > (limit if conversion is SAME else conversion(limit))


def _answered(
    run: Run, element: Resource, path: str, *, of: dict[tuple[str | None, str | None], bool | None]
) -> bool | Nothing | None:
    """Read a coded answer by a table, then by the general one; SILENT if it is in neither."""
    codings = element.get("valueCodeableConcept", {}).get("coding", ())
    found = {
        of[key] if key in of else ANSWERS[key]
        for c in codings
        for key in [(c.get("system"), c.get("code"))]
        if key in of or key in ANSWERS
    }
    if len(found) > 1:
        run.refuse("conflict", "answer-conflict", f"{path}.value", "the codings of this answer contradict each other")
        return Nothing.REFUSED
    if found:
        return found.pop()
    if "valueBoolean" in element:
        return bool(element["valueBoolean"])
    if "dataAbsentReason" in element:
        return None
    return SILENT


def _limit(
    run: Run,
    meaning: Meaning,
    element: Resource,
    _owner: Resource,
    path: str,
    origin: Origin,
    site: Site,
    times: int = 1,
) -> None:
    """D-dimer, creatine kinase: raised is what the laboratory calls raised."""
    target = meaning.target
    scopes = scopes_for(run, meaning, site, path, of_person=target is None or not target.knee)
    if target is None or scopes is None:
        return
    direct = _answered(run, element, path, of={})
    if direct is None or (isinstance(direct, bool) and times == 1):
        run.add(target.id, scopes, direct, origin)
        return
    codes = interpretation_codes(element)
    answer = _beyond(element.get("valueQuantity"), upper_limit(element), times)
    if answer is None and codes & (WITHIN | {"NEG", "ND"}) and not codes & ABOVE:
        answer = False
    elif answer is None and times == 1 and codes & (ABOVE | {"A", "AA", "POS"}):
        answer = True
    run.add(target.id, scopes, answer, origin)
    if answer is None:
        message = (
            f"{target.id} needs the laboratory's limit: send referenceRange.high in the same unit, or an interpretation"
        )
        run.warn("incomplete", "limit-unknown", path, message)


def _beyond(quantity: Resource | None, high: Resource | None, times: int) -> bool | None:
    if not quantity or not high or "value" not in quantity or "value" not in high or "comparator" in high:
        return None
    unit = quantity.get("code") or quantity.get("unit")
    if unit is None or unit != (high.get("code") or high.get("unit")):
        return None
    amount, limit = Decimal(quantity["value"]), Decimal(high["value"]) * times
    comparator = quantity.get("comparator")
    if comparator is None:
        return amount > limit
    if comparator in ("<", "<="):
        return False if amount <= limit else None
    if comparator in (">", ">="):
        return True if amount > limit or (amount == limit and comparator == ">") else None
    return None


def _five_times_limit(
    run: Run, meaning: Meaning, element: Resource, owner: Resource, path: str, origin: Origin, site: Site
) -> None:
    _limit(run, meaning, element, owner, path, origin, site, _CK_TIMES)


def _pregnancy(
    run: Run, _meaning: Meaning, element: Resource, _owner: Resource, path: str, origin: Origin, _site: Site
) -> None:
    value = _answered(run, element, path, of=PREGNANCY)
    if value is SILENT:
        run.warn(
            "code-invalid",
            "answer-unknown",
            f"{path}.value",
            "the pregnancy status is not one of the codes that are understood",
        )
    elif not isinstance(value, Nothing):
        run.add("pregnant", ("person",), value, origin)


def _crystals(
    run: Run, meaning: Meaning, element: Resource, _owner: Resource, path: str, origin: Origin, site: Site
) -> None:
    """Take crystals by type, where the type is a code of ours or a usual phrase of laboratories."""
    scopes = scopes_for(run, meaning, site, path, of_person=False)
    if scopes is None:
        return
    both = tuple(name for name in ("cpp_crystals", "msu_crystals") if name in run.concepts.targets)
    answer = _answered(run, element, path, of={})
    if answer is False or answer is None:
        for name in both:
            run.add(name, scopes, answer, origin)
        return
    concept = element.get("valueCodeableConcept", {})
    named = run.concepts.of_codings(concept.get("coding", ()))
    if isinstance(named, Meaning) and named.target is not None and named.target.id in both:
        run.add(named.target.id, scopes, True, origin)  # noqa: FBT003
        return
    texts = {
        str(element.get("valueString", "")),
        str(concept.get("text", "")),
        *(str(c.get("display", "")) for c in concept.get("coding", ())),
    }
    words = {text.strip().rstrip(".").lower() for text in texts}
    if words & CRYSTALS_NONE and meaning.reading == "crystal_type":
        for name in both:
            run.add(name, scopes, False, origin)  # noqa: FBT003
        return
    found = [
        name
        for name, phrases in (("msu_crystals", CRYSTALS_URATE), ("cpp_crystals", CRYSTALS_PYROPHOSPHATE))
        if words & phrases
    ]
    for crystal in found:
        run.add(crystal, scopes, True, origin)  # noqa: FBT003
    if not found:
        message = "crystals were looked for, but the answer does not say which: send cpp_crystals and msu_crystals"
        run.warn("code-invalid", "crystals-which", path, message)


def _gram(
    run: Run, meaning: Meaning, element: Resource, owner: Resource, path: str, origin: Origin, site: Site
) -> None:
    """Take a Gram stain if the specimen is joint fluid."""
    if not _from_joint(run, owner):
        message = "a Gram stain counts only if its specimen says synovial or joint fluid; not used"
        run.warn("incomplete", "specimen-unknown", f"{path}.specimen", message)
        return
    scopes = scopes_for(run, meaning, site, path, of_person=False)
    value = _answered(run, element, path, of={})
    if value is SILENT:
        codes = interpretation_codes(element)
        value = True if codes & {"POS", "DET"} else False if codes & {"NEG", "ND"} else SILENT
    if value is SILENT:
        run.warn(
            "code-invalid",
            "answer-unknown",
            f"{path}.value",
            "the result of the Gram stain is neither positive nor negative",
        )
    elif scopes is not None and meaning.target is not None and not isinstance(value, Nothing):
        run.add(meaning.target.id, scopes, value, origin)


def _from_joint(run: Run, owner: Resource) -> bool:
    specimen = owner.get("specimen", {})
    texts = [str(specimen.get("display", ""))]
    reference = str(specimen.get("reference", ""))
    if reference:
        found = next((c for c in owner.get("contained", ()) if f"#{c.get('id')}" == reference), None) or run.find(
            reference
        )
        kind = (found or {}).get("type", {})
        texts += [str(kind.get("text", "")), *(str(c.get("display", "")) for c in kind.get("coding", ()))]
    return any("synovial" in text.lower() or "joint fluid" in text.lower() for text in texts)


def _pain_scale(
    run: Run, meaning: Meaning, element: Resource, _owner: Resource, path: str, origin: Origin, site: Site
) -> None:
    """Read a visual analogue scale as 0 to 10, if it is clear how long the scale is."""
    target = meaning.target
    quantity = element.get("valueQuantity")
    if target is None:
        return
    if not quantity:
        value = value_of(run, target, element, path, ours=False)
        if value is SILENT and "dataAbsentReason" in element:
            value = None
    elif quantity.get("code") in ("mm", "cm") and "value" in quantity and "comparator" not in quantity:
        number = Decimal(quantity["value"])
        value = number / _SCALE if quantity["code"] == "mm" else number
    else:
        value = amount_of(run, target, _shortened(element, quantity), f"{path}.value")
        high = (upper_limit(element) or {}).get("value")
        if isinstance(value, Decimal) and high != _SCALE and value and quantity.get("value") == value:
            message = (
                "a visual analogue scale of 0 to 10 or of 0 to 100? send referenceRange.high, or the unit cm or mm"
            )
            run.warn("incomplete", "scale-unknown", path, message)
            value = None
    scopes = None if isinstance(value, Nothing) else scopes_for(run, meaning, site, path, of_person=False)
    if scopes is not None:
        state(run, meaning._replace(means="same"), value, scopes, origin)


def _shortened(element: Resource, quantity: Resource) -> Resource:
    """Return the amount on a scale of ten if it must be one of a hundred."""
    high = (upper_limit(element) or {}).get("value")
    number = quantity.get("value", 0)
    if high == _SCALE_LONG or (high is None and number > _SCALE):
        return {**quantity, "value": Decimal(number) / _SCALE}
    return quantity


def _by_site(
    run: Run, meaning: Meaning, element: Resource, _owner: Resource, path: str, origin: Origin, site: Site
) -> None:
    """Take a code for any place as the finding, if the body site is the knee (or, for some, the leg)."""
    regions = ("knee",) if meaning.reading == "site_knee" else ("knee", "leg")
    if site.region not in regions:
        broader(run, meaning, path)
        return
    if meaning.target is None:
        return
    value = value_of(run, meaning.target, element, path, ours=False)
    if value is SILENT and "dataAbsentReason" in element:
        value = None
    scopes = scopes_for(run, meaning, site, path, of_person=not meaning.target.knee)
    if scopes is not None:
        relation: Relation = "same" if meaning.reading == "site_knee" else "narrower"
        state(run, meaning._replace(means=relation), value, scopes, origin)


READERS: Final[dict[ReadingKind, Callable[[Run, Meaning, Resource, Resource, str, Origin, Site], None]]] = {
    "limit": _limit,
    "five_times_limit": _five_times_limit,
    "pregnancy": _pregnancy,
    "crystal_type": _crystals,
    "crystal_presence": _crystals,
    "gram": _gram,
    "pain_scale": _pain_scale,
    "site_knee": _by_site,
    "site_leg": _by_site,
}
