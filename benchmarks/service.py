"""How many hook calls a second the service answers, and how soon, beside an endpoint that only parses the same body.

    python benchmarks/service.py                 rounds of three seconds
    python benchmarks/service.py --quick         shorter ones
    python benchmarks/service.py --soak 600      at half load for ten minutes, too: memory and errors

A call is `patient-view` of `kneecds-assessment` with all prefetch: 100 Observations (30 findings of the knee, 70 laboratory values),
about 37 kB without white space. `kneecds serve` runs as a process with one worker and its database; the endpoint beside it is Starlette under the same
uvicorn, reads the body, `json.loads` it and answers a few bytes. Both are driven in turns by the same client, over loopback. The client
and the server share the machine, so figures hold only beside each other.

Bodies are of 400 patients in turns, more than the service remembers evaluations; in the soak each is of another patient. "One
chart" repeats one body, as when several services are called for one chart, which share its evaluation. Goals: 0.35 of the calls a
second of the endpoint; p99 under 25 ms at half of the most.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from itertools import chain, count, cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - starlette may look at it
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from kneecds import shipped_knowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, Any]

SERVICE = "kneecds-assessment"
PATH = f"/cds-services/{SERVICE}"
ISSUER = "https://ehr.example.org"
FINDING = "https://kneecds.org/fhir/CodeSystem/kneecds-finding"
CONNECTIONS = 8
BODIES = 400  # more than the service remembers evaluations (64)
GOAL, GOAL_P99, GOAL_GROWTH = 0.35, 0.025, 5.0
COMPLAINT = ("knee_pain", "anterior_knee_pain", "pain_on_stairs", "pain_on_squatting", "giving_way", "knee_swelling")
WARM_UP = 20.0
LONGEST = 20.0  # seconds that an answer may take before the run is given up


# ---- what is sent -------------------------------------------------------------------------------


def observation(patient: str, number: int, code: Json, value: Json, *, right_knee: bool = False) -> Json:
    found: Json = {
        "resourceType": "Observation",
        "id": f"{patient}-o{number}",
        "status": "final",
        "code": {"coding": [code]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": time.strftime("%Y-%m-%dT06:00:00Z", time.gmtime()),
        **value,
    }
    if right_knee:
        found["bodySite"] = {"coding": [{"system": "http://snomed.info/sct", "code": "6757004"}]}
    return found


def record(seed: int) -> Json:
    """Return the prefetch of one patient."""
    chance = random.Random(seed)
    patient = f"p{seed}"
    known = [one for one in shipped_knowledge().files.findings if one.scope == "knee" and one.value_type == "boolean"]
    asked = [one.id for one in known if one.asked_of in ("patient", "clinician") and one.id not in COMPLAINT]
    present = [name for name in COMPLAINT if name in {one.id for one in known}]
    denied = chance.sample(asked, 30 - len(present))
    knee = [(name, True) for name in present] + [(name, False) for name in denied]
    observations = [
        observation(patient, number, {"system": FINDING, "code": name}, {"valueBoolean": is_there}, right_knee=True)
        for number, (name, is_there) in enumerate(knee)
    ]
    for number in range(len(observations), 100):
        coding = {
            "system": "http://loinc.org",
            "code": f"{2000 + number}-{number % 10}",
            "display": "Substance in serum or plasma",
        }
        amount = {
            "value": round(chance.uniform(1, 9), 2),
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        }
        observations.append(observation(patient, number, coding, {"valueQuantity": amount}))
    chance.shuffle(observations)

    def searched(*resources: Json) -> Json:
        return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}

    return {
        "patient": {
            "resourceType": "Patient",
            "id": patient,
            "gender": "female",
            "birthDate": f"{1950 + seed % 50}-02-03",
        },
        "observations": searched(*observations),
        **dict.fromkeys(("responses", "conditions", "medicines", "allergies", "procedures")),
    }


def body(seed: int) -> bytes:
    context = {"userId": "Practitioner/x1", "patientId": f"p{seed}"}
    call = {
        "hook": "patient-view",
        "hookInstance": str(uuid.UUID(int=seed)),
        "context": context,
        "prefetch": record(seed),
    }
    return json.dumps(call, separators=(",", ":")).encode()


def request(content: bytes, token: str = "") -> bytes:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


class Signer:
    """Signs a new token for each call, as a CDS client does."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-384", {"kid": "k1"})
        self.jwks = {"keys": [self.key.as_dict(private=False)]}

    def __call__(self, audience: str) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
        return jwt.encode({"alg": "ES384", "typ": "JWT", "kid": "k1"}, claims, self.key, algorithms=["ES384"])


# ---- who answers --------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, ready: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until it has been measured."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(400):
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1) as answer,
            ):
                if answer.status == 200:
                    break
            time.sleep(0.05)
        else:
            message = f"{command[:3]} did not start"
            raise SystemExit(message)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def endpoint() -> Iterator[int]:
    port = free_port()
    with running([sys.executable, __file__, "--endpoint", str(port)], port, "/"):
        yield port


@contextlib.contextmanager
def kneecds(folder: Path, signer: Signer | None) -> Iterator[tuple[int, int]]:
    """Serve; yield port and process id."""
    port = free_port()
    config = folder / f"{port}.toml"
    lines = ["[limits]", "calls_per_second = 0", "[storage]", f'url = "sqlite:///{folder / f"{port}.sqlite3"}"']
    if signer is not None:
        (folder / "keys.json").write_text(json.dumps(signer.jwks))
        lines += ["[[cds_clients]]", f'issuer = "{ISSUER}"', f'jwks_file = "{folder / "keys.json"}"']
    config.write_text("\n".join(lines))
    command = [sys.executable, "-m", "kneecds", "serve", "--port", str(port), "--config", str(config)]
    with running(
        command + ["--insecure-demo"] * (signer is None), port, "/health/ready", KNEECDS_LOG__LEVEL="warning"
    ) as process:
        yield port, process.pid


def serve_endpoint(port: int) -> None:
    """Answer what is compared with: read the body, parse it, say a little."""

    async def parse(request: Request) -> JSONResponse:
        return JSONResponse({"cards": [{}], "members": len(json.loads(await request.body()))})

    async def alive(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/", alive), Route(PATH, parse, methods=["POST"])])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)


# ---- who asks -----------------------------------------------------------------------------------


class Load(NamedTuple):
    """What came of some calls."""

    seconds: float
    latencies: list[float]
    errors: int

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def part(self, of_hundred: float) -> float:
        ranked = sorted(self.latencies) or [0.0]
        return ranked[min(len(ranked) - 1, int(len(ranked) * of_hundred / 100))]


async def one_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> bool:
    """Say whether a call was answered with cards."""
    writer.write(sent)
    async with asyncio.timeout(LONGEST):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200") and answer.startswith(b'{"cards":[{')


async def closed(port: int, sent: Callable[[], bytes], seconds: float) -> Load:
    """Call as often as answers come."""
    latencies: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        while (begun := time.perf_counter()) < end:
            errors += not await one_call(reader, writer, sent())
            latencies.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(CONNECTIONS)])
    return Load(time.perf_counter() - begun, latencies, errors)


async def paced(port: int, sent: Callable[[], bytes], rate: float, seconds: float) -> Load:
    """Call at a rate, whether or not answers come; a call that has to wait for a connection waits as a user does."""
    latencies: list[float] = []
    errors = 0
    due: asyncio.Queue[float | None] = asyncio.Queue()

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        while (moment := await due.get()) is not None:
            errors += not await one_call(reader, writer, sent())
            latencies.append(time.perf_counter() - moment)
        writer.close()

    clients = [asyncio.create_task(client()) for _ in range(4 * CONNECTIONS)]
    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        moment = begun + number / rate
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        due.put_nowait(moment)
    for _ in clients:
        due.put_nowait(None)
    await asyncio.gather(*clients)
    return Load(time.perf_counter() - begun, latencies, errors)


# ---- what is measured ---------------------------------------------------------------------------


def resident(process: int) -> int:
    """Return the memory of a process in kB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def several(loads: list[Load]) -> Load:
    return Load(
        sum(load.seconds for load in loads),
        [one for load in loads for one in load.latencies],
        sum(load.errors for load in loads),
    )


def show(name: str, load: Load, beside: float | None = None) -> int:
    ratio = f"  {load.rate / beside:5.2f} of the endpoint" if beside else ""
    times = "  ".join(f"p{part} {load.part(part) * 1000:6.2f} ms" for part in (50, 95, 99))
    print(f"{name:34} {load.rate:7.0f} calls/s  {times}  errors {load.errors}{ratio}", flush=True)
    return load.errors


def measure(rounds: int, seconds: float, soak: float) -> int:
    bodies = [body(seed) for seed in range(1, BODIES + 1)]
    print(
        f"{BODIES} bodies of {statistics.mean(map(len, bodies)) / 1000:.0f} kB, {CONNECTIONS} connections, {rounds} rounds of {seconds:g} s"
    )
    signer = Signer()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        plain = stack.enter_context(endpoint())
        ours, process = stack.enter_context(kneecds(folder, None))
        signed, _ = stack.enter_context(kneecds(folder, signer))
        different = cycle([request(one) for one in bodies])
        same = request(bodies[0])
        tasks: dict[str, tuple[int, Callable[[], bytes]]] = {
            "endpoint that parses": (plain, lambda: next(different)),
            "kneecds, no token": (ours, lambda: next(different)),
            "kneecds, ES384": (signed, lambda: b""),
            "kneecds, no token, one chart": (ours, lambda: same),
        }
        loads: dict[str, list[Load]] = {task: [] for task in tasks}
        for number in range(rounds + 1):  # the first is for warming up
            for task, (port, sent) in tasks.items():
                taken = seconds if number else 1.0
                fresh = tokens(signer, signed, bodies, int(1000 * taken)) if port == signed else None
                load = asyncio.run(closed(port, sent if fresh is None else fresh.__next__, taken))
                if number:
                    loads[task].append(load)
        found = {task: several(of_task) for task, of_task in loads.items()}
        beside = statistics.median(load.rate for load in loads["endpoint that parses"])
        errors = sum(show(task, load, None if task.startswith("endpoint") else beside) for task, load in found.items())
        ratio = statistics.median(load.rate for load in loads["kneecds, no token"]) / beside
        half = statistics.median(load.rate for load in loads["kneecds, no token"]) / 2
        load = asyncio.run(paced(ours, lambda: next(different), half, max(5.0, rounds * seconds)))
        errors += show(f"kneecds at {half:.0f} calls/s", load)
        print(f"goals: {ratio:.2f} of the endpoint (0.35), p99 at half load {load.part(99) * 1000:.1f} ms (25)")
        if soak:
            strangers = (request(body(seed)) for seed in count(BODIES + 1))
            errors += soaked(ours, process, strangers.__next__, half, soak)
    return errors


def tokens(signer: Signer, port: int, bodies: list[bytes], most: int) -> Iterator[bytes]:
    """Return calls with tokens signed beforehand; when they run out, with new ones."""
    audience = f"http://127.0.0.1:{port}{PATH}"
    ready = [request(bodies[number % len(bodies)], signer(audience)) for number in range(most)]  # before time is taken
    return chain(ready, (request(one, signer(audience)) for one in cycle(bodies)))


def soaked(port: int, process: int, sent: Callable[[], bytes], rate: float, seconds: float) -> int:
    """Show what a long time at half load does to memory."""
    asyncio.run(paced(port, sent, rate, WARM_UP))
    before = resident(process)
    errors, calls = 0, 0
    begun = time.perf_counter()
    while (left := seconds - (time.perf_counter() - begun)) > 0:
        load = asyncio.run(paced(port, sent, rate, min(30.0, left)))
        errors, calls = errors + load.errors, calls + len(load.latencies)
        print(
            f"  {time.perf_counter() - begun:5.0f} s  {resident(process) / 1024:6.1f} MB  p99 {load.part(99) * 1000:6.2f} ms",
            flush=True,
        )
    growth = 100 * (resident(process) - before) / before
    print(
        f"soak: {calls} calls in {seconds:.0f} s, memory {before / 1024:.1f} MB {growth:+.1f} % (goal under 5 %), errors {errors}"
    )
    return errors


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="short rounds")
    options.add_argument("--soak", type=float, default=0.0, metavar="SECONDS", help="then run at half load for so long")
    options.add_argument("--endpoint", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.endpoint:
        serve_endpoint(chosen.endpoint)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # children are ended on the way out
    rounds, seconds = (2, 1.5) if chosen.quick else (5, 3.0)
    if measure(rounds, seconds, min(chosen.soak, 3600.0)):
        sys.exit("some calls were not answered with cards")


if __name__ == "__main__":
    main()
