"""The steps that follow other operations': what a revert, a creation, a removal and a prune do afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from operation import FAILED, TAKEN, Operation, State, chain, consolidated, current, names, recorded, reverted


def powered(vm: State) -> str | None:
    if (names(vm), current(vm), vm["power_state"]) == (["base", "s", "c"], "s", "suspended"):
        return "reverted, suspended"
    return reverted(vm)


def with_memory(sim: Any, moid: str) -> None:
    """A snapshot with memory: a revert to it that is not to power on leaves some VMs suspended."""
    for name in ("base", "s", "c"):
        sim.post(f"/v1/vms/{moid}/snapshots", {"name": name, "memory": name == "s", "age": "8h"})


def noted(vm: State) -> str | None:
    if names(vm) != ["base", "s"]:
        return None
    phase = next(one["description"] for one in vm["snapshots"] if one["name"] == "s").rpartition("phase=")[2]
    if vm["power_state"] == "poweredOn" and not phase.startswith("reverted"):
        return "as before"
    return f"reverted, {'noted' if phase.startswith('reverted ') else 'not noted'}"


def with_tools(sim: Any, moid: str) -> None:
    chain()(sim, moid)
    sim.patch(f"/v1/vms/{moid}", {"tools": "running"})


def kept(vm: State) -> str | None:
    """What became of a snapshot that was to be quiesced: it may be a weaker one, but only if it says so."""
    if names(vm) not in (["base"], ["base", "s"]):
        return None
    taken = next((one for one in vm["snapshots"] if one["name"] == "s"), None)
    if taken is None:
        return "not there"
    if taken["quiesced"]:
        return "taken"
    says = "kind=crash_consistent" in taken["description"]
    return "a weaker one is there" + (", which says so" if says else "")


def merged(vm: State) -> str | None:
    words = {("base", "s", "c"): "not removed", ("base", "c"): "removed"}.get(tuple(names(vm)))
    if words is None:
        return None
    return f"{words}, {consolidated(vm)}"


def cluttered(sim: Any, moid: str) -> None:
    chain("s", "c")(sim, moid)
    sim.patch(f"/v1/vms/{moid}", {"consolidation_needed": True})


def unrecorded(sim: Any, moid: str) -> None:
    chain("s", description=TAKEN)(sim, moid)
    if "savepoint.retention" in sim.get("/v1/attributes"):
        sim.put("/v1/attributes", {"attribute": "savepoint.retention", "value": ""})


def pruned(vm: State) -> str | None:
    words = {("base", "s"): "not removed", ("base",): "removed"}.get(tuple(names(vm)))
    return words and f"{words}, {'recorded' if 'savepoint.retention' in vm['attributes'] else 'not recorded'}"


POWER_ON = Operation(
    "power on after a revert",
    "snapshot_revert",
    {"snapshot_name": "s", "power_state": "on"},
    powered,
    "as before",
    "reverted, on",
    chain("s", "c"),
    "PowerOnVM_Task",
    task="VirtualMachine.powerOn",
    follows=True,
    repeats=True,
)
WEAKER = Operation(
    "name a weaker kind after a creation",
    "snapshot",
    {"snapshot_name": "s", "quiesce": True, "fallback": "crash"},
    kept,
    "not there",
    "a weaker one is there, which says so",
    with_tools,
    "RenameSnapshot",
    follows=True,
    alike=True,
    always=({"method": "CreateSnapshot_Task", "action": "stop_tools"},),
    switches=(("quiesce_without_tools", "ignore"),),
)
RECORD = Operation(
    "record a prune",
    "snapshot_prune",
    {"policy": {"max_age": "1h", "allow_none": True}, "record": True},
    pruned,
    "not removed, not recorded",
    "removed, recorded",
    unrecorded,
    "SetField",
    follows=True,
    lesser="removed, not recorded",
    unseen=True,
)
FOLLOW_UPS = (
    POWER_ON,
    replace(
        POWER_ON,
        name="power off after a revert",
        alike=True,
        options={"snapshot_name": "s", "power_state": "off"},
        after="reverted, off",
        ready=with_memory,
        method="PowerOffVM_Task",
        task="VirtualMachine.powerOff",
        switches=(("suppressed_memory_revert", "suspended"),),
    ),
    replace(
        POWER_ON,
        name="wait for the guest after a revert",
        options={**POWER_ON.options, "wait_for_guest": "3s"},
        guest=True,
    ),
    Operation(
        "note a revert",
        "snapshot_revert",
        {"snapshot_name": "s"},
        noted,
        "as before",
        "reverted, noted",
        chain("s", description=FAILED),
        "RenameSnapshot",
        expect=recorded,
        follows=True,
        lesser="reverted, not noted",
    ),
    WEAKER,
    replace(
        WEAKER,
        name="take back a weaker kind after a creation",
        alike=True,
        options={"snapshot_name": "s", "quiesce": True},
        after="not there",
        method="RemoveSnapshot_Task",
        task="vm.Snapshot.remove",
        fails="the snapshot is not quiesced",
        rerun="taken",
    ),
    Operation(
        "consolidate after a removal",
        "snapshot",
        {"snapshot_name": "s", "state": "absent"},
        merged,
        "not removed, not consolidated",
        "removed, consolidated",
        cluttered,
        "ConsolidateVMDisks_Task",
        task="VirtualMachine.consolidateDisks",
        follows=True,
        alike=True,
    ),
    RECORD,
    replace(RECORD, name="record the first prune", method="AddCustomFieldDef", alike=True, fresh=True),
)
