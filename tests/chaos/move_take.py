"""Taking snapshots, which also brings those that are there to what the call says; and edits that never take any."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from marks import NAMES, Machine, Wanted, plain, read
from moves import Move, Result, Target, some_options, some_target

DEEPEST = 31


def _wanted(options: Mapping[str, Any], name: str | None = None) -> Wanted:
    return Wanted(
        name=name,
        text=options.get("description") or None,
        hold=options.get("hold"),
        phase=options.get("phase"),
        extends=bool(options.get("extend")),
    )


class Take(Move):
    """state: present."""

    kind = "take"
    stands = frozenset(("take", "revert", "consolidate", "look", "vm", "taken", "partial", "power"))

    def takes(self, snapshot: Machine) -> bool:
        return self.single(snapshot) and read(snapshot).word("op") is not None

    def single(self, snapshot: Machine) -> bool:
        return self.target is not None and self.target.option == "snapshot_set" and self.target.means(snapshot)

    def writes(self, vm: Machine) -> Mapping[str, Wanted]:
        return {one["moid"]: _wanted(self.options) for one in self.target.found(vm)} if self.target else {}

    def able(self, vm: Machine) -> bool | None:
        assert self.target is not None
        found = self.target.found(vm)
        return len(found) == 1 or (not found and len(vm["snapshots"]) < DEEPEST)

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        assert self.target is not None
        found = self.target.found(now)
        moid = now["moid"]
        assert len(found) == 1, f"{moid}: {one['status']}, with {len(found)} of {self.target}"
        assert one["snapshot"]["moid"] == found[0]["moid"], f"{moid}: the result names another snapshot"
        wrong = _wanted(self.options).met(found[0])
        assert wrong is None, f"{moid}: {one['status']}, and {wrong}"

    def again(self, first: Result | None, before: Mapping[str, Machine]) -> bool:
        return not self.options.get("extend")


class Edit(Move):
    """A new name, a hold, a phase, a text or an expiry for what is there; it takes none."""

    kind = "edit"
    stands = frozenset(("look", "consolidate", "vm", "taken", "partial", "power", "taken", "reverted"))

    @property
    def new_name(self) -> str | None:
        """What it is renamed to."""
        name: str | None = self.options.get("new_snapshot_name")
        return name

    def writes(self, vm: Machine) -> Mapping[str, Wanted]:
        one = self._meant(vm)
        return {} if one is None else {one["moid"]: _wanted(self.options, self.new_name)}

    def able(self, vm: Machine) -> bool | None:
        one = self._meant(vm)
        if one is None:
            return False
        mark = read(one)
        rewrites = self.options.get("hold") is not None or self.options.get("description") or self.options.get("extend")
        return not (mark.broken and rewrites)

    def _meant(self, vm: Machine) -> Machine | None:
        """The one that it edits; None where it can't tell, or the new name is another's already."""
        assert self.target is not None
        found = self.target.found(vm)
        same = [one for one in vm["snapshots"] if plain(one["name"]) == self.new_name]
        if not found and self.target.option == "snapshot_name":
            return same[0] if len(same) == 1 else None
        if len(found) != 1 or (same and same != found and plain(found[0]["name"]) != self.new_name):
            return None
        return found[0]

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        moid = now["moid"]
        there = {each["moid"]: each for each in now["snapshots"]}
        assert one["snapshot"]["moid"] in there, f"{moid}: {one['status']}, and no such snapshot"
        edited = there[one["snapshot"]["moid"]]
        meant = self._meant(was)
        assert meant is None or meant["moid"] == edited["moid"], f"{moid}: {edited} was edited, and {meant} was meant"
        wrong = _wanted(self.options, self.new_name).met(edited) if read(edited).words is not None else None
        assert wrong is None, f"{moid}: {one['status']}, and {wrong}"
        assert self.new_name in (None, plain(edited["name"])), f"{moid}: {one['status']}, and named {edited['name']!r}"

    def again(self, first: Result | None, before: Mapping[str, Machine]) -> bool:
        return not self.options.get("extend")


def take(dice: random.Random, machines: list[Machine], sets: list[str]) -> Take:
    """Some snapshots of a set."""
    chosen = tuple(vm["moid"] for vm in machines)
    target = Target("snapshot_set", dice.choice(sets))
    options = {**some_options(dice, chosen), **target.options, "state": "present", "snapshot_name": dice.choice(NAMES)}
    options |= {"memory_dump": dice.random() < 0.3, "description": dice.choice(("", "text", "[savepoin"))}
    if dice.random() < 0.3:
        options["hold"] = dice.random() < 0.7
    if dice.random() < 0.3:
        options |= {"expires_in": "72h", "extend": dice.random() < 0.5}
    return Take(options, chosen, target)


def edit(dice: random.Random, machines: list[Machine], sets: list[str]) -> Edit:
    """Some snapshots' names, holds, phases and texts."""
    if dice.random() < 0.3:
        machines = machines[:1]
    chosen = tuple(vm["moid"] for vm in machines)
    target = some_target(dice, machines, sets)
    options = {**some_options(dice, chosen), **target.options, "state": "present"}
    # One of these keeps it from taking a snapshot where there is none.
    if target.option == "snapshot_set" and dice.random() < 0.6:
        options["phase"] = dice.choice(("patching", "failed", "patching", "failed", "reverted"))
    elif target.option != "snapshot_id":
        taken = [plain(one["name"]) for vm in machines for one in vm["snapshots"]]
        options["new_snapshot_name"] = dice.choice(taken if taken and dice.random() < 0.3 else NAMES)
    if dice.random() < 0.5 or target.option == "snapshot_id":
        options["hold"] = dice.random() < 0.6
    if dice.random() < 0.3:
        options["description"] = dice.choice(("a new text", "two\nlines"))
    if dice.random() < 0.3:
        options |= {"expires_in": "96h", "extend": True}
    return Edit(options, chosen, target)
