"""Random operations, and what must be true after each, whatever struck it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Machine = dict[str, Any]
TASK = re.compile(r"\btask-\d+\b")
# What a result says where it can't know what became of its own call.
UNKNOWN = re.compile(r"may still run|still runs|broke|could not be read|still waits|a rerun finds out")
NAMES = (
    "before patch",
    "{{ 7 * 7 }}",
    "a/b\\c 100%",
    "<script>alert(1)</script>",
    "\u202eabc",
    "n" * 80,
    "caf\u00e9",
    "cafe\u0301",
)


def set_of(snapshot: Machine) -> str | None:
    """The set in the marker."""
    found = re.search(r"\[savepoint[^\n]* ?set=([^ \]]+)[^\n]*\]$", snapshot["description"])
    return found[1] if found else None


def held(snapshot: Machine) -> bool:
    """Is it on hold?"""
    return bool(re.search(r"\[savepoint [^\n]*\bhold\]$", snapshot["description"]))


def shape(vm: Machine) -> dict[str, tuple[Any, ...]]:
    """The tree, without what an answer may word otherwise."""
    return {one["moid"]: (one["name"], one["parent"], one["created_at"]) for one in vm["snapshots"]}


@dataclass
class Operation:
    """A call of a module on some VMs, and the judgement of what it did."""

    module: str
    options: dict[str, Any]
    chosen: tuple[str, ...]
    change: str = ""
    may_go: dict[str, set[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.module} {self.options}"

    def untouched(self, before: dict[str, Machine], after: dict[str, Machine]) -> None:
        """What must hold at any moment, also when it was killed."""
        for moid, was in before.items():
            now = after[moid]
            if moid not in self.chosen or self.module == "snapshot_info":
                assert now["snapshots"] == was["snapshots"], f"{moid} was not asked for, and has changed"
                assert now["current"] == was["current"], f"{moid} was not asked for, and was reverted"
                continue
            old, new = shape(was), shape(now)
            gone = set(old) - set(new)
            assert gone <= self.may_go.get(moid, set()), f"{moid}: {gone - self.may_go.get(moid, set())} must stay"
            for one in was["snapshots"]:
                assert not (one["moid"] in gone and (held(one) or set_of(one) is None)), f"{moid}: {one} was removed"
            added = [one for one in now["snapshots"] if one["moid"] not in old]
            if self.creates:
                assert all(set_of(one) == self.change for one in added), f"{moid}: strange snapshots {added}"
                of_set = [one for one in now["snapshots"] if set_of(one) == self.change]
                assert len(of_set) <= 1, f"{moid}: {len(of_set)} snapshots of set {self.change}"
            else:
                assert not added, f"{moid}: {added} came from nowhere"
            if self.module != "snapshot_revert" and not self.creates and not gone:
                assert now["current"] == was["current"], f"{moid} was reverted"

    @property
    def creates(self) -> bool:
        """Does it take snapshots?"""
        return self.module == "snapshot" and self.options.get("state") == "present"

    def honest(self, result: dict[str, Any], before: dict[str, Machine], after: dict[str, Machine]) -> None:
        """The report is what the simulator has, and nobody else was at work."""
        for moid, one in self.reports(result, after).items():
            was, now = before[moid], after[moid]
            really = was["snapshots"] != now["snapshots"] or was["current"] != now["current"]
            if self.module == "snapshot_revert" and one["changed"]:
                continue  # To where it was already counts, too: the present was thrown away.
            assert one["changed"] is really, f"{moid}: changed is {one['changed']}, in truth {really}: {one['msg']}"

    def reports(self, result: dict[str, Any], after: dict[str, Machine]) -> dict[str, Any]:
        """The report names what is, whoever brought it about; gives the entries that are sure, by VM."""
        assert "crash" not in result, result["crash"]
        assert "Traceback" not in str(result), "a traceback is no result"
        told = {one["vm"]["moid"]: one for one in result.get("results") or () if one["vm"] is not None}
        if not told:
            assert result.get("failed") and result.get("msg"), "neither results nor an error"
            return {}
        assert set(told) == set(self.chosen), "one result for each VM"
        for moid, one in told.items():
            if one["status"] != "failed":
                self.reached(one, after[moid])
        return {moid: one for moid, one in told.items() if one["status"] != "failed" or not UNKNOWN.search(one["msg"])}

    def known(self, result: dict[str, Any], tasks: set[str]) -> None:
        """A task that it names, say one that still runs, is one of vCenter's."""
        for one in result.get("results") or ():
            strange = set(TASK.findall(one["msg"])) - tasks
            assert not strange, f"no such tasks as {strange}: {one['msg']}"

    def all_went_back(self, result: dict[str, Any], before: dict[str, Machine]) -> None:
        """Whatever has the set's snapshot was reverted to it."""
        for one in result["results"]:
            able = any(set_of(each) == self.change for each in before[one["vm"]["moid"]]["snapshots"])
            assert able is (one["status"] != "failed"), f"{one['vm']['moid']}: {one['status']}: {one['msg']}"

    def reached(self, one: dict[str, Any], now: Machine) -> None:
        """A result that is not an error means that the wish is met."""
        of_set = [each for each in now["snapshots"] if set_of(each) == self.change]
        if self.creates:
            assert len(of_set) == 1, f"{one['vm']['moid']}: {one['status']}, with {len(of_set)} snapshots of the set"
            assert one["snapshot"]["moid"] == of_set[0]["moid"], "the result names another snapshot"
        elif self.module == "snapshot":
            assert not of_set, f"{one['vm']['moid']}: {one['status']}, and the set is still there"
        elif self.module == "snapshot_revert":
            assert now["current"] == of_set[0]["moid"], f"{one['vm']['moid']}: {one['status']}, and not there"
            if self.options["power_state"] == "on":
                assert now["power_state"] == "poweredOn", (
                    f"{one['vm']['moid']}: {one['status']}, and {now['power_state']}"
                )
        elif self.module == "snapshot_prune":
            left = self.may_go.get(now["moid"], set()) & set(shape(now))
            assert not left, f"{one['vm']['moid']}: {one['status']}, and {left} are still there"
        else:
            names = sorted(each["name"] for each in one["snapshots"])
            assert names == sorted(each["name"].replace("%25", "%") for each in now["snapshots"]), "info lists others"


def choose(dice: random.Random, machines: Sequence[Machine], sets: Sequence[str]) -> Operation:
    """A random operation on some of the machines."""
    some = dice.sample(list(machines), dice.randint(1, len(machines)))
    chosen = tuple(vm["moid"] for vm in some)
    one_set = dice.choice(sets)
    common: dict[str, Any] = {"vms": [{"moid": moid} for moid in chosen], "timeout": 60}
    kind = dice.choice(("create", "create", "create", "remove", "revert", "revert", "prune", "info"))
    if kind == "create":
        options: dict[str, Any] = {"state": "present", "snapshot_set": one_set, "snapshot_name": dice.choice(NAMES)}
        options |= {"memory_dump": dice.random() < 0.3, "description": dice.choice(("", "text", "[savepoin"))}
        return Operation("snapshot", {**common, **options}, chosen, one_set)
    if kind == "remove":
        may = {vm["moid"]: {s["moid"] for s in vm["snapshots"] if set_of(s) == one_set} for vm in some}
        return Operation("snapshot", {**common, "state": "absent", "snapshot_set": one_set}, chosen, one_set, may)
    if kind == "revert":
        options = {"snapshot_set": one_set, "power_state": dice.choice(("snapshot", "previous", "on"))}
        return Operation("snapshot_revert", {**common, **options, "unresolved": "fail"}, chosen, one_set)
    if kind == "prune":
        policy = {"keep_last": dice.randint(1, 2)}
        return Operation("snapshot_prune", {**common, "policy": policy}, chosen)
    del common["timeout"]
    return Operation("snapshot_info", common, chosen)
