"""Makes environments of a requirements file, outside the checkout, each once."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import bootstrap


def made(name: str, requirements: Path, pythons: tuple[tuple[int, int], tuple[int, int]]) -> Path | None:
    """The programs of an environment with these requirements, made if need be; None without a Python in that range."""
    python = interpreter(pythons)
    if python is None:
        return None
    digest = hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes() + python.encode()).hexdigest()[:12]
    place = bootstrap.CACHE / f"{name}-{digest}"
    programs = place / "bin"
    bootstrap.CACHE.mkdir(parents=True, exist_ok=True)
    with (bootstrap.CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").is_file():
            shutil.rmtree(place, ignore_errors=True)
            print(f"making the environment {name}, for {python}", flush=True)
            make(place, python, requirements)
            (place / "complete").touch()
    return programs


def interpreter(pythons: tuple[tuple[int, int], tuple[int, int]]) -> str | None:
    """The newest Python of those in the range."""
    looked_at = [found for found in map(bootstrap.probe, bootstrap.candidates(everything=True)) if found]
    usable = [found for found in looked_at if pythons[0] <= found[0][:2] <= pythons[1]]
    # Where the present environment's is found first, the one that it was made from: every checkout shares the result.
    return str(Path(max(usable)[1]).resolve()) if usable else None


def make(place: Path, python: str, requirements: Path) -> None:
    uv = bootstrap.VENV / "bin" / "uv"
    if os.access(uv, os.X_OK):
        subprocess.run([str(uv), "venv", "--quiet", "--python", python, str(place)], check=True)
        pip = [str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(place / "bin" / "python")]
    else:
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--compile"]
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)
