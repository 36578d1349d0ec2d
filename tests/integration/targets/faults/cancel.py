"""Jobs that are cancelled, as AWX (SIGTERM) and a terminal (SIGINT) cancel them, and as kill and supervisors do.

python cancel.py ROOT OLDEST, the collection's folder and that of the programs of the oldest ansible-core. Once a module
alone, to see its result; then ansible-playbook with all its processes; then ansible-playbook alone, which not every
ansible-core passes on, and none that is killed. Afterwards no process must be left, the session must be logged out, and
a rerun must find what runs and do the rest.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHANGES = "CreateSnapshot_Task"


def until(condition: Callable[[], bool], what: str) -> None:
    for _look in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def counted(sim: Any, method: str) -> int:
    return int(sim.get("/v1/calls")["by_method"].get(method, 0))


def logged_out(sim: Any) -> bool:
    return counted(sim, "Login") == counted(sim, "Logout") > 0


def simulator(root: Path, **options: Any) -> Any:
    """A simulated vCenter of the collection in this folder; a context manager."""
    sys.path.insert(0, str(root / "tests" / "simulator"))
    import simctl  # noqa: PLC0415 - the path is known only now

    return simctl.Simulator(**options)


def start(
    module: str, options: dict[str, Any], root: Path, *, quiet: bool = False, answer: float = 20.0
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, HERE / "drive.py", root.parents[2], module, str(answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(options))
    process.stdin.close()
    return process


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    result: dict[str, Any] = json.loads(process.stdout.read())
    process.wait(60)
    return result


def snapshots(sim: Any) -> list[int]:
    return [len(vm["snapshots"]) for vm in sim.get("/v1/vms")]


def while_tasks_run(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """Two of three machines have a task; the third has not been begun."""
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": -1})
    names = [vm["name"] for vm in sim.get("/v1/vms")]
    wish = {**connection, "vms": names, "snapshot_name": "s", "limits": {"vcenter": 2}}
    process = start("snapshot", wish, root)
    until(lambda: counted(sim, CHANGES) == 2 and counted(sim, "WaitForUpdatesEx") > 0, "two tasks run")
    process.send_signal(signal.SIGTERM)
    result = result_of(process)
    assert result["failed"] and not result["changed"], result
    assert logged_out(sim), sim.get("/v1/calls")["by_method"]
    said = [entry["msg"] for entry in result["results"]]
    assert all("the job was cancelled (SIGTERM)" in text for text in said), said
    running = [entry for entry in result["results"] if entry["task"] is not None]
    assert len(running) == 2 and all(entry["task"]["moid"] in entry["msg"] for entry in running), result
    assert sum(text.startswith("not begun") for text in said) == 1, said
    busy = {vm["busy_task"] for vm in sim.get("/v1/vms")}
    assert {entry["task"]["moid"] for entry in running} | {None} == busy, busy
    for entry in running:
        task = entry["task"]
        assert task["state"] == "running" and task["started_at"] and not task["ended_at"], entry
        assert f"task {task['moid']} still runs, and a rerun waits for it" in entry["msg"], entry
    # The rerun waits for both and takes the third.
    sim.delete("/v1/calls")
    again = start("snapshot", wish, root)
    until(lambda: counted(sim, "WaitForUpdatesEx") > 0, "the rerun waits for both tasks")
    sim.delete("/v1/faults")
    result = result_of(again)
    assert counted(sim, CHANGES) == 1, "what runs was asked for again"
    assert not result.get("failed") and snapshots(sim) == [1, 1, 1], result


def waiting(sim: Any, connection: dict[str, Any], root: Path, name: str) -> subprocess.Popen[str]:
    """A module that knows that its task runs; the task hangs."""
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": -1})
    vm = sim.get("/v1/vms")[0]
    process = start("snapshot", {**connection, "moid": vm["moid"], "snapshot_name": name}, root)
    until(lambda: counted(sim, CHANGES) == 1 and counted(sim, "WaitForUpdatesEx") > 1, "the wait has told of the task")
    return process


def while_vcenter_is_slow(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """What the task does can't be read in time: then its last known state is told as such, and soon."""
    process = waiting(sim, connection, root, "slow")
    sim.post("/v1/faults", {"method": "RetrievePropertiesEx", "action": "slow", "seconds": 8})
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    result = result_of(process)
    took = time.monotonic() - begun
    [entry] = result["results"]
    assert "may still run (its state is the last known), and a rerun waits for it" in entry["msg"], entry
    assert entry["task"]["state"] == "running" and entry["task"]["started_at"], entry
    assert took < 7, took
    sim.delete("/v1/faults")
    until(lambda: all(vm["busy_task"] is None for vm in sim.get("/v1/vms")), "the task ends")


def ended_unheard(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """The wait has not told yet that the task has ended when the job is cancelled: what is done is told as done."""
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": "WaitForUpdatesEx", "action": "slow", "seconds": 8, "times": -1})
    vm = sim.get("/v1/vms")[0]
    process = start("snapshot", {**connection, "moid": vm["moid"], "snapshot_name": "unheard"}, root)
    until(lambda: counted(sim, "WaitForUpdatesEx") == 1, "it waits")
    until(lambda: sim.get(f"/v1/vms/{vm['moid']}")["busy_task"] is None, "the task ends")
    process.send_signal(signal.SIGTERM)
    result = result_of(process)
    [entry] = result["results"]
    assert not result.get("failed") and result["changed"] and entry["status"] == "changed", result
    assert entry["task"]["state"] == "success" and entry["task"]["ended_at"], entry
    sim.delete("/v1/faults")


def while_reading(sim: Any, connection: dict[str, Any], root: Path) -> None:
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": "RetrievePropertiesEx", "action": "slow", "seconds": 1})
    process = start("snapshot", {**connection, "name": sim.get("/v1/vms")[0]["name"], "snapshot_name": "t"}, root)
    until(lambda: counted(sim, "RetrievePropertiesEx") == 1, "it reads")
    process.send_signal(signal.SIGINT)
    result = result_of(process)
    assert result["failed"] and "cancelled (SIGINT) before anything was changed" in result["msg"], result
    assert logged_out(sim), sim.get("/v1/calls")["by_method"]
    assert counted(sim, CHANGES) == 0


def unread(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """Whoever would read the result ends, and then the module is told to end as well, which is not a second time."""
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": -1})
    vm = sim.get("/v1/vms")[0]
    wish = {**connection, "moid": vm["moid"], "snapshot_name": "u"}
    process = start("snapshot", wish, root, quiet=True)
    until(lambda: counted(sim, CHANGES) == 1, "the task runs")
    assert process.stdout is not None
    process.stdout.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != -signal.SIGTERM
    assert logged_out(sim), sim.get("/v1/calls")["by_method"]
    sim.delete("/v1/faults")
    until(lambda: all(vm["busy_task"] is None for vm in sim.get("/v1/vms")), "the task ends")


def family(pid: int) -> set[Path]:
    """The process and all that it has started, each as a place that is there as long as it lives."""
    import processes  # noqa: PLC0415 - beside simctl, whose path is known only now

    return {Path(f"/proc/{one}") for one in processes.descendants(pid)}


def alive(process: Path) -> bool:
    """Not one that has ended and is only still listed."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def playbook(sim: Any, folder: Path, name: int, *, alone: bool, programs: str = "") -> None:
    """All processes of the job get the signal, as a terminal and AWX send it, or ansible-playbook alone.

    ``programs`` is the folder of another ansible-core's.
    """
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "savepoint.vsphere.snapshot": {
                    "vms": names_of(sim),
                    "snapshot_name": f"by-{name}-{alone}-{bool(programs)}",
                }
            }
        ],
    }
    (folder / "play.json").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(folder / "play.json")]
    environment = {**os.environ, **sim.env, "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    if programs:
        for variable in ("PYTHONPATH", "ANSIBLE_CONFIG"):  # ansible-test's, for its own ansible-core
            environment.pop(variable, None)
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(Path(sys.argv[1]).absolute().parents[2])
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
        environment["ANSIBLE_PYTHON_INTERPRETER"] = str(Path(programs) / "python")
    before = snapshots(sim)
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": -1})
    job = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    until(lambda: counted(sim, CHANGES) == 3, "the tasks run")
    processes = family(job.pid)
    (os.kill if alone else os.killpg)(job.pid, name)
    assert job.wait(60) != 0
    until(lambda: logged_out(sim), f"the session is logged out after signal {name}")
    until(lambda: not any(map(alive, processes)), f"all processes end after signal {name}")
    sim.delete("/v1/faults")
    until(lambda: all(vm["busy_task"] is None for vm in sim.get("/v1/vms")), "the tasks end")
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert snapshots(sim) == [number + 1 for number in before], snapshots(sim)


def names_of(sim: Any) -> list[str]:
    return [vm["name"] for vm in sim.get("/v1/vms")]


def main() -> None:
    root = Path(sys.argv[1]).absolute()
    # A shell that has started this in the background has it ignored, and whatever is started here would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with simulator(root, vms=3) as sim, tempfile.TemporaryDirectory() as folder:
        while_tasks_run(sim, sim.connection, root)
        while_vcenter_is_slow(sim, sim.connection, root)
        ended_unheard(sim, sim.connection, root)
        while_reading(sim, sim.connection, root)
        unread(sim, sim.connection, root)
        for name in (signal.SIGTERM, signal.SIGINT):
            playbook(sim, Path(folder), name, alone=False)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            playbook(sim, Path(folder), name, alone=True)
        if sys.argv[2]:
            playbook(sim, Path(folder), signal.SIGTERM, alone=True, programs=sys.argv[2])
        else:
            print("NOT RUN: no Python is here that ansible-core 2.16 runs on", flush=True)


if __name__ == "__main__":
    main()
