"""What may be in the built collection, and what must be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml
from checks import Checks
from simctl import HERE, Simulator

ALLOWED = re.compile(
    r"""
    \.ansible-lint | FILES\.json | MANIFEST\.json | LICENSE | README\.md | SECURITY\.md | CHANGELOG\.rst
    | meta/(runtime|execution-environment|extensions)\.yml | meta/ee-(requirements|bindep)\.txt
    | changelogs/(config|changelog)\.yaml
    | plugins/(action|doc_fragments|filter|lookup|module_utils|modules|plugin_utils|test)/[^/]+\.(py|yml)
    | plugins/plugin_utils/launch/[^/]+\.py
    | roles/[^/]+/files/[^/]+\.sh
    | (roles|playbooks|extensions|docs)/.+\.(yml|yaml|j2|md|rst|py|json|txt)
    """,
    re.VERBOSE,
)
REQUIRED = (
    *("LICENSE", "README.md", "CHANGELOG.rst", "meta/runtime.yml", "plugins/modules/snapshot.py"),
    "plugins/plugin_utils/launch/savepoint_launch.py",
    *(f"extensions/awx/{name}" for name in ("README.md", "import.json", "savepoint.yml", "make_project.yml")),
)
# "test" is a kind of plugin; "tests" are ours.
NEVER = re.compile(r"(^|/)(__pycache__|tests|(?<!plugins/)test|\.(?!ansible-lint$)[^/]+)(/|$)|\.pyc$")
EXECUTION_ENVIRONMENT = "extensions/ee/execution-environment.yml"


def content(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return sorted(member.name for member in archive.getmembers() if not member.isdir())


def objections(path: Path) -> list[str]:
    """One sentence for each file that must not be there or is missing."""
    names = content(path)
    wrong = [f"{name} must not be in it" for name in names if not ALLOWED.fullmatch(name) or NEVER.search(name)]
    return wrong + [f"{name} is missing" for name in REQUIRED if name not in names]


def modules(path: Path) -> list[str]:
    names = [Path(name) for name in content(path)]
    return [f"savepoint.vsphere.{name.stem}" for name in names if name.match("plugins/modules/*.py")]


def playbooks(path: Path) -> list[str]:
    names = [Path(name) for name in content(path)]
    return [f"savepoint.vsphere.{name.stem}" for name in names if name.match("playbooks/*.yml")]


def dependencies(home: Path) -> list[str]:
    """The names of the Python packages that ansible-builder adds to an image for the installed collections."""
    command = [str(Path(sys.executable).with_name("ansible-builder")), "introspect", str(home)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = yaml.safe_load(told)
    assert not found["system"], "a system package is needed"
    return [re.split(r"[^\w-]", line)[0].lower() for line in found["python"]]


def patch(checks: Checks, scratch: Path, env: dict[str, str]) -> None:
    """Patches two guests with the installed collection's playbook, and looks at what became of them."""
    hosts = {"hosts": {"vm-0001": {}, "vm-0002": {}}, "vars": {"ansible_connection": "savepoint_guest"}}
    (scratch / "inventory.json").write_text(json.dumps({"all": hosts}))
    task = {"name": "Patch", "ansible.builtin.copy": {"content": "new\n", "dest": "~/version", "mode": "0644"}}
    (scratch / "patch.yml").write_text(json.dumps([task]))
    extra = {"patch_guard_set": "CHG0031337", "patch_guard_patch_tasks": str(scratch / "patch.yml")}
    command = ["ansible-playbook", "-i", "inventory.json", "savepoint.vsphere.patch_with_rollback"]
    guests = scratch / "guests"
    guests.mkdir()
    with Simulator(vms=2, guests=guests) as simulated:
        env = {**env, **simulated.env, "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins")}
        checks.run("patch_with_rollback of it", [*command, "-e", json.dumps(extra)], scratch, env)
        taken = simulated.get("/v1/calls")["by_method"].get("CreateSnapshot_Task")
        left = [vm["snapshots"] for vm in simulated.get("/v1/vms") if vm["snapshots"]]
        versions = [path.read_text() for path in sorted(guests.glob("*/disk/version"))]
    told = f"{taken} snapshots taken, {len(left)} left, versions {versions}"
    checks.record(f"the outcome: {told}", (taken, left, versions) == (2, [], ["new\n", "new\n"]))
