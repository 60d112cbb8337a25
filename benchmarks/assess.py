"""How long an assessment takes, as ratios against something else in the same run.

    python benchmarks/assess.py            a table
    python benchmarks/assess.py --json     the same as JSON

Machines drift, so no figure stands alone: each is divided by `json.loads` of the same bytes, by a fhir.resources
parse of the same bytes, or by the start of a bare program, measured in turns with it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kneecds import pipeline, shipped_knowledge

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
BUNDLE = HERE / "bundle_17.json"
AS_OF = date(2026, 1, 15)
SIZES = (10, 100, 1_000, 10_000)


def in_turns(tasks: dict[str, Callable[[], object]], rounds: int, calls: dict[str, int]) -> dict[str, float]:
    """Return the median seconds of one call of each task, the tasks measured in turns."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            count = calls.get(name, 1)
            start = time.perf_counter()
            for _ in range(count):
                task()
            taken[name].append((time.perf_counter() - start) / count)
    return {name: statistics.median(times) for name, times in taken.items()}


def hot(rounds: int) -> list[dict[str, Any]]:
    """Measure bytes to guidance bytes, structure checked, beside json.loads and a fhir.resources parse."""
    body = BUNDLE.read_bytes()
    knowledge = shipped_knowledge()

    def guidance() -> bytes:
        return pipeline.evaluate(body, knowledge=knowledge, as_of=AS_OF).to_fhir_bytes()

    answer = pipeline.evaluate(body, knowledge=knowledge, as_of=AS_OF)
    if not answer.ok or answer.assessment.tier is None:
        message = f"the benchmark's bundle is not assessed: {answer.issues}"
        raise SystemExit(message)
    tasks: dict[str, Callable[[], object]] = {"json.loads": lambda: json.loads(body), "kneecds": guidance}
    try:
        from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - may be missing
    except ImportError:
        print("fhir.resources is not installed; its row is left out", file=sys.stderr)
    else:
        tasks["fhir.resources"] = lambda: Bundle.model_validate_json(body)
    times = in_turns(tasks, rounds, {"json.loads": 200, "kneecds": 20, "fhir.resources": 2})
    rows = [
        row("guidance bytes / json.loads", times["kneecds"] / times["json.loads"], "at most", 4.0, times["kneecds"]),
    ]
    if "fhir.resources" in times:
        ratio = times["fhir.resources"] / times["kneecds"]
        rows.append(row("fhir.resources parse / guidance bytes", ratio, "at least", 15.0, times["fhir.resources"]))
    return rows


def linear(rounds: int) -> list[dict[str, Any]]:
    """Measure whether the cost of an Observation stays the same from 10 to 10 000 of them."""
    knowledge = shipped_knowledge()
    bodies = {size: many(size) for size in SIZES}
    tasks: dict[str, Callable[[], object]] = {
        str(size): lambda body=body: pipeline.evaluate(body, knowledge=knowledge, as_of=AS_OF)  # type: ignore[misc]
        for size, body in bodies.items()
    }
    times = in_turns(tasks, rounds, {"10": 20, "100": 5})
    base = (times["1000"] - times["10"]) / 990
    each = (times["10000"] - times["1000"]) / 9000
    return [row("one more Observation at 10 000 / at 1 000", each / base, "at most", 2.0, each)]


def many(size: int) -> bytes:
    """Return a Bundle with so many Observations of one patient."""
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5", "display": "Body temperature"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-01-15T08:00:00Z",
        "valueQuantity": {"value": 36.8, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "Cel"},
    }
    entries: list[dict[str, Any]] = [{"resource": {"resourceType": "Patient", "id": "p", "birthDate": "1980-05-01"}}]
    entries += [{"resource": {**observation, "id": f"o{number}"}} for number in range(size)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def cold(rounds: int) -> list[dict[str, Any]]:
    """Measure starting the program beside starting Python with one import."""

    def run(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    tasks = {
        "import click": run("-c", "import click"),
        "kneecds --version": run("-m", "kneecds", "--version"),
        "import fhir.resources": run("-c", "import fhir.resources.R4B.bundle"),
        "kneecds assess": run("-m", "kneecds", "assess", str(BUNDLE), "--as-of", AS_OF.isoformat(), "--format", "fhir"),
    }
    times = in_turns(tasks, rounds, {})
    version, assess = times["kneecds --version"], times["kneecds assess"]
    return [
        row("cold kneecds --version / import click", version / times["import click"], "at most", 3.0, version),
        row(
            "cold kneecds assess / import fhir.resources",
            assess / times["import fhir.resources"],
            "at most",
            1.0,
            assess,
        ),
    ]


def row(name: str, ratio: float, bound: str, goal: float, seconds: float) -> dict[str, Any]:
    """Return one line of the table."""
    met = ratio <= goal if bound == "at most" else ratio >= goal
    return {"measure": name, "ratio": round(ratio, 2), "goal": f"{bound} {goal:g}", "met": met, "seconds": seconds}


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", action="store_true", help="print JSON")
    arguments.add_argument("--rounds", type=int, default=9)
    options = arguments.parse_args()
    rows = hot(options.rounds) + linear(max(3, options.rounds // 3)) + cold(options.rounds)
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "rows": rows}, indent=2))
        return
    wide = max(len(one["measure"]) for one in rows)
    for one in rows:
        mark = "met" if one["met"] else "NOT MET"
        print(
            f"{one['measure']:{wide}}  {one['ratio']:8.2f}  {one['goal']:<12} {mark:8} {one['seconds'] * 1e3:9.3f} ms"
        )


if __name__ == "__main__":
    main()
