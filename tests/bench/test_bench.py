"""The bench works, from its command line to its files: 1 and 10 VMs, no peers.  python -m pytest tests/bench"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, str(HERE / "bench.py"), "--smoke", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = folder.glob("smoke-*.json")
    assert "What it must show" in path.with_suffix(".txt").read_text()
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def pick(told: dict[str, Any], contender: str, work: str, size: int) -> dict[str, Any]:
    [found] = [s for s in told["samples"] if (s["contender"], s["work"], s["size"]) == (contender, work, size)]
    return dict(found)


def test_everything_was_measured_once(told: dict[str, Any]) -> None:
    assert told["failures"] == []
    keys = [(s["contender"], s["work"], s["size"]) for s in told["samples"]]
    assert len(keys) == len(set(keys)) == (1 + 1 + 1) + (5 + 5 + 1)


def test_the_figures_are_those_of_the_work(told: dict[str, Any]) -> None:
    for contender in ("floor", "savepoint"):
        small, large = pick(told, contender, "create", 1), pick(told, contender, "create", 10)
        assert small["logins"] == large["logins"] == 1
        assert large["calls"] >= small["calls"] + 9
        assert large["bytes_sent"] > small["bytes_sent"] and large["bytes_received"] > small["bytes_received"]
    ours, empty = pick(told, "savepoint", "create", 10), pick(told, "empty play", "play", 10)
    assert empty["calls"] == 0 and ours["cpu"] > 0.1 and ours["wall"] > 0.1
    assert ours["module_mib"] and 20 < ours["module_mib"] < 200 and ours["module_mib"] <= ours["largest_mib"]
    assert ours["module_mib"] > empty["module_mib"]


def test_what_was_not_measured_is_not_claimed(told: dict[str, Any]) -> None:
    assert {verdict["met"] for verdict in told["verdicts"]} == {None}
    assert told["commit"] and told["machine"]["cores"] and told["versions"]["pyvmomi"]
