"""Who does the same work side by side. README.md says what each does, and why it is fair."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figures import COMMUNITY, DEEP_INFO, EMPTY, FLOOR, GOVC, OURS, PLAY, VMWARE

HERE = Path(__file__).resolve().parent
FORKS = 10
SNAPSHOT = "bench"


def plain_environment() -> dict[str, str]:
    """That of a user with no settings of their own."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "VMWARE_", "GOVC_"))}
    # Else everyone would compile their own Python files anew at each start.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**env, "LC_ALL": "C.UTF-8"}


class Stage:
    """A scratch folder with one inventory for all who use Ansible, and the names for those who don't."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def folder(self, name: str) -> Path:
        path = self.scratch / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def names(self, size: int) -> list[str]:
        return [f"vm-{number:04d}" for number in range(1, size + 1)]

    def names_file(self, size: int) -> Path:
        path = self.folder("names") / f"{size}.json"
        if not path.exists():
            path.write_text(json.dumps(self.names(size)))
        return path

    def inventory(self, size: int) -> Path:
        path = self.folder("inventories") / f"{size}.ini"
        if not path.exists():
            fleet = "\n".join(self.names(size))
            variables = 'ansible_python_interpreter="{{ ansible_playbook_python }}"'
            path.write_text(f"localhost ansible_connection=local\n\n[fleet]\n{fleet}\n\n[all:vars]\n{variables}\n")
        return path


class Contender:
    """One way to do the work."""

    name = ""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def can(self, work: str) -> bool:
        raise NotImplementedError

    def command(self, work: str, size: int, latency_ms: int) -> list[str]:
        raise NotImplementedError

    def environment(self, simulator_env: Mapping[str, str]) -> dict[str, str]:
        return {**plain_environment(), **simulator_env}

    @property
    def cwd(self) -> Path:
        return self.stage.folder(f"cwd-{self.name.replace(' ', '-')}")


class Floor(Contender):
    """Bare pyVmomi, floor.py."""

    name = FLOOR

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.connections: dict[int, int] = {}  # the best number, by latency; tuning.py finds it

    def can(self, work: str) -> bool:
        return work != PLAY

    def command(self, work: str, size: int, latency_ms: int) -> list[str]:
        names, connections = self.stage.names_file(size), self.connections.get(latency_ms, 4)
        work = "info" if work == DEEP_INFO else work
        return [sys.executable, str(HERE / "floor.py"), work, str(names), str(connections)]


class Playbook(Contender):
    """What a playbook of one task does, with its own ansible-playbook."""

    def __init__(self, stage: Stage, python: Path, collections: Path | None = None) -> None:
        super().__init__(stage)
        self.python, self.collections = python, collections

    def play(self, work: str) -> dict[str, Any]:
        raise NotImplementedError

    def command(self, work: str, size: int, latency_ms: int) -> list[str]:
        path = self.stage.folder("playbooks") / f"{self.name} {work}.yml".replace(" ", "-")
        path.write_text(json.dumps([{"name": work, "gather_facts": False, **self.play(work)}], indent=2))
        binary = self.python.parent / "ansible-playbook"
        return [str(binary), "-i", str(self.stage.inventory(size)), str(path)]

    def environment(self, simulator_env: Mapping[str, str]) -> dict[str, str]:
        env = super().environment(simulator_env)
        env["PATH"] = f"{self.python.parent}{os.pathsep}{env['PATH']}"
        env["ANSIBLE_HOME"] = str(self.cwd / "ansible")
        env["ANSIBLE_FORKS"] = str(FORKS)
        env["ANSIBLE_NOCOLOR"] = "1"
        if self.collections:
            env["ANSIBLE_COLLECTIONS_PATH"] = str(self.collections)
        return env


class Empty(Playbook):
    """The same start of Ansible, and a module that does nothing."""

    name = EMPTY

    def can(self, work: str) -> bool:
        return work == PLAY

    def play(self, work: str) -> dict[str, Any]:
        return {"hosts": "localhost", "tasks": [{"name": "Nothing", "ansible.builtin.ping": {}}]}


class Ours(Playbook):
    """One call for the whole fleet."""

    name = OURS
    TASKS: Mapping[str, tuple[str, dict[str, Any]]] = {
        "create": ("snapshot", {"snapshot_set": SNAPSHOT}),
        "second create": ("snapshot", {"snapshot_set": SNAPSHOT}),
        "info": ("snapshot_info", {}),
        DEEP_INFO: ("snapshot_info", {}),
        "revert": ("snapshot_revert", {"snapshot_set": SNAPSHOT}),
        "prune": ("snapshot_prune", {"policy": {"max_age": "1s", "allow_none": True}}),
    }
    more: Mapping[str, Any] = {}

    def can(self, work: str) -> bool:
        return work in self.TASKS

    def play(self, work: str) -> dict[str, Any]:
        module, options = self.TASKS[work]
        options = {"vms": "{{ groups['fleet'] }}", **options, **self.more}
        task = {"name": work, f"savepoint.vsphere.{module}": options}
        return {"hosts": "localhost", "tasks": [task]}


class Peer(Playbook):
    """A host for each VM, one task each, delegated to localhost: how its users do it."""

    WHERE: Mapping[str, str] = {"datacenter": "DC0", "folder": "/DC0/vm/", "name": "{{ inventory_hostname }}"}
    TASKS: Mapping[str, tuple[str, dict[str, Any]]] = {}

    def can(self, work: str) -> bool:
        return work in self.TASKS

    def play(self, work: str) -> dict[str, Any]:
        module, options = self.TASKS[work]
        task = {"name": work, module: {**self.WHERE, **options}, "delegate_to": "localhost"}
        return {"hosts": "fleet", "tasks": [task]}

    def environment(self, simulator_env: Mapping[str, str]) -> dict[str, str]:
        # Neither has an option for a CA, so the certificate goes unchecked, which costs them nothing.
        return {**super().environment(simulator_env), "VMWARE_VALIDATE_CERTS": "false"}


class Vmware(Peer):
    name = VMWARE
    TASKS: Mapping[str, tuple[str, dict[str, Any]]] = {
        "create": ("vmware.vmware.vm_snapshot", {"state": "present", "snapshot_name": SNAPSHOT}),
        "second create": ("vmware.vmware.vm_snapshot", {"state": "present", "snapshot_name": SNAPSHOT}),
        "info": ("vmware.vmware.vm_snapshot_info", {}),
        "revert": ("vmware.vmware.vm_snapshot_revert", {"snapshot_name": SNAPSHOT}),
        "prune": ("vmware.vmware.vm_snapshot", {"state": "absent", "snapshot_name": SNAPSHOT}),
    }


class Community(Peer):
    name = COMMUNITY
    MODULE = "community.vmware.vmware_guest_snapshot"
    TASKS: Mapping[str, tuple[str, dict[str, Any]]] = {
        "create": (MODULE, {"state": "present", "snapshot_name": SNAPSHOT}),
        "second create": (MODULE, {"state": "present", "snapshot_name": SNAPSHOT}),
        "info": (f"{MODULE}_info", {}),
        "revert": (MODULE, {"state": "revert", "snapshot_name": SNAPSHOT}),
        "prune": (MODULE, {"state": "absent", "snapshot_name": SNAPSHOT}),
    }


class Govc(Contender):
    """One process for each VM, one after the other, over a session that govc keeps on disk."""

    name = GOVC
    # It has no second create: snapshot.create would make another snapshot.
    CALLS: Mapping[str, str] = {
        "create": f'snapshot.create -m=false -vm "$name" {SNAPSHOT}',
        "info": 'snapshot.tree -vm "$name" -D -i -s',
        "revert": f'snapshot.revert -vm "$name" {SNAPSHOT}',
        "prune": f'snapshot.remove -vm "$name" {SNAPSHOT}',
    }

    def __init__(self, stage: Stage, binary: Path) -> None:
        super().__init__(stage)
        self.binary = binary

    def can(self, work: str) -> bool:
        return work in self.CALLS

    def command(self, work: str, size: int, latency_ms: int) -> list[str]:
        script = f'set -e; govc=$1; shift; for name in "$@"; do "$govc" {self.CALLS[work]}; done'
        return ["sh", "-c", script, "sh", str(self.binary), *self.stage.names(size)]

    def environment(self, simulator_env: Mapping[str, str]) -> dict[str, str]:
        env = super().environment(simulator_env)
        env["GOVC_URL"] = f"https://{env['VMWARE_HOST']}:{env['VMWARE_PORT']}/sdk"
        env["GOVC_USERNAME"], env["GOVC_PASSWORD"] = env["VMWARE_USER"], env["VMWARE_PASSWORD"]
        env["GOVC_TLS_CA_CERTS"] = env["VMWARE_CA_PATH"]
        env["GOVMOMI_HOME"] = str(self.cwd / "govmomi")
        return env
