"""What a scope of a backend service grants (SMART App Launch 2.2, scopes for requesting FHIR resources)."""

from __future__ import annotations

import pytest

from kneecds.service.security.scopes import missing, read_scope


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("system/Observation.r", "r"),
        ("system/Observation.rs", "rs"),
        ("system/*.cruds", "cruds"),
        ("system/*.rs", "rs"),
        ("system/Observation.read", "rs"),
        ("system/Observation.write", "cud"),
        ("system/*.*", "cruds"),
        ("system/Observation.sr", None),
        ("system/Observation.rr", None),
        ("system/Observation.", None),
        ("system/Observation", None),
        ("system/Observation.x", None),
        ("system/observation.r", None),
        ("system/Observation.rs?category=laboratory", None),
        ("patient/Observation.r", None),
        ("user/Observation.r", None),
        ("system/Observation.r ", None),
        ("openid", None),
        ("", None),
    ],
)
def test_read_scope(text: str, may: str | None) -> None:
    scope = read_scope(text)
    assert (None if scope is None else scope.may) == (None if may is None else set(may))


@pytest.mark.parametrize(
    ("granted", "wanted", "lacking"),
    [
        pytest.param("system/Observation.r", "system/Observation.r", "", id="the same"),
        pytest.param("system/Observation.cruds", "system/Observation.r", "", id="more"),
        pytest.param("system/*.r", "system/Observation.r", "", id="all types"),
        pytest.param("system/Observation.r", "system/*.r", "system/*.r", id="one type is not all"),
        pytest.param("system/Observation.s", "system/Observation.r", "system/Observation.r", id="search is not read"),
        pytest.param(
            "system/Observation.r system/Observation.s", "system/Observation.rs", "system/Observation.rs", id="in one"
        ),
        pytest.param("system/Patient.r", "system/Observation.r", "system/Observation.r", id="another type"),
        pytest.param("patient/*.cruds", "system/Observation.r", "system/Observation.r", id="of one patient"),
        pytest.param("system/*.r", "system/A.r system/B.s", "system/B.s", id="each is needed"),
        pytest.param("", "system/Observation.r", "system/Observation.r", id="none"),
        pytest.param("system/*.cruds", "nonsense", "nonsense", id="what cannot be read is never granted"),
    ],
)
def test_missing(granted: str, wanted: str, lacking: str) -> None:
    assert missing(granted.split(), wanted.split()) == tuple(lacking.split())
