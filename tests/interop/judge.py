"""Ask the HL7 validation engine about many resources in one Java process: `judge(cases)`, or JSON lines in and out.

A case is `{"name", "release": "R4" | "R4B" | "R5", "resource": {...} or "text": "raw JSON", "beside": [conformance
resources], "profile": [canonicals]}`; the answer to each is `{"name", "issues": [{"severity", "location", "message",
"id"}]}`. Only `name`, and one of `resource` and `text`, must be there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JAVA = Path(__file__).parent / "java"
CLASSPATH = JAVA / "target" / "classpath.txt"
SOURCES = ("pom.xml", *(str(file.relative_to(JAVA)) for file in (JAVA / "src").rglob("*.java")))
ERRORS = frozenset({"error", "fatal"})

Json = dict[str, Any]


def missing() -> str:
    """Say what the judge lacks on this machine; empty if it can be asked."""
    absent = [tool for tool in ("java", "mvn") if not shutil.which(tool)]
    return f"{' and '.join(absent)} not installed" if absent else ""


def build() -> str:
    """Compile the judge if its sources are newer than what was built, and return its class path."""
    JAVA.joinpath("target").mkdir(exist_ok=True)
    with (JAVA / "target" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come at once
        newest = max((JAVA / name).stat().st_mtime for name in SOURCES)
        if not CLASSPATH.exists() or CLASSPATH.stat().st_mtime < newest:
            command = ["mvn", "--quiet", "--batch-mode", "--no-transfer-progress", "-Dstyle.color=never", "compile"]
            subprocess.run(command, cwd=JAVA, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            CLASSPATH.touch()
    return os.pathsep.join([str(JAVA / "target" / "classes"), CLASSPATH.read_text().strip()])


def judge(cases: Sequence[Json], *, memory: str = "3g", timeout: float = 1200) -> list[list[Json]]:
    """Return the issues of each case, in the order of the cases."""
    if not cases:
        return []
    order = sorted(range(len(cases)), key=lambda at: _group(cases[at]))
    asked = "".join(json.dumps({**cases[at], "name": at}) + "\n" for at in order)
    flags = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # most of the time is starting up
    command = ["java", f"-Xmx{memory}", "-Xss16m", *flags, "-cp", build(), "org.kneecds.interop.Judge"]
    done = subprocess.run(command, input=asked.encode(), capture_output=True, timeout=timeout, check=False)
    answers = {answer["name"]: answer["issues"] for answer in map(json.loads, done.stdout.splitlines())}
    if done.returncode or len(answers) != len(cases):
        lines = done.stderr.decode(errors="replace").splitlines()
        message = f"the judge ended with {done.returncode} after {len(answers)} of {len(cases)} cases: {lines[-20:]}"
        raise RuntimeError(message)
    return [answers[at] for at in range(len(cases))]


def errors(issues: Iterable[Json]) -> list[Json]:
    """Return the issues that make a resource invalid."""
    return [issue for issue in issues if issue["severity"] in ERRORS]


def _group(case: Json) -> tuple[str, str]:
    """Cases with the same release and neighbours share a validator if they follow one another."""
    return case.get("release", "R4"), json.dumps(case.get("beside", []), sort_keys=True)


def main() -> None:
    """Answer the JSON lines of standard input on standard output; with --build only make ready."""
    if "--build" in sys.argv[1:]:
        if missing():
            sys.stderr.write(f"no judge: {missing()}\n")
        else:
            build()
        return
    cases = [json.loads(line) for line in sys.stdin if line.strip()]
    for case, issues in zip(cases, judge(cases), strict=True):
        sys.stdout.write(json.dumps({"name": case.get("name"), "issues": issues}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
