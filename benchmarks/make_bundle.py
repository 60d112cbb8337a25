"""Make `bundle_17.json` anew after a change of the form: a Patient, a response with 25 answers, 15 Observations.

    python benchmarks/make_bundle.py

The response answers the form from its beginning, item by item as they are enabled, for a knee twisted in sport.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import kneecds
from kneecds import pipeline
from kneecds.fhir.questionnaire import Form

BUNDLE = Path(__file__).with_name("bundle_17.json")
ANSWERS = 25
FINDING = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
CHOSEN = (
    "which_knee.right", "sudden_traumatic", "knee_swelling", "knee_pain", "injury_how.twist", "leg_alarm.stuck",
    "medial_knee_pain", "pain_on_pivoting", "giving_way", "female",
)  # fmt: skip
"""Options that are taken where they are offered; else the one that stands alone, or the first."""
AMOUNTS = {"age_years": 34, "pain_nrs_0_10": 6, "symptom_duration_days": 6}


def answer(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what this patient answers to one question."""
    kind, name = item["type"], item["linkId"].rpartition(".")[2]
    if kind == "boolean":
        return [{"valueBoolean": name in CHOSEN}]
    if kind == "quantity":
        return [
            {
                "valueQuantity": {
                    "value": AMOUNTS.get(name, 1),
                    "unit": "days",
                    "system": "http://unitsofmeasure.org",
                    "code": "d",
                }
            }
        ]
    if kind in ("integer", "decimal"):
        return [{f"value{kind.capitalize()}": AMOUNTS.get(name, 1)}]
    codings = [option["valueCoding"] for option in item["answerOption"]]
    taken = [coding for coding in codings if coding["code"] in CHOSEN]
    if not taken:
        taken = [coding for coding in codings if coding["code"].endswith(".none")] or codings[:1]
    plain = [{key: coding[key] for key in ("system", "code")} for coding in taken]
    return [{"valueCoding": coding} for coding in (plain if item.get("repeats") else plain[:1])]


def questions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for item in items:
        if item["type"] not in ("group", "display"):
            found.append(item)
        found += questions(item.get("item", []))
    return found


def tree(items: list[dict[str, Any]], given: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        if item["linkId"] in given:
            found.append({"linkId": item["linkId"], "answer": given[item["linkId"]]})
        elif inner := tree(item.get("item", []), given):
            found.append({"linkId": item["linkId"], "item": inner})
    return found


def main() -> None:
    questionnaire = pipeline.prepare(kneecds.shipped_knowledge()).questionnaire
    form = Form(questionnaire)
    given: dict[str, list[dict[str, Any]]] = {}
    for item in questions(questionnaire["item"]):
        if sum(map(len, given.values())) >= ANSWERS:
            break
        if item["linkId"] in form.enabled(given):
            given[item["linkId"]] = answer(item)
    bundle = json.loads(BUNDLE.read_text("utf-8"))
    (response,) = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "QuestionnaireResponse"]
    response["status"] = "completed"
    response["item"] = tree(questionnaire["item"], given)
    BUNDLE.write_text(json.dumps(bundle, separators=(",", ":"), ensure_ascii=False) + "\n", "utf-8")
    issues = kneecds.validate(BUNDLE.read_bytes(), as_of="2025-12-30")
    print(len(BUNDLE.read_bytes()), "bytes,", sum(map(len, given.values())), "answers;", *issues, sep="\n")


if __name__ == "__main__":
    main()
