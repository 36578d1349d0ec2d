# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy, parse_policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours, judged, node, vm


def ours(number: int, age: float, *, expired: bool | None = None, hold: bool = False) -> Node:
    """A managed snapshot so many hours old; ``expired`` is None for one without an expiry."""
    expires = None if expired is None else NOW + hours(-1 if expired else 1)
    return node(number, age=hours(age), marker=Marker(set=f"CHG{number}", expires=expires, hold=hold))


def foreign(number: int, age: float, name: str | None = None, raw: str = "") -> Node:
    return node(number, name, age=hours(age), raw=raw)


def removed(machine: Vm, policy: dict[str, Any]) -> list[int]:
    """The IDs that the policy takes, in the order of removal."""
    return [verdict.snapshot.id for verdict in judged(machine, parse_policy(policy)) if verdict.remove]


def verdict_on(machine: Vm, policy: dict[str, Any], number: int) -> Verdict:
    return next(v for v in judged(machine, parse_policy(policy)) if v.snapshot.id == number)


# Reading


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"keep_last": 3}, Policy(keep_last=3)),
        ({"max_age": "72h"}, Policy(max_age=timedelta(hours=72))),
        ({"honor_expiry": True}, Policy(honor_expiry=True)),
        ({"keep_last": 0, "honor_expiry": True}, Policy(keep_last=0, honor_expiry=True)),
        (
            {"keep_last": None, "max_age": "1d", "honor_expiry": False, "allow_none": True},
            Policy(max_age=timedelta(days=1), allow_none=True),
        ),
    ],
)
def test_a_policy_is_what_its_keys_say(given: dict[str, Any], policy: Policy) -> None:
    assert parse_policy(given) == policy


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "policy is empty"),
        ({"keep_last": None, "max_age": None, "honor_expiry": False, "allow_none": False}, "policy is empty"),
        ({"allow_none": True}, "policy is empty"),
        ({"keep_last": 0}, "policy: keep_last: 0 alone would remove every snapshot"),
        ({"keep_last": 0, "allow_none": True}, "policy: keep_last: 0 alone would remove every snapshot"),
        ({"keep_last": -1}, "policy: keep_last is -1"),
        ({"max_age": ""}, "policy: max_age: '' is not a duration"),
        ({"max_age": "0d"}, "policy: max_age: '0d' is not a duration"),
    ],
)
def test_nothing_never_means_remove_all(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(given)
    assert caught.value.msg.startswith(msg)


# Judging

MIXED = vm(
    ours(1, 100, expired=True, hold=True),
    ours(2, 90, expired=True),
    foreign(3, 80),
    ours(4, 70, expired=False),
    foreign(5, 60, "VEEAM BACKUP TEMPORARY SNAPSHOT"),
    foreign(6, 50, raw="[savepoint set=CHG6 hold=yes]"),
    ours(7, 40, expired=True),
    ours(8, 30),
)


@pytest.mark.parametrize(
    ("policy", "ids"),
    [
        # Without a limit, keep_* removes what it does not select.
        ({"keep_last": 1}, [2, 4, 7]),
        ({"keep_last": 2}, [2, 4]),
        ({"keep_last": 9}, []),
        # With a limit, only what the limit asks for goes.
        ({"max_age": "65h"}, [2, 4]),
        ({"max_age": "35h"}, [2, 4, 7]),
        ({"max_age": "200h"}, []),
        ({"honor_expiry": True}, [2, 7]),
        ({"max_age": "65h", "honor_expiry": True}, [2, 4, 7]),
        # A keep_* rule beside a limit objects.
        ({"keep_last": 2, "max_age": "35h"}, [2, 4]),
        ({"keep_last": 2, "honor_expiry": True}, [2]),
        ({"keep_last": 4, "max_age": "1h"}, []),
        # Neither hold nor protection gives way to allow_none.
        ({"max_age": "1h", "allow_none": True}, [2, 4, 7, 8]),
    ],
)
def test_only_managed_snapshots_that_nothing_objects_to_go_oldest_first(policy: dict[str, Any], ids: list[int]) -> None:
    assert removed(MIXED, policy) == ids


@pytest.mark.parametrize(
    ("policy", "number", "reasons"),
    [
        ({"max_age": "1h"}, 1, ["on hold", "overrules: older than 1h (max_age): it is 4d4h old"]),
        ({"max_age": "1h"}, 3, ["foreign: it has no savepoint marker"]),
        (
            {"max_age": "1h"},
            5,
            ["it belongs to a backup or replication product (Veeam)", "foreign: it has no savepoint marker"],
        ),
        (
            {"max_age": "1h"},
            6,
            ["its savepoint marker does not parse ('hold' takes no value)", "foreign: it has no savepoint marker"],
        ),
        ({"max_age": "35h"}, 8, ["no limit asks for it"]),
        ({"keep_last": 1}, 2, ["no keep rule selects it"]),
        ({"max_age": "65h"}, 2, ["older than 2d17h (max_age): it is 3d18h old"]),
        (
            {"max_age": "65h", "honor_expiry": True},
            2,
            ["older than 2d17h (max_age): it is 3d18h old", "expired at 2026-11-23T04:00:00Z (honor_expiry)"],
        ),
        (
            {"keep_last": 1, "max_age": "1h"},
            8,
            ["among the last 1 (keep_last)", "overrules: older than 1h (max_age): it is 1d6h old"],
        ),
    ],
)
def test_every_verdict_has_all_its_reasons(policy: dict[str, Any], number: int, reasons: list[str]) -> None:
    assert list(verdict_on(MIXED, policy, number).reasons) == reasons


def test_every_snapshot_has_a_verdict_oldest_first() -> None:
    assert [verdict.snapshot.id for verdict in judged(MIXED, Policy(keep_last=1))] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert judged(vm(), Policy(keep_last=1)) == ()


def test_age_decides_and_not_the_place_in_the_tree_and_ids_break_ties() -> None:
    machine = vm(node(5, None, ours(4, 50), ours(9, 10), ours(3, 10), age=hours(99), marker=Marker(set="CHG5")))
    assert removed(machine, {"keep_last": 1}) == [5, 4, 3]


@pytest.mark.parametrize(("age", "gone"), [(72, []), (72.001, [1])])
def test_max_age_takes_what_is_older_and_not_what_is_as_old(age: float, gone: list[int]) -> None:
    assert removed(vm(ours(1, age), ours(2, 1)), {"max_age": "72h"}) == gone


@pytest.mark.parametrize(("left", "gone"), [(1, []), (0, [1]), (-1, [1])])
def test_an_expiry_takes_effect_at_its_second(left: int, gone: list[int]) -> None:
    marker = Marker(expires=NOW + timedelta(seconds=left))
    assert removed(vm(node(1, marker=marker)), {"honor_expiry": True}) == gone


def test_a_snapshot_from_the_future_is_not_old() -> None:
    assert removed(vm(ours(1, -5), ours(2, -6)), {"max_age": "1h", "allow_none": True}) == []


@pytest.mark.parametrize(
    ("snapshots", "policy", "gone"),
    [
        # Age alone leaves a VM's last managed snapshot, the newest.
        ([ours(1, 90), ours(2, 80)], {"max_age": "72h"}, [1]),
        ([ours(1, 90)], {"max_age": "72h"}, []),
        # A foreign one that stays does not count as managed.
        ([ours(1, 90), foreign(2, 80)], {"max_age": "72h"}, []),
        # One that stays anyway, here on hold, is the last.
        ([ours(1, 90), ours(2, 80, hold=True)], {"max_age": "72h"}, [1]),
        # allow_none lets it go.
        ([ours(1, 90)], {"max_age": "72h", "allow_none": True}, [1]),
        # keep_last: 0 keeps nothing, so it is no rule that holds on to anything.
        ([ours(1, 90)], {"max_age": "72h", "keep_last": 0}, []),
        # Expiry may take the last one.
        ([ours(1, 90, expired=True)], {"honor_expiry": True}, [1]),
        ([ours(1, 90, expired=True), ours(2, 80, expired=True)], {"honor_expiry": True, "max_age": "72h"}, [1, 2]),
        # Where expiry takes some and age would take the rest, the newest of that rest is the last one.
        ([ours(1, 90), ours(2, 80, expired=True)], {"honor_expiry": True, "max_age": "72h"}, [2]),
        ([ours(1, 99), ours(2, 90), ours(3, 80, expired=True)], {"honor_expiry": True, "max_age": "72h"}, [1, 3]),
        ([ours(1, 90, expired=True), ours(2, 80)], {"honor_expiry": True, "max_age": "72h"}, [1]),
    ],
)
def test_the_last_managed_snapshot_goes_only_by_expiry_or_with_leave(
    snapshots: list[Node], policy: dict[str, Any], gone: list[int]
) -> None:
    assert removed(vm(*snapshots), policy) == gone


def test_a_spared_snapshot_says_why_and_what_it_overrules() -> None:
    assert verdict_on(vm(ours(1, 90)), {"max_age": "72h"}, 1).reasons == (
        "the last managed snapshot of its VM; a keep rule or allow_none: true would let it go",
        "overrules: older than 3d (max_age): it is 3d18h old",
    )
