"""The operations that the table of faults is about: how each is called, and what its VM is like before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Options = dict[str, Any]
State = dict[str, Any]
FAILED = "[savepoint set=CHG1 kind=crash_consistent op={} phase=failed]"
SET = "[savepoint set=CHG1 kind=crash_consistent op={} phase=taken]"


@dataclass(frozen=True)
class Operation:
    """One operation on one VM.

    ``ready`` brings a new VM into the state before, by the simulator's control endpoint. ``state`` says in words what
    the VM is like, and gives None for what it must never be like. ``method`` is the call that does the work, ``skip``
    how many of them go by before one breaks, ``task`` what vCenter's history calls it and ``most`` how many there may
    be, and ``last_reads`` how many reads are made of the VM in the end. ``expect`` makes further options from what the
    VM is like before, and ``guest`` is true for one that is broken only where it waits for the guest.
    """

    name: str
    module: str
    options: Options
    state: Callable[[State], str | None]
    before: str
    after: str
    ready: Callable[[Any, str], None]
    method: str | None = None
    skip: int = 0
    task: str = ""
    most: int = 1
    last_reads: int = 1
    power: str = "on"
    faults: tuple[str, ...] = ()
    expect: Callable[[State], Options] = lambda vm: {}
    guest: bool = False

    def said(self, state: str) -> str:
        """The state in words that fit every operation."""
        if self.before == self.after:
            return state
        return {self.before: "not done", self.after: "done"}.get(state, state)


def names(vm: State) -> list[str]:
    return [snapshot["name"] for snapshot in vm["snapshots"]]


def current(vm: State) -> str | None:
    return next((one["name"] for one in vm["snapshots"] if one["moid"] == vm["current"]), None)


def chain(*wanted: str, description: str = "") -> Callable[[Any, str], None]:
    """Snapshots one above the other, of which ``base`` is somebody else's and stays."""

    def ready(sim: Any, moid: str) -> None:
        for number, name in enumerate(("base", *wanted)):
            text = description.format(number) if number else ""
            sim.post(f"/v1/vms/{moid}/snapshots", {"name": name, "description": text, "age": f"{9 - number}h"})

    return ready


def trees(**known: list[str]) -> Callable[[State], str | None]:
    """The words for trees, by the names that are in them."""

    def state(vm: State) -> str | None:
        return next((words.replace("_", " ") for words, tree in known.items() if tree == names(vm)), None)

    return state


def reverted(vm: State) -> str | None:
    if names(vm) != ["base", "s", "c"]:
        return None
    return {
        ("c", "poweredOn"): "as before",
        ("s", "poweredOff"): "reverted, off",
        ("s", "poweredOn"): "reverted, on",
    }.get((current(vm) or "", vm["power_state"]))


def recorded(vm: State) -> Options:
    """The safeguards, with the snapshot that was recorded when it was taken."""
    moid = next(one["moid"] for one in vm["snapshots"] if one["name"] == "s")
    return {"safeguards": {"snapshots": {vm["moid"]: moid}}}


def consolidation(sim: Any, moid: str) -> None:
    sim.patch(f"/v1/vms/{moid}", {"consolidation_needed": True})


def consolidated(vm: State) -> str:
    return "not consolidated" if vm["consolidation_needed"] else "consolidated"


ABSENT = {"snapshot_name": "s", "state": "absent"}
LOCKED = ("FileLocked", "TaskInProgress", "InsufficientResourcesFault", "NoPermission", "MethodDisabled")
SNAPSHOT_FAULTS = (
    "SnapshotFault",
    "ApplicationQuiesceFault",
    "FilesystemQuiesceFault",
    "MemorySnapshotOnIndependentDisk",
    "MultipleSnapshotsNotSupported",
    "SnapshotDisabled",
    "SnapshotIncompatibleDeviceInVm",
    "SnapshotLocked",
    "SnapshotNoChange",
    "TooManySnapshotLevels",
)

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
    faults=(*LOCKED, "SnapshotFault"),
)
POWER_ON = Operation(
    "power on after a revert",
    "snapshot_revert",
    {"snapshot_name": "s", "power_state": "on"},
    reverted,
    "as before",
    "reverted, on",
    chain("s", "c"),
    "PowerOnVM_Task",
    task="VirtualMachine.powerOn",
    faults=("TaskInProgress", "InsufficientResourcesFault", "NoPermission", "MethodDisabled"),
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
        faults=(*LOCKED, *SNAPSHOT_FAULTS, "NoDiskSpace"),
    ),
    Operation(
        "rename",
        "snapshot",
        {"snapshot_name": "s", "new_snapshot_name": "t"},
        trees(not_renamed=["base", "s"], renamed=["base", "t"]),
        "not renamed",
        "renamed",
        chain("s"),
        "RenameSnapshot",
        faults=("TaskInProgress", "NoPermission", "MethodDisabled"),
    ),
    Operation(
        "remove",
        "snapshot",
        ABSENT,
        trees(not_removed=["base", "s", "c"], removed=["base", "c"]),
        "not removed",
        "removed",
        chain("s", "c"),
        "RemoveSnapshot_Task",
        task="vm.Snapshot.remove",
        faults=LOCKED,
    ),
    Operation(
        "remove with children",
        "snapshot",
        {**ABSENT, "remove_children": True},
        trees(not_removed=["base", "s", "c"], removed=["base"]),
        "not removed",
        "removed",
        chain("s", "c"),
        "RemoveSnapshot_Task",
        task="vm.Snapshot.remove",
        faults=LOCKED,
    ),
    Operation(
        "remove all",
        "snapshot",
        {"state": "absent", "remove_all": True},
        trees(not_removed=["base", "s", "c"], removed=[]),
        "not removed",
        "removed",
        chain("s", "c"),
        "RemoveAllSnapshots_Task",
        task="VirtualMachine.removeAllSnapshots",
        faults=LOCKED,
    ),
    REVERT,
    POWER_ON,
    replace(REVERT, name="revert with safeguards", ready=chain("s", "c", description=FAILED), expect=recorded),
    replace(
        POWER_ON,
        name="wait for the guest after a revert",
        options={**POWER_ON.options, "wait_for_guest": "3s"},
        faults=(),
        guest=True,
    ),
    Operation(
        "prune, at the second removal",
        "snapshot_prune",
        {"policy": {"max_age": "1h", "allow_none": True}},
        trees(none_removed=["base", "s", "c"], one_of_two_removed=["base", "c"], both_removed=["base"]),
        "none removed",
        "both removed",
        chain("s", "c", description=SET),
        "RemoveSnapshot_Task",
        skip=1,
        task="vm.Snapshot.remove",
        most=2,
        last_reads=2,
        faults=LOCKED,
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
        faults=LOCKED,
    ),
    Operation("info", "snapshot_info", {}, trees(unchanged=["base", "s"]), "unchanged", "unchanged", chain("s")),
    Operation(
        "info with readiness",
        "snapshot_info",
        {"readiness": {}},
        trees(unchanged=["base", "s"]),
        "unchanged",
        "unchanged",
        chain("s"),
    ),
)
