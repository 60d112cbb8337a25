"""How long the structure layer takes on a bundle, beside `json.loads` of it and JSON Schema made of the same facts.

    python benchmarks/structure.py            a table
    python benchmarks/structure.py --json     the same as JSON

Everything is measured in turns in one run and given as a ratio to `json.loads`. The schema says less than the gate and
the walker do (see `structure_schema.py`); jsonschema-rs is asked where it is installed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structure_schema

from kneecds.fhir import strict_json
from kneecds.fhir.structure import check, gate
from kneecds.fhir.structure.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLE = Path(__file__).resolve().parent / "bundle_17.json"


def tasks(body: bytes) -> dict[str, Callable[[], object]]:
    document = json.loads(body)
    _, issues, text = strict_json.parse_and_write(body)
    if issues or not gate.sound_text(text) or check.issues(document):
        message = "the benchmark's bundle is not sound"
        raise SystemExit(message)
    found: dict[str, Callable[[], object]] = {
        "json.loads": lambda: json.loads(body),
        "parse (strict)": lambda: strict_json.parse_and_write(body),
        "gate": lambda: gate.sound_text(text),
        "walker": lambda: check.issues(document),
    }
    reached = {entry["resource"]["resourceType"] for entry in document["entry"]} | {"Bundle"}
    for label, types in (("of 3 types", reached), ("of all types", facts_of("R4").resource_types)):
        try:
            import jsonschema_rs  # noqa: PLC0415 - may be absent
        except ImportError:
            break
        fast = jsonschema_rs.validator_for(structure_schema.schema("R4", types))
        if not fast.is_valid(document):
            raise SystemExit("\n".join(str(one)[:300] for one in fast.iter_errors(document)))
        found[f"jsonschema-rs, {label}"] = lambda fast=fast: fast.is_valid(document)  # type: ignore[misc]
    try:
        import jsonschema  # noqa: PLC0415
    except ImportError:
        return found
    slow = jsonschema.Draft202012Validator(structure_schema.schema("R4", reached))
    found["jsonschema, of 3 types"] = lambda: slow.is_valid(document)
    return found


def ratios(rounds: int) -> dict[str, float]:
    """Return the median time of each task over that of `json.loads`."""
    measured = tasks(BUNDLE.read_bytes())
    taken: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, task in measured.items():
            calls = 1 if name.startswith("jsonschema,") else 50
            start = time.perf_counter()
            for _ in range(calls):
                task()
            taken[name].append((time.perf_counter() - start) / calls)
    usual = statistics.median(taken["json.loads"])
    return {name: statistics.median(times) / usual for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = ratios(arguments.rounds)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, ratio in found.items():
        print(f"{name:28} {ratio:8.2f} x json.loads")


if __name__ == "__main__":
    main()
