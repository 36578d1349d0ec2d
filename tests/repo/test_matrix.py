"""The matrix of versions is that of what the collection says it supports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from layout import ROOT, load

sys.path[:0] = [str(ROOT / "tests" / "tools"), str(ROOT / "tests" / "simulator")]

import cores  # noqa: E402
import matrix  # noqa: E402
from checks import Checks  # noqa: E402
from cores import Cell  # noqa: E402

PINS = (ROOT / "requirements" / "dev.txt").read_text()
CORES = cores.all_cores()


def test_the_oldest_is_what_the_collection_requires() -> None:
    required = load("meta/runtime.yml")["requires_ansible"]
    assert required == f">={CORES[0].series}.0"


def test_the_newest_is_what_make_test_runs_on() -> None:
    newest = re.findall(r"^ansible-core==(\S+)", PINS, re.MULTILINE)[-1]
    assert CORES[-1].pin == newest


def test_no_release_in_between_is_missing() -> None:
    minors = [int(core.series.partition(".")[2]) for core in CORES]
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_the_oldest_pyvmomi_is_what_users_may_have() -> None:
    ranged = re.search(r"^pyvmomi>=(\S+)", (ROOT / "meta" / "ee-requirements.txt").read_text(), re.MULTILINE)
    assert ranged is not None
    assert cores.pyvmomi_pin("oldest").startswith(ranged[1])


def test_every_combination_has_a_cell_and_the_impossible_say_why() -> None:
    cells = matrix.cells()
    assert {(cell.core.series, cell.python) for cell in cells} == {
        (core.series, python) for core in CORES for python in matrix.PYTHONS
    }
    assert [cell.core for cell in cells if cell.pyvmomi == "oldest"] == [CORES[0], CORES[-1]]
    everything = dict.fromkeys(matrix.PYTHONS, "python")
    possible = {(cell.core.series, cell.python) for cell in cells if not matrix.obstacle(cell, everything)}
    assert possible == {(core.series, python) for core in CORES for python in core.pythons}
    assert all("there is no Python" in matrix.obstacle(cell, {}) for cell in cells if cell.python in cell.core.pythons)


def test_a_row_says_what_was_not_run() -> None:
    told = matrix.table(
        [
            (Cell(CORES[0], "3.10", "oldest"), {"units": "5 ok, 1 s"}),
            (Cell(CORES[0], "3.13", "newest"), "no such Python"),
        ],
        ["units"],
    )
    ran, not_run = told.splitlines()[1:]
    assert re.fullmatch(rf"{CORES[0].series} +3\.10 +\S+ +5 ok, 1 s", ran)
    assert re.fullmatch(rf"{CORES[0].series} +3\.13 +\S+ +not run: no such Python", not_run)


def test_sanity_tests_run_once_for_each_core() -> None:
    there = {"3.11", "3.12", "3.13"}
    runs = [cell for cell in matrix.cells() if not matrix.obstacle(cell, dict.fromkeys(there, "python"))]
    with_sanity = [cell for cell in runs if not matrix.left_out(cell, there)]
    assert [cell.core for cell in with_sanity] == list(CORES)
    for cell in with_sanity:
        assert cell.python == max(set(cell.core.pythons) & there)
    assert all(matrix.left_out(cell, there).keys() == {"sanity"} for cell in runs if cell not in with_sanity)


def test_a_cell_that_breaks_is_a_failure_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*ignored: object) -> None:
        raise RuntimeError("no more disk")

    cell = Cell(CORES[0], "3.10", "newest")
    monkeypatch.setattr(cores, "interpreters", lambda: {"3.10": "python3.10"})
    monkeypatch.setattr(cores, "environment", lambda cell, python: Path("/nowhere/bin"))
    monkeypatch.setitem(matrix.PARTS, "units", breaks)
    checks = Checks("matrix")
    row = matrix.run(checks, cell, ["units"], [])
    assert row["units"].startswith("1 of 1 failed")
    assert [what for what in checks.failed if "no more disk" in what and cell.label in what] == checks.failed
    monkeypatch.setattr(cores, "environment", lambda cell, python: subprocess.run(["false"], check=True))
    assert matrix.run(checks, cell, ["units"], []) == {"units": "no environment"}
    assert len(checks.failed) == 2


@pytest.mark.parametrize("target", matrix.SHORT)
def test_the_short_targets_are_there(target: str) -> None:
    assert (ROOT / "tests" / "integration" / "targets" / target).is_dir()


@pytest.mark.parametrize("cell", matrix.cells(), ids=lambda cell: f"{cell.core.series}-{cell.python}-{cell.pyvmomi}")
def test_a_cell_is_chosen_by_its_words(cell: Cell) -> None:
    words = [cell.core.series, "--python", cell.python, "--pyvmomi", cell.pyvmomi]
    assert matrix.chosen(matrix.arguments(words)) == [cell]
