"""Where an operation can break, and what can strike there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import declared
from operation import Operation, Order
from points import READ, Place, places

FAULT = "any other fault that vSphere names for it"
DENIED = "a fault in place of an answer"


@dataclass(frozen=True)
class Break:
    """One fault at one point of one operation; ``orders`` and ``patch``, for the VM, are what the simulator is told.

    ``polls`` is how often the call may be sent besides, where only the call itself tells whether it can be done yet.
    With ``hangs`` something still runs when the result is written, so that a rerun has to wait for it as well.
    ``by_uuid`` selects the VM by its UUID, and ``switches`` are the simulator's.
    """

    operation: Operation
    point: str
    what: str
    orders: tuple[Order, ...]
    fault: str | None = None
    options: dict[str, Any] | None = None
    patch: dict[str, Any] | None = None
    polls: int = 0
    hangs: bool = False
    by_uuid: bool = False
    switches: tuple[tuple[str, str], ...] = ()


# What a connection can do to a call, in words: before it took effect, and after.
LOST: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("drop_before", "connection lost before the call took effect", {}),
    ("drop_after", "connection lost after it took effect, before the answer", {}),
    ("unavailable", "503 in place of an answer", {}),
    ("unavailable_after", "503, though it took effect", {}),
    ("html", "a proxy's page before the call took effect", {"status": 500}),
    ("html_after", "a proxy's page, though it took effect", {"status": 200}),
    ("slow", "no answer in time", {"seconds": 3.0}),
    ("expire_before", "session expired", {}),
    ("expire_after", "session expired right after the call", {}),
    ("restart_before", "vCenter restarts before the call took effect", {"seconds": 0.3, "forget": True}),
    ("restart_after", "vCenter restarts right after the call took effect", {"seconds": 0.3, "forget": True}),
)
MEDDLING: dict[str, tuple[str, dict[str, Any]]] = {
    "delete": ("somebody deletes the VM", {}),
    "rename": ("somebody renames the VM", {"message": "renamed"}),
    "move": ("somebody moves the VM to another folder", {"message": "elsewhere"}),
    "power_off": ("somebody powers the VM off", {}),
}
# The same pages with the other status, at the call itself.
PAGES = tuple((action, words, {"status": 700 - more["status"]}) for action, words, more in LOST if "status" in more)
UNREADABLE = ["snapshot", "runtime.powerState", "runtime.consolidationNeeded"]


def order(method: str, action: str, **more: Any) -> tuple[Order, ...]:
    return ({"method": method, "action": action, **more},)


def partial(skip: int, **more: Any) -> tuple[Order, ...]:
    return order(READ, "partial", skip=skip, paths=UNREADABLE, **more)


def breaks(operation: Operation, log: Sequence[str]) -> Iterator[Break]:
    """Every break of an operation, whose calls without any trouble are those of the log."""
    for place in places(operation, log):
        yield from _lost(operation, place)
        if place.point == "the login":
            yield from _login(operation, place)
        elif place.point == "the call":
            yield from _call(operation, place, log)
        elif place.point == "the wait":
            yield from _wait(operation, place)
        elif place.point == "the wait for the guest":
            yield from _guest(operation, place)
        elif place.point != "the logout":
            yield from _read(operation, place)
    if operation.entry:
        yield from _search(operation)


def _lost(operation: Operation, place: Place) -> Iterator[Break]:
    for action, words, more in (*LOST, *(PAGES if place.point == "the call" else ())):
        # At the login for less time than the attempts take, so shortly as they follow each other here.
        seconds = {"seconds": 0.1} if place.point == "the login" and action == "restart_before" else {}
        strike = order(place.method, action, skip=place.skip, **{**more, **seconds})
        yield Break(operation, place.point, words, strike)


def _before(log: Sequence[str], place: Place) -> list[str]:
    """The calls before the one at this place."""
    return list(log[: [number for number, one in enumerate(log) if one == place.method][place.skip]])


def _fault(operation: Operation, point: str, fault: str, orders: tuple[Order, ...], words: str = DENIED) -> Break:
    return Break(operation, point, words, orders, fault)


def _login(operation: Operation, place: Place) -> Iterator[Break]:
    if place.method == "Login":
        yield Break(operation, "the login", "503 for long", order("Login", "unavailable", times=-1))
        yield Break(operation, "the login", "InvalidLogin", order("Login", "fail", fault="InvalidLogin"))


def _search(operation: Operation) -> Iterator[Break]:
    point, method = "the search by UUID", "FindAllByUuid"
    for one in _lost(operation, Place(point, method, 0)):
        yield replace(one, by_uuid=True)
    for fault in ("NoPermission", "SystemError"):
        yield replace(_fault(operation, point, fault, order(method, "fail", fault=fault)), by_uuid=True)


def _read(operation: Operation, place: Place) -> Iterator[Break]:
    """At what changes nothing: a fault, an answer in part, and a VM that is gone."""
    point, method, skip = place.point, place.method, place.skip
    for fault in ("NoPermission", "SystemError"):
        yield _fault(operation, point, fault, order(method, "fail", skip=skip, fault=fault))
    if method == READ and place.first and point in ("the first read", "the last read", "the read before it"):
        yield Break(operation, point, "the VM's snapshots can't be read", partial(skip))
        yield Break(operation, point, "the VM's snapshots can't be read, nor later", partial(skip, times=-1))
        for action, (words, more) in MEDDLING.items():
            if (action, point, operation.task) != ("power_off", "the first read", "VirtualMachine.powerOff"):
                yield Break(operation, point, words, order(method, action, skip=skip, **more))


def _guest(operation: Operation, place: Place) -> Iterator[Break]:
    if place.method == "CreatePropertyCollector":
        never = {"boot_after_revert": "never"}
        words = "VMware Tools never run"
        yield Break(operation, place.point, words, (), options={"wait_for_guest": "1s"}, patch=never)
    if place.method != "DestroyPropertyCollector":
        for action, (words, more) in MEDDLING.items():
            meddling = order(place.method, action, skip=place.skip, **more)
            yield Break(operation, place.point, words, meddling, options={"wait_for_guest": "1s"})


def _call(operation: Operation, place: Place, log: Sequence[str]) -> Iterator[Break]:
    method, skip = place.method, place.skip
    if method not in declared.METHODS:  # prune's record, which is no matter of the VM's
        for fault in ("NoPermission", "SystemError"):
            yield _fault(operation, "the call", fault, order(method, "fail", skip=skip, fault=fault))
        return
    for action, (words, more) in MEDDLING.items():
        if action == "power_off" and operation.task == "VirtualMachine.powerOn":
            continue  # It is off.
        yield Break(operation, "the call", words, order(method, action, skip=skip, **more))
    if not operation.follows:
        away = order(method, "unavailable", skip=skip, times=-1)
        away += order(READ, "unavailable", skip=_before(log, place).count(READ), times=-1)
        yield Break(operation, "the call", "vCenter stays away from here on", away)
    denied = order(method, "fail", skip=skip, fault="NotAuthenticated")
    yield Break(operation, "the call", "NotAuthenticated, though the session lives", denied)
    for fault in declared.of_call(method):
        yield _fault(operation, "the call", fault, order(method, "fail", skip=skip, fault=fault), FAULT)
    yield from _busy(operation, method, skip)
    if not operation.alike:
        yield from _again(operation, method, skip)
        yield from _look(operation, place, log)
    if operation.task:
        yield from _task(operation, method)


def _busy(operation: Operation, method: str, skip: int) -> Iterator[Break]:
    """Somebody's task began after it was looked which run."""
    busy = "TaskInProgress"
    unnamed = order(method, "fail", skip=skip, fault=busy)
    yield Break(operation, "the call", f"{busy}, and the other task can't be followed", unnamed, busy)
    shortly = order(method, "busy", skip=skip, seconds=0.3)
    yield Break(operation, "the call", f"{busy}, which names the other task", shortly)
    words = f"{busy}, and the other task outlasts the time limit"
    long = order(method, "busy", skip=skip) + order("ReconfigVM_Task", "task_hang")
    yield Break(operation, "the call", words, long, options={"timeout": 1}, hangs=True)
    if operation.task:
        late = (("task_in_progress", "task"),)
        yield Break(operation, "the task", f"{busy}, which names the other task", shortly, switches=late)


def _again(operation: Operation, method: str, skip: int) -> Iterator[Break]:
    """The session ends, and then the login goes wrong."""
    ended = order(method, "expire_before", skip=skip)
    for action, words, more in LOST:
        if action.endswith("_after") or action.startswith("expire"):
            continue
        again = ended + order("Login", action, skip=1, **more)
        yield Break(operation, "the login after the session ended", words, again)
    refused = ended + order("Login", "fail", skip=1, fault="InvalidLogin", times=-1)
    yield Break(operation, "the login after the session ended", "InvalidLogin", refused)


def _look(operation: Operation, place: Place, log: Sequence[str]) -> Iterator[Break]:
    """An answer is lost, and then something goes wrong where it is looked what became of the call."""
    before = _before(log, place)
    first = before.count(READ)
    looks = [Place("", READ, first)]
    if operation.task:
        looks.append(Place("", READ, first + 1))
    if place.method == "RevertToSnapshot_Task":
        looks += [Place("", one, before.count(one)) for one in ("CreateCollectorForTasks", "ReadNextTasks")]
    for lost, when in (("drop_before", "before it took effect"), ("drop_after", "after it took effect")):
        point = f"the look after an answer lost {when}"
        gone = order(place.method, lost, skip=place.skip)
        for look in looks:
            if lost == "drop_before" and look is not looks[0] and look.method == READ:
                continue  # There is no task to be looked at.
            for action, words, more in LOST:
                if not action.endswith("_after"):
                    again = gone + order(look.method, action, skip=look.skip, **more)
                    yield Break(operation, point, words, again)
            for fault in ("NoPermission", "SystemError"):
                again = gone + order(look.method, "fail", skip=look.skip, fault=fault)
                yield _fault(operation, point, fault, again)
        yield Break(operation, point, "the VM's snapshots can't be read", gone + partial(first))
        yield Break(operation, point, "the VM's snapshots can't be read, nor later", gone + partial(first, times=-1))
        deleted = gone + order(READ, "delete", skip=first)
        yield Break(operation, point, MEDDLING["delete"][0], deleted)


def _task(operation: Operation, method: str) -> Iterator[Break]:
    skip = operation.skip
    unnamed = order(method, "task_fail", skip=skip, fault="TaskInProgress")
    words = "TaskInProgress, and the other task can't be followed"
    yield Break(operation, "the task", words, unnamed, "TaskInProgress")
    for fault in declared.of_task(method):
        yield _fault(operation, "the task", fault, order(method, "task_fail", skip=skip, fault=fault), FAULT)
    late = order(method, "task_fail_late", skip=skip, fault="SystemError")
    yield Break(operation, "the task", "the task fails after it took effect", late, "SystemError")
    hangs = order(method, "task_hang", skip=skip)
    yield Break(operation, "the task", "the task hangs", hangs, options={"timeout": 1}, hangs=True)


def _wait(operation: Operation, place: Place) -> Iterator[Break]:
    yield from _read(operation, place)
    forgotten = order(operation.method or "", "task_hang", skip=operation.skip)
    forgotten += order(place.method, "restart_after", skip=place.skip, seconds=0.3, forget=True)
    words = "the task hangs, and vCenter restarts and forgets it"
    # Long enough for a busy machine to log in again and to ask at least once more.
    yield Break(operation, "the wait", words, forgotten, options={"timeout": 5}, polls=40, hangs=True)
    for action, (words, more) in MEDDLING.items():
        if action == "power_off" and operation.task == "VirtualMachine.powerOn":
            continue
        yield Break(operation, "the wait", words, order(place.method, action, skip=place.skip, **more))
