"""Makes .venv with all that developers and CI need, then runs a command in it.

    python3 tests/tools/bootstrap.py [COMMAND...]

Standard library only, and any python3 from 3.8 on will do to run it: it looks for the newest Python that the pinned
ansible-core can run on, on PATH and among pyenv's, and builds the environment with that one. SAVEPOINT_PYTHON (a path
or a name on PATH) decides instead. A second run finds a stamp and starts the command at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "savepoint-vsphere"
# ansible-test starts its tools by a first line that names the interpreter, which no kernel takes with a space in it.
VENV = (CACHE / f"venv-{hashlib.sha256(bytes(ROOT)).hexdigest()[:12]}") if " " in str(ROOT) else ROOT / ".venv"
STAMP = VENV / "savepoint-stamp.json"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
OLDEST, NEWEST = (3, 10), (3, 14)  # what the ansible-core releases pinned in dev.txt run on

# Debian's python3 comes without ensurepip and cannot make an environment; a Python built by hand may have no ssl.
PROBE = "import ensurepip, json, ssl, sys, venv; print(json.dumps([sys.version_info[:3], sys.executable]))"


def say(text: str) -> None:
    print("bootstrap: " + text, file=sys.stderr, flush=True)


def candidates(everything: bool = False) -> list[str]:
    """Every Python worth a look; those of pyenv may be hidden behind shims that answer for one version only."""
    chosen = os.environ.get("SAVEPOINT_PYTHON")
    if chosen and not everything:
        return [chosen]
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)] + ["python3", "python"]
    found = [path for path in map(shutil.which, names) if path]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found += [str(path) for path in sorted(pyenv.glob("3.*/bin/python3"))]
    return list(dict.fromkeys([*found, sys.executable]))


def probe(python: str) -> tuple[tuple[int, ...], str] | None:
    """Version and real path, or nothing if it is out of range or lacks a part that is needed."""
    try:
        done = subprocess.run(
            [python, "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
        version, path = json.loads(done.stdout.decode())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return (tuple(version), path) if OLDEST <= tuple(version[:2]) <= NEWEST else None


def choose() -> tuple[tuple[int, ...], str]:
    looked_at = candidates()
    usable = [found for found in map(probe, looked_at) if found]
    if not usable:
        wanted = f"Python 3.{OLDEST[1]} to 3.{NEWEST[1]} with the venv, ensurepip and ssl modules"
        raise SystemExit(f"bootstrap: no {wanted} among: {', '.join(looked_at)}")
    return max(usable)


def wanted_stamp() -> dict[str, str | None]:
    digest = hashlib.sha256(REQUIREMENTS.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    return {"hash": digest, "at": str(VENV), "asked": os.environ.get("SAVEPOINT_PYTHON") or None}


def is_current() -> bool:
    try:
        return bool(json.loads(STAMP.read_text()) == wanted_stamp()) and os.access(VENV / "bin" / "python", os.X_OK)
    except (OSError, ValueError):
        return False


def build() -> None:
    began = time.monotonic()
    version, python = choose()
    say(f"making .venv with Python {'.'.join(map(str, version))} ({python}); about half a minute, once")
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(VENV)], check=True)
    # Compiled once, here: else each of the thousands of Pythons that the tests start compiles what it imports, wherever
    # PYTHONDONTWRITEBYTECODE is set, as it is in many images.
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--compile"]
    uv = re.search(r"^uv==\S+", REQUIREMENTS.read_text(), re.MULTILINE)
    quick = uv is not None and subprocess.run([*pip, uv.group()], check=False).returncode == 0
    if quick:
        command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--compile-bytecode"]
        command += ["--requirement", str(REQUIREMENTS)]
        environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
        quick = subprocess.run(command, env=environment, check=False).returncode == 0
    if not quick:
        say("uv could not do it; pip takes longer")
        subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True)
    STAMP.write_text(json.dumps(wanted_stamp()))
    say(f"made .venv in {time.monotonic() - began:.0f} s")


def main(command: list[str]) -> int:
    if not is_current():
        with REQUIREMENTS.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)  # two at once: the second waits and finds it made
            if not is_current():
                try:
                    build()
                except subprocess.CalledProcessError as error:
                    say(f"failed: {' '.join(map(str, error.cmd))}")
                    return 1
    if not command:
        say(".venv is up to date")
        return 0
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}"}
    environment.pop("PYTHONHOME", None)
    try:
        os.execvpe(command[0], command, environment)
    except FileNotFoundError:
        say(f"there is no {command[0]} in .venv or on PATH")
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
