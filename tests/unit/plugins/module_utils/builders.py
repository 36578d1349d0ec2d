# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machines and snapshot trees in a few words, for tests.

A tree is nested calls of ``node``; ``vm`` flattens it the way the inventory does, so that what a test looks at is
what a plan looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import FleetFacts, judge_fleet
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker, join
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import plan_removals
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_snapshot import (
    SnapshotWish,
    parse_wish,
    plan_snapshot,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node, flatten
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict

# By which the wishes' own snapshots are known.
TOKEN = "5f2c9a"
# The options of the snapshot module.
_OPTIONS: dict[str, Any] = {
    "state": "present",
    **dict.fromkeys(("snapshot_name", "snapshot_id", "snapshot_set", "description", "new_snapshot_name")),
    **dict.fromkeys(("owner", "expires_in", "hold", "phase", "quiesce_timeout")),
    **dict.fromkeys(("memory_dump", "quiesce", "extend", "remove_children", "remove_all", "force"), False),
    "fallback": "none",
}
NOW = datetime(2026, 11, 23, 5, 0, 0, tzinfo=timezone.utc)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def moid(number: int) -> str:
    """The MoID of the snapshot with this ID."""
    return f"snapshot-{number}"


def node(
    number: int,
    name: str | None = None,
    *children: Node,
    text: str = "",
    marker: Marker | None = None,
    raw: str | None = None,
    age: timedelta | None = None,
    state: str = "poweredOff",
    quiesced: bool = False,
) -> Node:
    """A snapshot with that ID and everything below it; by default a child is younger than its parent."""
    return Node(
        moid=moid(number),
        id=number,
        name=f"s{number}" if name is None else name,
        description=join(text, marker) if raw is None else raw,
        created_at=NOW - (hours(1000 - number) if age is None else age),
        state=state,
        quiesced=quiesced,
        children=children,
    )


def tree(*roots: Node, current: int | None = None) -> tuple[Snapshot, ...]:
    """The flat tree; ``current`` is the ID of the current snapshot."""
    return flatten(roots, None if current is None else moid(current))


def one(name: str = "s1", **fields: Any) -> Snapshot:
    """A single snapshot with ID 1."""
    return tree(node(1, name, **fields))[0]


def vm(*roots: Node, current: int | None = None, **fields: Any) -> Vm:
    """A running, connected machine with Tools, and these snapshots."""
    healthy: dict[str, Any] = {
        "moid": "vm-1",
        "name": "web-01",
        "instance_uuid": "50331f8c-0000-4000-8000-000000000001",
        "folder": "/DC0/vm/web",
        "power_state": "poweredOn",
        "connection_state": "connected",
        "tools_running": True,
        "snapshots": tree(*roots, current=current),
    }
    return Vm(**{**healthy, **fields})


def chain(length: int) -> Node:
    """A chain of that many snapshots with the IDs 1, 2, 3 ..., root first."""
    below: tuple[Node, ...] = ()
    for number in range(length, 0, -1):
        below = (node(number, None, *below),)
    return below[0]


def judged(machine: Vm, policy: Policy, facts: FleetFacts | None = None) -> tuple[Verdict, ...]:
    """What the policy says of one machine's snapshots when nothing else is known of its fleet."""
    return judge_fleet([machine], policy, facts or FleetFacts(), NOW)[machine.moid]


def pruned(machine: Vm, policy: Policy, facts: FleetFacts | None = None) -> VmPlan:
    """The plan of snapshot_prune for one machine."""
    return plan_removals(machine, judged(machine, policy, facts))


def wish(**given: Any) -> SnapshotWish:
    """What the snapshot module is asked for with these options."""
    return parse_wish({**_OPTIONS, **given}, TOKEN)


def plan(machine: Vm, **given: Any) -> VmPlan:
    """Its plan for one machine."""
    return plan_snapshot(machine, wish(**given), NOW)


def paths(snapshots: Sequence[Snapshot]) -> list[str]:
    """A tree in short: the path of each snapshot, with an asterisk at the current one."""
    return [snapshot.path + ("*" if snapshot.current else "") for snapshot in snapshots]


def assert_forest(snapshots: Sequence[Snapshot]) -> None:
    """Whatever was done to a tree: parents come first, and every derived field agrees with the parents."""
    seen: dict[str, Snapshot] = {}
    for snapshot in snapshots:
        assert snapshot.moid not in seen
        if snapshot.parent is None:
            assert (snapshot.depth, snapshot.path) == (1, snapshot.name)
        else:
            parent = seen[snapshot.parent]
            assert snapshot.depth == parent.depth + 1
            assert snapshot.path == f"{parent.path}/{snapshot.name}"
            assert snapshot.moid in parent.children
        seen[snapshot.moid] = snapshot
    assert sorted(child for snapshot in snapshots for child in snapshot.children) == sorted(
        snapshot.moid for snapshot in snapshots if snapshot.parent is not None
    )
    assert sum(snapshot.current for snapshot in snapshots) <= 1
