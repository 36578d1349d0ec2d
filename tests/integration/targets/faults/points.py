"""The places at which an operation can break: every call that it makes without any trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from operation import Operation

READ = "RetrievePropertiesEx"
LOGIN = ("RetrieveServiceContent", "Login")
HISTORY = ("CreateCollectorForTasks", "ReadNextTasks", "DestroyCollector")
OTHER_READS = (READ, "Fetch", "CreateContainerView", "HasPrivilegeOnEntities", "QueryOptions")
WAIT = {
    "CreatePropertyCollector": "the start of the wait",
    "CreateFilter": "the start of the wait",
    "WaitForUpdatesEx": "the wait",
}
GIFTS = ("DestroyView", "DestroyPropertyCollector")
# The ends of every run, and the points that even those have which are like another one but for their call.
ENDS = ("the login", "what is given back", "the logout")
OWN = ("the first read", "the task history", "the call", "the start of the wait", "the wait", "the last read")
# The calls that change something.
ALTER = (
    "CreateSnapshot_Task",
    "RenameSnapshot",
    "RemoveSnapshot_Task",
    "RemoveAllSnapshots_Task",
    "RevertToSnapshot_Task",
    "PowerOnVM_Task",
    "PowerOffVM_Task",
    "ConsolidateVMDisks_Task",
    "AddCustomFieldDef",
    "SetField",
)
# Calls whose number before a place is always the same.
ANCHORS = (*ALTER, "CreatePropertyCollector")


@dataclass(frozen=True)
class Place:
    """A call: the point that the table names, and the method.

    ``after`` are calls that come before it, and ``skip`` says how many calls of its own method come between those and
    this one: how often a wait asks is a matter of moments. ``first`` is true for the first one of its point.
    """

    point: str
    method: str
    after: tuple[str, ...] = ()
    skip: int = 0
    first: bool = True

    def order(self, action: str, **more: Any) -> dict[str, Any]:
        """The order for the simulator to let this happen here."""
        return {"method": self.method, "action": action, "after": self.after, "skip": self.skip, **more}


def places(operation: Operation, log: Sequence[str]) -> list[Place]:
    """Each call of the log that is a place of this operation, in order.

    Left out are those of the operations that it follows, whose places they are, and the later calls of one wait.
    """
    at = _at(operation, log)
    first = _first(log, at) if operation.follows else 0
    seen: Counter[str] = Counter()
    since: Counter[str] = Counter()
    after: tuple[str, ...] = ()
    found: list[Place] = []
    for number, method in enumerate(log):
        if number >= first:
            point = _point(operation, method, number, at, seen[method])
            if point == "the last read" and not set(ALTER).isdisjoint(log[number:]):
                point = None  # It belongs to the step that comes then.
            twice = method == "WaitForUpdatesEx" and any(one.method == method for one in found)
            left_out = (point in ENDS and not operation.entry) or (operation.alike and point not in OWN)
            if point is not None and not twice and not left_out:
                first_one = all(one.point != point for one in found)
                found.append(Place(point, method, after, since[method], first_one))
        seen[method] += 1
        since[method] += 1
        if method in ANCHORS:
            after, since = (*after, method), Counter()
    return found


def _at(operation: Operation, log: Sequence[str]) -> int:
    """Where the call is that does it; behind everything if there is none."""
    if operation.guest:
        return max(number for number, method in enumerate(log) if method == "CreatePropertyCollector")
    if operation.method is None:
        return len(log)
    return [number for number, method in enumerate(log) if method == operation.method][operation.skip]


def _first(log: Sequence[str], at: int) -> int:
    """Where the steps end that it follows: with their wait."""
    return 1 + max(number for number, method in enumerate(log[:at]) if method == "WaitForUpdatesEx")


def _point(operation: Operation, method: str, number: int, at: int, seen: int) -> str | None:
    if operation.guest:
        return "the wait for the guest" if method in WAIT else "the logout" if method == "Logout" else None
    if number == at:
        return "the call"
    if method in ALTER:
        return None
    if method in LOGIN:
        return "the login"
    if method == "Logout":
        return "the logout"
    if method in GIFTS:
        return "what is given back"
    if method in WAIT:
        return WAIT[method] if number > at else None
    if method == "CurrentTime":
        return "the clock"
    if method in HISTORY:
        return "the task history"
    if method not in OTHER_READS:
        raise ValueError(f"{operation.name} calls {method}, which is no place in the table")
    if number > at:
        return "the last read"
    if operation.follows:
        return "the read before it"
    if method == READ and seen == 0 and operation.guards:
        return "the read of the running tasks"
    if method == READ and seen == operation.guards:
        return "the first read"
    return "the other reads"
