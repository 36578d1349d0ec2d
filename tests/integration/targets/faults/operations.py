"""The operations that the table of faults is about: how each is called, and what its VM is like before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from follow_ups import FOLLOW_UPS
from operation import (
    FAILED,
    MARKER,
    TAKEN,
    Operation,
    State,
    chain,
    consolidated,
    current,
    marked,
    names,
    recorded,
    reverted,
    trees,
)


def guarded(vm: State) -> str | None:
    """With safeguards, which note the revert."""
    words = reverted(vm)
    if words in (None, "as before"):
        return words
    text = next(one["description"] for one in vm["snapshots"] if one["name"] == "s")
    return f"{words}, {'noted' if 'phase=reverted' in text else 'not noted'}"


def switched_off(vm: State) -> str | None:
    """An earlier run's revert stands, and nobody reverts again."""
    if names(vm) != ["base", "s"] or current(vm) != "s":
        return None
    return {"poweredOn": "on", "poweredOff": "off"}.get(vm["power_state"])


def consolidation(sim: Any, moid: str) -> None:
    sim.patch(f"/v1/vms/{moid}", {"consolidation_needed": True})


ABSENT = {"snapshot_name": "s", "state": "absent"}
REMOVE = Operation(
    "remove",
    "snapshot",
    ABSENT,
    trees(not_removed=["base", "s", "c"], removed=["base", "c"]),
    "not removed",
    "removed",
    chain("s", "c"),
    "RemoveSnapshot_Task",
    task="vm.Snapshot.remove",
)
EDIT = Operation(
    "rename",
    "snapshot",
    {"snapshot_name": "s", "new_snapshot_name": "t"},
    trees(not_renamed=["base", "s"], renamed=["base", "t"]),
    "not renamed",
    "renamed",
    chain("s"),
    "RenameSnapshot",
)
EXPIRES = "[savepoint set=CHG1 kind=crash_consistent expires=2020-01-01T00:00:00Z op={} phase=taken]"
REVERT = Operation(
    "revert",
    "snapshot_revert",
    {"snapshot_name": "s"},
    reverted,
    "as before",
    "reverted, off",
    chain("s", "c"),
    "RevertToSnapshot_Task",
    task="vm.Snapshot.revert",
    entry=True,
    repeats=True,
)
OPERATIONS = (
    Operation(
        "create",
        "snapshot",
        {"snapshot_name": "s"},
        trees(not_there=["base"], taken=["base", "s"]),
        "not there",
        "taken",
        chain(),
        "CreateSnapshot_Task",
        task="VirtualMachine.createSnapshot",
        entry=True,
    ),
    EDIT,
    replace(
        EDIT,
        name="hold",
        alike=True,
        options={"snapshot_name": "s", "hold": True},
        state=marked("not held", "held", r" hold\]$"),
        before="not held",
        after="held",
        ready=chain("s", description=TAKEN),
    ),
    replace(
        EDIT,
        name="extend the expiry",
        alike=True,
        options={"snapshot_name": "s", "expires_in": "72h", "extend": True},
        state=marked("as before", "extended", r" expires=20[3-9]|expires=202[1-9]"),
        before="as before",
        after="extended",
        ready=chain("s", description=EXPIRES),
        repeats=True,
    ),
    replace(
        EDIT,
        name="mark the phase",
        alike=True,
        options={"snapshot_set": "CHG1", "phase": "failed"},
        state=marked("not marked", "marked", "phase=failed"),
        before="not marked",
        after="marked",
        ready=chain("s", description=TAKEN),
    ),
    REMOVE,
    replace(
        REMOVE,
        name="remove with children",
        alike=True,
        options={**ABSENT, "remove_children": True},
        state=trees(not_removed=["base", "s", "c"], removed=["base"]),
    ),
    replace(
        REMOVE,
        name="remove all",
        alike=True,
        options={"state": "absent", "remove_all": True},
        state=trees(not_removed=["base", "s", "c"], removed=[]),
        method="RemoveAllSnapshots_Task",
        task="VirtualMachine.removeAllSnapshots",
    ),
    REVERT,
    replace(
        REVERT,
        name="revert with safeguards",
        state=guarded,
        after="reverted, off, noted",
        ready=chain("s", "c", description=FAILED),
        expect=recorded,
        entry=False,
        repeats=False,
    ),
    Operation(
        "power off after an earlier run's revert",
        "snapshot_revert",
        {"snapshot_name": "s", "power_state": "off"},
        switched_off,
        "on",
        "off",
        chain("s", description=MARKER % "reverted"),
        "PowerOffVM_Task",
        task="VirtualMachine.powerOff",
        expect=recorded,
        alike=True,
    ),
    Operation(
        "prune, at the second removal",
        "snapshot_prune",
        {"policy": {"max_age": "1h", "allow_none": True}},
        trees(none_removed=["base", "s", "c"], one_of_two_removed=["base", "c"], both_removed=["base"]),
        "none removed",
        "both removed",
        chain("s", "c", description=TAKEN),
        "RemoveSnapshot_Task",
        skip=1,
        task="vm.Snapshot.remove",
        most=2,
        entry=True,
    ),
    Operation(
        "consolidate",
        "snapshot_consolidate",
        {},
        consolidated,
        "not consolidated",
        "consolidated",
        consolidation,
        "ConsolidateVMDisks_Task",
        task="VirtualMachine.consolidateDisks",
        entry=True,
    ),
    Operation(
        "info",
        "snapshot_info",
        {},
        trees(unchanged=["base", "s"]),
        "unchanged",
        "unchanged",
        chain("s"),
        entry=True,
        guards=False,
    ),
    Operation(
        "info with readiness",
        "snapshot_info",
        {"readiness": {}},
        trees(unchanged=["base", "s"]),
        "unchanged",
        "unchanged",
        chain("s"),
    ),
    *FOLLOW_UPS,
)
