"""Reverts, with and without safeguards."""

from __future__ import annotations

import random
from collections.abc import Mapping

from marks import Machine, Wanted, below, by_moid, managed, read, set_of
from moves import Move, Result, Target, some_options, some_set

WRONG = "snapshot-that-was-recorded"


class Revert(Move):
    """Without safeguards: as often as it is asked for, wherever there is something to go back to."""

    kind = "revert"
    module = "snapshot_revert"
    stands = frozenset(("look", "consolidate", "edit", "vm", "partial", "held", "named"))
    moves_present = True

    def able(self, vm: Machine) -> bool | None:
        return self._meant(vm) is not None

    def may_revert(self, vm: Machine) -> bool:
        """Is a revert there allowed?"""
        return self._meant(vm) is not None

    def _meant(self, vm: Machine) -> Machine | None:
        assert self.target is not None
        found = self.target.found(vm)
        return found[0] if len(found) == 1 else None

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        assert self.target is not None
        found = self.target.found(now)
        moid = now["moid"]
        assert len(found) == 1, f"{moid}: {one['status']}, with {len(found)} of {self.target}"
        assert one.get("reverted_before") or now["current"] == found[0]["moid"], f"{moid}: {one['status']}, not there"
        if self.options["power_state"] == "on":
            assert now["power_state"] == "poweredOn", f"{moid}: {one['status']}, and {now['power_state']}"
        assert one["power_state"] == now["power_state"], f"{moid}: told {one['power_state']}, is {now['power_state']}"

    def again(self, first: Result | None, before: Mapping[str, Machine]) -> bool:
        return False


class Guarded(Revert):
    """With safeguards: never where they speak against it, and never twice.

    ``history`` counts the reverts of each VM that vCenter remembers from before.
    """

    kind = "guarded"
    stands = frozenset(("look", "consolidate", "vm", "partial"))

    def writes(self, vm: Machine) -> Mapping[str, Wanted]:
        one = self._meant(vm)
        return {} if one is None or read(one).word("phase") is None else {one["moid"]: Wanted(notes=True)}

    def codes(self, vm: Machine) -> set[str]:
        """The refusals that a look at the tree and at what was recorded gives."""
        one = self._meant(vm)
        if one is None:
            return set()
        guard = self.options["safeguards"]
        found = set()
        if guard.get("snapshots", {}).get(vm["moid"], one["moid"]) != one["moid"]:
            found.add("snapshot_replaced")
        inside = below(vm, one["moid"])
        others = (by_moid(vm)[moid] for moid in inside - {one["moid"]})
        if any(set_of(each) is None or set_of(each) != set_of(one) for each in others):
            found.add("newer_snapshots")
        if vm["current"] not in inside:
            found.add("not_current")
        return found - set(guard.get("ignore", ()))

    def able(self, vm: Machine) -> bool | None:
        one = self._meant(vm)
        if one is None:
            return False
        phase = read(one).word("phase") if managed(one) else None
        if vm["current"] == one["moid"] and phase in ("reverted", "patching", "failed"):
            # It may have been reverted already, which the history tells in part.
            return False if "snapshot_replaced" in self.codes(vm) else None
        if self.codes(vm):
            return False
        return None if self.history.get(vm["moid"]) else True

    def may_revert(self, vm: Machine) -> bool:
        return self.able(vm) is not False

    def again(self, first: Result | None, before: Mapping[str, Machine]) -> bool:
        return True

    def refused(self, one: Result, vm: Machine) -> None:
        """A refusal names every reason that can be seen."""
        if one["msg"].startswith("not reverted:") and self.able(vm) is False:
            told = {each["code"] for each in one["refusals"]}
            assert self.codes(vm) <= told, f"{vm['moid']}: refused for {told}, and not for {self.codes(vm)}"


def revert(dice: random.Random, machines: list[Machine], sets: list[str]) -> Revert:
    """To a set's snapshots."""
    chosen = tuple(vm["moid"] for vm in machines)
    target = Target("snapshot_set", some_set(dice, machines, sets))
    options = {**some_options(dice, chosen), **target.options}
    options["power_state"] = dice.choice(("snapshot", "previous", "on"))
    if dice.random() < 0.5:
        return Revert(options, chosen, target)
    unbound = Guarded({**options, "safeguards": {}}, chosen, target)
    there = [vm for vm in machines if target.found(vm)]
    clear = dice.random() < 0.6
    if some := [vm for vm in there if (unbound.able(vm) is not False) is clear]:
        machines, chosen = some, tuple(vm["moid"] for vm in some)
        options["vms"] = [{"moid": moid} for moid in chosen]
    guard: dict[str, object] = {}
    if dice.random() < 0.5:
        recorded = {vm["moid"]: target.found(vm)[0]["moid"] for vm in machines if target.found(vm)}
        if dice.random() < 0.4:
            recorded[dice.choice(chosen)] = WRONG
        guard["snapshots"] = recorded
    if dice.random() < 0.3:
        guard["ignore"] = dice.sample(("newer_snapshots", "not_current", "snapshot_replaced", "reverted_since"), 2)
    return Guarded({**options, "safeguards": guard}, chosen, target)
