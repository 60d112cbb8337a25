"""Ask the JavaScript judges: JSON lines into one Node process, JSON lines out of it."""

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
    from collections.abc import Iterable

NODE = Path(__file__).parent / "node"
INSTALLED = NODE / "node_modules" / ".package-lock.json"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

Json = dict[str, Any]


def missing() -> str:
    """Say what the judges lack on this machine; empty if they can be asked."""
    absent = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    return f"{' and '.join(absent)} not installed" if absent else ""


def chromium_missing() -> str:
    return "" if Path(CHROMIUM).exists() else f"no {CHROMIUM}"


def install() -> None:
    """Install the packages of the lock file unless that has been done since it was last changed."""
    with (NODE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may come at once
        changed = max((NODE / name).stat().st_mtime for name in ("package.json", "package-lock.json"))
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < changed:
            command = ["npm", "ci", "--no-progress", "--loglevel=error"]
            subprocess.run(command, cwd=NODE, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
            INSTALLED.touch()


def ask(script: str, questions: Iterable[Json], *arguments: str, timeout: float = 900) -> list[Json]:
    """Return the answer to each question, in their order."""
    install()
    asked = [json.dumps(question) for question in questions]
    done = subprocess.run(
        ["node", str(NODE / f"{script}.mjs"), *arguments],
        input="\n".join(asked).encode(), capture_output=True, timeout=timeout, check=False,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(asked):
        lines = done.stderr.decode(errors="replace").splitlines()
        message = f"{script} ended with {done.returncode} after {len(answers)} of {len(asked)} questions: {lines[:20]}"
        raise RuntimeError(message)
    return answers


if __name__ == "__main__":
    if missing():
        sys.stderr.write(f"no judges: {missing()}\n")
    else:
        install()
