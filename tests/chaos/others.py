"""What somebody else does to the VMs while a call runs, and what of it must be there afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import simctl
from marks import BACKUP, NAMES, Machine, Wanted, below, by_moid, held, with_hold
from moves import Move

# What is done between the calls of a run, at a time; what strikes with a call is the simulator's.
BY_TIME = ("held", "held", "held", "named", "gone", "taken", "reverted", "power", "vm", "deleted")
BY_CALL = ("partial", "partial", "rename", "move", "power_off", "delete")
CALLS = ("RetrievePropertiesEx", "CreateSnapshot_Task", "RemoveSnapshot_Task", "RevertToSnapshot_Task")
MORE_CALLS = ("RenameSnapshot", "WaitForUpdatesEx", "CreateFilter", "RetrievePropertiesEx")
PATHS = ("snapshot", "runtime.powerState", "config.template", "runtime.consolidationNeeded", "name")
KINDS = {"partial": "partial", "rename": "vm", "move": "vm", "power_off": "power", "delete": "deleted"}
# Seconds in which a change by somebody else may pass unseen: vSphere can't be asked to act only if nothing has changed.
# A removal, like any task, is sent up to a second after the machine was read (module_utils/_fresh.py). A description,
# which is overwritten as a whole, has to be read just before.
UNSEEN = {"RenameSnapshot": 0.15, "RemoveSnapshot_Task": 1.5, "RemoveAllSnapshots_Task": 1.5}


@dataclass
class Deed:
    """Something that somebody does to a VM, perhaps to one of its snapshots. ``at`` is when it was done, if it was."""

    kind: str
    vm: str
    snapshot: str | None = None
    name: str = ""
    at: datetime | None = None
    added: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.vm} {self.snapshot or ''}{self.name and repr(self.name)}"

    def do(self, sim: simctl.Simulator) -> None:
        """Do it now; what is gone already needs nothing."""
        with suppress(simctl.SimulatorError):
            self._do(sim, f"/v1/vms/{self.vm}")
            self.at = datetime.now(timezone.utc)

    def _do(self, sim: simctl.Simulator, vm: str) -> None:
        snapshot = f"{vm}/snapshots/{self.snapshot}"
        if self.kind == "held":
            there = by_moid(sim.get(vm)).get(self.snapshot or "")
            text = with_hold(there["description"]) if there is not None else None
            if text is None:
                raise simctl.SimulatorError("there is nothing to hold")
            sim.patch(snapshot, {"description": text})
        elif self.kind == "named":
            sim.patch(snapshot, {"name": self.name})
        elif self.kind == "gone":
            sim.delete(snapshot)
        elif self.kind == "taken":
            self.added = sim.post(f"{vm}/snapshots", {"name": self.name})["moid"]
        elif self.kind == "reverted":
            sim.post(f"{snapshot}/revert", {})
        elif self.kind == "power":
            sim.patch(vm, {"power_state": "poweredOff"})
        elif self.kind == "vm":
            sim.patch(vm, {"name": self.name})
        else:
            sim.delete(vm)

    @property
    def writes(self) -> Mapping[str, Wanted]:
        """What it may write, by the snapshot's MoID."""
        if self.snapshot is None:
            return {}
        wanted = {"held": Wanted(hold=True), "named": Wanted(name=self.name)}.get(self.kind)
        return {} if wanted is None else {self.snapshot: wanted}


@dataclass
class Others:
    """All that others do during one step. ``pause`` is how long what was read may have been on its way."""

    deeds: list[Deed] = field(default_factory=list)
    pause: float = 0.0

    def on(self, vm: str) -> list[Deed]:
        """What they do to one VM."""
        return [deed for deed in self.deeds if deed.vm == vm]

    def kinds(self, vm: str) -> set[str]:
        """Which kinds of things they do to it."""
        return {deed.kind for deed in self.on(vm)}

    def kept(
        self,
        before: Mapping[str, Machine],
        after: Mapping[str, Machine],
        calls: Iterable[Machine],
        released: set[str],
        forced: set[str],
    ) -> None:
        """A hold that somebody has set is there, and so is what is held, unless nobody could have seen it in time.

        Those that were ``released`` on purpose in the same moment may be either. A ``forced`` removal, which is given
        by its VM, asks for no hold.
        """
        log = list(calls)
        for deed in self.deeds:
            if deed.kind != "held" or deed.at is None or deed.vm not in after or deed.snapshot in released:
                continue
            if deed.vm not in forced or deed.snapshot in by_moid(after[deed.vm]):
                self._held(deed, deed.at, before[deed.vm], after[deed.vm], log)

    def _held(self, deed: Deed, since: datetime, was: Machine, now: Machine, log: Sequence[Machine]) -> None:
        moid = deed.snapshot or ""
        there = by_moid(now).get(moid)
        if there is not None:
            late = _late(log, since + timedelta(seconds=self.pause), ("RenameSnapshot",), {moid})
            lost = f"{deed.vm}: the hold of {moid} was lost"
            assert held(there) or late is None, f"{lost} by a call that came {late} s after it"
            assert held(there) or any(call["this"] == moid for call in log), f"{lost}, and nothing was called on it"
            return
        if any(other.kind in ("gone", "deleted") and other.snapshot in (moid, None) for other in self.on(deed.vm)):
            return
        above = {each for each in by_moid(was) if moid in below(was, each)}
        late = _late(
            log,
            since + timedelta(seconds=self.pause),
            ("RemoveSnapshot_Task", "RemoveAllSnapshots_Task"),
            {*above, deed.vm},
        )
        assert late is None, f"{deed.vm}: {moid}, which is on hold, was removed by a call that came {late} s after that"


def _late(log: Iterable[Machine], since: datetime, methods: Sequence[str], on: set[str]) -> float | None:
    """How long after that the last of these calls came, if it was so late that it should have been seen."""
    times = [
        (_seconds(call["at"]) - since.timestamp(), UNSEEN[call["method"]])
        for call in log
        if call["method"] in methods and call["this"] in on
    ]
    late = [round(after, 2) for after, unseen in times if after > unseen]
    return max(late) if late else None


def _seconds(at: str) -> float:
    """A time as Go writes it, with more digits than Python reads."""
    whole, _point, part = at.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{part or 0}")


def by_time(dice: random.Random, machines: list[Machine], move: Move) -> Deed | None:
    """Something that somebody does at a time; None where there is nothing to do it to."""
    # What writes descriptions is to meet holds above all.
    kind = dice.choice(("held", "held", *BY_TIME) if move.kind in ("edit", "guarded") else BY_TIME)
    vm = dice.choice(machines)
    meant = [(one, each) for one in machines if one["moid"] in move.chosen for each in _meant(one, move)]
    if kind == "held":
        meant = [(one, each) for one, each in meant if not held(each)]
    if meant and kind in ("held", "named", "gone", "reverted") and dice.random() < 0.6:
        vm, each = dice.choice(meant)
        vm = {**vm, "snapshots": [each]}
    number = dice.randint(1, 999)
    if kind in ("held", "named", "gone", "reverted"):
        if not vm["snapshots"]:
            return None
        one = dice.choice(vm["snapshots"])
        return Deed(kind, vm["moid"], one["moid"], f"named by hand {number}" if kind == "named" else "")
    names = {"taken": dice.choice((*NAMES, BACKUP)), "vm": f"renamed-{vm['moid']}-{number}"}
    return Deed(kind, vm["moid"], name=names.get(kind, ""))


def _meant(vm: Machine, move: Move) -> list[Machine]:
    """The snapshots that a move is about."""
    may = move.may_go(vm)
    found = move.target.found(vm) if move.target is not None else []
    return found or [one for one in vm["snapshots"] if one["moid"] in may]


def by_call(dice: random.Random, machines: list[Machine]) -> tuple[Deed, dict[str, Any]]:
    """Something that happens when a call comes, and the order for the simulator."""
    action = dice.choice(BY_CALL)
    vm: str = dice.choice(machines)["moid"]
    fault: dict[str, Any] = {"action": action, "vm": vm, "times": dice.choice((1, 1, 2)), "skip": dice.randint(0, 3)}
    if action == "partial":
        fault |= {"method": "RetrievePropertiesEx", "paths": dice.sample(PATHS, dice.randint(1, 2))}
    else:
        fault |= {"method": dice.choice((*CALLS, *MORE_CALLS)), "message": f"elsewhere-{vm}"}
    return Deed(KINDS[action], vm), fault
