"""A sound service on loopback, with tokens and without, and the suite pointed at it."""

from __future__ import annotations

from typing import Any

import pytest
import reference_service
from joserfc.jwk import KeySet
from loopback import Loopback, fresh, now

from kneecds.conformance import run, table
from kneecds.conformance.target import Target
from kneecds.conformance.tokens import Signer, new_key


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(new_key("ES384"), "ES384", "suite", reference_service.ISSUER, now, fresh)


@pytest.fixture(scope="session")
def keys(signer):
    return KeySet.import_key_set({"keys": [signer.key.as_dict(private=False) | {"kid": signer.kid}]})


@pytest.fixture(scope="session")
def server():
    with Loopback(None) as running:
        yield running


@pytest.fixture(scope="session")
def look(server, signer, keys):
    """Run checks on an application in place of the sound one; return the report."""

    def run_on(app: Any, *only: str, signed: bool = True, server: Loopback = server, **given: Any):
        server.app = app
        target = Target(server.url, now, fresh, **{
            "signer": signer if signed else None, "origin": reference_service.ORIGIN, "timeout": 5.0,
            "latency_calls": 2, **given,
        })  # fmt: skip
        return run.run(target, run.chosen(only) if only else table.CHECKS)

    return run_on


@pytest.fixture
def sound(keys):
    return reference_service.create(reference_service.Guard(keys))
