"""Runs each module against vCenters that announce each API version, with a pyVmomi that drops nothing in silence.

One simulated vCenter for each version, each a host of one play. Standard library only, besides the simulator's simctl.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# As vCenter 6.7, 7.0, 8.0 and 9.0 announce themselves.
VERSIONS = ("6.7", "7.0.0.0", "8.0.0.0", "9.0.0.0")


def probe(environment: dict[str, str]) -> None:
    """The strict pyVmomi is in use, and it does refuse: else the play would show nothing."""
    program = (
        "from pyVmomi import vim\n"
        "from pyVmomi.SoapAdapter import Serialize\n"
        "device = vim.vm.device.VirtualDevice(key=1, numaNode=0)\n"  # the latter is of API 8.0.0.1
        "Serialize(device, version='vim.version.v8_0_0_1')\n"
        "Serialize(device, version='vim.version.version12')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode and "numaNode is of API" in done.stderr, done.stderr or "nothing was refused"


def versions_known() -> set[str]:
    """The API versions that the installed pyVmomi knows."""
    program = "from pyVmomi.VmomiSupport import versionIdMap\nprint(*versionIdMap.values())\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - its place is known only now

    strict = {**os.environ, "PYTHONPATH": str(HERE / "strict")}
    probe(strict)
    known = versions_known()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hosts: dict[str, Any] = {}
        notes: dict[str, Path] = {}
        for version in VERSIONS:
            sim = stack.enter_context(simctl.Simulator(vms=3, name_format="vm-%d", api_version=version))
            hosts[version] = {"sim_connection": sim.connection, "sim_control": sim.info["control"]}
            notes[version] = scratch / version
            notes[version].mkdir()
            hosts[version]["notes"] = str(notes[version])
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "strict": str(HERE / "strict"),
        }
        inventory = scratch / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))
        roles = str(HERE.parent)
        command = ["ansible-playbook", "-i", str(inventory), str(HERE / "play.yml")]
        done = subprocess.run(command, env={**os.environ, "ANSIBLE_ROLES_PATH": roles}, check=False)
        for version, folder in notes.items():
            negotiated = {line for path in folder.iterdir() for line in path.read_text().splitlines()}
            # The oldest pyVmomi knows no 9.0, and takes the newest that it shares with such a vCenter.
            assert negotiated == {version} or (negotiated and version not in known), f"{version}: {negotiated}"
            print(f"announced {version}, negotiated {', '.join(negotiated)}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
