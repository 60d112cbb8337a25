"""LHC-Forms renders the intake form in a browser, a person fills it, and what comes out is valid and means what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import node
import ours
import pytest
from material import intake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from material import Release

pytestmark = pytest.mark.usefixtures("chromium")
Json = dict[str, Any]

STEPS: Final = (
    {"question": "gate.alarm", "choose": "alarm.none"},
    {"question": "age_years", "type": "58"},
    {"question": "sex", "choose": "Female"},
    {"question": "gate.which_knee", "choose": "which_knee.right"},
    {"question": "right.gate.leg_alarm", "choose": "knee_swelling"},
    {"question": "right.gate.leg_alarm", "choose": "knee_pain"},
    {"question": "right.onset", "choose": "gradual"},
    {"question": "right.warmth", "choose": "No"},
)
SAID: Final = {
    "gate.alarm": ["alarm.none"],
    "age_years": [58],
    "sex": ["female"],
    "gate.which_knee": ["which_knee.right"],
    "right.gate.leg_alarm": ["knee_swelling", "knee_pain"],
    "right.onset": ["gradual"],
    "right.warmth": [False],
}


def answered(items: list[Json]) -> Iterator[tuple[str, list[object]]]:
    """Yield linkId and values of every question that has an answer."""
    for item in items:
        values = [
            value for answer in item.get("answer", ()) for key, value in answer.items() if key.startswith("value")
        ]
        if values:
            yield item["linkId"], [one["code"] if isinstance(one, dict) else one for one in values]
        for inner in (item, *item.get("answer", ())):
            yield from answered(inner.get("item", []))


def shown(release: Release, screenshot: Path | None = None, **more: object) -> Json:
    asked = {"release": release, "questionnaire": intake(release), "screenshot": screenshot and str(screenshot), **more}
    (answer,) = node.ask("lhcforms", [asked], timeout=300)
    assert answer["errors"] == []
    assert answer["outside"] == [], "nothing may be asked of any other machine"
    return answer


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_intake_form_is_rendered_filled_and_read_back(release: Release, tmp_path: Path) -> None:
    filled = shown(release, tmp_path / "filled.png", steps=STEPS)
    assert filled["labels"] >= 10
    assert (tmp_path / "filled.png").stat().st_size > 10_000
    response = filled["response"]
    assert dict(answered(response["item"])) == SAID
    case = {"release": release, "resource": response, "beside": [intake(release)]}
    assert [str(issue) for issue in ours.errors(case)] == []

    again = shown(release, tmp_path / "again.png", response=response)
    assert dict(answered(again["response"]["item"])) == SAID, "a response that is shown again is the same"


def test_the_response_is_assessed_as_what_was_said() -> None:
    import kneecds  # noqa: PLC0415 - not before a judge has been found

    response = shown("R4", steps=STEPS)["response"]
    today = response["authored"][:10]
    known = {(one.scope, one.finding): one.value or one.state for one in kneecds.assess(response, as_of=today).findings}
    said = {
        ("person", "age_years"): "58", ("person", "sex"): "female", ("person", "fever"): "absent",
        ("right", "knee_pain"): "present", ("right", "knee_swelling"): "present", ("right", "warmth"): "absent",
    }  # fmt: skip
    assert said.items() <= known.items()
