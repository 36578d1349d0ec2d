"""Two at work on the same machines at once: as if one came after the other, and nothing of either is lost.

python together.py ROOT, the collection's folder.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from cancel import CHANGES, counted, result_of, simulator, start, until

# The answers take so long that a run reads, and acts on it, while another's task begins and ends unseen.
SLOW = "200ms"
OFFSETS = (0.0, 0.1, 0.2, 0.3, 0.45)


def latency(sim: Any, value: str) -> None:
    sim.patch("/v1/config", {"latency": value})


def described(vm: dict[str, Any], name: str) -> list[str]:
    return [one["description"] for one in vm["snapshots"] if one["name"] == name]


def one_set(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """Both take the set: it is there once, whoever was first, and the result of the other one says so."""
    names = [vm["name"] for vm in sim.get("/v1/vms")]
    beaten = 0
    for number, offset in enumerate(OFFSETS):
        name = f"CHG{number}"
        wish = {**connection, "vms": names, "snapshot_set": name}
        first = start("snapshot", wish, root)
        time.sleep(offset)
        # The second one's wishes hold for the first one's snapshot, too.
        second = start("snapshot", {**wish, "hold": True}, root)
        results = [result_of(first), result_of(second)]
        assert not any(result.get("failed") for result in results), results
        for vm in sim.get("/v1/vms"):
            [text] = described(vm, name)
            assert text.endswith(" hold]"), (text, results)
            entries = [entry for result in results for entry in result["results"] if entry["vm"]["moid"] == vm["moid"]]
            ids = {entry["snapshot"]["moid"] for entry in entries}
            assert ids == {one["moid"] for one in vm["snapshots"] if one["name"] == name}, (ids, entries)
            beaten += sum("in the same moment" in str(entry["warnings"]) for entry in entries)
    assert beaten, "no two of them met; the offsets or the latency are wrong"


def edits(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """One holds, the other writes a phase: both are there afterwards."""
    vm = sim.get("/v1/vms")[0]["moid"]
    for number in range(4):
        name = f"E{number}"
        text = f"[savepoint set={name} kind=crash_consistent op=a{number} phase=taken]"
        sim.post(f"/v1/vms/{vm}/snapshots", {"name": name, "age": "1h", "description": text})
        wish = {**connection, "moid": vm, "snapshot_set": name}
        both = [start("snapshot", {**wish, **more}, root) for more in ({"hold": True}, {"phase": "patching"})]
        results = [result_of(one) for one in both]
        assert not any(result.get("failed") for result in results), results
        [now] = described(sim.get(f"/v1/vms/{vm}"), name)
        assert now == text.replace("taken]", "patching hold]"), (now, results)


def held_while_reverted(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """Somebody holds the snapshot, and writes why, while a revert to it runs; the note of the revert keeps both."""
    vm = sim.get("/v1/vms")[-1]["moid"]
    text = "[savepoint set=REV kind=crash_consistent op=aa phase=failed]"
    sim.post(f"/v1/vms/{vm}/snapshots", {"name": "REV", "age": "1h", "description": text})
    sim.post("/v1/faults", {"method": "RevertToSnapshot_Task", "action": "task_hang"})
    sim.delete("/v1/calls")
    revert = start("snapshot_revert", {**connection, "moid": vm, "snapshot_set": "REV", "safeguards": {}}, root)
    until(lambda: counted(sim, "RevertToSnapshot_Task") == 1, "the revert runs")
    [there] = [one for one in sim.get(f"/v1/vms/{vm}")["snapshots"] if one["name"] == "REV"]
    theirs = f"kept for the auditors\n{text.replace(']', ' hold]')}"
    sim.patch(f"/v1/vms/{vm}/snapshots/{there['moid']}", {"description": theirs})
    sim.delete("/v1/faults")
    result = result_of(revert)
    assert not result.get("failed"), result
    [now] = described(sim.get(f"/v1/vms/{vm}"), "REV")
    assert now.startswith("kept for the auditors\n[savepoint set=REV"), now
    assert " phase=reverted " in now and now.endswith(" hold]"), now


def as_long_again(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """A task runs longer than its time limit: the rerun that finds it waits as long again, and gets what it wished."""
    vm = sim.get("/v1/vms")[0]["moid"]
    sim.post("/v1/faults", {"method": CHANGES, "action": "task_hang"})
    wish = {**connection, "moid": vm, "snapshot_set": "LONG", "timeout": 5}
    first = result_of(start("snapshot", wish, root))
    assert first["failed"] and "still runs in vCenter; a rerun waits for it" in first["msg"], first
    time.sleep(2)
    sim.delete("/v1/calls")
    rerun = start("snapshot", wish, root)
    until(lambda: counted(sim, "WaitForUpdatesEx") > 1, "the rerun waits for the task")
    time.sleep(2)
    assert rerun.poll() is None, rerun.stdout.read() if rerun.stdout is not None else ""
    sim.delete("/v1/faults")
    result = result_of(rerun)
    assert not result.get("failed") and len(described(sim.get(f"/v1/vms/{vm}"), "LONG")) == 1, result


def pruned_while_a_task_runs(sim: Any, connection: dict[str, Any], root: Path) -> None:
    """What is left to do on a machine because a task runs there is no "nothing to do"."""
    vm = sim.get("/v1/vms")[0]["moid"]
    for number in range(3):
        text = f"[savepoint set=P{number} kind=crash_consistent]"
        sim.post(f"/v1/vms/{vm}/snapshots", {"name": "p", "age": f"{9 - number}d", "description": text})
    sim.post("/v1/faults", {"method": "RemoveSnapshot_Task", "action": "task_hang"})
    wish = {**connection, "moid": vm, "policy": {"keep_last": 1}}
    sim.delete("/v1/calls")
    first = start("snapshot_prune", wish, root)
    until(lambda: counted(sim, "RemoveSnapshot_Task") == 1, "a removal runs")
    first.terminate()
    assert result_of(first)["failed"]
    second = result_of(start("snapshot_prune", wish, root))
    assert not second.get("failed") and not second["changed"], second
    assert "a snapshot task runs on it" in second["msg"] and "run again" in str(second["results"]), second
    sim.delete("/v1/faults")
    until(lambda: sim.get(f"/v1/vms/{vm}")["busy_task"] is None, "the removal ends")
    third = result_of(start("snapshot_prune", wish, root))
    assert not third.get("failed") and third["changed"], third
    assert not described(sim.get(f"/v1/vms/{vm}"), "p"), third


def main() -> None:
    root = Path(sys.argv[1]).absolute()
    with simulator(root, vms=3, duration={"createSnapshot": "100ms"}) as sim:
        latency(sim, SLOW)
        one_set(sim, sim.connection, root)
        latency(sim, "100ms")
        edits(sim, sim.connection, root)
        latency(sim, "0s")
        held_while_reverted(sim, sim.connection, root)
        as_long_again(sim, sim.connection, root)
        pruned_while_a_task_runs(sim, sim.connection, root)


if __name__ == "__main__":
    main()
