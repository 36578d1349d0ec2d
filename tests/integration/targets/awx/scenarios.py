"""The workflow of extensions/awx, and every survey answered with its defaults, on simulated machines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
import credential
from harness import Scenario, contains, equal, main
from walker import Controller, Night

FILES = Path(__file__).resolve().parent / "files"
# What AWX's own setting makes of the built-in credential type; the inventory's savepoint_connection is above it.
UNCHECKED = {"VMWARE_VALIDATE_CERTS": "False"}


def controller(scenario: Scenario) -> Controller:
    config = scenario.stage.config
    root = Path(config["sim_collection_path"])
    if str(root / "tests" / "tools") not in sys.path:
        sys.path.insert(0, str(root / "tests" / "tools"))
    import awx_assets  # noqa: PLC0415 - its place is known only now

    site = config["sim_connection"]
    environment = {
        "VMWARE_HOST": site["hostname"],
        "VMWARE_USER": site["username"],
        "VMWARE_PASSWORD": site["password"],
        **UNCHECKED,
        "SAVEPOINT_SIM_CONTROL": config["sim_control"],
        "ANSIBLE_CONNECTION_PLUGINS": str(Path(config["sim_path"]) / "connection_plugins"),
        "ANSIBLE_COLLECTIONS_PATH": str(root.parents[2]),
        "ANSIBLE_PIPELINING": "1",
        "PATH": os.environ["PATH"],
    }
    shared = {
        "ansible_connection": "savepoint_guest",
        "ansible_python_interpreter": sys.executable,
        "savepoint_connection": {key: site[key] for key in ("port", "ca_path", "validate_certs")},
        # The guests' apt knows no packages, and they answer and boot at once.
        "patch_method": "apt",
        "patch_reboot_options": {
            "boot_time_command": "cat ~/.guest/boot_id",
            "reboot_command": "/bin/sh -c guest-reboot",
        },
        "pre_patch_connect_timeout": 10,
        "verify_retries": 0,
        "rollback_guest_timeout": "15s",
        "rollback_verify_timeout": 15,
        "rollback_evidence": False,
        "patch_report": False,
    }
    inventory = {"all": {"hosts": scenario.hosts, "vars": shared}}
    return Controller(awx_assets.source(), project(scenario, root), inventory, environment)


def project(scenario: Scenario, root: Path) -> Path:
    """What users are told to make for their project, and nothing else."""
    folder = scenario.scratch / "project"
    told = ["--extra-vars", f"savepoint_awx_project={folder} ansible_python_interpreter={sys.executable}"]
    command = ["ansible-playbook", "--inventory", "localhost,", *told, str(root / "extensions/awx/make_project.yml")]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=scenario.scratch)
    return folder


def night(scenario: Scenario, answer: str, slices: Any = None, lose: tuple[str, ...] = (), **launch: Any) -> Night:
    files = {"patch_tasks": str(FILES / "patch.yml"), "verify_tasks": str(FILES / "verify.yml")}
    # A rollback verifies with the same file.
    more = {"rollback_verify_tasks": files["verify_tasks"], "verify_timeout": 15, **launch}
    walked = controller(scenario).walk({"savepoint_set": scenario.set, **files, **more}, answer, slices or {}, lose)
    (scenario.scratch / "output-night").write_text(walked.output())
    return walked


STEPS = ["get-ready", "note-before", "patch", "verify"]


def success(scenario: Scenario) -> None:
    """All healthy and approved: the snapshots go, and the workflow is successful."""
    scenario.machines(a="", b="")
    ran = night(scenario, "approved")
    equal((ran.status, ran.walked), ("successful", [*STEPS, "approve", "commit"]), "the night")
    equal((scenario.versions(), scenario.snapshots()), ({"a": "2", "b": "2"}, {}), "the machines")


def failure(scenario: Scenario) -> None:
    """In slices: exactly the hosts that failed go back, whichever slice they are in, and the workflow is failed."""
    scenario.machines(a="patch", b="", c="verify", d="", e="")
    names = [scenario.prefix + short for short in "abcde"]
    halves = [names[:2], names[2:]]
    slices = {"get-ready": halves, "patch": halves, "verify": [names[:3], names[3:]]}
    ran = night(scenario, "approved", slices, rollback_max_reverts="50%")
    equal((ran.status, ran.walked), ("failed", [*STEPS, "roll-back-failed"]), "the night")
    equal(scenario.versions(), {"a": "1", "b": "2", "c": "1", "d": "2", "e": "2"}, "versions")
    equal(scenario.reverts(), {"a": 1, "b": 0, "c": 1, "d": 0, "e": 0}, "reverts")


def incomplete(scenario: Scenario) -> None:
    """One is not ready, and the rest is approved: it is committed, and the workflow is failed for the one left out."""
    scenario.machines(a="", b="")
    scenario.hosts[scenario.prefix + "b"]["savepoint_no_revert"] = "domain controller"
    ran = night(scenario, "approved")
    equal((ran.status, ran.walked), ("failed", [*STEPS, "approve", "commit"]), "the night")
    contains(ran.jobs["commit"].output, "it was left out", "domain controller")
    equal((scenario.versions(), scenario.snapshots()), ({"a": "2", "b": "1"}, {}), "the machines")


def denial(scenario: Scenario) -> None:
    """Denied: all go back but the one that was not ready and so was never patched, and the workflow is failed."""
    scenario.machines(a="", b="", c="")
    scenario.hosts[scenario.prefix + "c"]["savepoint_no_revert"] = "domain controller"
    ran = night(scenario, "denied")
    equal((ran.status, ran.walked), ("failed", [*STEPS, "approve", "roll-back-all"]), "the night")
    equal(scenario.versions(), {"a": "1", "b": "1", "c": "1"}, "versions")
    equal(scenario.reverts(), {"a": 1, "b": 1, "c": 0}, "reverts")


def timed_out(scenario: Scenario) -> None:
    """Nobody answers: as if it were denied."""
    scenario.machines(a="")
    ran = night(scenario, "timed out")
    equal((ran.status, ran.walked[-1]), ("failed", "roll-back-all"), "the night")
    equal(scenario.versions(), {"a": "1"}, "versions")


def missing(scenario: Scenario) -> None:
    """The verification hands nothing on: nothing is rolled back, and the workflow is failed."""
    scenario.machines(a="verify", b="")
    ran = night(scenario, "approved", lose=("verify",))
    equal((ran.status, ran.walked[-1]), ("failed", "roll-back-failed"), "the night")
    contains(ran.jobs["roll-back-failed"].output, "No earlier node has handed on which hosts failed")
    equal((scenario.versions(), scenario.reverts()), ({"a": "2", "b": "2"}, {"a": 0, "b": 0}), "the machines")


def has_apt() -> bool:
    """Whether Ansible's module for apt works here; in a guest, that finds nothing to update."""
    command = ["/usr/bin/python3", "-c", "import apt"]
    try:
        return (
            bool(shutil.which("apt-get")) and not subprocess.run(command, capture_output=True, check=False).returncode
        )
    except OSError:
        return False


def surveys(scenario: Scenario) -> None:
    """Every survey, answered with its defaults, starts its playbook, which does its work."""
    scenario.machines(a="")
    known = controller(scenario)
    host = scenario.prefix + "a"
    site = scenario.stage.config["sim_connection"]
    # What has no default, and what a lab needs besides: its port.
    required = {"savepoint_set": scenario.set, "rollback_names": host}
    beside: dict[str, dict[str, Any]] = {
        "retention.yml": {
            **{f"retention_{key}": site[key] for key in ("port", "ca_path")},
            "retention_scope": {"folder": scenario.vm("a")["folder"]},
        },
    }
    if not has_apt():
        print("surveys: with tasks of their own in place of the default, for want of apt", flush=True)
        tasks = str(FILES / "patch.yml")
        beside |= {"patch.yml": {"patch_tasks": tasks}, "patch_with_rollback.yml": {"patch_guard_patch_tasks": tasks}}
    fails = {"rollback.yml"}  # a host that was put back ends as failed
    order = ["pre_patch", "patch", "verify", "rollback", "commit", "patch_with_rollback", "retention"]
    templates = {one["playbook"].removesuffix(".yml"): one for one in known.source["controller_templates"]}
    equal(sorted(templates), sorted(order), "the templates")
    for name in order:
        asked = {one["variable"] for one in templates[name]["survey_spec"]["spec"] if "default" not in one}
        answers = {key: value for key, value in required.items() if key in asked}
        variables = known.launched(templates[name], {**answers, **beside.get(f"{name}.yml", {})})
        job = known.run(f"{name}.yml", variables)
        (scenario.scratch / f"output-{name}").write_text(job.output)
        equal(job.ok, f"{name}.yml" not in fails, name)
        if name.startswith("patch") and has_apt():
            contains(job.output, "Update all packages")
        (scenario.scratch / f"output-{name}").unlink()
    equal((scenario.reverts(), scenario.snapshots()), ({"a": 1}, {}), "what was done")


def several_vcenters(scenario: Scenario) -> None:
    """One credential for two vCenters: each snapshot is in the vCenter of the machine's group."""
    credential.walk(scenario, controller(scenario))


SCENARIOS: list[Callable[[Scenario], None]] = [
    failure,
    surveys,
    success,
    incomplete,
    denial,
    timed_out,
    missing,
    several_vcenters,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
