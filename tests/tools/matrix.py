"""Runs the tests with every supported ansible-core and Python that can be had here, and prints a table of it.

Each cell has an environment of its own (cores.py), from which alone its programs come. A cell whose Python is missing,
or on which that ansible-core does not run, is in the table as "not run", with the reason. So that it ends in two hours,
every cell runs the unit tests and a short choice of integration targets; sanity tests run once for each ansible-core,
with the newest Python, since they hardly depend on it. What fails in one cell does not stop the others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path

import bootstrap
import cores
import integration as stage
import sanity as sane
import simctl
import tree
from checks import Checks, environment
from cores import Cell

PYTHONS = tuple(f"3.{minor}" for minor in range(bootstrap.OLDEST[1], bootstrap.NEWEST[1] + 1))
# What "make test" runs on the oldest, and the matrix in every cell, besides unit and sanity tests: calls of every
# module. The whole patch workflow on the oldest is a scenario of the target patch_workflow.
SHORT = ("peers", "snapshot_consolidate", "snapshot_prune", "stock")
# The table, anew after each cell.
TABLE = tree.ROOT / "tests" / "output" / "matrix.txt"


def cells() -> list[Cell]:
    """Every combination, also those that are impossible: with the newest pyVmomi, and at both ends with the oldest."""
    found = []
    known = cores.all_cores()
    for core in known:
        if core in (known[0], known[-1]):
            found.append(Cell(core, core.pythons[0], "oldest"))
        found += [Cell(core, python, "newest") for python in PYTHONS]
    return found


def obstacle(cell: Cell, there: dict[str, str]) -> str:
    """Why a cell can't run; empty if it can."""
    if cell.python not in cell.core.pythons:
        return f"ansible-core {cell.core.series} does not run on it"
    return "" if cell.python in there else f"there is no Python {cell.python} here"


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s matrix --", description=__doc__)
    series = [core.series for core in cores.all_cores()]
    parser.add_argument("cores", nargs="*", metavar="CORE", help=f"only these ansible-cores, of {', '.join(series)}")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this Python; may be repeated")
    parser.add_argument("--pyvmomi", choices=["oldest", "newest"], help="only this pyVmomi")
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="only these tests, in every cell; may be repeated"
    )
    targets = parser.add_mutually_exclusive_group()
    targets.add_argument("--target", action="append", help="only this integration target; may be repeated")
    targets.add_argument("--full", action="store_true", help="every integration target; half an hour for each cell")
    parser.add_argument("--list", action="store_true", help="print which cells would run, and run none")
    options = parser.parse_args(words)
    unknown = [word for word in options.cores if word not in series]
    if unknown:
        parser.error(f"there is no ansible-core {unknown[0]}, only {', '.join(series)}")
    return options


def chosen(options: argparse.Namespace) -> list[Cell]:
    """The cells that the arguments ask for."""
    return [
        cell
        for cell in cells()
        if (not options.cores or cell.core.series in options.cores)
        and (not options.python or cell.python in options.python)
        and (not options.pyvmomi or cell.pyvmomi == options.pyvmomi)
    ]


def oldest() -> Cell | None:
    """The oldest cell that can be had here."""
    there = cores.interpreters()
    able = ((core, python) for core in cores.all_cores() for python in core.pythons if python in there)
    return next((Cell(core, python, "oldest") for core, python in able), None)


def left_out(cell: Cell, there: Container[str]) -> dict[str, str]:
    """What is not run in this cell unless it is asked for by name, by part; and why."""
    newest = next((python for python in reversed(cell.core.pythons) if python in there), cell.python)
    if (cell.python, cell.pyvmomi) == (newest, "newest"):
        return {}
    return {"sanity": "not run: once a core"}


def setting(programs: Path) -> dict[str, str]:
    """An environment in which programs come from the cell alone."""
    own, _separator, rest = environment()["PATH"].partition(os.pathsep)
    others = [folder for folder in rest.split(os.pathsep) if folder != own]
    return {"PATH": os.pathsep.join([str(programs), *others]), "VIRTUAL_ENV": str(programs.parent)}


def units(checks: Checks, cell: Cell, env: dict[str, str], targets: Sequence[str]) -> None:
    with tree.copied("matrix") as copy:
        command = ["ansible-test", "units", "--local", "--python", cell.python, "--color", "no"]
        ok = checks.run(f"units, {cell.label}", command, copy, env, count=False)
        checks.junit("ansible-test units", sorted((copy / "tests" / "output" / "junit").glob("*.xml")), ok)


def sanity(checks: Checks, cell: Cell, env: dict[str, str], targets: Sequence[str]) -> None:
    library = Path(env["VIRTUAL_ENV"]) / "lib" / f"python{cell.python}" / "site-packages"
    sane.seed_get_pip(library / "ansible_test" / "_internal")
    with tree.copied("matrix") as copy:
        reader = sane.Reader(checks)
        command = ["ansible-test", "sanity", "--allow-disabled", "--color", "no", "-v", "--python", cell.python]
        ok = checks.run(f"sanity, {cell.label}", command, copy, env, each_line=reader.line, count=False)
        reader.close()
        if not ok and not checks.failed:
            checks.record("ansible-test ended with an error", False)


def integration(checks: Checks, cell: Cell, env: dict[str, str], targets: Sequence[str]) -> None:
    simctl.build()  # once, before the workers ask for it
    checks.title(f"integration, {cell.label}")
    command = ["ansible-test", "integration", "--local", "--python", cell.python, "--color", "no"]
    stage.run_all(checks, list(targets), command, env)


PARTS: dict[str, Callable[[Checks, Cell, dict[str, str], Sequence[str]], None]] = {
    "units": units,
    "sanity": sanity,
    "integration": integration,
}


def run(checks: Checks, cell: Cell, parts: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
    """Runs a cell; gives what to write in its row for each part."""
    try:
        env = setting(cores.environment(cell, cores.interpreters()[cell.python]))
    except (OSError, subprocess.SubprocessError) as error:
        checks.record(f"{cell.label}: its environment could not be made: {error}", False)
        return dict.fromkeys(parts, "no environment")
    row = {}
    for part in parts:
        began = time.monotonic()
        own = Checks(checks.name, running=checks.running, began=checks.began)
        try:
            PARTS[part](own, cell, env, targets)
        except Exception as error:  # noqa: BLE001 - of whatever kind, the other cells are still to come
            own.record(f"the tests could not be run: {error!r}", False)
        if not own.passed and not own.failed:
            own.record("nothing was checked", False)
        checks.passed += own.passed
        checks.failed += [f"{cell.label}: {part}: {what}" for what in own.failed]
        verdict = f"{len(own.failed)} of {own.passed + len(own.failed)} failed" if own.failed else f"{own.passed} ok"
        row[part] = f"{verdict}, {time.monotonic() - began:.0f} s"
    return row


def table(rows: Sequence[tuple[Cell, dict[str, str] | str]], parts: Sequence[str], targets: Sequence[str] = ()) -> str:
    """What is printed in the end: a row for each cell; a text instead of results is why it was not run."""
    head = f"{'ansible-core':<13} {'Python':<7} {'pyVmomi':<10} " + " ".join(f"{part:<22}" for part in parts)
    lines = [head.rstrip()]
    for cell, result in rows:
        told = f"not run: {result}" if isinstance(result, str) else " ".join(f"{result[part]:<22}" for part in parts)
        start = f"{cell.core.series:<13} {cell.python:<7} {cores.pyvmomi_pin(cell.pyvmomi):<10}"
        lines.append(f"{start} {told}".rstrip())
    if "integration" in parts and targets:
        everything = len(stage.targets(tree.ROOT))
        few = f": {' '.join(targets)}" if len(targets) < everything else ""
        lines += ["", f"integration runs {len(targets)} of {everything} targets{few}"]
    return "\n".join(lines)


def main(checks: Checks, words: Sequence[str]) -> None:
    options = arguments(words)
    parts = [part for part in PARTS if not options.part or part in options.part]
    targets = options.target or (stage.targets(tree.ROOT) if options.full else SHORT)
    there = cores.interpreters()
    rows: list[tuple[Cell, dict[str, str] | str]] = []
    for cell in chosen(options):
        reason = obstacle(cell, there)
        if not reason and options.list:
            reason = "only listed"
            checks.record(f"{cell.label} can be had", True)
        if reason:
            rows.append((cell, reason))
            continue
        elsewhere = {} if options.part else left_out(cell, there)
        row = run(checks, cell, [part for part in parts if part not in elsewhere], targets)
        rows.append((cell, {**row, **elsewhere}))
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(f"{table(rows, parts, targets)}\n")
    print(f"\n{table(rows, parts, targets)}", flush=True)
