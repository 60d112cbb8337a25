"""Every folder of `examples/` is a test: its input gives the answer that stands beside it, however it is asked.

`python tests/test_examples.py --write [CASE ...]` writes `expected.json` anew, for all cases or those named: the
whole answer without what changes with every release (software, provenance texts), numbers to three decimals.
`--setting NAME` states where the patient is seen; without it the setting that stands in the file is kept.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle

import kneecds
from kneecds.cli import kneecds as command
from kneecds.render.json import to_json
from kneecds.render.schema import assessment_schema_json

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CASES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())
AS_OF = "2026-01-15"
WORDS_FOR_FINDING = {"present": "yes", "absent": "no"}


def asked(case: str) -> dict[str, Any]:
    """Return how a case is asked: day and setting, as its expected answer says."""
    file = EXAMPLES / case / "expected.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {"as_of": known.get("as_of", AS_OF), "setting": known.get("setting", "primary_care")}


def assessed(case: str, **how: str) -> kneecds.Assessment:
    return kneecds.assess((EXAMPLES / case / "input.json").read_bytes(), **(asked(case) | how))


# ---- the answer as a reviewer reads it ----------------------------------------------------------


def review(answer: dict[str, Any]) -> dict[str, Any]:
    """Shorten the JSON answer to what is decided: ids and numbers, one line each, nothing of the software."""
    found = {key: answer[key] for key in ("schema_version", "as_of", "setting", "status", "subject", "tier")
             if key in answer}  # fmt: skip
    found["findings"] = findings(answer.get("findings", ()))
    found["person_rules"] = [rule(one) for one in answer.get("person_rules", ())]
    found["person_undecided"] = [one["rule"] for one in answer.get("person_undecided", ())]
    found["person_instruments"] = [instrument(one) for one in answer.get("person_instruments", ())]
    found["knees"] = [knee(one) for one in answer.get("knees", ())]
    found["questions"] = [question(one) for one in answer.get("questions", ())]
    found["counterfactuals"] = [
        f"{one['direction']} to {one['tier']}, {one['scope']}: {wanted(one['changes'])}"
        + (f" ({one['rule']})" if one.get("rule") else "")
        for one in answer.get("counterfactuals", ())
    ]
    for name in ("options", "against"):
        found[name] = [option(one) for one in answer.get(name, ())]
    found["blocked"] = [
        f"{one['action']}, {one['scope']}: {', '.join(one['because'])}" for one in answer.get("blocked", ())
    ]
    found["issues"] = [
        f"{one['severity']} [{one['rule']}] {one.get('expression', '')}: {one['message']}"
        for one in answer.get("issues", ())
    ]
    return {key: value for key, value in found.items() if value not in ([], {}, "")}


def findings(known: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    by_scope: dict[str, dict[str, str]] = {}
    for one in known:
        state = one["state"]
        value = f"{one['value']} {one.get('unit', '')}".strip() if one.get("value") else ""
        text = value if state == "value" else WORDS_FOR_FINDING.get(state, state) + (f" {value}" if value else "")
        by_scope.setdefault(one["scope"], {})[one["finding"]] = text
    return {scope: dict(sorted(of_scope.items())) for scope, of_scope in sorted(by_scope.items())}


def knee(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"side": one["side"], "tier": one.get("tier"), "enough_known": one["enough_known"]}
    found["raised_by_probability"] = one.get("raised_by_probability", "")
    found["rules"] = [rule(each) for each in one.get("rules", ())]
    found["hypotheses"] = [hypothesis(each) for each in one.get("hypotheses", ())]
    found["named"] = [hypothesis(each) for each in one.get("named", ())]
    found["not_excluded"] = [each["condition"] for each in one.get("not_excluded", ())]
    found["instruments"] = [instrument(each) for each in one.get("instruments", ())]
    found["factors"] = [each["factor"] for each in one.get("factors", ())]
    found["undecided"] = [each["rule"] for each in one.get("undecided", ())]
    return {key: value for key, value in found.items() if value not in ([], "")}


def rule(one: dict[str, Any]) -> dict[str, Any]:
    found = {"rule": one["rule"], "tier": one["tier"], "status": one["status"], "because": one.get("because", [])}
    if one.get("cancelled_by"):
        found["cancelled_by"] = wanted(one["cancelled_by"])
    return found


def hypothesis(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"condition": one["condition"]}
    found["probability"] = f"{number(one['probability'])} ({number(one['low'])} to {number(one['high'])})"
    found["raised_by"] = one.get("raised_by", [])
    found["includes"] = one.get("includes", [])
    for name in ("supporting", "opposing"):
        found[name] = [
            f"{each['finding']} {each['state']} {number(each['log_odds']):+}"
            + (" judged" if each["basis"] == "qualitative" else "")
            for each in one.get(name, ())
        ]
    found["missing"] = [each["finding"] for each in one.get("missing", ())]
    return {key: value for key, value in found.items() if value != []}


def instrument(one: dict[str, Any]) -> str:
    text = f"{one['instrument']}: {one['status']}"
    if one.get("score_low") is not None:
        text += f", {one['score_low']:g} to {one['score_high']:g} points"
    if one.get("decided_by"):
        text += f"; decided by {', '.join(each['finding'] for each in one['decided_by'])}"
    return text


def question(one: dict[str, Any]) -> str:
    return f"{one['finding']}, {one['scope']}, {one['kind']}: {one['why']}"


def option(one: dict[str, Any]) -> str:
    text = f"{one['action']}, {one['scope']}"
    return text + (f"; first: {', '.join(one['caution'])}" if one.get("caution") else "")


def wanted(answers: list[dict[str, Any]]) -> str:
    return " and ".join(f"{each['finding']} {each['answer']}" for each in answers)


def number(value: float) -> float:
    return round(value, 3) + 0.0


def as_expected(case: str, **how: str) -> str:
    reviewed = review(json.loads(to_json(assessed(case, **how))))
    return json.dumps(reviewed, indent=2, ensure_ascii=False) + "\n"


# ---- tests --------------------------------------------------------------------------------------


def run(case: str, form: str) -> bytes:
    how = asked(case)
    words = ["assess", str(EXAMPLES / case / "input.json"), "--format", form]
    result = CliRunner().invoke(command, [*words, "--as-of", how["as_of"], "--setting", how["setting"]])
    errors = any(issue.is_error for issue in assessed(case).issues)
    assert result.exit_code == (1 if errors else 0), result.output
    return result.stdout_bytes


def test_there_are_cases() -> None:
    assert len(CASES) >= 14


@pytest.mark.parametrize("case", CASES)
def test_folder_is_complete(case: str) -> None:
    assert {file.name for file in (EXAMPLES / case).iterdir()} == {"README.md", "input.json", "expected.json"}
    assert (EXAMPLES / case / "README.md").read_text(encoding="utf-8").strip()
    assert f"({case}/" in (EXAMPLES / "README.md").read_text(encoding="utf-8"), "examples/README.md lists every case"


@pytest.mark.parametrize("case", CASES)
def test_library_gives_the_expected_answer(case: str) -> None:
    expected = json.loads((EXAMPLES / case / "expected.json").read_text(encoding="utf-8"))
    assert json.loads(as_expected(case)) == expected, "changed on purpose? python tests/test_examples.py --write"


@pytest.mark.parametrize("case", CASES)
def test_command_gives_the_same_json(case: str) -> None:
    assert run(case, "json") == to_json(assessed(case))


@pytest.mark.parametrize("case", CASES)
def test_command_gives_the_same_fhir(case: str) -> None:
    assert run(case, "fhir").rstrip(b"\n") == assessed(case).to_fhir_bytes()


@pytest.mark.parametrize("case", CASES)
def test_guidance_is_fhir_r4(case: str) -> None:
    guidance = Bundle.model_validate_json(assessed(case).to_fhir_bytes())
    kinds = [entry.resource.get_resource_type() for entry in guidance.entry]
    assert kinds.count("GuidanceResponse") == 1


@pytest.mark.parametrize("case", [case for case in CASES if case != "input_with_errors"])
def test_input_is_fhir_r4(case: str) -> None:
    assert Bundle.model_validate_json((EXAMPLES / case / "input.json").read_bytes()).entry


@pytest.mark.parametrize("case", [case for case in CASES if case != "input_with_errors"])
def test_a_typed_input_gives_the_same_answer(case: str) -> None:
    typed = Bundle.model_validate_json((EXAMPLES / case / "input.json").read_bytes())
    assert kneecds.assess(typed, **asked(case)) == assessed(case)


def test_answer_fits_its_schema() -> None:
    schema = json.loads(assessment_schema_json())
    for case in CASES:
        jsonschema.validate(msgspec.json.decode(to_json(assessed(case))), schema)


# ---- what must stay true whatever the numbers -----------------------------------------------------

TIERS = {
    "acl_pivot_injury": "urgent_same_day",
    "child_hip_referred_pain": "urgent_same_day",
    "contradictory_data": "emergency",
    "dvt_after_flight": "urgent_same_day",
    "hot_swollen_knee_with_fever": "emergency",
    "locked_knee": "urgent_same_day",
    "ottawa_positive_fall": "urgent_same_day",
    "runner_pfps": "routine",
    "jumpers_knee": "routine",
    "itb_syndrome": "routine",
    "osteoarthritis_at_62": "routine",
    "anticoagulated_osteoarthritis": "routine",
}
FIRST = {
    "acl_pivot_injury": "acl_tear",
    "child_hip_referred_pain": "slipped_capital_femoral_epiphysis",
    "doms_at_36_hours": "doms",
    "dvt_after_flight": "deep_vein_thrombosis",
    "hot_swollen_knee_with_fever": "septic_arthritis",
    "itb_syndrome": "iliotibial_band_syndrome",
    "jumpers_knee": "patellar_tendinopathy",
    "osteoarthritis_at_62": "knee_osteoarthritis",
    "runner_pfps": "patellofemoral_pain",
}


@pytest.mark.parametrize(("case", "tier"), TIERS.items())
def test_escalation(case: str, tier: str) -> None:
    assert assessed(case).tier == tier


@pytest.mark.parametrize(("case", "condition"), FIRST.items())
def test_first_of_the_list(case: str, condition: str) -> None:
    assert {knee.hypotheses[0].condition for knee in assessed(case).knees} == {condition}


def test_no_nsaid_for_the_anticoagulated() -> None:
    answer = assessed("anticoagulated_osteoarthritis")
    offered = {option.action for option in answer.options}
    left_out = {blocked.action for blocked in answer.blocked}
    assert not any("nsaid" in action for action in offered)
    assert any("nsaid" in action for action in left_out)


def test_contradictions_are_said_and_keep_the_dangerous_reading() -> None:
    answer = assessed("contradictory_data")
    contradicted = {finding.finding for finding in answer.findings if finding.state == "contradicted"}
    assert {"knee_swelling", "warmth"} <= contradicted
    assert "rf_hot_swollen_joint" in {rule.rule for knee in answer.knees for rule in knee.rules}


def test_each_knee_has_its_own_answer() -> None:
    left, right = sorted(assessed("both_knees").knees, key=lambda knee: knee.side)
    assert left.hypotheses[0].condition == "knee_osteoarthritis"
    assert "bursitis" in right.hypotheses[0].condition
    assert "knee_osteoarthritis" not in {line.condition for line in right.hypotheses[:1]}


def test_an_incomplete_form_asks_on() -> None:
    answer = assessed("incomplete_form")
    assert answer.status in ("data-requested", "data-required")
    assert answer.questions


def test_child_rules_raise_the_hip() -> None:
    raised = {name for knee in assessed("child_hip_referred_pain").knees for rule in knee.rules for name in rule.raises}
    assert "slipped_capital_femoral_epiphysis" in raised


def test_every_fault_of_a_faulty_input_is_said() -> None:
    rules = {issue.rule for issue in assessed("input_with_errors").issues if issue.is_error}
    assert {
        "structure-required",
        "unit-wrong",
        "future",
        "value-type",
        "modifier-extension",
        "laterality-conflict",
    } <= rules


def main() -> None:
    parser = argparse.ArgumentParser(description="Write expected.json of examples anew.")
    parser.add_argument("--write", action="store_true", required=True)
    parser.add_argument("--setting", default="")
    parser.add_argument("cases", nargs="*", metavar="CASE", default=CASES)
    options = parser.parse_args()
    for case in options.cases:
        how = {"setting": options.setting} if options.setting else {}
        (EXAMPLES / case / "expected.json").write_text(as_expected(case, **how), encoding="utf-8")


if __name__ == "__main__":
    main()
