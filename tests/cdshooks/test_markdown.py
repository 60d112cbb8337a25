"""Whatever comes in is shown as text, wherever it stands in a card."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cdshooks.hostile import HOSTILE
from cdshooks.shown import markup, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecds.cdshooks.markdown import JOINER, MOST, cut, escaped, plain, units

PLACES = (
    "{}",
    "- {}",
    "1. {}",
    "before\n{}",
    "before\n\n{}\nafter",
    "- **Note:** {} (Observation/o1)",
    "- x {} y",
    "({})",
)
NAUGHTY = Path(__file__).parents[2].parent / "shared/data/naughty-strings/blns.json"


def read(markdown: str) -> str:
    return re.sub(r"\s+", " ", shown(markdown).text.replace(JOINER, "")).strip()


def wanted(text: str) -> str:
    return re.sub(r"\s+", " ", plain(text)).strip()


def check(text: str) -> None:
    for place in PLACES:
        detail = place.format(escaped(text))
        assert markup(detail) == [], (place, text)
        around = (
            place.format("\x00")
            .replace("- \x00", "\x00")
            .replace("1. \x00", "\x00")
            .removeprefix("- ")
            .replace("*", "")
        )
        assert read(detail) == re.sub(r"\s+", " ", around.replace("\x00", wanted(text))).strip()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_text_is_read_as_itself(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("<>&[]()!#*_`~|\\-+=.:/@wWhtps1 \n\t\"'$^{}"), st.characters()), max_size=40
    )
)
def test_any_text_is_read_as_itself(text: str) -> None:
    check(text)


@pytest.mark.skipif(not NAUGHTY.exists(), reason="the list of naughty strings lies in ../shared/data")
def test_the_list_of_naughty_strings() -> None:
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Knee pain 12:30, 3.5 mg (left)", "Knee pain 12:30, 3.5 mg (left)", id="plain text stays"),
        pytest.param("a < b & c > d", "a &lt; b &amp; c &gt; d", id="HTML"),
        pytest.param("*a* _b_ `c` [d]", r"\*a\* \_b\_ \`c\` \[d\]", id="markdown"),
        pytest.param("- a", r"\- a", id="list"),
        pytest.param("a | b ~ c", "a &#124; b &#126; c", id="table and strikethrough"),
        pytest.param("a\U000e0041b\ufe0f", "ab", id="what only machines read"),
        pytest.param("12. a", "12&#46; a", id="numbered list"),
        pytest.param("a\nb\u2028c", "a b\ufffdc", id="one line"),
        pytest.param("\u202eabc\u200b", "abc", id="direction and hidden characters"),
        pytest.param("see www.a.bc", f"see www{JOINER}&#46;a&#46;bc", id="address"),
        pytest.param("http://a", f"http:{JOINER}/{JOINER}/a", id="scheme"),
        pytest.param("x@y", f"x&#64;{JOINER}y", id="mention"),
    ],
)
def test_what_is_written(text: str, expected: str) -> None:
    assert escaped(text) == expected


class TestCut:
    @pytest.mark.parametrize(
        ("text", "most", "expected"),
        [
            pytest.param("short", 5, "short", id="fits"),
            pytest.param("one two three", 9, "one two…", id="whole words"),
            pytest.param("one two three", 8, "one two…", id="ends at a word"),
            pytest.param("unbreakable", 5, "unbr…", id="one long word"),
            pytest.param("one, two", 6, "one…", id="no comma before the end"),
            pytest.param("\U0001f9b5" * 5, 6, "\U0001f9b5\U0001f9b5…", id="as clients count"),
        ],
    )
    def test_cut(self, text: str, most: int, expected: str) -> None:
        assert cut(text, most) == expected

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(st.text(max_size=400), st.integers(2, 200))
    def test_never_longer(self, text: str, most: int) -> None:
        assert units(cut(text, most)) <= most
        assert len(cut(text, most)) <= most

    def test_what_is_repeated_of_the_input_is_bounded(self) -> None:
        assert len(plain("a " * 10_000)) <= MOST
