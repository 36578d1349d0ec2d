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
    return programs(bootstrap.CACHE / f"{name}-{digest}", python, requirements.read_text())


def programs(place: Path, python: str, requirements: str) -> Path:
    """The folder of programs of the environment there, made if need be, with what a requirements file says."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").is_file():
            shutil.rmtree(place, ignore_errors=True)
            print(f"making the environment {place.name}, for {python}", flush=True)
            make(place, python, requirements)
            (place / "complete").touch()
    return place / "bin"


def interpreter(pythons: tuple[tuple[int, int], tuple[int, int]]) -> str | None:
    """The newest Python of those in the range."""
    looked_at = [found for found in map(bootstrap.probe, bootstrap.candidates(everything=True)) if found]
    usable = [found for found in looked_at if pythons[0] <= found[0][:2] <= pythons[1]]
    # Where the present environment's is found first, the one that it was made from: every checkout shares the result.
    return str(Path(max(usable)[1]).resolve()) if usable else None


def make(place: Path, python: str, requirements: str) -> None:
    """Quickly where uv is there."""
    uv = bootstrap.VENV / "bin" / "uv"
    if os.access(uv, os.X_OK):
        subprocess.run([str(uv), "venv", "--quiet", "--python", python, str(place)], check=True)
        pip = [str(uv), "pip", "install", "--quiet", "--compile-bytecode", "--python", str(place / "bin" / "python")]
    else:
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--compile"]
    path = place / "requirements.txt"
    path.write_text(requirements)
    subprocess.run([*pip, "--requirement", str(path)], check=True)
