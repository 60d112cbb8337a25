"""Strict JSON: what is refused, what survives, and that counting colons finds every repeated key."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecds.fhir import strict_json
from kneecds.fhir.strict_json import parse

SUITE = Path(__file__).parents[2].parent / "shared/data/json-suite"
needs_suite = pytest.mark.skipif(
    not SUITE.is_dir(), reason="the JSON parsing test suite lies in ../shared/data/json-suite"
)


def rules(body: bytes | str) -> list[str]:
    value, issues = parse(body)
    assert (value is None) or not any(issue.is_error for issue in issues)
    return [issue.rule for issue in issues]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "json-empty"),
        (b" \n", "json-empty"),
        (b'{"a":1', "json-syntax"),
        (b'{"a":1}x', "json-syntax"),
        (b'{"a":NaN}', "json-syntax"),
        (b"[Infinity]", "json-syntax"),
        (b"[-Infinity]", "json-syntax"),
        (b"[01]", "json-syntax"),
        (b'["\n"]', "json-syntax"),
        (b"[1e99999]", "json-number"),
        (b"[1e999999999999999999999999]", "json-number"),
        (b"[0." + b"1" * 2000 + b"]", "json-number"),
        (b"[" + b"1" * 5000 + b"]", "json-number"),
        (b'"\\ud800"', "json-surrogate"),
        (b'"\\udc00x"', "json-surrogate"),
        ('"\ud800"', "json-encoding"),
        (b'"\xff"', "json-encoding"),
        (b'"\xed\xa0\x80"', "json-encoding"),
        ('{"a":1}'.encode("utf-16"), "json-encoding"),
        ('{"a":1}'.encode("utf-16-be"), "json-encoding"),
        ('{"a":1}'.encode("utf-32"), "json-encoding"),
        (b'\xef\xbb\xbf{"a":1}', "json-byte-order-mark"),
        (b'{"a":1,"a":1}', "json-duplicate-key"),
        (b'{"a":1,"\\u0061":1}', "json-duplicate-key"),
        (b'{"a" :1,"a" :1}', "json-duplicate-key"),
        (b'{"a":"\\u003a","a":"\\u003a"}', "json-duplicate-key"),
        (b'{"a":{"b":1,"b":2},"a":3}', "json-duplicate-key"),
        (b"[" * 201 + b"]" * 201, "json-depth"),
        (b"[" * 10_000, "json-depth"),
        (b"[" * 100_000 + b"]" * 100_000, "json-depth"),
        (b'[{"a":' * 100_000, "json-depth"),
        (b'["]",' * 300 + b"1" + b',"["]' * 300, "json-depth"),
        (b'["\\"]",' * 300 + b"1" + b',"[\\\\"]' * 300, "json-depth"),
    ],
)
def test_refused_or_said(body: bytes | str, rule: str) -> None:
    assert rule in rules(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200 + b"]" * 200,
        b'{"a":"{{{{"}',
        b'{":":":","\\":":"\\":"}',
        b'["\\ud83d\\ude00"]',
        b'{"":{"":""}}',
        b"3",
    ],
)
def test_accepted(body: bytes) -> None:
    assert parse(body) == (json.loads(body), ())


def test_decimals_keep_their_digits() -> None:
    value, _ = parse(b'{"value":3.20,"small":1E-7,"whole":10}')
    assert value == {"value": Decimal("3.20"), "small": Decimal("1E-7"), "whole": 10}
    assert isinstance(value, dict)
    assert str(value["value"]) == "3.20"


def test_place_and_path_are_told() -> None:
    assert parse(b'{\n  "a": 1,\n  "b": NaN}')[1][0].message.endswith("at line 3, column 8 (byte 19)")
    issue = parse(b'{"resourceType":"Bundle","entry":[{"resource":{"id":"1","id":"2"}}]}')[1][0]
    assert issue.expression == "Bundle.entry[0].resource.id"


def test_size_and_depth_can_be_set() -> None:
    assert parse(b"[1,2,3]", max_bytes=5)[1][0].rule == "json-size"
    assert parse(b"[[[1]]]", max_depth=2)[1][0].rule == "json-depth"
    assert parse(b"[[1]]", max_depth=2)[1] == ()


def test_bombs_are_refused_at_once() -> None:
    start = time.perf_counter()
    for body in (b"[" * 5_000_000, b'{"a":' * 2_000_000, b"[]," * 3_000_000, b'"' + b"\\" * 5_000_001):
        assert parse(body)[0] is None
    assert time.perf_counter() - start < 10


# Few different keys, colons and quotes everywhere: where a count could go wrong.
texts = st.text(st.sampled_from('ab:"\\ {}[]é'), max_size=4)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(texts, inner), max_size=3).map(tuple),
    max_leaves=12,
)


@st.composite
def spelled(draw: st.DrawFn, tree: object) -> str:
    """Write a tree as JSON, objects as pairs that may repeat, strings and white space spelled in every way."""
    space = st.sampled_from(["", "", " ", "\n"])
    if isinstance(tree, str):
        return '"' + "".join(draw(st.sampled_from([f"\\u{ord(c):04x}", json.dumps(c)[1:-1]])) for c in tree) + '"'
    if isinstance(tree, list):
        return "[" + ",".join([draw(space) + draw(spelled(one)) for one in tree]) + "]"
    if isinstance(tree, tuple):
        members = [f"{draw(spelled(k))}{draw(space)}:{draw(space)}{draw(spelled(v))}" for k, v in tree]
        return "{" + ",".join(members) + draw(space) + "}"
    return json.dumps(tree)


def repeats(tree: object) -> bool:
    if isinstance(tree, list):
        return any(map(repeats, tree))
    if isinstance(tree, tuple):
        return len({k for k, _ in tree}) < len(tree) or any(repeats(v) for _, v in tree)
    return False


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_colons_tell_repeated_keys(data: st.DataObject) -> None:
    """RFC 8259 section 4: "The names within an object SHOULD be unique"; here they must."""
    tree = data.draw(trees)
    body = data.draw(spelled(tree)).encode()
    value, issues = parse(body)
    assert ("json-duplicate-key" in [issue.rule for issue in issues]) == repeats(tree)
    decoded = strict_json._DECODER.decode(body)
    if strict_json._surely_unrepeated(body, decoded):
        assert strict_json._repeated_keys(body) == ()
    if not repeats(tree):
        assert value == json.loads(body)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(st.sampled_from('{}[]":,\\u0123e.-+ \nnulltrueD8'), max_size=40)))
def test_never_raises(body: bytes | str) -> None:
    parse(body)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 6))
def test_depth_is_exact(data: st.DataObject, limit: int) -> None:
    tree = data.draw(trees)
    body = data.draw(spelled(tree)).encode()

    def depth(value: object) -> int:
        if isinstance(value, list):
            return 1 + max(map(depth, value), default=0)
        return 1 + max((depth(v) for _, v in value), default=0) if isinstance(value, tuple) else 0

    refused = any(issue.rule == "json-depth" for issue in parse(body, max_depth=limit)[1])
    assert refused == (depth(tree) > limit)


@needs_suite
def test_json_suite() -> None:
    files = sorted(SUITE.glob("*.json"))
    assert files
    for file in files:
        value, issues = parse(file.read_bytes())
        refused = any(issue.is_error for issue in issues)
        if file.name.startswith("n_"):
            assert refused, file.name
            assert value is None
        elif file.name.startswith("y_"):
            assert refused == file.name.startswith("y_object_duplicated_key"), file.name
