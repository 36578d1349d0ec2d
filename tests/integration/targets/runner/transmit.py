"""Runs a fleet call through ansible-runner's transmit, worker and process, the path that AWX takes to another node.

The worker sees nothing of this folder: it gets the project and the connection over its standard input, and what it
prints is what the first node makes its events from. Standard library only; ansible-runner is a command here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CALL = {
    "vms": ["runner-1", "runner-2", "runner-3", "runner-4"],
    "snapshot_set": "CHGRUNNER",
    "limits": {"vcenter": 2},
}
PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"name": "Snapshot the fleet", "savepoint.vsphere.snapshot": CALL, "register": "done"},
            {"name": "Snapshot it again", "savepoint.vsphere.snapshot": CALL},
        ],
    }
]


def private_data(folder: Path, simulator: Any) -> Path:
    """What a controller hands to ansible-runner."""
    for name, content in {
        "project/play.yml": PLAY,
        "inventory/hosts.json": {
            "all": {"hosts": {"vcenter": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}
        },
        "env/envvars": {**simulator.env, "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]},
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def stream(command: list[str], given: bytes = b"") -> bytes:
    """Run one of the three; gives what it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=180, env=environment)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode()}\n{done.stdout.decode()[-3000:]}"
    return done.stdout


def events(folder: Path) -> list[dict[str, Any]]:
    """The job's events, in order."""
    found = [json.loads(path.read_text()) for path in folder.glob("artifacts/job/job_events/*.json")]
    return sorted(found, key=lambda event: event["counter"])


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - the path is known only now

    runner = shutil.which("ansible-runner") or str(Path(sys.executable).with_name("ansible-runner"))
    with (
        tempfile.TemporaryDirectory() as scratch,
        simctl.Simulator(vms=4, name_format="runner-%d", duration="createSnapshot=4s") as simulator,
    ):
        given = private_data(Path(scratch, "controller"), simulator)
        worker, processed = Path(scratch, "worker"), Path(scratch, "processed")
        sent = stream([runner, "transmit", str(given), "-p", "play.yml", "-i", "job"])
        printed = stream([runner, "worker", "--private-data-dir", str(worker)], sent)
        stream([runner, "process", str(processed), "-i", "job"], printed)

        told = events(processed)
        ended = [event["event_data"] for event in told if event["event"] == "runner_on_ok"]
        first, second = (data["res"] for data in ended)
        assert first["summary"]["changed"] == 4 and first["timing"]["elapsed_seconds"] >= 8, first
        assert second["summary"]["ok"] == 4 and not second["changed"], second
        output = "".join(event["stdout"] for event in told)
        assert "vcenter: snapshot: " in output and " of 4 done" in output, output
        assert Path(processed, "artifacts", "job", "rc").read_text().strip() == "0"
        names = {machine["name"]: len(machine["snapshots"]) for machine in simulator.get("/v1/vms")}
        assert set(names.values()) == {1}, names
        print(f"ok: {len(told)} events; {output}")


if __name__ == "__main__":
    main()
