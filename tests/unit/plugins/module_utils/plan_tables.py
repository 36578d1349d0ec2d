# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of plans: reads those in golden/*.yml and guide/*.yml.

A table is a policy, and machines with a row for each snapshot. Its columns, of which only ``name`` must be there:

``parent``
    The name of the parent. Without this column each row is the child of the row above.
``age``, ``at``
    How old it is at the table's ``now`` (negative: it comes from the future), or when it was taken, in UTC.
``who``
    ``ours`` has a marker (the default), ``foreign`` has none, ``broken`` has one that does not parse.
``set``, ``owner``, ``hold``, ``expires``
    What the marker says; ``hold`` is ``yes``; ``expires`` is ``in 2d``, ``2d ago`` or ``now``.
``size``, ``frees``
    Its own size, and what its removal gives back as ``san1 5GiB, san2 2GiB``; without it, the size, on ``san1``.
``clone``
    The name of a linked clone that reads from it.
``plan``, ``because``
    What must come out: ``keep`` or ``remove``, and all the reasons. Each is given by words that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import FleetFacts, judge_fleet
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import parse_policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore, Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, node, tree, vm

HERE = Path(__file__).parent
Row = Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """One golden plan, or one example of the guide."""

    title: str
    policy: Mapping[str, Any]
    vms: tuple[Vm, ...]
    facts: FleetFacts
    now: datetime
    rows: Mapping[str, Row]

    def judge(self) -> dict[str, tuple[Verdict, ...]]:
        """What the code says."""
        return judge_fleet(self.vms, parse_policy(self.policy), self.facts, self.now)

    def differences(self) -> list[str]:
        """Where the code says something else than the table; empty when they agree."""
        found = []
        verdicts = self.judge()
        for machine in self.vms:
            told = {verdict.snapshot.moid: verdict for verdict in verdicts[machine.moid]}
            if len(told) != len(verdicts[machine.moid]) or set(told) != {one.moid for one in machine.snapshots}:
                found.append(f"{machine.name}: the verdicts are not one for each snapshot")
            for snapshot in machine.snapshots:
                verdict, row = told.get(snapshot.moid), self.rows[snapshot.moid]
                plan = None if verdict is None else "remove" if verdict.remove else "keep"
                reasons = () if verdict is None else verdict.reasons
                if plan != row["plan"] or not _meant(row["because"], reasons):
                    found.append(
                        f"{machine.name}/{snapshot.name}: wanted {row['plan']}, because {row['because']}; "
                        f"got {plan}, because {'; '.join(reasons)}"
                    )
            gone = [verdict.snapshot for verdict in verdicts[machine.moid] if verdict.remove]
            if gone != sorted(gone, key=lambda one: (one.created_at, one.id)):
                found.append(f"{machine.name}: the removals are not oldest first")
        return found


def tables(folder: str) -> Iterator[Table]:
    """Every table of a folder, by file and place."""
    for path in sorted((HERE / folder).glob("*.yml")):
        for given in yaml.safe_load(path.read_text()):
            yield _table(given)


def _table(given: Mapping[str, Any]) -> Table:
    now = datetime.fromisoformat(str(given["now"])) if "now" in given else NOW
    now = now.replace(tzinfo=timezone.utc)
    machines: list[Vm] = []
    rows: dict[str, Row] = {}
    clones: dict[str, str] = {}
    busy, attributes = {}, {}
    for place, entry in enumerate(given["vms"], start=1):
        here = f"vm-{place}"
        found = _rows(entry["snapshots"])
        numbers = {name: len(rows) + number for number, name in enumerate(found, start=1)}
        snapshots = tuple(_completed(one, found[one.name]) for one in _forest(found, numbers, now))
        machines.append(vm(moid=here, name=entry["name"], snapshots=snapshots))
        for one in snapshots:
            rows[one.moid] = found[one.name]
            if found[one.name].get("clone"):
                clones.update(dict.fromkeys(one.disk_files, found[one.name]["clone"]))
        if "busy" in entry:
            busy[here] = entry["busy"]
        if "attribute" in entry:
            attributes[here] = entry["attribute"]
    stores = {
        name: Datastore(name, parse_size(entry["capacity"], "capacity"), _size(entry["free"]))
        for name, entry in given.get("datastores", {}).items()
    }
    facts = FleetFacts(stores, busy, attributes, clones)
    return Table(given["title"], given["policy"], tuple(machines), facts, now, rows)


def _rows(text: str) -> dict[str, Row]:
    """The rows of one machine by the snapshot's name, from the top."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.strip()]
    head, *body = lines
    assert all(len(line) == len(head) for line in body), f"not as wide as its head:\n{text}"
    assert len({line[0] for line in body}) == len(body), f"two rows of one name:\n{text}"
    return {line[0]: dict(zip(head, line, strict=True)) for line in body}


def _forest(rows: Mapping[str, Row], numbers: Mapping[str, int], now: datetime) -> tuple[Snapshot, ...]:
    names = list(rows)
    above = dict(zip(names, ["", *names], strict=False))
    parents = {name: row.get("parent", above[name]) for name, row in rows.items()}

    def grown(parent: str) -> Iterator[Node]:
        for name in names:
            if parents[name] == parent:
                yield _node(rows[name], numbers[name], now, tuple(grown(name)))

    return tree(*grown(""), current=numbers[names[-1]] if names else None)


def _node(row: Row, number: int, now: datetime, children: tuple[Node, ...]) -> Node:
    if row.get("at"):
        created = datetime.strptime(row["at"], "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    else:
        sign = -1 if row["age"].startswith("-") else 1
        created = now - sign * parse_duration(row["age"].removeprefix("-"), "age")
    who = row.get("who") or "ours"
    text = row.get("description", "")
    marker = None
    raw = f"{text}\n[savepoint hold=perhaps]" if who == "broken" else None
    if who == "ours":
        marker = Marker(
            set=row.get("set") or None,
            kind="crash_consistent",
            owner=row.get("owner") or None,
            expires=_expiry(row.get("expires", ""), now),
            hold=row.get("hold") == "yes",
        )
    return node(number, row["name"], *children, text=text, marker=marker, raw=raw, age=NOW - created)


def _expiry(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    if text == "now":
        return now
    if text.endswith(" ago"):
        return now - parse_duration(text.removesuffix(" ago"), "expires")
    return now + parse_duration(text.removeprefix("in "), "expires")


def _completed(snapshot: Snapshot, row: Row) -> Snapshot:
    size = _size(row["size"]) if row.get("size") else None
    frees = [part.split() for part in row.get("frees", "").split(",") if part.strip()]
    given = tuple((store, _size(amount)) for store, amount in frees)
    if not given and size and "frees" not in row:
        given = (("san1", size),)
    return replace(snapshot, size_bytes=size, frees=given, disk_files=(f"[san1] {snapshot.moid}.vmdk",))


def _size(text: str) -> int:
    return 0 if text == "0B" else parse_size(text, "size")


def _meant(words: str, reasons: tuple[str, ...]) -> bool:
    """Does each of the wanted reasons, given by words it has, belong to one of those reasons, and none is left?"""
    wanted = [part.split() for part in words.split(";") if part.strip()]

    def pair(left: list[list[str]], there: tuple[str, ...]) -> bool:
        if not left:
            return not there
        return any(
            _has(reason, left[0]) and pair(left[1:], (*there[:place], *there[place + 1 :]))
            for place, reason in enumerate(there)
        )

    return len(wanted) == len(reasons) and pair(wanted, reasons)


def _has(reason: str, words: list[str]) -> bool:
    if ("overrules" in words) != reason.startswith("overrules: "):
        return False
    return all(word in reason for word in words)
