"""Runs the same tasks from where the collection is installed and packed by Ansible, which must not differ.

python scenarios.py INTEGRATION_CONFIG. Each scenario has virtual machines of its own. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
INSTALLED, PACKED = "installed", "packed"
LAUNCHER = "/plugins/plugin_utils/launch/savepoint_launch.py"
# Of two results alike, these differ: the file of a background job, and the lines of a traceback, which name files.
APART = ("results_file", "exception")
# Of two machines alike, these differ.
OWN = re.compile(
    r"\b(?:snapshot|task|vm)-\d+\b"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{64}\b"
    r"|\bj\d+\.\d+\b"
    r"|\bit is \d+s old\b"
)


@dataclass
class Ran:
    """A playbook run."""

    rc: int
    output: str
    results: dict[str, dict[str, Any]]

    @property
    def files(self) -> list[str]:
        """The module files that Ansible says it used."""
        return re.findall(r"Using module file (\S+)", self.output)


@dataclass
class Stage:
    """Where the simulator is, and how to run tasks on it."""

    simulator: Any
    scratch: Path
    runs: int = 0

    def machines(self, name: str, count: int) -> list[str]:
        """New virtual machines."""
        self.simulator.post("/v1/vms", {"name": f"{name}-%d", "count": count})
        return [f"{name}-{number}" for number in range(1, count + 1)]

    def run(self, tasks: list[dict[str, Any]], variables: dict[str, dict[str, Any]], *options: str, **env: str) -> Ran:
        """Run these tasks on the hosts ``installed`` and ``packed``, and give the last task's result of each."""
        self.runs += 1
        folder = self.scratch / str(self.runs)
        folder.mkdir()
        common = {"ansible_python_interpreter": sys.executable, "ansible_remote_tmp": str(folder / "tmp")}
        hosts = {
            host: {**common, "ansible_connection": connection, **variables[host]}
            for host, connection in ((INSTALLED, "local"), (PACKED, "savepoint_apart"))
            if host in variables
        }
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
        keep = {
            "name": "Keep the result",
            "ansible.builtin.copy": {
                "content": "{{ done | to_json }}",
                "dest": f"{folder}/{{{{ inventory_hostname }}}}",
            },
            "delegate_to": "localhost",
            "check_mode": False,
            "vars": {"ansible_connection": "local"},
        }
        play = {"hosts": "all", "gather_facts": False, "tasks": [*tasks, keep]}
        (folder / "play.json").write_text(json.dumps([play]))
        done = subprocess.run(
            ["ansible-playbook", "-vvv", "-i", str(folder / "hosts.json"), str(folder / "play.json"), *options],
            env={
                **os.environ,
                **self.simulator.env,
                "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
                "ANSIBLE_DISPLAY_FAILED_STDERR": "false",
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        results = {host: json.loads((folder / host).read_text()) for host in hosts if (folder / host).exists()}
        return Ran(done.returncode, done.stdout + done.stderr, results)


def task(module: str, more: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """A task whose result is kept, also if it fails."""
    return {
        "name": "Work",
        f"savepoint.vsphere.{module}": options,
        "register": "done",
        "ignore_errors": True,
        **(more or {}),
    }


def known(variable: str) -> str:
    """What Ansible's own environment says, in an expression: the play that stays on disk has no password."""
    return f"{{{{ lookup('ansible.builtin.env', 'VMWARE_{variable}') }}}}"


def alike(result: dict[str, Any], *names: str) -> Any:
    """A result without what is each machine's own."""
    text = json.dumps({key: value for key, value in result.items() if key not in APART}, sort_keys=True)
    for name in names:
        text = text.replace(name, "NAME")
    text = re.sub(r'"(age|difference|elapsed)_seconds": [\d.]+', r'"\1_seconds": 0', text)
    return json.loads(OWN.sub("OWN", text))


def same(stage: Stage, name: str, tasks: list[dict[str, Any]], *options: str) -> dict[str, Any]:
    """Run these tasks both ways, each on two machines of its own; gives the result, which must be the same."""
    names = {INSTALLED: stage.machines(f"{name}-a", 2), PACKED: stage.machines(f"{name}-b", 2)}
    ran = stage.run(tasks, {host: {"mine": mine, "first": mine[0]} for host, mine in names.items()}, *options)
    assert ran.rc == 0, ran.output
    results = {host: alike(ran.results[host], f"{name}-a", f"{name}-b") for host in names}
    assert results[INSTALLED] == results[PACKED], (results, ran.output)
    launched = {file.endswith(LAUNCHER) for file in ran.files if "/ansible/modules/" not in file}
    assert launched == {True, False}, ran.files
    return ran.results[INSTALLED]


def fleet(stage: Stage) -> None:
    done = same(stage, "fleet", [task("snapshot", vms="{{ mine }}", snapshot_set="CHG1", expires_in="72h")])
    assert done["summary"]["changed"] == 2 and done["results"][0]["snapshot"]["set"] == "CHG1"


def single(stage: Stage) -> None:
    done = same(stage, "single", [task("snapshot", name="{{ first }}", snapshot_name="s")])
    assert done["snapshot"]["name"] == "s" and done["result"]["state"] == "success"


def foretold(stage: Stage) -> None:
    done = same(stage, "foretold", [task("snapshot", vms="{{ mine }}", snapshot_name="s")], "--check", "--diff")
    assert done["changed"] and len(done["diff"]) == 2
    assert all(not stage.simulator.get(f"/v1/vms/foretold-a-{number}")["snapshots"] for number in (1, 2))


def wrong(stage: Stage) -> None:
    done = same(stage, "wrong", [task("snapshot", vms=["{{ first }}", "nobody"], snapshot_name="s")])
    assert done["failed"] and "nobody" in done["msg"] and "nothing was changed" in done["msg"]


def unknown_option(stage: Stage) -> None:
    done = same(stage, "unknown", [task("snapshot", vms="{{ mine }}", snapshot_nam="s")])
    assert done["failed"] and "snapshot_nam" in done["msg"], done
    assert "_savepoint_launch" not in json.dumps(done)


def revert_and_prune(stage: Stage) -> None:
    for module, options in (
        ("snapshot_revert", {"snapshot_name": "s"}),
        ("snapshot_consolidate", {}),
        ("snapshot_prune", {"policy": {"max_age": "1s", "allow_none": True}}),
    ):
        taken = task("snapshot", vms="{{ mine }}", snapshot_name="s")
        wait = {"name": "Let it get older", "ansible.builtin.pause": {"seconds": 2}}
        done = same(stage, module.replace("_", "-"), [taken, wait, task(module, vms="{{ mine }}", **options)])
        assert done["summary"]["failed"] == 0, done


def info(stage: Stage) -> None:
    taken = task("snapshot", vms="{{ mine }}", snapshot_name="s")
    done = same(stage, "info", [taken, task("snapshot_info", vms="{{ mine }}")])
    assert not done["changed"] and len(done["results"][0]["snapshots"]) == 1, done


def named_collections(stage: Stage) -> None:
    """As in a collection's role, where a module without a collection is looked for in these alone."""
    names = {"collections": ["savepoint.vsphere", "ansible.builtin"]}
    done = same(stage, "named", [task("snapshot", names, vms="{{ mine }}", snapshot_name="s")])
    assert done["summary"]["changed"] == 2


def background(stage: Stage) -> None:
    polled = {"async": 60, "poll": 1}
    done = same(stage, "background", [task("snapshot", polled, vms="{{ mine }}", snapshot_name="s")])
    assert done["summary"]["changed"] == 2


def own_environment(stage: Stage) -> None:
    """What a task's environment says reaches the module."""
    nowhere = {"environment": {"VMWARE_PORT": "1"}}
    done = same(stage, "environment", [task("snapshot", nowhere, vms="{{ mine }}", snapshot_name="s")])
    assert done["failed"] and ":1" in done["msg"], done


def secrets(stage: Stage) -> None:
    """A password that comes into a result is made unreadable there."""
    [name] = stage.machines("secrets", 1)
    word = stage.simulator.env["VMWARE_PASSWORD"]
    for host in (INSTALLED, PACKED):
        ran = stage.run([task("snapshot", name=name, snapshot_name=f"x{known('PASSWORD')}y")], {host: {}})
        # As Ansible does it: the password alone is hidden.
        assert ran.results[host]["snapshot"]["name"] == "x********y", ran.results
        assert word not in json.dumps(ran.results)


def another_collection_on_the_path(stage: Stage) -> None:
    """A collection of the same name that Python finds first is not the one that is run."""
    decoy = stage.scratch / "decoy"
    package = decoy / "ansible_collections" / "savepoint" / "vsphere" / "plugins" / "modules"
    package.mkdir(parents=True)
    for folder in (package, *list(package.parents)[:4]):
        (folder / "__init__.py").touch()
    (package / "snapshot.py").write_text("raise SystemExit('this is another one')\n")
    [name] = stage.machines("decoy", 1)
    environment = {"environment": {"PYTHONPATH": str(decoy)}}
    ran = stage.run([task("snapshot", environment, name=name, snapshot_name="s")], {INSTALLED: {}})
    assert ran.rc == 0 and ran.results[INSTALLED]["changed"], ran.output


def another_user(stage: Stage) -> None:
    """With become Ansible packs the module, since the user may not be allowed to read the collection."""
    if os.geteuid() != 0:
        print("skipped another_user: only root becomes root without a password")
        return
    [name] = stage.machines("user", 1)
    variables = {"ansible_become": True, "ansible_become_method": "su"}
    options = {"hostname": "HOST", "username": "USER", "password": "PASSWORD", "port": "PORT", "ca_path": "CA_PATH"}
    connection: dict[str, Any] = {option: known(variable) for option, variable in options.items()}
    ran = stage.run([task("snapshot", name=name, snapshot_name="s", **connection)], {INSTALLED: variables})
    assert ran.rc == 0 and ran.results[INSTALLED]["changed"], ran.output
    assert ran.files and not any(file.endswith(LAUNCHER) for file in ran.files), ran.files


SCENARIOS: list[Callable[[Stage], None]] = [
    fleet,
    single,
    foretold,
    wrong,
    unknown_option,
    revert_and_prune,
    info,
    named_collections,
    background,
    own_environment,
    secrets,
    another_collection_on_the_path,
    another_user,
]


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - the path is known only now

    failed = 0
    with tempfile.TemporaryDirectory() as scratch, simctl.Simulator(vms=1) as simulator:
        stage = Stage(simulator, Path(scratch))
        for scenario in SCENARIOS:
            try:
                scenario(stage)
            except Exception as error:  # noqa: BLE001 - the others are still to be tried
                failed += 1
                print(f"FAILED {scenario.__name__}: {error!r}", flush=True)
            else:
                print(f"ok     {scenario.__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
