"""Faults that the simulator lets strike."""

from __future__ import annotations

import random
from typing import Any

TASKS = ("CreateSnapshot_Task", "RemoveSnapshot_Task", "RevertToSnapshot_Task", "RemoveAllSnapshots_Task")
CHANGES = (*TASKS, "RenameSnapshot", "ConsolidateVMDisks_Task", "PowerOnVM_Task")
METHODS = (*CHANGES, "RetrievePropertiesEx", "WaitForUpdatesEx", "CreateFilter", "Login", None)
FAULTS = ("InsufficientStorageSpace", "SnapshotFault", "InvalidState", "NoPermission", "TooManySnapshotLevels")
ACTIONS = (
    "fail",
    "busy",
    "task_fail",
    "task_fail_late",
    "task_hang",
    "drop_before",
    "drop_after",
    "unavailable",
    "unavailable_after",
    "slow",
    "expire_before",
    "expire_after",
    "restart_before",
    "restart_after",
)
MORE: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.3},
    "restart_before": {"seconds": 0.2, "forget": True},
    "restart_after": {"seconds": 0.2, "forget": True},
}


def mishap(dice: random.Random, moids: list[str]) -> dict[str, Any]:
    """A random one."""
    action = dice.choice(ACTIONS)
    fault: dict[str, Any] = {"action": action, "times": dice.choice((1, 1, 2)), **MORE.get(action, {})}
    method = dice.choice(METHODS)
    if action.startswith("task"):
        method = dice.choice(TASKS)
    if action in ("fail", "task_fail", "task_fail_late"):
        fault["fault"] = dice.choice(FAULTS)
    if action == "busy":
        # Somebody's task is in the way, of which vCenter knows nothing more when it is asked.
        method = dice.choice(CHANGES)
        fault |= {"action": "fail", "fault": "TaskInProgress"}
    if method is not None:
        fault["method"] = method
    if method in CHANGES and dice.random() < 0.5:
        fault["vm"] = dice.choice(moids)
    return fault


def pause(dice: random.Random) -> dict[str, Any]:
    """What was read comes late, so that others can come in between that and what is done about it."""
    seconds = dice.choice((0.3, 0.6))
    return {"action": "slow_after", "method": "RetrievePropertiesEx", "skip": dice.randint(1, 3), "seconds": seconds}


def hangs(faults: list[dict[str, Any]]) -> bool:
    """Does a task hang until the faults are taken back?"""
    return any(fault["action"] == "task_hang" for fault in faults)
