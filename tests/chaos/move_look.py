"""Moves that change no snapshot: a look, and consolidation."""

from __future__ import annotations

import random

from marks import Machine, plain, read
from moves import Move, Result, some_options


class Look(Move):
    """snapshot_info."""

    kind = "look"
    module = "snapshot_info"
    alters = False
    stands = frozenset(("look", "consolidate", "vm", "partial", "power"))

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        told = sorted((each["moid"], each["name"], each["hold"], each["set"]) for each in one["snapshots"])
        true = sorted(
            (each["moid"], plain(each["name"]), read(each).word("hold") is not None, read(each).word("set"))
            for each in now["snapshots"]
        )
        assert told == true, f"{now['moid']}: info lists {told}, there are {true}"


class Consolidate(Move):
    """snapshot_consolidate."""

    kind = "consolidate"
    module = "snapshot_consolidate"
    stands = frozenset(
        ("look", "take", "edit", "revert", "guarded", "vm", "taken", "partial", "held", "named", "power")
    )

    def reached(self, one: Result, was: Machine, now: Machine) -> None:
        assert not now["consolidation_needed"], f"{now['moid']}: {one['status']}, and it still needs consolidation"
        assert one["consolidation_needed"] is False, f"{now['moid']}: {one['status']}, and says that it needs it"


def look(dice: random.Random, machines: list[Machine], sets: list[str]) -> Look:
    """What is there."""
    chosen = tuple(vm["moid"] for vm in machines)
    options = some_options(dice, chosen)
    return Look({key: options[key] for key in ("vms", "unresolved")}, chosen)


def consolidate(dice: random.Random, machines: list[Machine], sets: list[str]) -> Consolidate:
    """Merge what a removal has left."""
    chosen = tuple(vm["moid"] for vm in machines)
    return Consolidate(some_options(dice, chosen), chosen)
