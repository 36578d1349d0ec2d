"""Where an operation can break, and what can strike there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from operations import Operation

FAULT = "a fault: any SnapshotFault, FileLocked, NoDiskSpace, InsufficientResourcesFault, NoPermission, MethodDisabled"
BUSY = "TaskInProgress, and the other task can't be followed"


@dataclass(frozen=True)
class Break:
    """One fault at one point of one operation; ``orders`` and ``patch``, for the VM, are what the simulator is told.

    ``polls`` is how often the call may be sent besides, where only the call itself tells whether it can be done yet.
    """

    operation: Operation
    point: str
    what: str
    orders: tuple[dict[str, Any], ...]
    fault: str | None = None
    options: dict[str, Any] | None = None
    patch: dict[str, Any] | None = None
    polls: int = 0


LOST = {
    "drop_before": "connection lost before the call took effect",
    "drop_after": "connection lost after it took effect, before the answer",
    "unavailable": "503 in place of an answer",
    "unavailable_after": "503, though it took effect",
    "slow": "no answer in time",
    "expire_before": "session expired",
    "expire_after": "session expired right after the call",
    "restart_before": "vCenter restarts before the call took effect",
    "restart_after": "vCenter restarts right after the call took effect",
}
MEDDLING = {
    "delete": "somebody deletes the VM",
    "rename": "somebody renames the VM",
    "move": "somebody moves the VM to another folder",
    "power_off": "somebody powers the VM off",
}
READS = ("drop_before", "unavailable", "slow", "expire_before", "restart_before")
CALLS = tuple(LOST)
WAITS = ("drop_before", "drop_after", "unavailable", "slow", "expire_before", "restart_before")
MORE: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 3.0},
    "restart_before": {"seconds": 0.3, "forget": True},
    "restart_after": {"seconds": 0.3, "forget": True},
    "rename": {"message": "renamed"},
    "move": {"message": "elsewhere"},
    "partial": {"paths": ["snapshot", "runtime.powerState", "runtime.consolidationNeeded"]},
}


def order(method: str, action: str, **more: Any) -> tuple[dict[str, Any], ...]:
    return ({"method": method, "action": action, **MORE.get(action, {}), **more},)


def breaks(operation: Operation, first_reads: int, last_read: int, last_wait: int) -> Iterator[Break]:
    """Every break of an operation.

    So many reads come before the call that breaks, and before the last read, and so many waits before the last one.
    """
    if operation.guest:
        yield from _guest(operation, last_wait)
        return
    if operation.name == "info":
        yield from _login(operation)
    read = "RetrievePropertiesEx"
    for action in READS:
        yield Break(operation, "the first read", LOST[action], order(read, action))
    yield Break(operation, "the first read", "the VM's snapshots can't be read", order(read, "partial", times=-1))
    denied = order(read, "fail", fault="NoPermission", times=-1)
    yield Break(operation, "the first read", "NoPermission", denied, "NoPermission")
    if operation.method is None:
        if last_read:
            yield from _last_read(operation, last_read)
        return
    yield from _call(operation, operation.method, first_reads)
    if operation.task:
        yield from _task(operation, operation.method)
        yield from _wait(operation)
    yield from _last_read(operation, last_read)
    unreadable = order(read, "partial", skip=last_read)
    yield Break(operation, "the last read", "the VM's snapshots can't be read", unreadable)
    yield Break(operation, "the last read", MEDDLING["delete"], order(read, "delete", skip=last_read))


def _last_read(operation: Operation, before: int) -> Iterator[Break]:
    for action in READS:
        strike = order("RetrievePropertiesEx", action, skip=before)
        yield Break(operation, "the last read", LOST[action], strike)
    if operation.method is None:
        denied = order("RetrievePropertiesEx", "fail", skip=before, fault="NoPermission", times=-1)
        yield Break(operation, "the last read", "NoPermission", denied, "NoPermission")


def _guest(operation: Operation, before: int) -> Iterator[Break]:
    point = "the wait for the guest"
    for action in WAITS:
        yield Break(operation, point, LOST[action], order("CreateFilter", action, skip=before))
    yield Break(operation, point, MEDDLING["delete"], order("CreateFilter", "delete", skip=before))
    never = {"boot_after_revert": "never"}
    yield Break(operation, point, "VMware Tools never run", (), options={"wait_for_guest": "1s"}, patch=never)


def _login(operation: Operation) -> Iterator[Break]:
    for action in ("drop_before", "unavailable"):
        yield Break(operation, "the login", LOST[action], order("Login", action))
    # For less time than the four attempts take at the least, so shortly as they follow each other here.
    shortly = order("Login", "restart_before", seconds=0.1)
    yield Break(operation, "the login", LOST["restart_before"], shortly)
    yield Break(operation, "the login", "503 for long", order("Login", "unavailable", times=-1))
    yield Break(operation, "the login", "InvalidLogin", order("Login", "fail", fault="InvalidLogin"))
    yield Break(operation, "the logout", LOST["drop_before"], order("Logout", "drop_before"))


def _call(operation: Operation, method: str, reads: int) -> Iterator[Break]:
    skip = operation.skip
    for action in CALLS:
        yield Break(operation, "the call", LOST[action], order(method, action, skip=skip))
    for action, words in MEDDLING.items():
        if action == "power_off" and operation.task == "VirtualMachine.powerOn":
            continue  # It is off.
        yield Break(operation, "the call", words, order(method, action, skip=skip))
    away = order(method, "unavailable", skip=skip, times=-1)
    away += order("RetrievePropertiesEx", "unavailable", skip=reads, times=-1)
    yield Break(operation, "the call", "vCenter stays away from here on", away)
    denied = order(method, "fail", skip=skip, fault="NotAuthenticated")
    yield Break(operation, "the call", "NotAuthenticated, though the session lives", denied)
    for fault in operation.faults:
        words = BUSY if fault == "TaskInProgress" else FAULT
        yield Break(operation, "the call", words, order(method, "fail", skip=skip, fault=fault), fault)


def _task(operation: Operation, method: str) -> Iterator[Break]:
    skip = operation.skip
    for fault in operation.faults:
        if fault not in ("NoPermission", "MethodDisabled"):  # which come from calls
            words = BUSY if fault == "TaskInProgress" else FAULT
            yield Break(operation, "the task", words, order(method, "task_fail", skip=skip, fault=fault), fault)
    late = order(method, "task_fail_late", skip=skip, fault="SystemError")
    yield Break(operation, "the task", "the task fails after it took effect", late, "SystemError")
    hangs = order(method, "task_hang", skip=skip)
    yield Break(operation, "the task", "the task hangs", hangs, options={"timeout": 1})


def _wait(operation: Operation) -> Iterator[Break]:
    waits = {"WaitForUpdatesEx": "the wait", "CreateFilter": "the start of the wait"}
    for method, point in waits.items():
        for action in WAITS:
            yield Break(operation, point, LOST[action], order(method, action, skip=operation.skip))
    forgotten = order(operation.method or "", "task_hang", skip=operation.skip)
    forgotten += order("WaitForUpdatesEx", "restart_after", skip=operation.skip)
    words = "the task hangs, and vCenter restarts and forgets it"
    # Long enough for a busy machine to log in again and to ask at least once more.
    yield Break(operation, "the wait", words, forgotten, options={"timeout": 5}, polls=40)
    yield Break(operation, "the wait", MEDDLING["delete"], order("WaitForUpdatesEx", "delete", skip=operation.skip))
