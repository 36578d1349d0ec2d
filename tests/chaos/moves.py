"""What all moves have in common: a call of a module on some VMs, and what is true of it whatever struck it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from marks import Machine, Wanted, plain, set_of

Result = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """How a snapshot is named: the set, the name or the ID."""

    option: str
    value: Any

    @property
    def options(self) -> dict[str, Any]:
        """As the modules take it."""
        return {self.option: self.value}

    def found(self, vm: Machine) -> list[Machine]:
        """The VM's snapshots that are meant."""
        return [one for one in vm["snapshots"] if self.means(one)]

    def means(self, snapshot: Machine) -> bool:
        """Is it this one?"""
        said = {"snapshot_set": set_of(snapshot), "snapshot_name": plain(snapshot["name"])}
        return bool(said.get(self.option, snapshot["id"]) == self.value)


def some_set(dice: random.Random, machines: list[Machine], sets: list[str]) -> str:
    """Most of the time one that is there."""
    there = [one for vm in machines for one in sets if Target("snapshot_set", one).found(vm)]
    return dice.choice(there if there and dice.random() < 0.9 else sets)


def some_target(dice: random.Random, machines: list[Machine], sets: list[str]) -> Target:
    """A set most of the time; else a name that somebody has, or an ID where one VM is chosen."""
    there = [one for vm in machines for one in vm["snapshots"]]
    how = dice.random()
    if how < 0.6 or not there:
        return Target("snapshot_set", some_set(dice, machines, sets))
    one = dice.choice(there)
    if how < 0.7 and len(machines) == 1:
        return Target("snapshot_id", one["id"])
    return Target("snapshot_name", plain(one["name"]))


@dataclass
class Move:
    """A call of a module on some VMs.

    ``stands`` names what others may do to a VM at the same time without undoing what this call brought about there.
    """

    options: dict[str, Any]
    chosen: tuple[str, ...]
    target: Target | None = None
    history: dict[str, int] = field(default_factory=dict)

    kind: ClassVar[str]
    module: ClassVar[str] = "snapshot"
    stands: ClassVar[frozenset[str]] = frozenset()
    alters: ClassVar[bool] = True
    # May removals hit what is protected, and what has no marker?
    explicit: ClassVar[bool] = False
    moves_present: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.module} {self.options}"

    @property
    def forced(self) -> bool:
        """Is protection overridden?"""
        return bool(self.options.get("force"))

    def without(self, gone: set[str]) -> None:
        """Leave out VMs that are no more."""
        self.chosen = tuple(moid for moid in self.chosen if moid not in gone)
        self.options["vms"] = [{"moid": moid} for moid in self.chosen]

    def may_go(self, vm: Machine) -> set[str]:
        """The snapshots that it may remove."""
        return set()

    def takes(self, snapshot: Machine) -> bool:
        """May it have taken this one?"""
        return False

    def single(self, snapshot: Machine) -> bool:
        """Is it one of those of which its call allows one on each VM?"""
        return False

    def writes(self, vm: Machine) -> Mapping[str, Wanted]:
        """What it may write, by the snapshot's MoID."""
        return {}

    def able(self, vm: Machine) -> bool | None:
        """Will it end well there if nothing comes between? None where that is not foretold."""
        return True

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        """A result that is not an error means that the wish is met."""
        raise NotImplementedError

    def again(self, first: Result | None, before: Mapping[str, Machine]) -> bool:
        """Does a third call find nothing left to do?"""
        return True


def some_options(dice: random.Random, chosen: tuple[str, ...]) -> dict[str, Any]:
    """What every call has."""
    options: dict[str, Any] = {"vms": [{"moid": moid} for moid in chosen], "timeout": 60, "unresolved": "fail"}
    limit = dice.choice((0, 0, 0, 0, 1, 2))
    return {**options, "limits": {"vcenter": limit}} if limit else options
