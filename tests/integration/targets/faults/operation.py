"""What the table of faults knows of an operation, and words for what a VM is like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Options = dict[str, Any]
State = dict[str, Any]
Order = dict[str, Any]
MARKER = "[savepoint set=CHG1 kind=crash_consistent op={} phase=%s]"
FAILED = MARKER % "failed"
TAKEN = MARKER % "taken"


@dataclass(frozen=True)
class Operation:
    """One operation on one VM.

    ``ready`` brings a new VM into the state before, by the simulator's control endpoint. ``state`` says in words what
    the VM is like, and gives None for what it must never be like. ``method`` is the call that does the work, ``skip``
    how many of them go by before one breaks, ``task`` what vCenter's history calls it and ``most`` how many there may
    be. ``faults`` are those that vSphere's reference has for the method. ``expect`` makes further options from what the
    VM is like before.

    ``follows`` is true for a step behind another operation's, which is broken with that one, ``entry`` for the
    operation of its module that is broken at the login, the search and the end, which are the same for all,
    ``alike`` for one that is like another one but for its call, and ``guest`` for one that
    is broken only where it waits for the guest. ``guards`` is false for what does not ask first which tasks run,
    ``always`` are orders for every run but a rerun, and ``switches`` are the simulator's. ``fails`` is what the message
    of a run without any trouble says that fails all the same, and ``rerun`` what such a one's rerun ends with.
    ``lesser`` is the state that a run may leave which warns but does not fail; with ``unseen`` that is no state of the
    VM's. ``repeats`` is true where a rerun does it again, and ``fresh`` where each break needs a vCenter of its own.
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
    power: str = "on"
    faults: tuple[str, ...] = ()
    expect: Callable[[State], Options] = lambda vm: {}
    follows: bool = False
    entry: bool = False
    alike: bool = False
    guest: bool = False
    guards: bool = True
    always: tuple[Order, ...] = ()
    switches: tuple[tuple[str, str], ...] = ()
    fails: str = ""
    rerun: str = ""
    lesser: str = ""
    unseen: bool = False
    repeats: bool = False
    fresh: bool = False

    def said(self, state: str) -> str:
        """The state in words that fit every operation."""
        if self.before == self.after:
            return state
        return {self.before: "not done", self.after: "done"}.get(state, state)

    def changed(self, state: str) -> bool:
        """Is the VM in this state not as it was before?"""
        return state != self.before


def names(vm: State) -> list[str]:
    return [snapshot["name"] for snapshot in vm["snapshots"]]


def current(vm: State) -> str | None:
    return next((one["name"] for one in vm["snapshots"] if one["moid"] == vm["current"]), None)


def reverted(vm: State) -> str | None:
    """Words for a VM that is to be reverted from ``c`` to ``s``."""
    if names(vm) != ["base", "s", "c"]:
        return None
    return {
        ("c", "poweredOn"): "as before",
        ("s", "poweredOff"): "reverted, off",
        ("s", "poweredOn"): "reverted, on",
    }.get((current(vm) or "", vm["power_state"]))


def consolidated(vm: State) -> str:
    return "not consolidated" if vm["consolidation_needed"] else "consolidated"


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


def marked(before: str, after: str, pattern: str) -> Callable[[State], str | None]:
    """Words for what the marker of ``s`` says: the one where it matches, the other where it is as it was."""

    def state(vm: State) -> str | None:
        texts = [one["description"] for one in vm["snapshots"] if one["name"] == "s"]
        if names(vm) != ["base", "s"]:
            return None
        return after if re.search(pattern, texts[0]) else before

    return state


def recorded(vm: State) -> Options:
    """The safeguards, with the snapshot that was recorded when it was taken."""
    moid = next(one["moid"] for one in vm["snapshots"] if one["name"] == "s")
    return {"safeguards": {"snapshots": {vm["moid"]: moid}}}
