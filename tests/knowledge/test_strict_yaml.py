"""Where YAML 1.1 surprises, ours does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kneecds.knowledge import strict_yaml

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "content"),
    [
        pytest.param("answer: no", {"answer": "no"}, id="no is a word"),
        pytest.param("answer: yes", {"answer": "yes"}, id="yes is a word"),
        pytest.param("on: off", {"on": "off"}, id="on and off are words"),
        pytest.param("is: true", {"is": True}, id="true is a truth value"),
        pytest.param("code: 0123456", {"code": 123456}, id="a leading zero is not octal; quote codes"),
        pytest.param('code: "0123456"', {"code": "0123456"}, id="a quoted code keeps its zero"),
        pytest.param("time: 1:30", {"time": "1:30"}, id="no base 60"),
        pytest.param("band: '12_17'", {"band": "12_17"}, id="a quoted age band is a word"),
        pytest.param("a: >-\n  one\n  two", {"a": "one two"}, id="folded text"),
        pytest.param("share: 0.05", {"share": 0.05}, id="a number"),
        pytest.param("a: [1, {b: c}]", {"a": [1, {"b": "c"}]}, id="flow style"),
    ],
)
def test_reads(tmp_path: Path, text: str, content: object) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    assert strict_yaml.read(path) == content


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(b"a: 1\na: 2", "duplicate key", id="a repeated key"),
        pytest.param(b"a:\n  b: 1\n  b: 2", "duplicate key", id="a repeated key further in"),
        pytest.param(b"a: [1, 2", "while parsing a flow sequence", id="an open bracket"),
        pytest.param(b"a: b: c", "mapping values are not allowed", id="two colons"),
        pytest.param(b"a: \xff", "unacceptable character", id="not UTF-8"),
        pytest.param(b"a: !!python/object:os.system {}", "could not determine a constructor", id="a foreign tag"),
        pytest.param(b"a: 1\n---\nb: 2", "expected a single document", id="two documents"),
    ],
)
def test_refuses(tmp_path: Path, raw: bytes, told: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_bytes(raw)
    with pytest.raises(strict_yaml.YamlError, match=told):
        strict_yaml.read(path)
