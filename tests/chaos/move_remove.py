"""Removals: of one, with what is below it, of all; and by a policy."""

from __future__ import annotations

import random
from collections.abc import Mapping

from marks import Machine, below, by_moid, managed, protected
from moves import Move, Result, Target, some_options, some_target


class Remove(Move):
    """state: absent."""

    kind = "remove"
    stands = frozenset(("remove", "prune", "edit", "revert", "consolidate", "look", "vm", "partial", "power", "gone"))
    explicit = True

    def doomed(self, vm: Machine) -> set[str] | None:
        """What it is to remove, protected or not; None where more than one is meant."""
        if self.options.get("remove_all"):
            return set(by_moid(vm))
        assert self.target is not None
        found = self.target.found(vm)
        if len(found) > 1:
            return None
        if not found:
            return set()
        return below(vm, found[0]["moid"]) if self.options.get("remove_children") else {found[0]["moid"]}

    def may_go(self, vm: Machine) -> set[str]:
        return (self.doomed(vm) or set()) if self.able(vm) else set()

    def able(self, vm: Machine) -> bool | None:
        doomed = self.doomed(vm)
        if doomed is None:
            return False
        return self.forced or not any(protected(by_moid(vm)[moid]) for moid in doomed)

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        left = (self.doomed(was) or set()) & set(by_moid(now))
        assert not left, f"{now['moid']}: {one['status']}, and {left} are still there"
        if self.target is not None:
            assert not self.target.found(now), f"{now['moid']}: {one['status']}, and there is one of {self.target}"


class Prune(Move):
    """snapshot_prune. ``plan`` is what check mode gave, None where others may make another one due."""

    kind = "prune"
    module = "snapshot_prune"
    stands = frozenset(("look", "consolidate", "vm", "partial", "power"))
    plan: dict[str, set[str]] | None = None

    def may_go(self, vm: Machine) -> set[str]:
        able = {one["moid"] for one in vm["snapshots"] if managed(one) and not protected(one)}
        return able if self.plan is None else able & self.plan.get(vm["moid"], set())

    def planned(self, told: Result) -> None:
        """Remember what check mode says; what it says is checked as well."""
        assert not told.get("failed"), f"check mode: {told}"
        self.plan = {one["vm"]["moid"]: {gone["moid"] for gone in one["removed"]} for one in told["results"]}

    def sane(self, machines: Mapping[str, Machine]) -> None:
        """A plan names nothing that is foreign or protected."""
        for moid, gone in (self.plan or {}).items():
            able = {one["moid"] for one in machines[moid]["snapshots"] if managed(one) and not protected(one)}
            assert gone <= able, f"{moid}: the plan would remove {gone - able}"

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        left = (self.plan or {}).get(now["moid"], set()) & set(by_moid(now))
        assert not left, f"{now['moid']}: {one['status']}, and {left} are still there"


def remove(dice: random.Random, machines: list[Machine], sets: list[str]) -> Remove:
    """One that is named, alone or with what is below it; rarely all."""
    if dice.random() < 0.3:
        machines = machines[:1]
    chosen = tuple(vm["moid"] for vm in machines)
    options = {**some_options(dice, chosen), "state": "absent", "force": dice.random() < 0.15}
    if dice.random() < 0.15:
        return Remove({**options, "remove_all": True}, chosen)
    target = some_target(dice, machines, sets)
    if target.option == "snapshot_id" and not target.found(machines[0]):
        target = Target("snapshot_set", dice.choice(sets))
    return Remove({**options, **target.options, "remove_children": dice.random() < 0.3}, chosen, target)


def prune(dice: random.Random, machines: list[Machine], sets: list[str]) -> Prune:
    """By a policy."""
    chosen = tuple(vm["moid"] for vm in machines)
    policy = dice.choice(
        (
            {"keep_last": 1},
            {"keep_last": 2},
            {"max_count": 1, "allow_none": True},
            {"max_age": "7d", "allow_none": True},
            {"max_age": "30d", "keep_last": 1},
        )
    )
    return Prune({**some_options(dice, chosen), "policy": policy}, chosen)
