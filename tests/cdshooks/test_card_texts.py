"""What a clinician reads, as it was read and judged: each file in `cards/` is the answer to one example.

`python tests/cdshooks/test_card_texts.py --write` writes them anew; then read the difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cdshooks.calls import shown_cards

FOLDER = Path(__file__).parent / "cards"
READ: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "emergency": ("hot_swollen_knee_with_fever", "assessment", ()),
    "same_day_after_injury": ("acl_pivot_injury", "assessment", ()),
    "one_knee_urgent_by_probability": ("both_knees", "assessment", ("allergies",)),
    "routine_with_contraindications": ("anticoagulated_osteoarthritis", "assessment", ()),
    "errors_in_the_data": ("input_with_errors", "assessment", ("medicines", "allergies")),
    "form_can_wait": ("hot_swollen_knee_with_fever", "intake", ()),
    "both_knees_the_same": ("doms_at_36_hours", "assessment", ()),
    "unfinished_form": ("incomplete_form", "intake", ()),
}


def text_of(name: str) -> str:
    case, kind, without = READ[name]
    parts = []
    for card in shown_cards(case, kind, without=without):
        parts += [f"# {card['indicator']}: {card['summary']}", card["detail"]]
        parts += [f"> {one['label']}\n>\n> {one['actions'][0]['description']}" for one in card.get("suggestions", ())]
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("name", READ)
def test_text(name: str) -> None:
    assert text_of(name) == (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def test_no_text_is_left_over() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(READ)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    FOLDER.mkdir(exist_ok=True)
    for name in READ:
        (FOLDER / f"{name}.md").write_text(text_of(name), encoding="utf-8")
