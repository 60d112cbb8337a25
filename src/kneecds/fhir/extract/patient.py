"""Patient: age on the day of the assessment, and sex as recorded."""

from __future__ import annotations

from kneecds.core.facts import Origin, Subject
from kneecds.fhir.dates import ages, bounds
from kneecds.fhir.extract.answers import GENDERS
from kneecds.fhir.extract.run import PERSON, Resource, Run, name_of

_OLDEST = 130


def read(run: Run, resource: Resource, path: str) -> Subject:
    """Take age and sex, and return whom all this is about."""
    name = name_of(resource)
    if not run.usable(resource, path):
        return Subject(reference=name)
    if resource.get("deceasedBoolean") is True or "deceasedDateTime" in resource:
        run.warn("business-rule", "deceased", f"{path}.deceased", "the patient is recorded as deceased")
    birth_date = _age(run, resource, path, name)
    gender = resource.get("gender")
    if gender in GENDERS and "sex" in run.concepts.targets:
        run.add("sex", PERSON, GENDERS[gender], Origin(name, f"{path}.gender"))
    return Subject(reference=name, birth_date=birth_date, sex=gender if gender in GENDERS else "unknown")


def _age(run: Run, resource: Resource, path: str, name: str) -> str:
    birth_date = str(resource.get("birthDate", ""))
    limits = bounds(birth_date) if birth_date else None
    where = f"{path}.birthDate"
    if limits is None:
        if birth_date:
            run.refuse("value", "birth-date-invalid", where, "the birth date is no date; the age stays unknown")
        else:
            run.warn("incomplete", "birth-date-missing", path, "no birth date; the age stays unknown")
        return ""
    if limits[0] > run.as_of:
        run.refuse(
            "business-rule",
            "birth-date-future",
            where,
            f"the birth date is later than {run.today}; the age stays unknown",
        )
        return ""
    found = ages(birth_date, run.as_of)
    target = run.concepts.targets.get("age_years")
    if found is None or target is None:
        return birth_date
    youngest, oldest = found
    if oldest > _OLDEST:
        run.refuse(
            "value",
            "implausible",
            where,
            f"the birth date makes the patient older than {_OLDEST}; the age stays unknown",
        )
        return ""
    origin = Origin(name, where)
    if youngest == oldest:
        run.add(target.id, PERSON, youngest, origin)
        return birth_date
    message = f"the birth date is partial: the age may be {youngest} or {oldest}; it stays unknown, but what holds for both is taken"
    run.warn("incomplete", "birth-date-partial", where, message)
    for threshold in target.thresholds:
        answers = {threshold.holds(youngest), threshold.holds(oldest)}
        if len(answers) == 1:
            run.add(threshold.finding, PERSON, answers.pop(), origin)
    run.add(target.id, PERSON, None, origin)
    return birth_date
