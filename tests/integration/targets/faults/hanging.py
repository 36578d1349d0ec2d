"""Jobs that are cancelled while vCenter answers no more: each ends soon, writes its result, and says what is known.

python hanging.py ROOT, the collection's folder. A connection gives up on an answer after 120 s, which is far more than
whoever cancels a job waits for.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cancel import CHANGES, counted, result_of, simulator, start, until
from deleted import waits_for_guests

# As people have it; and the longest that the end of a cancelled job may take.
ANSWER, SOON = 120.0, 20.0
READ = "RetrievePropertiesEx"
# A task that is not over before what is to hang has been ordered.
TASK = "1500ms"
# One in which another process starts on a busy machine.
LONG_TASK = "10s"


def hang(sim: Any, *methods: str) -> None:
    """From now on these calls get no answer."""
    for method in methods:
        sim.post("/v1/faults", {"method": method, "action": "slow", "seconds": 200, "times": -1})


def begin(sim: Any, root: Path, module: str, **options: Any) -> subprocess.Popen[str]:
    """The module, on the first machine."""
    wish = {**sim.connection, "moid": sim.get("/v1/vms")[0]["moid"], **options}
    return start(module, wish, root, answer=ANSWER)


def ended(process: subprocess.Popen[str], case: str) -> dict[str, Any]:
    """Cancel it; the process itself must be gone soon. Gives its result."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(SOON)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{case}: it did not end within {SOON:g} s") from None
    result = result_of(process)
    print(f"{case}: ended after {time.monotonic() - begun:.1f} s: {result['msg']}", flush=True)
    return result


def in_a_call(sim: Any, root: Path) -> None:
    hang(sim, CHANGES)
    process = begin(sim, root, "snapshot", snapshot_name="s")
    until(lambda: counted(sim, CHANGES) == 1, "it has asked for the snapshot")
    [entry] = ended(process, "a call hangs")["results"]
    assert entry["status"] == "failed" and "was under way, and a rerun finds out" in entry["msg"], entry
    assert counted(sim, "Logout") == 1


def before_the_last_read(sim: Any, root: Path) -> None:
    """Nothing at all is answered after the signal."""
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": -1})
    process = begin(sim, root, "snapshot", snapshot_name="s")
    until(lambda: counted(sim, CHANGES) == 1 and counted(sim, "WaitForUpdatesEx") > 1, "the wait has told of the task")
    hang(sim, READ, "Logout", "WaitForUpdatesEx")
    [entry] = ended(process, "everything hangs")["results"]
    assert "a rerun waits for it" in entry["msg"] and entry["task"]["state"] == "running", entry


def in_the_last_read(sim: Any, root: Path) -> None:
    """What was done is told, though the last look at it is missing."""
    process = begin(sim, root, "snapshot", snapshot_name="s")
    until(lambda: counted(sim, CHANGES) == 1, "the task runs")
    read = counted(sim, READ)
    hang(sim, READ)
    until(lambda: counted(sim, READ) > read, "the last read")
    [entry] = ended(process, "the last read hangs")["results"]
    assert entry["changed"] and entry["task"]["state"] == "success", entry
    assert "its state afterwards could not be read: " in entry["msg"], entry
    assert "the job was cancelled (SIGTERM)" in entry["msg"], entry


def in_planning_anew(sim: Any, root: Path) -> None:
    """Another's task was in the way. When it has ended, what is left to do is planned anew, with the task history."""
    vm = sim.get("/v1/vms")[0]["moid"]
    sim.post(f"/v1/vms/{vm}/snapshots", {"name": "old", "age": "1h"})
    other = begin(sim, root, "snapshot", snapshot_name="new")
    until(lambda: counted(sim, CHANGES) == 1, "another's task runs")
    process = begin(sim, root, "snapshot_revert", snapshot_name="old", safeguards={})
    until(lambda: counted(sim, "CreateCollectorForTasks") == 1, "it has planned")
    hang(sim, "CreateCollectorForTasks")
    until(lambda: counted(sim, "CreateCollectorForTasks") == 2, "it plans anew")
    [entry] = ended(process, "planning anew hangs")["results"]
    assert entry["status"] == "failed" and "could not be read" in entry["msg"], entry
    assert not result_of(other).get("failed")


def in_the_wait_for_guests(sim: Any, root: Path) -> None:
    """Of two guests one has answered, and is told as well."""
    vms = sim.get("/v1/vms")
    for vm in vms:
        sim.post(f"/v1/vms/{vm['moid']}/snapshots", {"name": "s"})
    sim.patch(f"/v1/vms/{vms[0]['moid']}", {"boot_after_revert": "never"})
    wish = {"snapshot_name": "s", "power_state": "on", "wait_for_guest": "1h", "moid": None}
    process = begin(sim, root, "snapshot_revert", **wish, vms=[vm["name"] for vm in vms])
    until(lambda: waits_for_guests(sim), "it waits for the guests")
    until(lambda: sim.get(f"/v1/vms/{vms[1]['moid']}")["tools"] == "running", "one has answered")
    # The next wait may tell of it, and the one after that begins when it is known.
    waits = counted(sim, "WaitForUpdatesEx")
    until(lambda: counted(sim, "WaitForUpdatesEx") >= waits + 3, "it waits for the other")
    waits = counted(sim, "WaitForUpdatesEx")
    hang(sim, "WaitForUpdatesEx")
    until(lambda: counted(sim, "WaitForUpdatesEx") > waits, "the wait hangs")
    entries = ended(process, "the wait for guests hangs")["results"]
    assert [entry["status"] for entry in entries] == ["failed", "changed"], entries
    assert "the job was cancelled (SIGTERM) before VMware Tools answered" in entries[0]["msg"], entries


def with_all_done(sim: Any, root: Path, method: str, what: str) -> None:
    """Nothing but that call is left, and what was done is told."""
    hang(sim, method)
    process = begin(sim, root, "snapshot", snapshot_name="s")
    until(lambda: counted(sim, method) == 1, "all is done")
    result = ended(process, what)
    assert not result.get("failed") and result["changed"], result


def in_what_is_given_back(sim: Any, root: Path) -> None:
    with_all_done(sim, root, "DestroyPropertyCollector", "what is given back hangs")


def in_the_record(sim: Any, root: Path) -> None:
    hang(sim, "SetField")
    process = begin(sim, root, "snapshot_prune", policy={"max_age": "1h", "allow_none": True}, record=True)
    until(lambda: counted(sim, "SetField") == 1, "the record")
    result = ended(process, "the record hangs")
    assert not result.get("failed"), result
    assert "the run could not be recorded" in str(result["warnings"]), result


def in_the_logout(sim: Any, root: Path) -> None:
    with_all_done(sim, root, "Logout", "the logout hangs")


def main() -> None:
    root = Path(sys.argv[1]).absolute()
    cases: list[tuple[int, Callable[[Any, Path], None]]] = [
        (1, in_a_call),
        (1, before_the_last_read),
        (1, in_the_last_read),
        (1, in_planning_anew),
        (2, in_the_wait_for_guests),
        (1, in_what_is_given_back),
        (1, in_the_record),
        (1, in_the_logout),
    ]
    for vms, case in cases:
        task = LONG_TASK if case is in_planning_anew else TASK
        with simulator(root, vms=vms, duration={"createSnapshot": task}) as sim:
            case(sim, root)


if __name__ == "__main__":
    main()
