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

# What comes of these depends on the moment: whether that answer was the one that told of the guest, and whether the
# call took effect before the look.
MOMENTS = (
    ("wait for the guest after a revert", "WaitForUpdatesEx", "session expired right after the call"),
    ("name a weaker kind after a creation", "RenameSnapshot", "no answer in time"),
)


def order(method: str, action: str, **more: Any) -> tuple[Order, ...]:
    return ({"method": method, "action": action, **more},)


def breaks(operation: Operation, log: Sequence[str]) -> Iterator[Break]:
    """Every break of an operation, whose calls without any trouble are those of the log."""
    for place in places(operation, log):
        yield from (one for one in _lost(operation, place) if (operation.name, place.method, one.what) not in MOMENTS)
        if place.point == "the login":
            yield from _login(operation, place)
        elif place.point == "the call":
            yield from _call(operation, place)
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
        seconds = {"seconds": 0.05} if place.point == "the login" and action.startswith("restart") else {}
        yield Break(operation, place.point, words, (place.order(action, **{**more, **seconds}),))


def _fault(operation: Operation, point: str, fault: str, orders: tuple[Order, ...], words: str = DENIED) -> Break:
    return Break(operation, point, words, orders, fault)


def _login(operation: Operation, place: Place) -> Iterator[Break]:
    if place.method == "Login":
        yield Break(operation, "the login", "503 for long", order("Login", "unavailable", times=-1))
        yield Break(operation, "the login", "InvalidLogin", order("Login", "fail", fault="InvalidLogin"))


def _search(operation: Operation) -> Iterator[Break]:
    place = Place("the search by UUID", "FindAllByUuid")
    for one in (*_lost(operation, place), *_denied(operation, place)):
        yield replace(one, by_uuid=True)


def _denied(operation: Operation, place: Place) -> Iterator[Break]:
    for fault in ("NoPermission", "SystemError"):
        yield _fault(operation, place.point, fault, (place.order("fail", fault=fault),))


def _read(operation: Operation, place: Place) -> Iterator[Break]:
    """At what changes nothing: a fault, an answer in part, and a VM that is gone."""
    point = place.point
    yield from _denied(operation, place)
    if place.method == READ and place.first and point in ("the first read", "the last read", "the read before it"):
        yield from _unreadable(operation, place)
        for action, (words, more) in MEDDLING.items():
            if (action, point, operation.task) != ("power_off", "the first read", "VirtualMachine.powerOff"):
                yield Break(operation, point, words, (place.order(action, **more),))


def _unreadable(operation: Operation, place: Place) -> Iterator[Break]:
    words = "the VM's snapshots can't be read"
    once, always = place.order("partial", paths=UNREADABLE), place.order("partial", paths=UNREADABLE, times=-1)
    yield Break(operation, place.point, words, (once,))
    yield Break(operation, place.point, f"{words}, nor later", (always,))


def _guest(operation: Operation, place: Place) -> Iterator[Break]:
    if place.method == "CreatePropertyCollector":
        never = {"boot_after_revert": "never"}
        words = "VMware Tools never run"
        yield Break(operation, place.point, words, (), options={"wait_for_guest": "1s"}, patch=never)
    for action, (words, more) in MEDDLING.items():
        meddling = (place.order(action, **more),)
        yield Break(operation, place.point, words, meddling, options={"wait_for_guest": "1s"})


def _call(operation: Operation, place: Place) -> Iterator[Break]:
    if place.method not in declared.METHODS:  # prune's record, which is no matter of the VM's
        yield from _denied(operation, place)
        return
    for action, (words, more) in MEDDLING.items():
        if action == "power_off" and "VirtualMachine.power" in str(operation.task):
            continue  # It is off.
        yield Break(operation, "the call", words, (place.order(action, **more),))
    if not operation.follows:
        away = (place.order("unavailable", times=-1), _look(place, READ).order("unavailable", times=-1))
        yield Break(operation, "the call", "vCenter stays away from here on", away)
    denied = (place.order("fail", fault="NotAuthenticated"),)
    yield Break(operation, "the call", "NotAuthenticated, though the session lives", denied)
    for fault in declared.of_call(place.method):
        yield _fault(operation, "the call", fault, (place.order("fail", fault=fault),), FAULT)
    yield from _busy(operation, place)
    if not operation.alike:
        yield from _again(operation, place)
        yield from _looks(operation, place)
    if operation.task:
        yield from _task(operation, place.method)


def _busy(operation: Operation, place: Place) -> Iterator[Break]:
    """Somebody's task began after it was looked which run."""
    busy = "TaskInProgress"
    unnamed = (place.order("fail", fault=busy),)
    yield Break(operation, "the call", f"{busy}, and the other task can't be followed", unnamed, busy)
    shortly = (place.order("busy", seconds=0.3),)
    yield Break(operation, "the call", f"{busy}, which names the other task", shortly)
    words = f"{busy}, and the other task outlasts the time limit"
    long = (place.order("busy"), *order("ReconfigVM_Task", "task_hang"))
    yield Break(operation, "the call", words, long, options={"timeout": 1}, hangs=True)
    if operation.task:
        late = (("task_in_progress", "task"),)
        yield Break(operation, "the task", f"{busy}, which names the other task", shortly, switches=late)


def _again(operation: Operation, place: Place) -> Iterator[Break]:
    """The session ends, and then the login goes wrong."""
    point = "the login after the session ended"
    ended = place.order("expire_before")
    login = _look(place, "Login", point)
    for action, words, more in LOST:
        if not action.endswith("_after") and not action.startswith("expire"):
            yield Break(operation, point, words, (ended, login.order(action, **more)))
    yield Break(operation, point, "InvalidLogin", (ended, login.order("fail", fault="InvalidLogin", times=-1)))


def _look(place: Place, method: str, point: str = "", skip: int = 0) -> Place:
    """What is called once the call was lost."""
    return Place(point, method, (*place.after, *[place.method] * (place.skip + 1)), skip)


def _looks(operation: Operation, place: Place) -> Iterator[Break]:
    """An answer is lost, and then something goes wrong where it is looked what became of the call."""
    for lost, when in (("drop_before", "before it took effect"), ("drop_after", "after it took effect")):
        point = f"the look after an answer lost {when}"
        first = _look(place, READ, point)
        looks = [first]
        if operation.task and lost == "drop_after":
            looks.append(_look(place, READ, point, 1))  # at the VM's tasks
        if place.method == "RevertToSnapshot_Task":
            looks += [_look(place, one, point) for one in ("CreateCollectorForTasks", "ReadNextTasks")]
        gone = (place.order(lost),)
        # Where the look is given up, the task must not end while the result is written, or each run gave another one.
        still = lost == "drop_after" and bool(operation.task)
        hung = (*gone, *(order(place.method, "task_hang", skip=operation.skip) if still else ()))
        for look in looks:
            for one in _lost(operation, look):
                if not str(one.orders[0]["action"]).endswith("_after"):
                    yield replace(one, orders=(*gone, *one.orders))
            for one in _denied(operation, look):
                given_up = still and look.method != "CreateCollectorForTasks"  # which need not be there
                yield replace(one, orders=(*(hung if given_up else gone), *one.orders), hangs=given_up)
        once, always = _unreadable(operation, first)
        yield replace(once, orders=(*gone, *once.orders))
        yield replace(always, orders=(*hung, *always.orders))
        words, more = MEDDLING["delete"]
        yield Break(operation, point, words, (*gone, first.order("delete", **more)))


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
    forgotten += (place.order("restart_after", seconds=0.3, forget=True),)
    words = "the task hangs, and vCenter restarts and forgets it"
    # Long enough for a busy machine to log in again and to ask at least once more.
    yield Break(operation, "the wait", words, forgotten, options={"timeout": 5}, polls=40, hangs=True)
    for action, (words, more) in MEDDLING.items():
        if action == "power_off" and "VirtualMachine.power" in str(operation.task):
            continue
        yield Break(operation, "the wait", words, (place.order(action, **more),))
