"""The faults that vSphere's API reference names for each method, and those that any method may end with."""

from __future__ import annotations

from collections.abc import Iterator

SNAPSHOT = (
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
# Of the other families, which have hundreds of members, those that are told of in the field.
FILE = ("FileFault", "FileLocked", "FileNotFound", "CannotAccessFile", "NoDiskSpace")
CONFIG = ("VmConfigFault", "GenericVmConfigFault", "InvalidSnapshotFormat")
STATE = ("InvalidState", "InvalidPowerState", "QuestionPending")
RESOURCES = ("InsufficientResourcesFault", "InsufficientMemoryResourcesFault")
FAMILIES = (SNAPSHOT, FILE, CONFIG, STATE, RESOURCES, ("InvalidName",), ("TaskInProgress",))
METHODS: dict[str, tuple[str, ...]] = {
    "CreateSnapshot_Task": (*SNAPSHOT, *CONFIG, *FILE, *STATE, "InvalidName"),
    "RenameSnapshot": (*STATE, "InvalidName"),
    "RemoveSnapshot_Task": (),
    "RemoveAllSnapshots_Task": (*STATE, *SNAPSHOT),
    "RevertToSnapshot_Task": (*RESOURCES, *STATE, *FILE, *CONFIG),
    "ConsolidateVMDisks_Task": (*STATE, *FILE, *CONFIG),
    "PowerOnVM_Task": (*STATE, *RESOURCES, *CONFIG, *FILE),
    "PowerOffVM_Task": STATE,
}
# Faults of the whole API, which every call may end with,
CALL = ("NoPermission", "MethodDisabled", "NotSupported", "RestrictedVersion", "HostNotConnected", "SystemError")
# and what a task of any kind was seen to end with, whatever its method declares.
TASK = ("FileLocked", "GenericVmConfigFault", "HostCommunication", "SystemError")


def of_call(method: str) -> tuple[str, ...]:
    """What the call itself may end with."""
    return (*METHODS[method], *CALL)


def of_task(method: str) -> tuple[str, ...]:
    """What its task may end with."""
    return tuple(dict.fromkeys((*METHODS[method], *TASK)))


def differences() -> Iterator[str]:
    """What is not as pyVmomi has it from vSphere's reference."""
    from pyVmomi import VmomiSupport, vim  # noqa: PLC0415 - only a whole run needs it

    def kind(name: str) -> type:
        found: type = VmomiSupport.GetWsdlType("urn:vim25", name)
        return found

    owners = (vim.VirtualMachine, vim.vm.Snapshot)
    declared = {
        info.wsdlName: tuple(kind(name.rpartition(".")[2]) for name in info.faults)
        for owner in owners
        for info in owner._methodInfo.values()
    }
    for method, listed in METHODS.items():
        wanted = {member for family in FAMILIES for member in family if issubclass(kind(member), declared[method])}
        given = {*listed, "TaskInProgress"}
        if wanted != given:
            yield f"{method}: {sorted(wanted ^ given)}"
        # Of each family there is at least one.
        for one in declared[method]:
            if not any(issubclass(kind(name), one) for name in given):
                yield f"{method}: none of {one.__name__}"
    members = {kind(name) for name in SNAPSHOT}
    every = {one for one in VmomiSupport.GetWsdlTypes() if issubclass(one, kind("SnapshotFault"))}
    every = {one for one in every if not one.__name__.endswith("[]")}
    if members != every:
        yield f"SnapshotFault: {sorted(one.__name__ for one in members ^ every)}"
