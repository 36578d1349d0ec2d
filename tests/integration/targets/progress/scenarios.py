"""Runs real playbooks that last longer than a few seconds, and looks at what people are told meanwhile.

python scenarios.py INTEGRATION_CONFIG [NAME]: all scenarios, or those whose name begins with NAME. Each has virtual
machines of its own on a simulated vCenter of their own, so some run at a time. Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A task of the simulator lasts so long, and the play below has four VMs worked on two at a time: twice as long.
TASK = "4s"
LATE = "longer than expected"
LINE = re.compile(rf"(\S+): (\w+): (\d+) of (\d+) done(, \d+ failed)?, (\d+) running, (?:(\d+m)?(\d+s)? ?left|{LATE})")


@dataclass
class Ran:
    """A playbook run."""

    rc: int
    stdout: str
    stderr: str
    events: list[dict[str, Any]]

    @property
    def lines(self) -> list[str]:
        """What was said of the progress, and nothing that only looks like it."""
        said = [line for line in self.stderr.splitlines() if " running, " in line]
        for line in said:
            assert LINE.fullmatch(line), f"garbled: {line!r}"
        assert not LINE.search(self.stdout), self.stdout
        return said

    def ok(self) -> Ran:
        """The same, if the playbook ended well."""
        assert self.rc == 0, f"{self.stdout}\n{self.stderr}"
        return self


@dataclass
class Stage:
    """Where the simulator is, and how to run plays on it."""

    simulator: Any
    scratch: Path

    def machines(self, name: str, count: int = 4) -> list[str]:
        """New virtual machines."""
        self.simulator.post("/v1/vms", {"name": f"{name}-%d", "count": count})
        return [f"{name}-{number}" for number in range(1, count + 1)]

    def run(
        self, name: str, tasks: list[dict[str, Any]], *options: str, hosts: dict[str, Any] | None = None, **env: str
    ) -> Ran:
        """Run these tasks; the hosts are this machine by other names unless they say otherwise."""
        folder = self.scratch / name
        folder.mkdir()
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        inventory = {host: {**local, **extra} for host, extra in (hosts or {"testhost": {}}).items()}
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": inventory}}))
        play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
        (folder / "play.json").write_text(json.dumps([play]))
        events = folder / "events.jsonl"
        done = subprocess.run(
            ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.json"), *options],
            env={**os.environ, **self.simulator.env, "SAVEPOINT_PROGRESS_EVENTS": str(events), **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        told = events.read_text().splitlines() if events.exists() else []
        return Ran(done.returncode, done.stdout, done.stderr, [json.loads(line) for line in told])


def call(vms: Any, module: str = "snapshot", **more: Any) -> dict[str, Any]:
    """A task that works on these machines two at a time."""
    options = {"vms": vms, "limits": {"vcenter": 2, "host": 2, "datastore": 2}, "report": "failed", **more}
    if module == "snapshot":
        options.setdefault("snapshot_name", "s")
    return {"name": "Work", f"savepoint.vsphere.{module}": options, "register": "done"}


def says(*conditions: str) -> dict[str, Any]:
    return {"name": "Look at the result", "ansible.builtin.assert": {"that": list(conditions)}}


def plain(stage: Stage) -> None:
    ran = stage.run(
        "plain",
        [
            call(stage.machines("plain")),
            says(
                "done.summary.changed == 4",
                "done.timing.elapsed_seconds >= 8",
                "done.timing.expected_seconds == 4",
                "done.timing.limits == {'vcenter': 2, 'host': 2, 'datastore': 2}",
            ),
        ],
    ).ok()
    assert ran.lines
    match = LINE.fullmatch(ran.lines[0])
    assert match is not None
    assert match.group(1, 2, 4) == ("testhost", "snapshot", "4")
    assert match.group(3) in ("0", "2")
    event = ran.events[0]
    assert (event["host"], event["action"], event["total"]) == ("testhost", "snapshot", 4)
    assert event["task"].endswith("Work") and len(ran.events) == len(ran.lines)


def verbose(stage: Stage) -> None:
    assert stage.run("verbose", [call(stage.machines("verbose"))], "-vvv").ok().lines


def left(stage: Stage) -> None:
    """One at a time, each twice as long as expected: the time left is right once one has ended, and only falls."""
    ran = stage.run("left", [call(stage.machines("left", 6), limits={"vcenter": 1})]).ok()
    whole = 6 * float(TASK.removesuffix("s"))
    looks = [event for event in ran.events if 0 < event["done"] < 5]
    said = [event["seconds_left"] for event in looks]
    assert len(said) >= 3 and said == sorted(said, reverse=True), ran.events
    for event in looks:
        assert abs(event["seconds_left"] - (whole - event["elapsed_seconds"])) <= whole / 4, ran.events


def late(stage: Stage) -> None:
    """Nothing has ended though all should have: that is said instead of a number."""
    [name] = stage.machines("late", 1)
    stage.simulator.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": name, "action": "slow", "seconds": 6})
    ran = stage.run("late", [call([name])]).ok()
    assert ran.lines and ran.lines[0].endswith(f"0 of 1 done, 1 running, {LATE}"), ran.lines
    assert ran.events[0]["seconds_left"] is None, ran.events


def failures(stage: Stage) -> None:
    names = stage.machines("failures", 6)
    for name in names[:2]:
        stage.simulator.post("/v1/faults", {"method": "CreateSnapshot_Task", "vm": name, "action": "task_fail",
                                            "fault": "InsufficientStorageSpace"})  # fmt: skip
    ran = stage.run("failures", [call(names)])
    assert ran.rc != 0
    assert any(", 2 failed, " in line for line in ran.lines), ran.lines


def hosts_at_once(stage: Stage) -> None:
    hosts = {f"east{number}": {"mine": stage.machines(f"forks{number}")} for number in range(3)}
    ran = stage.run("forks", [call("{{ mine }}")], "-v", "--forks", "3", hosts=hosts).ok()
    assert {line.split(":")[0] for line in ran.lines} == set(hosts), ran.lines
    assert {event["host"] for event in ran.events} == set(hosts)


def background_polled(stage: Stage) -> None:
    ran = stage.run("polled", [{**call(stage.machines("polled")), "async": 100, "poll": 2}]).ok()
    assert ran.lines


def background(stage: Stage) -> None:
    wait = {
        "name": "Wait",
        "ansible.builtin.async_status": {"jid": "{{ done.ansible_job_id }}"},
        "register": "job",
        "until": "job.finished",
        "retries": 60,
        "delay": 1,
    }
    started = {**call(stage.machines("background")), "async": 100, "poll": 0}
    ran = stage.run("background", [started, wait, says("job.summary.changed == 4")]).ok()
    assert ran.lines == []


def quiet(stage: Stage) -> None:
    ran = stage.run("quiet", [call(stage.machines("quiet"), progress=False)]).ok()
    assert ran.lines == [] and ran.events == []


def short(stage: Stage) -> None:
    assert stage.run("short", [call(stage.machines("short", 1))]).ok().lines == []


def foretold(stage: Stage) -> None:
    tasks = [
        call(stage.machines("foretold")),
        says("done.timing.expected_seconds == 4", "'elapsed_seconds' not in done.timing"),
    ]
    assert stage.run("foretold", tasks, "--check").ok().lines == []


def elsewhere(stage: Stage) -> None:
    [guest] = stage.machines("elsewhere-guest", 1)
    hosts = {
        "testhost": {},
        guest: {"ansible_connection": "savepoint_guest", "savepoint_guest_vm": guest},
    }
    machines = stage.machines("elsewhere")
    # The guest knows nothing of this environment.
    variables = {key: f"VMWARE_{key.upper()}" for key in ("port", "password", "ca_path")}
    variables |= {"hostname": "VMWARE_HOST", "username": "VMWARE_USER"}
    known = {key: f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}" for key, name in variables.items()}
    task = {**call(machines, **known), "delegate_to": guest}
    ran = stage.run(
        "elsewhere",
        [task, says("done.summary.changed == 4")],
        "--limit",
        "testhost",
        hosts=hosts,
        SAVEPOINT_SIM_CONTROL=stage.simulator.info["control"],
    )
    assert ran.ok().lines == []


def every_module(stage: Stage) -> None:
    names = stage.machines("every")
    for name in names:
        for snapshot in ("older", "s"):
            stage.simulator.post(f"/v1/vms/{name}/snapshots", {"name": snapshot, "description": ""})
    revert = call(names, "snapshot_revert", snapshot_name="s")
    prune = call(
        names,
        "snapshot_prune",
        policy={"max_age": "1s", "allow_none": True, "include_foreign": True, "filters": {"name_pattern": "older"}},
    )
    ran = stage.run("every", [revert, prune]).ok()
    assert {line.split(": ")[1] for line in ran.lines} == {"snapshot_revert", "snapshot_prune"}, ran.lines


def limits_below_one(stage: Stage) -> None:
    [name] = stage.machines("limits", 1)
    ran = stage.run("limits", [call([name], limits={"host": 0})])
    assert ran.rc != 0 and "limits: host is 0" in ran.stdout + ran.stderr
    assert stage.simulator.get(f"/v1/vms/{name}")["snapshots"] == []


SCENARIOS: list[Callable[[Stage], None]] = [
    plain,
    verbose,
    left,
    late,
    failures,
    hosts_at_once,
    background_polled,
    background,
    quiet,
    short,
    foretold,
    elsewhere,
    every_module,
    limits_below_one,
]


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text())
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - the path is known only now

    wanted = [one for one in SCENARIOS if one.__name__.startswith(sys.argv[2])]
    durations = ",".join(f"{kind}={TASK}" for kind in ("createSnapshot", "revertToSnapshot", "removeSnapshot"))
    failed = 0
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(4) as pool:
        guests = Path(scratch, "guests")
        guests.mkdir()
        with simctl.Simulator(vms=1, duration=durations, guests=guests) as simulator:
            running = [(one.__name__, pool.submit(one, Stage(simulator, Path(scratch)))) for one in wanted]
            for name, scenario in running:
                error = scenario.exception()
                print(f"{'FAILED' if error else 'ok':6} {name}" + (f": {error!r}" if error else ""), flush=True)
                failed += error is not None
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
