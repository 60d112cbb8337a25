"""Each check is seen to refuse: a small sound body of knowledge, damaged in one place a row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from kneecds.core import knowledge as records
from kneecds.errors import KnowledgeError
from kneecds.knowledge import check, load
from kneecds.knowledge.check import codes, figures, schemas
from kneecds.knowledge.check.conditions import years_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BANDS = ("child_under_12", "12_17", "18_39", "40_59", "60_plus")
SNOMED = "http://snomed.info/sct"


def finding(identity: str, **more: object) -> dict[str, object]:
    return {
        "id": identity, "label": f"Finding {identity}", "definition": "It is there.", "category": "exam",
        "value_type": "boolean", "scope": "knee", "asked_of": "clinician", **more,
    }  # fmt: skip


def prior(band: str, **more: object) -> dict[str, object]:
    return {
        "age_band": band, "setting": "primary_care", "sex": "any", "low": 0.01, "estimate": 0.02, "high": 0.03,
        "source": "book", "basis": "consensus", **more,
    }  # fmt: skip


def share() -> dict[str, object]:
    return {"condition": "tear", "share": 0.5, "source": "book", "basis": "consensus"}


def sound() -> dict[str, Any]:
    """Return contents that no check objects to."""
    return {
        "findings/exam.yaml": {
            "findings": [
                finding("swelling", aliases=["swollen"]),
                finding("effusion", implies=["swelling"], codes=[{"system": SNOMED, "code": "239725005", "display": "x"}]),
                finding("dry", excludes=["effusion"]),
                finding("age_years", value_type="quantity", unit="a", plausible=[0, 130]),
                finding("sex", value_type="choice", choices=["female", "male"]),
                finding("adult", asked_of="computed", derived_from="age_years >= 18"),
                finding("score", value_type="quantity", unit="{score}", asked_of="computed", derived_from="points(1: dry)"),
            ]
        },
        "conditions/class_of_tears.yaml": {
            "id": "class_of_tears", "label": "Tears", "group": "ligament", "population": "adults", "can_coexist": True,
            "default_tier": "routine", "managed_by_probability": "no",
        },
        "conditions/tear.yaml": {
            "id": "tear", "label": "Tear", "group": "ligament", "population": "adults", "can_coexist": True,
            "default_tier": "routine", "managed_by_probability": "yes", "parent": "class_of_tears", "aliases": ["rip"],
            "gate": {"when": "adult", "why": "Bones break first", "source": ["book"]},
            "priors": [prior(band) for band in BANDS[2:]],
            "evidence": [
                {"finding": "effusion", "text": "fluid", "setting": "clinic", "sensitivity": "0.8", "specificity": "0.9",
                 "lr_positive": "8", "lr_negative": "0.22", "source": ["book"], "verified": "yes"},
                {"finding": "dry", "text": "dry", "setting": "clinic", "weight": "weak against", "source": ["book"],
                 "verified": "qualitative"},
            ],
        },
        "red_flags/rf_swelling.yaml": {
            "id": "rf_swelling", "title": "Swollen", "when": "swelling", "tier": "routine", "action": "Look",
            "rationale": "It may matter", "source": ["book"], "raises": ["tear"],
            "shares": [share()], "seeds": ["000", "001", "002"],
        },
        "instruments/tear_rule.yaml": {
            "id": "tear_rule", "title": "Rule", "asks": "Is it torn?", "applies": "adult", "when": "score >= 1",
            "criteria": [{"text": "Dry", "when": "dry", "points": 1}], "score": "points(1: dry)",
            "bands": [{"when": "score >= 1", "label": "high", "text": "Torn"}], "met": "Look", "not_met": "Wait",
            "performance": [{"population": "adults", "text": "good", "source": "book"}], "concerns": ["tear"],
            "limits": "Adults.", "source": ["book"],
        },
        "appropriateness/scan_tear.yaml": {
            "id": "scan_tear", "title": "Torn", "orders": ["knee_mri"], "verdict": "not_appropriate", "means": "Wait",
            "applies": "adult", "when": "dry", "criteria": [{"text": "Dry, grown up", "when": "dry and adult"}],
            "instrument": "tear_rule", "result": "not_met", "red_flags": ["rf_swelling"], "acute": True,
            "alternative": "knee_radiograph", "strength": "moderate", "source": ["book"],
        },
        "factors/all.yaml": {
            "factors": [
                {"id": "load", "text": "Load", "mechanism": "Wears", "advice": "Less", "source": ["book"],
                 "linked_conditions": ["tear"], "present_when": "swelling", "seeds": ["003"]},
            ]
        },
        "management/exercise.yaml": {
            "actions": [
                {"id": "squat", "kind": "exercise", "text": "Squat", "evidence_strength": "limited", "source": ["book"],
                 "indicated_for": ["tear"], "contraindicated_for": ["effusion"], "seeds": ["004"]},
            ]
        },
        "sources/all.yaml": {
            "sources": [
                {"id": "book", "title": "Book", "authors": "A", "year": "2000", "url": "x", "supports": "all"},
            ]
        },
        "about.yaml": {
            "version": "2026.11.0", "title": "T", "publisher": "P", "status": "draft", "licence": "Apache-2.0",
            "purpose": "P", "audience": "A", "is_not": ["A diagnosis"],
        },
        "reasoning.yaml": {
            "weight_ratios": {"strong": 6, "moderate": 2.5, "weak": 1.5, "neutral": 1}, "weight_spread": 2,
            "figure_spread": 1.5, "ratio_floor": 0.1, "ratio_ceiling": 20, "narrow_interval": 4,
            "shrink_by_setting": {"emergency": 0.9}, "setting_words": [["emergency", "emergency"]],
            "rule_share_by_tier": dict.fromkeys(records.TIERS, 0.5), "rank_prior_weight": 0.5,
            "rank_prior_anchor": 0.01, "list_coverage": 0.9, "list_most": 8, "family_margin": 1,
            "families": ["class_of_tears"], "raise_at_probability": 0.5, "clusters": ["adult"],
            "counts_once": {"wet": ["swelling", "effusion"]},
        },
    }  # fmt: skip


TEAR = "conditions/tear.yaml"
EXAM = "findings/exam.yaml"
FLAG = "red_flags/rf_swelling.yaml"
RULE = "instruments/tear_rule.yaml"
SAID = "appropriateness/scan_tear.yaml"
GONE = object()


def damaged(file: str, path: str, value: object) -> dict[str, Any]:
    """Return sound contents with one value set, or taken out."""
    contents = sound()
    at: Any = contents
    keys: list[Any] = [file, *(int(key) if key.isdigit() else key for key in path.split(".") if key)]
    for key in keys[:-1]:
        at = at[key]
    if value is GONE:
        del at[keys[-1]]
    elif isinstance(at, list) and keys[-1] == len(at):
        at.append(value)
    else:
        at[keys[-1]] = value
    return contents


def across(contents: dict[str, Any]) -> list[str]:
    assert check.against_schemas(contents) == []
    return check.across_files(load.typed(contents), contents)


def test_sound_knowledge_has_no_problems() -> None:
    assert across(sound()) == []


@pytest.mark.parametrize(
    ("file", "path", "value", "told"),
    [
        pytest.param("about.yaml", "", GONE, "about.yaml: file: is missing", id="a file that must be there"),
        pytest.param("notes/x.yaml", "", {}, "notes/x.yaml: file: no kind of knowledge file lives here", id="a strange folder"),
        pytest.param(TEAR, "colour", "red", f"{TEAR}: file: Additional properties are not allowed ('colour' was unexpected)", id="an unknown field"),
        pytest.param(TEAR, "label", GONE, f"{TEAR}: file: 'label' is a required property", id="a missing field"),
        pytest.param(TEAR, "label", "Tear ", f"{TEAR}: label: ends in white space", id="trailing white space"),
        pytest.param(TEAR, "id", "Tear", f"{TEAR}: id: 'Tear' does not match", id="an id that is not lower snake case"),
        pytest.param(TEAR, "default_tier", "soon", f"{TEAR}: default_tier: 'soon' is not one of", id="an unknown tier"),
        pytest.param(TEAR, "managed_by_probability", True, "managed_by_probability: True is not one of", id="true for yes"),
        pytest.param(TEAR, "priors.0.low", 0, "priors[0].low: 0 is less than or equal to the minimum", id="a prior of nothing"),
        pytest.param(TEAR, "priors.0.age_band", "40_49", "priors[0].age_band: '40_49' is not one of", id="an unknown age band"),
        pytest.param(TEAR, "priors.0.setting", "spa", "priors[0].setting: 'spa' is not one of", id="an unknown setting"),
        pytest.param(TEAR, "evidence.0.lr_positive", 8, "evidence[0].lr_positive: 8 is not of type 'string'", id="a figure that is not quoted"),
        pytest.param(TEAR, "evidence.0.lr_positive", "about 8", "evidence[0].lr_positive: 'about 8' does not match", id="a figure in words"),
        pytest.param(TEAR, "evidence.1.weight", GONE, "evidence[1]: has none of sensitivity, specificity", id="evidence that says nothing"),
        pytest.param(TEAR, "evidence.0.use", "no", "evidence[0]: 'note' is a required property", id="unused without a reason"),
        pytest.param(TEAR, "evidence.0.cap", 10, "evidence[0]: 'note' is a required property", id="capped without a reason"),
        pytest.param(FLAG, "tier", "now", f"{FLAG}: tier: 'now' is not one of", id="a flag of no tier"),
        pytest.param(FLAG, "shares.0.share", 1, f"{FLAG}: shares[0].share: 1 is greater than or equal to the maximum", id="a share of all"),
        pytest.param(FLAG, "seeds.0", "005", f"{FLAG}: seeds[0]: '005' is not one of", id="a seed article that does not exist"),
        pytest.param(FLAG, "source", [], f"{FLAG}: source: [] should be non-empty", id="a flag without a source"),
        pytest.param(RULE, "asks", "Is it torn", f"{RULE}: asks: 'Is it torn' does not match", id="a question without its mark"),
        pytest.param(SAID, "orders", ["knee_cast"], f"{SAID}: orders[0]: 'knee_cast' is not one of", id="an order of no kind"),
        pytest.param(SAID, "orders", [], f"{SAID}: orders: [] should be non-empty", id="a statement about no order"),
        pytest.param(SAID, "verdict", "uncertain", f"{SAID}: verdict: 'uncertain' is not one of", id="a verdict that is none"),
        pytest.param(SAID, "verdict", "appropriate", f"{SAID}: file: 'knee_radiograph' has no place here", id="an alternative to what is appropriate"),
        pytest.param(SAID, "strength", "sure", f"{SAID}: strength: 'sure' is not one of", id="a statement of no strength"),
        pytest.param(SAID, "source", GONE, f"{SAID}: file: 'source' is a required property", id="a statement without a source"),
        pytest.param(SAID, "criteria", GONE, f"{SAID}: file: 'criteria' is a dependency of", id="criteria that no reader sees"),
        pytest.param(SAID, "instrument", GONE, f"{SAID}: file: 'instrument' is a dependency of 'result'", id="a result of no decision rule"),
        pytest.param(EXAM, "findings.3.unit", GONE, "findings[3]: 'unit' is a required property", id="a quantity without a unit"),
        pytest.param(EXAM, "findings.0.unit", "a", "findings[0]: 'a' has no place here", id="a unit of a yes-or-no finding"),
        pytest.param(EXAM, "findings.4.choices", GONE, "findings[4]: 'choices' is a required property", id="a choice without choices"),
        pytest.param(EXAM, "findings.5.derived_from", GONE, "findings[5]: 'derived_from' is a required property", id="computed from nothing"),
        pytest.param(EXAM, "findings.0.definition", "It is there", "findings[0].definition", id="a definition that is no sentence"),
        pytest.param(EXAM, "findings.0.label", "x", "findings[0].label: 'x' is too short", id="a label too short"),
        pytest.param("reasoning.yaml", "ratio_floor", 0, "reasoning.yaml: ratio_floor: 0 is less than or equal", id="no floor"),
        pytest.param("about.yaml", "version", "1.0", "about.yaml: version: '1.0' does not match", id="a version of another kind"),
    ],
)  # fmt: skip
def test_refused_by_its_schema(file: str, path: str, value: object, told: str) -> None:
    problems = check.against_schemas(damaged(file, path, value))
    assert [problem for problem in problems if told in problem], problems


@pytest.mark.parametrize(
    ("file", "path", "value", "told"),
    [
        # findings
        pytest.param(EXAM, "findings.7", finding("dry"), f"{EXAM}: dry.id: dry is used 2 times", id="a finding twice"),
        pytest.param(EXAM, "findings.7", finding("tear"), f"{EXAM}: tear.id: tear is also a condition", id="an id for two things"),
        pytest.param(EXAM, "findings.0.aliases", ["dry"], f"{EXAM}: swelling.aliases: dry is itself an id", id="an alias that is an id"),
        pytest.param(EXAM, "findings.2.aliases", ["swollen"], f"{EXAM}: dry.aliases: swollen already stands for swelling", id="an alias of two"),
        pytest.param(EXAM, "findings.1.implies", ["oedema"], f"{EXAM}: effusion.implies: unknown finding 'oedema'", id="implies the unknown"),
        pytest.param(EXAM, "findings.1.implies", ["sex"], f"{EXAM}: effusion.implies: sex is not a yes-or-no finding", id="implies a choice"),
        pytest.param(EXAM, "findings.3.implies", ["dry"], f"{EXAM}: age_years.implies: only a yes-or-no finding can", id="a quantity implies"),
        pytest.param(EXAM, "findings.0.implies", ["effusion"], f"{EXAM}: swelling.implies: swelling implies itself in the end", id="implies itself"),
        pytest.param(EXAM, "findings.2.implies", ["effusion"], f"{EXAM}: dry.implies: what follows excludes itself: dry, effusion", id="implies what it excludes"),
        pytest.param(EXAM, "findings.2.excludes", ["wet"], f"{EXAM}: dry.excludes: unknown finding 'wet'", id="excludes the unknown"),
        pytest.param(EXAM, "findings.0.derived_from", "effusion and", f"{EXAM}: swelling.derived_from: not in the criteria language: ends too early", id="criteria that end early"),
        pytest.param(EXAM, "findings.0.derived_from", "effusion dry", "swelling.derived_from: not in the criteria language: left over", id="criteria that go on"),
        pytest.param(EXAM, "findings.0.derived_from", "oedema", "swelling.derived_from: unknown finding 'oedema'", id="derived from the unknown"),
        pytest.param(EXAM, "findings.0.derived_from", "age_years", "swelling.derived_from: age_years is a quantity, a boolean is needed", id="an amount as a truth"),
        pytest.param(EXAM, "findings.0.derived_from", "dry >= 1", "swelling.derived_from: dry is a boolean, a quantity is needed", id="a truth as an amount"),
        pytest.param(EXAM, "findings.0.derived_from", "sex == other", "swelling.derived_from: sex has no choice 'other'", id="a choice that is none"),
        pytest.param(EXAM, "findings.0.derived_from", "dry == male", "swelling.derived_from: dry is a boolean, a choice is needed", id="a choice of a truth"),
        pytest.param(EXAM, "findings.0.derived_from", "points(1: dry)", "swelling.derived_from: points(...) is a number", id="points as a truth"),
        pytest.param(EXAM, "findings.6.derived_from", "dry", "score.derived_from: dry is a boolean, a quantity is needed", id="a truth as a score"),
        pytest.param(EXAM, "findings.6.derived_from", "dry and adult", "score.derived_from: is a truth, a number is needed", id="and as a score"),
        pytest.param(EXAM, "findings.4.derived_from", "dry", "sex.derived_from: a choice cannot be derived", id="a derived choice"),
        pytest.param(EXAM, "findings.2.derived_from", "score > 0", f"{EXAM}: dry.derived_from: dry is derived from itself in the end", id="derived in a circle"),
        pytest.param(EXAM, "findings.3.plausible", [130, 0], f"{EXAM}: age_years.plausible: 130 is not below 0", id="limits turned round"),
        # codes
        pytest.param(EXAM, "findings.1.codes.0.code", "239725006", "effusion.codes[0]: 239725006 has a wrong check digit", id="a mistyped code"),
        pytest.param(EXAM, "findings.1.codes.0.system", "http://example.org", "effusion.codes[0]: system http://example.org is not in NOTICE", id="a system without terms"),
        pytest.param(EXAM, "findings.1.codes.0.sets", ["score"], "effusion.codes[0]: sets 'score'", id="a code that sets an amount"),
        pytest.param(EXAM, "findings.1.codes.1", {"system": SNOMED, "code": "239725005", "display": "x"}, "effusion.codes[1]: 239725005 is listed twice", id="a code twice"),
        pytest.param(EXAM, "findings.2.codes", [{"system": SNOMED, "code": "239725005", "display": "x"}], "dry.codes[0]: 239725005 already means effusion", id="a code of two meanings"),
        # conditions
        pytest.param(TEAR, "id", "rupture", f"{TEAR}: id: rupture does not name the file", id="a condition in another's file"),
        pytest.param(TEAR, "aliases", ["class_of_tears"], f"{TEAR}: aliases: class_of_tears is itself an id", id="an alias that is a condition"),
        pytest.param(TEAR, "parent", "harm", f"{TEAR}: parent: unknown condition 'harm'", id="an unknown parent"),
        pytest.param("conditions/class_of_tears.yaml", "parent", "tear", f"{TEAR}: parent: tear is its own ancestor", id="its own ancestor"),
        pytest.param(TEAR, "gate.when", "grown", f"{TEAR}: gate.when: unknown finding 'grown'", id="a gate of the unknown"),
        pytest.param(TEAR, "gate", GONE, f"{TEAR}: priors: none for 12_17 in primary_care, and no gate excludes that age", id="an age without a prior"),
        pytest.param(TEAR, "gate.when", "adult or dry", f"{TEAR}: priors: none for child_under_12 in primary_care", id="a gate that leaves the age in"),
        pytest.param(TEAR, "priors.0.low", 0.5, f"{TEAR}: priors[0]: 0.5, 0.02, 0.03 do not rise between 0 and 1", id="low above high"),
        pytest.param(TEAR, "priors.3", prior("18_39"), f"{TEAR}: priors: 2 rows for 18_39, primary_care, any", id="a cell twice"),
        pytest.param(TEAR, "priors.0.sex", "male", f"{TEAR}: priors: 18_39, primary_care: only for male", id="one sex left out"),
        pytest.param(TEAR, "evidence.0.finding", "oedema", f"{TEAR}: evidence[0] oedema: unknown finding", id="evidence of the unknown"),
        pytest.param(TEAR, "evidence.0.finding", "score", f"{TEAR}: evidence[0] score: is not a yes-or-no finding", id="evidence of an amount"),
        pytest.param(TEAR, "evidence.0.sensitivity", "8", f"{TEAR}: evidence[0] effusion: sensitivity '8' must rise and be at most 1", id="eight for 80 %"),
        pytest.param(TEAR, "evidence.0.sensitivity", "0.9-0.8", "sensitivity '0.9-0.8' must rise", id="a range turned round"),
        pytest.param(TEAR, "evidence.0.lr_positive", "2", "lr_positive is 2, but sensitivity 0.8 and specificity 0.9 give", id="a ratio that does not follow"),
        pytest.param(TEAR, "evidence.0.lr_negative", "2.2", "lr_negative is 2.2, but sensitivity 0.8", id="a misplaced point"),
        pytest.param(TEAR, "evidence.0.lr_positive", "0", "lr_positive is 0: the finding was never seen", id="a ratio of nothing"),
        pytest.param(TEAR, "evidence.2", sound()[TEAR]["evidence"][0], "evidence[2] effusion: the same figures as evidence[0]", id="a row twice"),
        # rules and advice
        pytest.param(FLAG, "id", "rf_other", f"{FLAG}: id: rf_other does not name the file", id="a flag in another's file"),
        pytest.param(FLAG, "when", "oedema", f"{FLAG}: when: unknown finding 'oedema'", id="a flag of the unknown"),
        pytest.param(FLAG, "when", "age_years", f"{FLAG}: when: age_years is a quantity", id="a flag of an amount"),
        pytest.param(FLAG, "raises", ["harm"], f"{FLAG}: raises: unknown condition 'harm'", id="raises the unknown"),
        pytest.param(FLAG, "shares.0.condition", "class_of_tears", f"{FLAG}: shares[0]: the rule raises neither class_of_tears nor a class of it", id="a share of what is not raised"),
        pytest.param(FLAG, "shares.1", share(), f"{FLAG}: shares[1]: tear has a share already", id="a share twice"),
        pytest.param(FLAG, "shares.0.source", "page", f"{FLAG}: shares[0].source: unknown source 'page'", id="a share of an unknown source"),
        pytest.param(RULE, "id", "other_rule", f"{RULE}: id: other_rule does not name the file", id="an instrument in another's file"),
        pytest.param(RULE, "when", "oedema", f"{RULE}: when: unknown finding 'oedema'", id="an instrument of the unknown"),
        pytest.param(RULE, "applies", "oedema", f"{RULE}: applies: unknown finding 'oedema'", id="applies to the unknown"),
        pytest.param(RULE, "bands.0.when", "score", f"{RULE}: bands[0].when: score is a quantity", id="a band that is an amount"),
        pytest.param(RULE, "criteria.0.when", "wet", f"{RULE}: criteria[0].when: unknown finding 'wet'", id="a line of the unknown"),
        pytest.param(RULE, "criteria.0.points", 2, f"{RULE}: score: is not the sum of the lines that have points", id="a line with other points"),
        pytest.param(RULE, "score", "dry", f"{RULE}: score: dry is a boolean, a quantity is needed", id="a score that is a truth"),
        pytest.param(RULE, "score", GONE, f"{RULE}: score: is missing, but lines have points", id="points and no score"),
        pytest.param(SAID, "id", "scan", f"{SAID}: id: scan does not name the file", id="a statement in another's file"),
        pytest.param(SAID, "when", "oedema", f"{SAID}: when: unknown finding 'oedema'", id="a statement of the unknown"),
        pytest.param(SAID, "applies", "score", f"{SAID}: applies: score is a quantity", id="a statement for an amount"),
        pytest.param(SAID, "criteria.0.when", "wet", f"{SAID}: criteria[0].when: unknown finding 'wet'", id="a line of a statement of the unknown"),
        pytest.param(SAID, "instrument", "tear", f"{SAID}: instrument: unknown instrument 'tear'", id="rests on no decision rule"),
        pytest.param(SAID, "red_flags", ["rf_dry"], f"{SAID}: red_flags: unknown rule 'rf_dry'", id="rests on no red flag"),
        pytest.param(SAID, "alternative", "knee_mri", f"{SAID}: alternative: knee_mri is what it speaks of", id="its own alternative"),
        pytest.param(SAID, "source", ["page"], f"{SAID}: source: unknown source 'page'", id="a statement of an unknown source"),
        pytest.param(RULE, "concerns", ["harm"], f"{RULE}: concerns: unknown condition 'harm'", id="concerns the unknown"),
        pytest.param("factors/all.yaml", "factors.0.present_when", "harm", "factors/all.yaml: load.present_when: unknown finding 'harm'", id="a factor of the unknown"),
        pytest.param("factors/all.yaml", "factors.0.linked_conditions", ["harm"], "load.linked_conditions: unknown condition 'harm'", id="linked to the unknown"),
        pytest.param("factors/all.yaml", "factors.1", sound()["factors/all.yaml"]["factors"][0], "load.id: load is used 2 times", id="a factor twice"),
        pytest.param("management/exercise.yaml", "actions.0.indicated_for", ["harm"], "squat.indicated_for: unknown condition or yes-or-no finding 'harm'", id="for the unknown"),
        pytest.param("management/exercise.yaml", "actions.0.contraindicated_for", ["score"], "squat.contraindicated_for: unknown condition or yes-or-no finding 'score'", id="blocked by an amount"),
        pytest.param("management/exercise.yaml", "actions.0.contraindicated_for", ["tear"], "squat.contraindicated_for: tear is also in indicated_for", id="for and against"),
        pytest.param("management/exercise.yaml", "actions.0.screened_by", "rest", "squat.screened_by: no other piece of advice 'rest' lists contraindications", id="screened by the unknown"),
        pytest.param("management/exercise.yaml", "actions.0.reviewed_by", "squat", "squat.reviewed_by: no other piece of advice 'squat' lists contraindications", id="reviewed by itself"),
        pytest.param("management/exercise.yaml", "actions.0.seeds", GONE, "knowledge: seeds: nothing is taken from seed article 004", id="a seed article lost"),
        # design choices
        pytest.param("reasoning.yaml", "setting_words.0.1", "clinic", "reasoning.yaml: setting_words: 'clinic' is not in shrink_by_setting", id="a kind of setting without a share"),
        pytest.param("reasoning.yaml", "families", ["harm"], "reasoning.yaml: families: unknown condition 'harm'", id="a family of the unknown"),
        pytest.param("reasoning.yaml", "clusters", ["oedema"], "reasoning.yaml: clusters: unknown yes-or-no finding 'oedema'", id="a cluster of the unknown"),
        pytest.param("reasoning.yaml", "clusters", ["dry"], "reasoning.yaml: clusters: dry is derived from nothing", id="a cluster of nothing"),
        pytest.param("reasoning.yaml", "counts_once.wet", ["score", "dry"], "reasoning.yaml: counts_once.wet: unknown yes-or-no finding 'score'", id="an amount that counts once"),
        # sources
        pytest.param(TEAR, "evidence.0.source", ["page"], f"{TEAR}: evidence[0].source: unknown source 'page'", id="an unknown source"),
        pytest.param(TEAR, "priors.0.source", "page", f"{TEAR}: priors[0].source: unknown source 'page'", id="a prior of an unknown source"),
        pytest.param(RULE, "performance.0.source", "page", f"{RULE}: performance[0].source: unknown source 'page'", id="a performance of an unknown source"),
        pytest.param("sources/all.yaml", "sources.1", {**sound()["sources/all.yaml"]["sources"][0], "id": "leaf"}, "sources/all.yaml: leaf.id: no file cites leaf", id="a source that nothing uses"),
        pytest.param("sources/all.yaml", "sources.1", sound()["sources/all.yaml"]["sources"][0], "book.id: book is used 2 times", id="a source twice"),
    ],
)  # fmt: skip
def test_refused_across_files(file: str, path: str, value: object, told: str) -> None:
    problems = across(damaged(file, path, value))
    assert [problem for problem in problems if told in problem], problems


def test_what_the_schema_also_refuses_is_refused_without_it() -> None:
    row = records.Evidence(finding="dry", source=("book",), verified="yes")
    assert list(figures.problems(row)) == ["has neither a figure nor a weight"]
    odd = msgspec.structs.replace(row, lr_positive="high")
    assert list(figures.problems(odd)) == ["lr_positive 'high' is not a number, a range or inf"]


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        pytest.param({"sensitivity": "1", "specificity": "1", "lr_positive": "inf", "lr_negative": "0"}, 0, id="perfect"),
        pytest.param({"sensitivity": "0.29", "specificity": "0.99", "lr_positive": "28"}, 0, id="rounding explains it"),
        pytest.param({"sensitivity": "0.64", "specificity": "0.63", "lr_negative": "0.3"}, 1, id="printed apart"),
        pytest.param(
            {"sensitivity": "0.64", "specificity": "0.63", "lr_negative": "0.3", "interval": "LR- 0.1-0.9"}, 0,
            id="pooled apart, and the interval says so",
        ),
        pytest.param({"sensitivity": "0.35-0.92", "specificity": "0.5", "lr_positive": "30"}, 0, id="ranges are not compared"),
    ],
)  # fmt: skip
def test_ratios_agree_with_sensitivity_and_specificity(row: dict[str, str], problems: int) -> None:
    evidence = records.Evidence(finding="dry", source=("book",), verified="yes", **row)  # type: ignore[arg-type]
    assert len(list(figures.problems(evidence))) == problems


@pytest.mark.parametrize(
    ("check_code", "code", "problem"),
    [
        pytest.param(codes.snomed_concept, "239873007", "", id="a concept"),
        pytest.param(codes.snomed_concept, "23987300", "is not the identifier of a concept", id="no concept"),
        pytest.param(codes.snomed_concept, "900000000000207008", "", id="a long concept"),
        pytest.param(codes.snomed_concept, "0239873007", "is not 6 to 18 digits", id="a leading zero"),
        pytest.param(codes.loinc, "28565-0", "", id="LOINC"),
        pytest.param(codes.loinc, "28565-1", "has a wrong check digit", id="LOINC, wrong digit"),
        pytest.param(codes.loinc, "285650", "is not digits, a dash and a check digit", id="LOINC without a dash"),
        pytest.param(codes.rxnorm, "5640", "", id="RxNorm"),
        pytest.param(codes.rxnorm, "C5640", "is not 1 to 8 digits", id="RxNorm with a letter"),
        pytest.param(codes.icd_10_cm, "S83.511A", "", id="ICD-10-CM"),
        pytest.param(codes.icd_10_cm, "83.511A", "has not the form of ICD-10-CM", id="ICD-10-CM without its letter"),
    ],
)  # fmt: skip
def test_codes(check_code: Callable[[str], str], code: str, problem: str) -> None:
    assert check_code(code) == problem


def test_every_single_digit_error_in_a_snomed_code_is_seen() -> None:
    code = "239873007"
    wrong = [
        code[:at] + digit + code[at + 1 :] for at in range(len(code)) for digit in "0123456789" if digit != code[at]
    ]
    assert codes.verhoeff(code)
    assert not any(codes.verhoeff(one) for one in wrong)


def test_bands_cover_every_year_once() -> None:
    assert [year for band in BANDS for year in years_of(band)] == list(range(110))
    assert list(years_of("90s")) == []


@pytest.mark.parametrize("name", sorted(path.name for path in (load.HERE / "schema").glob("*.json")))
def test_schema_is_strict_and_explains_every_field(name: str) -> None:
    read = json.loads((load.HERE / "schema" / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(read)
    for part in [read, *read.get("$defs", {}).values()]:
        assert part["additionalProperties"] is False
        for field, about in part["properties"].items():
            assert "$ref" in about or about.get("description"), field


@pytest.mark.parametrize(
    ("kind", "part", "record"),
    [
        ("finding", "finding", records.Finding), ("finding", "code", records.Code), ("condition", "", records.Condition),
        ("condition", "prior", records.Prior), ("condition", "figure", records.Figure),
        ("condition", "evidence", records.Evidence), ("red_flag", "", records.RedFlag), ("red_flag", "share", records.Share),
        ("instrument", "", records.Instrument), ("appropriateness", "", records.Appropriateness), ("factor", "factor", records.Factor),
        ("action", "action", records.Action), ("source", "source", records.Source),
        ("reasoning", "", records.Reasoning),
    ],
)  # fmt: skip
def test_schema_and_record_have_the_same_fields(kind: str, part: str, record: type[msgspec.Struct]) -> None:
    schema = schemas.schema(kind)
    properties = schema["$defs"][part]["properties"] if part else schema["properties"]
    assert sorted(properties) == sorted(record.__struct_fields__)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    for name, content in sound().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    assert load.read(tmp_path).version == "2026.11.0"
    (tmp_path / FLAG).write_text(json.dumps({**sound()[FLAG], "when": "oedema", "raises": ["harm"]}), encoding="utf-8")
    with pytest.raises(KnowledgeError) as refused:
        load.read(tmp_path)
    assert refused.value.problems == (
        f"{FLAG}: when: unknown finding 'oedema'",
        f"{FLAG}: raises: unknown condition 'harm'",
        f"{FLAG}: shares[0]: the rule raises neither tear nor a class of it",
    )
    (tmp_path / TEAR).write_text("id: tear\nid: tear\n", encoding="utf-8")
    (tmp_path / FLAG).write_text("{}", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"(?s)duplicate key.*'tier' is a required property"):
        load.read(tmp_path)


def test_a_record_that_is_stricter_than_its_schema_is_told() -> None:
    contents = damaged(FLAG, "tier", "now")
    with pytest.raises(KnowledgeError, match=f"{FLAG}: RedFlag: Invalid enum value 'now'"):
        load.typed(contents)
