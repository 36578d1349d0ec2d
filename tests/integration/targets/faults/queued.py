"""Machines that somebody else works on: what runs is waited for, and who waits for a turn is looked at again.

python queued.py ROOT, the collection's folder.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from cancel import CHANGES, counted, logged_out, result_of, simulator, start, until

OURS = "[savepoint set=CHG1 kind=crash_consistent]"
# Longer than what was read is taken for what is.
MORE_THAN_FRESH = 1.5
ONE_BY_ONE = {"limits": {"vcenter": 1}}


def left_running(sim: Any, wish: dict[str, Any], root: Path) -> None:
    """A job is cancelled whose tasks go on."""
    names = wish["vms"]
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang", "times": len(names)})
    first = start("snapshot", wish, root)
    until(lambda: counted(sim, CHANGES) == len(names), "its tasks run")
    first.send_signal(signal.SIGTERM)
    assert result_of(first)["failed"]
    sim.delete("/v1/calls")


def cancelled_before(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """The tasks of a cancelled job end while the rerun's machines wait for their turn: no set is taken twice."""
    names = [vm["name"] for vm in sim.get("/v1/vms")]
    wish = {**connection, "vms": names, "snapshot_set": "CHG1"}
    left_running(sim, wish, root)
    second = start("snapshot", {**wish, **ONE_BY_ONE}, root)
    until(lambda: counted(sim, "WaitForUpdatesEx") > 0, "the second waits for one of the first one's tasks")
    time.sleep(MORE_THAN_FRESH)
    sim.delete("/v1/faults")
    result = result_of(second)
    assert not result.get("failed") and not result["changed"], result
    assert [len(vm["snapshots"]) for vm in sim.get("/v1/vms")] == [1] * len(names), sim.get("/v1/vms")
    warned = [entry["vm"]["name"] for entry in result["results"] if "planned anew" in str(entry["warnings"])]
    assert warned, result


def taken_once(sim: Any, wish: dict[str, Any], result: dict[str, Any]) -> None:
    """The rerun found what the cancelled job had begun."""
    assert not result.get("failed") and not result["changed"], result
    text = f"set={wish['snapshot_set']}"
    taken = [[one for one in vm["snapshots"] if text in one["description"]] for vm in sim.get("/v1/vms")]
    assert list(map(len, taken)) == [1] * len(wish["vms"]), taken


def ended_between(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """The tasks of a cancelled job run when the rerun reads, and end before its calls are served."""
    wish = {**connection, "vms": [vm["name"] for vm in sim.get("/v1/vms")], "snapshot_set": "CHG3"}
    left_running(sim, wish, root)
    sim.post("/v1/faults", {"method": CHANGES, "action": "slow", "seconds": 1.0, "times": len(wish["vms"])})
    second = start("snapshot", wish, root)
    until(lambda: counted(sim, CHANGES) + counted(sim, "WaitForUpdatesEx") > 0, "the second has read, and acts")
    sim.delete("/v1/faults")
    taken_once(sim, wish, result_of(second))


def forgotten_meanwhile(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """The same, and vCenter restarts and forgets the tasks while the rerun waits for them."""
    wish = {**connection, "vms": [vm["name"] for vm in sim.get("/v1/vms")], "snapshot_set": "CHG4"}
    left_running(sim, wish, root)
    restart = {"method": "WaitForUpdatesEx", "action": "restart_before", "seconds": 0.2, "forget": True}
    sim.post("/v1/faults", restart)
    second = start("snapshot", wish, root)

    def tried() -> set[str]:
        return {call["vm"] for call in sim.get("/v1/calls")["log"] if call["method"] == CHANGES}

    # On each machine: a task that ends before its call comes is not in the way of that, and nobody can see it either.
    until(lambda: len(tried()) == len(wish["vms"]), "the second tries, since it sees no task any more")
    sim.delete("/v1/faults")
    taken_once(sim, wish, result_of(second))


def held_meanwhile(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """A snapshot that somebody holds while its machine waits for its turn stays: that machine is not judged anew."""
    vms = sim.get("/v1/vms")
    for vm in vms:
        sim.post(f"/v1/vms/{vm['moid']}/snapshots", {"name": "next", "description": OURS.replace("CHG1", "CHG2")})
    sim.delete("/v1/calls")
    sim.post("/v1/faults", {"method": "RemoveSnapshot_Task", "action": "task_hang"})
    wish = {**connection, "vms": [vm["name"] for vm in vms], "policy": {"keep_last": 1}, **ONE_BY_ONE}
    prune = start("snapshot_prune", wish, root)
    until(lambda: counted(sim, "RemoveSnapshot_Task") == 1, "the first task runs")
    time.sleep(MORE_THAN_FRESH)
    began = next(call["vm"] for call in sim.get("/v1/calls")["log"] if call["method"] == "RemoveSnapshot_Task")
    held = [vm for vm in sim.get("/v1/vms") if vm["moid"] != began][-1]
    kept = held["snapshots"][0]
    sim.patch(f"/v1/vms/{held['moid']}/snapshots/{kept['moid']}", {"description": OURS.replace("]", " hold]")})
    sim.delete("/v1/faults")
    result = result_of(prune)
    failed = {entry["vm"]["moid"]: entry["msg"] for entry in result["results"] if entry["status"] == "failed"}
    assert list(failed) == [held["moid"]] and "run again" in failed[held["moid"]], result
    left = {vm["moid"]: [one["moid"] for one in vm["snapshots"]] for vm in sim.get("/v1/vms")}
    assert kept["moid"] in left[held["moid"]], left
    assert sorted(map(len, left.values())) == [1] * (len(vms) - 1) + [2], left


def main() -> None:
    root = Path(sys.argv[1]).absolute()
    with simulator(root, vms=4) as sim:
        cancelled_before(sim, sim.connection, root)
        held_meanwhile(sim, sim.connection, root)
        ended_between(sim, sim.connection, root)
        assert logged_out(sim), sim.get("/v1/calls")["by_method"]
        forgotten_meanwhile(sim, sim.connection, root)


if __name__ == "__main__":
    main()
