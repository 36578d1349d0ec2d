"""Runs each module, the whole patch workflow and retention on a single simulated ESXi host, without any vCenter.

Standard library only, besides the simulator's simctl.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MACHINES = ("vm-1", "vm-2", "vm-3")


def play(name: str, inventory: Path, env: dict[str, str], *words: str) -> int:
    command = ["ansible-playbook", "-i", str(inventory), name, *words]
    return subprocess.run(command, env=env, check=False).returncode


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def workflow(scratch: Path, simulator: Any, env: dict[str, str]) -> None:
    """Two machines are patched, of which one fails its check and is rolled back."""
    patch = [{"name": "Patch", "ansible.builtin.copy": {"content": "2\n", "dest": "~/version", "mode": "0644"}}]
    verify = [
        {
            "name": "See whether it works",
            "ansible.builtin.command": "true",
            "failed_when": "inventory_hostname == 'vm-2'",
            "changed_when": False,
        }
    ]
    common = {
        "ansible_connection": "savepoint_guest",
        "ansible_python_interpreter": sys.executable,
        "savepoint_guest_control": simulator.info["control"],
    }
    hosts = {"all": {"hosts": {"vm-1": {}, "vm-2": {}}, "vars": common}}
    extra = {
        "patch_guard_set": "CHGESXI",
        "patch_guard_patch_tasks": str(written(scratch / "patch.yml", patch)),
        "patch_guard_verify_tasks": str(written(scratch / "verify.yml", verify)),
    }
    disks = {vm["name"]: Path(vm["guest"]["disk"]) for vm in simulator.get("/v1/vms")}
    for disk in disks.values():
        (disk / "version").write_text("1\n")
    rc = play(
        "savepoint.vsphere.patch_with_rollback",
        written(scratch / "guests.json", hosts),
        {**env, **simulator.env},
        "-e",
        json.dumps(extra),
    )
    found = {name: (disks[name] / "version").read_text().strip() for name in MACHINES}
    assert found == {"vm-1": "2", "vm-2": "1", "vm-3": "1"}, found
    assert rc, "a run that rolled a machine back must not end well"
    left = {vm["name"]: vm["snapshots"] for vm in simulator.get("/v1/vms")}
    assert not left["vm-1"], left


def retention(scratch: Path, simulator: Any, env: dict[str, str]) -> None:
    """What has expired goes, what has not stays, and the record that a host can't keep is said to be missing."""
    for name, expires in (("old", "2026-01-01T00:00:00Z"), ("new", "2999-01-01T00:00:00Z")):
        marker = f"[savepoint set={name} kind=crash_consistent expires={expires} op=cafe01 phase=taken]"
        simulator.post("/v1/vms/vm-3/snapshots", {"name": name, "description": marker, "age": "1h"})
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = written(scratch / "localhost.json", {"all": {"hosts": {"localhost": host}}})
    command = ["ansible-playbook", "-i", str(inventory), "savepoint.vsphere.retention"]
    command += ["-e", json.dumps({"retention_scope": {"folder": "/ha-datacenter/vm"}})]
    done = subprocess.run(command, env={**env, **simulator.env}, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    assert not done.returncode, "retention failed"
    [machine] = [vm for vm in simulator.get("/v1/vms") if vm["name"] == "vm-3"]
    assert [one["name"] for one in machine["snapshots"]] == ["new"], machine["snapshots"]


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - its place is known only now

    env = {
        **os.environ,
        "ANSIBLE_ROLES_PATH": str(HERE.parent),
        "ANSIBLE_CONNECTION_PLUGINS": str(Path(config["sim_path"]) / "connection_plugins"),
    }
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "guests").mkdir()
        with simctl.Simulator(esx=True, vms=3, name_format="vm-%d", guests=scratch / "guests") as simulator:
            variables = {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "sim_connection": simulator.connection,
                "sim_control": simulator.info["control"],
            }
            inventory = written(scratch / "inventory.json", {"all": {"hosts": {"esxi": variables}}})
            rc = play(str(HERE / "play.yml"), inventory, env)
            if rc:
                return rc
            workflow(scratch, simulator, env)
            retention(scratch, simulator, env)
    return 0


if __name__ == "__main__":
    sys.exit(main())
