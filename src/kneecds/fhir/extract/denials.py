"""What a patient denied by not choosing an option, or by choosing "none of these"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kneecds.core.facts import Fact, Origin
from kneecds.fhir.concepts import Meaning
from kneecds.fhir.extract.run import PERSON
from kneecds.fhir.extract.sites import SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kneecds.core.facts import Scope
    from kneecds.fhir.concepts import Concepts
    from kneecds.fhir.extract.run import Resource, Run
    from kneecds.fhir.form import Form


class _Denied(NamedTuple):
    """A finding that is absent on these sides when none of the options is chosen."""

    finding: str
    scope: Scope
    options: frozenset[str]
    asked_in: tuple[str, ...]  # the items that ask for it directly


class Denying(NamedTuple):
    """A question with options, and what not choosing them denies."""

    link_id: str
    offered: dict[str, str]
    alone: frozenset[str]
    denied: tuple[_Denied, ...]
    strange: tuple[str, ...]  # findings that are not known here


def prepared(form: Form, concepts: Concepts, asks: Mapping[tuple[str, Scope], Sequence[str]]) -> tuple[Denying, ...]:
    """Work out once for a form what its declarations mean; `asks` lists the items that ask for a finding."""
    found: list[Denying] = []
    for link_id, declared in form.denials.items():
        facts: list[_Denied] = []
        strange: list[str] = []
        for coded, options in declared.denied:
            meaning = concepts.of_codings([{"system": coded.system, "code": coded.code}])
            target = meaning.target if isinstance(meaning, Meaning) and meaning.means == "same" else None
            if target is None or target.kind != "boolean":
                strange.append(coded.code)
                continue
            facts += [
                _Denied(target.id, scope, options, tuple(asks.get((target.id, scope), ())))
                for scope in (SCOPES[form.sides[link_id]] if target.knee else PERSON)
            ]
        found.append(Denying(link_id, declared.offered, declared.alone, tuple(facts), tuple(strange)))
    return tuple(found)


def denied(
    run: Run,
    denying: Denying,
    given: Mapping[str, list[Resource]],
    places: Sequence[tuple[str, Resource, str, int]],
    heeded: set[str],
    origin: Origin,
    *,
    whole: bool,
) -> None:
    """Take as absent what the answer to one question denies and no direct answer speaks of.

    Of a response that is not finished (`whole` is False) only "none of these" denies: more may yet be chosen.
    """
    link_id = denying.link_id
    here = [(answer, place) for other, answer, place, _ in places if other == link_id]
    chosen = _chosen(denying, [answer for answer, _ in here])
    if not chosen or len(here) != len(given[link_id]):
        return  # not answered with options of this question, or in part with what could not be used
    place = here[0][1]
    if chosen & denying.alone and len(chosen) > 1:
        message = f"{link_id}: an option that goes with no other was chosen with others; nothing is taken as denied"
        run.warn("conflict", "option-not-alone", place, message)
        return
    if not whole and not chosen <= denying.alone:
        return
    if denying.strange:
        names = ", ".join(denying.strange)
        run.warn("code-invalid", "denial-unknown", place, f"{link_id} denies what is not known here: {names}; not used")
    stated = Origin(origin.resource, f"{place}.answer.value", link_id, origin.time)
    against: list[str] = []
    take = run.facts.append
    asked = given.keys()
    for finding, scope, options, asked_in in denying.denied:
        if chosen.isdisjoint(options):
            if asked_in and not asked.isdisjoint(asked_in):
                direct = [(item, answer) for item in asked_in for answer in given.get(item, ())]
                if any(answer.get("valueBoolean") is True for _, answer in direct):
                    against.append(finding)
                if any(item in heeded or answer.get("valueBoolean") is not False for item, answer in direct):
                    continue  # the direct answer stands; of one that does not count, only a "no" agrees
            take(Fact(finding, scope, False, stated))  # noqa: FBT003
    if against:
        names = ", ".join(against)
        message = f"the answer to {link_id} denies what another answer affirms, and is not used for it: {names}"
        run.warn("conflict", "denial-contradicted", place, message)


def _chosen(denying: Denying, answers: Sequence[Resource]) -> set[str]:
    """Return the chosen options; nothing if any answer is not an option of the question."""
    chosen: set[str] = set()
    for answer in answers:
        coding = answer.get("valueCoding")
        if not isinstance(coding, dict):
            return set()
        code = str(coding.get("code", ""))
        system = denying.offered.get(code)
        if system is None or (coding.get("system") or system) != system:
            return set()
        chosen.add(code)
    return chosen
