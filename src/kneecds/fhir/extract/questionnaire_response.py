"""QuestionnaireResponse: the answers to items that carry codes, ours or mapped ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kneecds.core.facts import Fact, Origin
from kneecds.fhir.concepts import FINDING_SYSTEM, Meaning
from kneecds.fhir.extract.denials import Denying, denied, prepared
from kneecds.fhir.extract.run import PERSON, UNSPECIFIED, Resource, Run, name_of
from kneecds.fhir.extract.sites import NOWHERE, SCOPES, scopes_for
from kneecds.fhir.extract.statement import broader, state
from kneecds.fhir.extract.values import SILENT, Nothing, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kneecds.core.facts import Scope
    from kneecds.fhir.concept_map import ConceptMapping
    from kneecds.fhir.questionnaire import Form

# https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html
_REMARKED: Final = {
    "in-progress": "the form is not finished; its answers so far are taken",
    "stopped": "the form was not finished; its answers are taken",
}
_MOST_PLANS: Final = 64
"""Forms whose meaning is kept ready; a host has one or two."""


class _Asked(NamedTuple):
    """What an item asks, and about which knee."""

    meaning: Meaning
    scopes: tuple[Scope, ...] | None  # None: work it out, and say if it is missing
    yes_or_no: str = ""  # the finding, where a boolean answer is all there is to it


class _Plan(NamedTuple):
    """What the items of one form mean."""

    form: Form | None
    asked: dict[str, _Asked]
    answers: dict[str, dict[str, Meaning]]  # by linkId and answer code
    unclear: frozenset[str]
    denials: tuple[Denying, ...] = ()


def read(run: Run, resource: Resource, path: str) -> None:
    """Take the answers of one response that count."""
    status = resource.get("status")
    if status == "entered-in-error":
        run.remark("informational", "status-no-result", f"{path}.status", "a response entered in error is ignored")
        return
    if status in _REMARKED:
        run.remark("informational", f"status-{status}", f"{path}.status", _REMARKED[status])
    if not run.usable(resource, path):
        return
    time = resource.get("authored", "")
    if time and time[:10] > run.today and run.is_future(time, f"{path}.authored"):
        return
    plan = _plan(run, resource, path)
    if plan is None:
        return
    given: dict[str, list[Resource]] = {}
    places: list[tuple[str, Resource, str, int]] = []
    _walk(run, resource, path, given, places)
    heeded = None if plan.form is None else plan.form.heeded(given)
    name = name_of(resource)
    passed: list[str] = []
    asked = plan.asked
    several: set[str] = set()
    take = run.facts.append
    for link_id, answer, place, position in places:
        if heeded is not None and link_id not in heeded:
            if link_id not in passed:
                passed.append(link_id)
            continue
        question = asked.get(link_id)
        if question is not None:
            if len(given[link_id]) > 1 and _differ(given[link_id]):
                if link_id not in several:
                    several.add(link_id)
                    message = f"{link_id} has several different answers; none is taken"
                    run.refuse("conflict", "answer-several", place, message)
                continue
            value = answer.get("valueBoolean") if question.yes_or_no else None
            if value is None or question.scopes is None:
                _take(run, question, answer, f"{place}.answer[{position}]", name, link_id, time)
            else:
                origin = Origin(name, f"{place}.answer[{position}].value", link_id, time)
                for scope in question.scopes:
                    take(Fact(question.yes_or_no, scope, value, origin))
        elif link_id in plan.unclear:
            run.refuse(
                "conflict", "codings-differ", place, f"the codes of {link_id} mean different things; send one of them"
            )
        if plan.answers and link_id in plan.answers:
            _chosen(run, plan.answers[link_id], answer, f"{place}.answer[{position}]", name, link_id, time)
    if passed:
        _say_passed(run, plan, passed, path)
    for denying in plan.denials:
        if denying.link_id in given and (heeded is None or denying.link_id in heeded):
            origin = Origin(name, path, denying.link_id, time)
            denied(run, denying, given, places, heeded or set(), origin, whole=status not in _REMARKED)


def _say_passed(run: Run, plan: _Plan, passed: list[str], path: str) -> None:
    known = plan.form.types if plan.form is not None else {}
    closed = [link_id for link_id in passed if link_id in known]
    strange = [link_id for link_id in passed if link_id not in known]
    if closed:
        message = f"answers to items that were not enabled are ignored: {', '.join(closed)}"
        run.remark("informational", "item-not-enabled", f"{path}.item", message)
    if strange:
        message = f"the form has no items {', '.join(strange)}; their answers are ignored"
        run.warn("not-found", "item-unknown", f"{path}.item", message)


def _walk(
    run: Run,
    holder: Resource,
    path: str,
    given: dict[str, list[Resource]],
    places: list[tuple[str, Resource, str, int]],
) -> None:
    """Collect all answers below, in order."""
    for index, item in enumerate(holder.get("item", ())):
        here = f"{path}.item[{index}]"
        if "modifierExtension" in item and run.modified(item, here):
            continue
        answers = item.get("answer")
        if answers:
            link_id = item.get("linkId", "")
            known = given.get(link_id)
            if known is None:
                given[link_id] = answers
            else:
                given[link_id] = [*known, *answers]
            for position, answer in enumerate(answers):
                if "modifierExtension" in answer and run.modified(answer, f"{here}.answer[{position}]"):
                    continue
                places.append((link_id, answer, here, position))
                if "item" in answer:
                    _walk(run, answer, f"{here}.answer[{position}]", given, places)
        if "item" in item:
            _walk(run, item, here, given, places)


def _differ(answers: Sequence[Resource]) -> bool:
    values = [{key: value for key, value in answer.items() if key not in ("item", "id")} for answer in answers]
    return any(value != values[0] for value in values[1:])


def _take(run: Run, question: _Asked, answer: Resource, path: str, name: str, link_id: str, time: str) -> None:
    meaning = question.meaning
    target = meaning.target
    if target is None:
        return
    if meaning.means == "broader":
        broader(run, meaning, path)
        return
    value = value_of(run, target, answer, path, ours=meaning.ours)
    if value is SILENT and "extension" in answer:
        value = None
    if isinstance(value, Nothing):
        return
    scopes = question.scopes
    if scopes is None:
        scopes = scopes_for(run, meaning, NOWHERE, path, of_person=not target.knee)
    if scopes is not None:
        state(run, meaning, value, scopes, Origin(name, f"{path}.value", link_id, time))


def _chosen(
    run: Run, meanings: dict[str, Meaning], answer: Resource, path: str, name: str, link_id: str, time: str
) -> None:
    """Take an answer that is itself mapped to a finding: choosing it says that the finding is present."""
    coding = answer.get("valueCoding") or {}
    code = str(coding.get("code", ""))
    meaning = meanings.get(code) or meanings.get(f"{coding.get('system', FINDING_SYSTEM)}|{code}")
    if meaning is None or meaning.target is None or meaning.target.kind != "boolean":
        return
    scopes = scopes_for(run, meaning, NOWHERE, path, of_person=not meaning.target.knee)
    if scopes is not None:
        state(run, meaning, True, scopes, Origin(name, f"{path}.value", link_id, time))  # noqa: FBT003


def _plan(run: Run, resource: Resource, path: str) -> _Plan | None:
    canonical = str(resource.get("questionnaire", ""))
    url = canonical.partition("|")[0]
    form = run.forms.get(canonical) or run.forms.get(url)
    if form is None and canonical.startswith("#"):
        form = _contained(run, resource, canonical, path)
    if (
        form is None
        and not any(source == url for mapping in run.maps for source, _ in mapping.codes)
        and not any(source == url for mapping in run.maps for source, *_ in mapping.answers)
    ):
        what = f"the form {canonical!r} is not known here" if canonical else "the response does not name its form"
        message = f"{what}, so its answers cannot be read; give the Questionnaire or a ConceptMap for it"
        run.refuse("not-found", "form-unknown", f"{path}.questionnaire", message)
        return None
    key = (id(form), (url, tuple(id(mapping) for mapping in run.maps)))
    kept = run.concepts.plans.get(key)
    if kept is not None and kept[0] is form and kept[1] == run.maps:
        plan: _Plan = kept[2]
        return plan
    plan = _prepare(run, form, url)
    if not canonical.startswith("#"):
        if len(run.concepts.plans) >= _MOST_PLANS:
            run.concepts.plans.clear()
        run.concepts.plans[key] = (form, run.maps, plan)
    return plan


def _contained(run: Run, resource: Resource, canonical: str, path: str) -> Form | None:
    from kneecds.fhir.questionnaire import Form  # noqa: PLC0415 - rarely needed, and slow to load

    for index, contained in enumerate(resource.get("contained", ())):
        if contained.get("resourceType") == "Questionnaire" and f"#{contained.get('id')}" == canonical:
            try:
                return Form(contained)
            except ValueError as problem:
                run.refuse("invalid", "form-invalid", f"{path}.contained[{index}]", str(problem))
    return None


def _prepare(run: Run, form: Form | None, url: str) -> _Plan:
    asked: dict[str, _Asked] = {}
    answers: dict[str, dict[str, Meaning]] = {}
    unclear: set[str] = set()
    for link_id in form.link_ids if form is not None else ():
        codings: list[dict[str, Any]] = (
            [{"system": c.system, "code": c.code} for c in form.codes[link_id]] if form else []
        )
        mapped = [m for mapping in run.maps for c in codings if (m := mapping.codes.get((c["system"], c["code"])))]
        found = run.concepts.of_codings(codings) if codings else None
        for mapping in run.maps:
            _note_answers(answers, mapping, link_id, {(c["system"], c["code"]) for c in codings})
        if found is None and mapped:
            found = mapped[0]
        if not isinstance(found, Meaning):
            if found is not None:
                unclear.add(link_id)
            continue
        asked[link_id] = _asked(found, form.sides.get(link_id, "") if form else "")
    if form is not None:
        _note_stated(run, form, answers)
    for mapping in run.maps:
        for (source, link_id), meaning in mapping.codes.items():
            if source == url:
                asked[link_id] = _asked(meaning, "")
        for source, link_id, answer in mapping.answers:
            if source == url:
                answers.setdefault(link_id, {})[answer] = mapping.answers[source, link_id, answer]
    asks: dict[tuple[str, Scope], list[str]] = {}
    for link_id, question in asked.items():
        if question.meaning.target is not None:
            for scope in question.scopes or UNSPECIFIED:
                asks.setdefault((question.meaning.target.id, scope), []).append(link_id)
    denials = prepared(form, run.concepts, asks) if form is not None and form.denials else ()
    return _Plan(form, asked, answers, frozenset(unclear), denials)


def _note_stated(run: Run, form: Form, answers: dict[str, dict[str, Meaning]]) -> None:
    """Note what the options of the form itself state, each for the side that the question is about."""
    for link_id, names in form.states.items():
        for name in names:
            meaning = run.concepts.of_coding({"system": FINDING_SYSTEM, "code": name})
            if meaning is not None and meaning.target is not None:
                side = form.sides[link_id] if meaning.target.knee else ""
                answers.setdefault(link_id, {})[f"{FINDING_SYSTEM}|{name}"] = meaning._replace(side=side)


def _note_answers(
    answers: dict[str, dict[str, Meaning]], mapping: ConceptMapping, link_id: str, codes: set[tuple[str, str]]
) -> None:
    for (system, code, answer), meaning in mapping.answers.items():
        if (system, code) in codes:
            answers.setdefault(link_id, {})[answer] = meaning


def _asked(meaning: Meaning, side: str) -> _Asked:
    target = meaning.target
    plain = target.id if target is not None and target.kind == "boolean" and meaning.means == "same" else ""
    if target is None or not target.knee:
        return _Asked(meaning, PERSON, plain)
    stated = side or meaning.side
    return _Asked(meaning, SCOPES[stated] if stated else None, plain)
