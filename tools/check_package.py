"""Build sdist and wheel, install the wheel into a clean environment, and use it there: what a user will get.

Usage: python tools/check_package.py WORK_FOLDER
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "runner_pfps"

IN_WHEEL = (
    "kneecds/py.typed",
    "kneecds/knowledge/compiled.msgpack",
    "kneecds/knowledge/reasoning.yaml",
    "kneecds/knowledge/intake/intake.yaml",
    "kneecds/knowledge/schema/condition.schema.json",
    "kneecds/knowledge/conditions/patellofemoral_pain.yaml",
    "kneecds/knowledge/instruments/ottawa_knee_rule.yaml",
    "kneecds/fhir/structure/r4.json",
    "kneecds/storage/migrations/script.py.mako",
    "kneecds/render/feedback_page.css",
    "kneecds/profiles/R4/Questionnaire-kneecds-intake.json",
    "kneecds/profiles/R5/StructureDefinition-kneecds-guidance.json",
    "licenses/LICENSE",
    "licenses/NOTICE",
)
IN_SDIST = (
    "pyproject.toml",
    "tox.ini",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "NOTICE",
    "docs/adr/0001-three-valued-masks.md",
    "tests/test_examples.py",
    f"examples/{EXAMPLE}/input.json",
    "tools/check_package.py",
    "profiles/R4/examples/Bundle-kneecds-example-guidance.json",
    "src/kneecds/py.typed",
    "deploy/Dockerfile",
)


def main(work: Path) -> None:
    """Do all of it, and stop at the first thing that is wrong."""
    shutil.rmtree(work, ignore_errors=True)
    built = work / "dist"
    run(sys.executable, "-m", "build", "--outdir", built, ROOT)
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    require(IN_WHEEL, names, wheel.name)
    knowledge = [path.relative_to(ROOT / "src") for path in (ROOT / "src/kneecds/knowledge").rglob("*.yaml")]
    require([str(path) for path in knowledge], names, wheel.name)
    published = [path.relative_to(ROOT) for path in (ROOT / "profiles").rglob("*.json")]
    require([f"kneecds/{path.as_posix()}" for path in published], names, wheel.name)
    strange = [name for name in names if not name.startswith(("kneecds/", "kneecds-"))]
    if strange:
        sys.exit(f"{wheel.name} holds what it should not: {', '.join(strange)}")
    with tarfile.open(sdist) as archive:
        require(IN_SDIST, archive.getnames(), sdist.name)

    venv.create(work / "venv", with_pip=True, clear=True)
    scripts = work / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install", wheel)
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    source = elsewhere / "input.json"
    shutil.copy(ROOT / "examples" / EXAMPLE / "input.json", source)
    place = run(scripts / "python", "-c", "import kneecds; print(kneecds.__file__)", cwd=elsewhere)
    if str(work / "venv") not in place:
        sys.exit(f"not the installed package was imported, but {place}")
    print(run(scripts / "kneecds", "--version", cwd=elsewhere), end="")
    answer = json.loads(
        run(scripts / "kneecds", "assess", source, "--as-of", "2026-01-15", "--format", "json", cwd=elsewhere)
    )
    expected = json.loads((ROOT / "examples" / EXAMPLE / "expected.json").read_text(encoding="utf-8"))
    if answer["tier"] != expected["tier"]:
        sys.exit(f"the installed package answers {answer['tier']}, not {expected['tier']}")
    run(scripts / "kneecds", "knowledge", "check", cwd=elsewhere)
    guidance = elsewhere / "guidance.json"
    shutil.copy(ROOT / "profiles/R5/examples/Bundle-kneecds-example-guidance.json", guidance)
    wrong = guidance.read_text(encoding="utf-8").replace('"type": "collection"', '"type": "document"', 1)
    (elsewhere / "wrong.json").write_text(wrong, encoding="utf-8")
    run(scripts / "kneecds", "validate", "--fhir-version", "R5", guidance, cwd=elsewhere)
    told = subprocess.run(
        [scripts / "kneecds", "validate", "--fhir-version", "R5", "wrong.json"],
        cwd=elsewhere,
        capture_output=True,
        check=False,
    )
    if b"collection" not in told.stdout + told.stderr:
        sys.exit("the installed package does not know the profiles that it publishes")
    serve_from(scripts, wheel, elsewhere)
    print(f"ok: {wheel.name} ({wheel.stat().st_size // 1024} kB), {sdist.name} ({sdist.stat().st_size // 1024} kB)")


def serve_from(scripts: Path, wheel: Path, elsewhere: Path) -> None:
    """Without its extra the service says so; with it, it makes its database, is called and stops when told to."""
    bare = subprocess.run([scripts / "kneecds", "serve"], cwd=elsewhere, capture_output=True, check=False)
    if bare.returncode != 2 or b"kneecds[service]" not in bare.stderr:  # noqa: PLR2004
        sys.exit(f"without its extra the service ends with {bare.returncode}: {bare.stderr.decode()[-500:]}")
    run(scripts / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install", f"{wheel}[service]")
    database = f"sqlite:///{elsewhere / 'kneecds.sqlite3'}"
    run(scripts / "kneecds", "database", "upgrade", "--database", database, cwd=elsewhere)
    command = [scripts / "kneecds", "serve", "--insecure-demo", "--port", "0"]
    with subprocess.Popen(command, cwd=elsewhere, stderr=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stderr is not None
        try:
            address = re.search(r"http://\S+/cds-services", server.stderr.readline())
            if address is None:
                sys.exit("the installed service does not say where it is")
            base = address[0].removesuffix("/cds-services")
            run(
                scripts / "kneecds",
                "conformance",
                "cds-hooks",
                base,
                "--only",
                "discovery",
                "--only",
                "cards",
                cwd=elsewhere,
            )
            with urllib.request.urlopen(f"{base}/fhir/metadata") as answer:  # noqa: S310 - of this machine
                kind = json.load(answer)["resourceType"]
        finally:
            server.terminate()
            server.stderr.read()
    if kind != "CapabilityStatement":
        sys.exit(f"the installed service describes itself with {kind}")
    run(
        scripts / "kneecds",
        "feedback",
        "report",
        "--database",
        database,
        "--format",
        "html",
        "-o",
        "report.html",
        cwd=elsewhere,
    )


def require(wanted: tuple[str, ...] | list[str], names: list[str], archive: str) -> None:
    """Stop if an archive lacks a file; its own top folder does not matter."""
    missing = [want for want in wanted if not any(name == want or name.endswith(f"/{want}") for name in names)]
    if missing:
        sys.exit(f"{archive} lacks {', '.join(missing)}")


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a command without the environment of this one's Python, and return what it prints; stop if it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
