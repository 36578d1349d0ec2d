"""What the bench needs besides .venv, kept in the cache folder: the peers' environment, and govc."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import simctl

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
HOME = simctl.CACHE.parent / "bench"


def say(text: str) -> None:
    print(f"bench: {text}", flush=True)


def digest(*paths: Path) -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def peers() -> Path:
    """The Python of an environment with the peers and matplotlib, made if need be."""
    target = HOME / f"peers-{digest(REQUIREMENTS, Path(__file__))}"
    python = target / "bin" / "python"
    if (target / "complete").exists():
        return python
    HOME.mkdir(parents=True, exist_ok=True)
    with simctl.locked(HOME / "lock"):
        if (target / "complete").exists():
            return python
        say("making the peers' environment, once (some 10 s with uv, a minute or two with pip)")
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(target)], check=True)
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        words = ["--quiet", "--requirement", str(REQUIREMENTS)]
        quick = [[uv, "pip", "install", "--compile-bytecode", *words, "--python", str(python)]] if uv else []
        if not any(subprocess.run(command, check=False).returncode == 0 for command in quick):
            pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--compile"]
            subprocess.run([*pip, *words], check=True)
        (target / "complete").touch()
    return python


def govc() -> Path:
    """The binary, built if need be. Raises SimulatorError or CalledProcessError where it can't be."""
    sources = HERE / "govc"
    binary = HOME / f"govc-{digest(*sorted(sources.iterdir()))}"
    if binary.exists():
        return binary
    HOME.mkdir(parents=True, exist_ok=True)
    go = simctl.installed_go() or simctl.fetched_go()
    made = binary.with_suffix(".new")
    say("building govc")
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    command = [go, "build", "-trimpath", "-buildvcs=false", "-o", str(made), "."]
    subprocess.run(command, cwd=sources, env=env, check=True)
    made.replace(binary)
    return binary


def versions(peer_python: Path | None) -> dict[str, str]:
    """Of everything that takes part."""
    found = {"python": sys.version.split()[0], **installed(Path(sys.executable), ["ansible-core", "pyvmomi"])}
    text = (HERE / "govc" / "go.mod").read_text()
    match = re.search(r"github.com/vmware/govmomi (v\S+)", text)
    found["govmomi"] = match[1] if match else "?"
    if peer_python:
        its = installed(peer_python, ["ansible", "ansible-core", "pyvmomi"])
        found.update({f"peers' {name}": version for name, version in its.items()})
        for name in ("vmware.vmware", "community.vmware"):
            found[name] = collection_version(peer_python, name)
    return found


def installed(python: Path, names: list[str]) -> dict[str, str]:
    code = "import sys; from importlib.metadata import version as v; print(*map(v, sys.argv[1:]))"
    told = subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True).stdout
    return dict(zip(names, told.split(), strict=True))


def collection_version(python: Path, name: str) -> str:
    pattern = f"lib/python*/site-packages/ansible_collections/{name.replace('.', '/')}/MANIFEST.json"
    for path in python.parents[1].glob(pattern):
        match = re.search(r'"version": "([^"]+)"', path.read_text())
        if match:
            return match[1]
    return "?"
