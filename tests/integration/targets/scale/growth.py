"""How calls and bytes grow with the fleet: tasks that last a while are waited for without sending a list again.

python growth.py PATH_OF_TESTS_SIMULATOR. Counts, never times. Standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMALL, LARGE = 200, 1000
EVERYTHING = {"scope": {"all": True}, "report": "failed"}


@dataclass
class Counted:
    """What one call of a module cost."""

    calls: int
    bytes: int
    by_method: dict[str, int]


def count(simulator: Any, folder: Path, module: str, options: dict[str, Any]) -> Counted:
    """Call the module once and look at the simulator's counters."""
    simulator.delete("/v1/calls")
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"vcenter": host}}}))
    task = {f"savepoint.vsphere.{module}": options}
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.json")]
    subprocess.run(command, env={**os.environ, **simulator.env}, check=True)
    told = simulator.get("/v1/calls")
    return Counted(told["total"], told["bytes_received"] + told["bytes_sent"], told["by_method"])


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    import simctl  # noqa: PLC0415 - the path is known only now

    created: dict[int, Counted] = {}
    read: dict[int, Counted] = {}
    for size in (SMALL, LARGE):
        with (
            tempfile.TemporaryDirectory() as folder,
            simctl.Simulator(vms=size, duration="createSnapshot=2s") as simulator,
        ):
            names = [machine["name"] for machine in simulator.get("/v1/vms")]
            wish = {"vms": names, "snapshot_name": "s", "limits": {"vcenter": 2 * LARGE}, "report": "failed"}
            created[size] = count(simulator, Path(folder), "snapshot", wish)
            read[size] = count(simulator, Path(folder), "snapshot_info", EVERYTHING)
        print(f"{size}: {created[size]}; {read[size]}", flush=True)
    for size, counted in created.items():
        assert counted.by_method["Login"] == counted.by_method["Logout"] == 1, counted
        assert counted.by_method["CreateSnapshot_Task"] == size, counted
    # One call a machine; the wait's calls grow with the seconds, not with the tasks; no byte is sent twice.
    assert created[LARGE].calls - LARGE <= 300, created
    assert created[LARGE].bytes / LARGE <= 1.2 * created[SMALL].bytes / SMALL, created
    assert read[LARGE].by_method["Login"] == 1, read
    assert read[LARGE].calls - read[SMALL].calls <= (LARGE - SMALL) / 100, read


if __name__ == "__main__":
    main()
