"""Reading the compact format: every broken line is said, with its number."""

from __future__ import annotations

import pytest

from kneecds.errors import InputError
from kneecds.evaluation import cases

GOOD = b'{"id": "c1", "side": "left", "gold_diagnosis": "gout", "gold_triage": "routine"}'


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"{", "json-syntax"),
        (b"[]", "case-object"),
        (b'{"id": "x", "id": "y"}', "json-duplicate-key"),
        (b'{"id": "x", "age": NaN}', "json-syntax"),
        (b"\xff", "json-encoding"),
        (b'{"side": "left"}', "case-fields"),
        (b'{"id": ""}', "case-id"),
        (b'{"id": "x", "side": "middle", "gold_diagnosis": "gout", "gold_triage": "routine"}', "case-fields"),
        (b'{"id": "x", "gold_diagnosis": "gout", "gold_triage": "soon"}', "case-fields"),
        (b'{"id": "x", "gold_triage": "routine"}', "case-label"),
        (b'{"id": "x", "gold_diagnosis": "gout"}', "case-label"),
        (GOOD, "case-id"),
    ],
)
def test_a_broken_line_is_named(line: bytes, rule: str) -> None:
    with pytest.raises(InputError) as raised:
        cases.read(b"\n".join((GOOD, b"", line)), labelled=True)
    assert {(issue.expression, issue.rule) for issue in raised.value.issues} == {("line 3", rule)}


def test_all_broken_lines_at_once() -> None:
    with pytest.raises(InputError) as raised:
        cases.read(b"{\n[]\n" + GOOD, labelled=True)
    assert [issue.expression for issue in raised.value.issues] == ["line 1", "line 2"]


@pytest.mark.parametrize("body", [b"", b"\n \n"])
def test_no_cases_is_an_error(body: bytes) -> None:
    with pytest.raises(InputError, match="no cases"):
        cases.read(body, labelled=True)


def test_labels_are_needed_only_for_comparing() -> None:
    (line,) = cases.read(b'{"id": "x"}\r\n', labelled=False)
    assert line.case.side == "unknown"
    assert line.case.wanted == line.case.tiers == frozenset()


def test_gold_always_counts() -> None:
    (line,) = cases.read(GOOD, labelled=True)
    assert line.case.wanted == {"gout"}
    assert line.case.tiers == {"routine"}
