# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._thresholds import (
    Thresholds,
    news,
    parse_thresholds,
    passed,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, chain, hours, node, vm

OPTIONS: dict[str, Any] = {
    "max_age": None,
    "max_size": None,
    "max_chain_depth": None,
    "expired": True,
    "consolidation_needed": True,
}
NOTHING = Thresholds(expired=False, consolidation_needed=False)


def found(machine: Vm, wanted: Thresholds) -> list[tuple[str, int | None]]:
    return [(one.reason, one.snapshot.id if one.snapshot else None) for one in passed(machine, wanted, NOW)]


def test_options_become_thresholds() -> None:
    given = {**OPTIONS, "max_age": "3d", "max_size": "2GiB", "max_chain_depth": 3, "expired": False}
    assert parse_thresholds(given) == Thresholds(timedelta(days=3), 2 * 2**30, 3, False, True)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"max_age": "soon"}, "max_age"),
        ({"max_size": "50"}, "max_size"),
        ({"max_chain_depth": 0}, "max_chain_depth"),
        ({"expired": False, "consolidation_needed": False}, "no threshold"),
    ],
)
def test_a_wrong_option_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        parse_thresholds({**OPTIONS, **wrong})


def test_only_older_than_the_age_counts() -> None:
    machine = vm(node(1, age=hours(72)), node(2, age=hours(73)))
    assert found(machine, replace(NOTHING, max_age=hours(72))) == [("age", 2)]


def test_what_was_written_since_counts_as_size() -> None:
    machine = vm(node(1), node(2))
    small, big = machine.snapshots
    machine = replace(
        machine, snapshots=(replace(small, frees=(("a", 60), ("b", 40))), replace(big, frees=(("a", 101),)))
    )
    assert found(machine, replace(NOTHING, max_size=100)) == [("size", 2)]


def test_depth_counts_from_the_root() -> None:
    assert found(vm(chain(4)), replace(NOTHING, max_chain_depth=2)) == [("depth", 3), ("depth", 4)]


def test_expiry_is_that_of_the_marker() -> None:
    past, future = Marker(set="a", expires=NOW), Marker(set="a", expires=NOW + hours(1))
    machine = vm(node(1, marker=past), node(2, marker=future), node(3), node(4, marker=Marker(set="a")))
    assert found(machine, replace(NOTHING, expired=True)) == [("expiry", 1)]


def test_the_machine_itself_may_need_something() -> None:
    machine = vm(consolidation_needed=True)
    assert found(machine, replace(NOTHING, consolidation_needed=True)) == [("consolidation", None)]
    assert found(machine, NOTHING) == []


def test_one_snapshot_may_pass_several() -> None:
    machine = vm(node(1, "before", age=hours(100), marker=Marker(set="a", expires=NOW - hours(1))))
    [age, expiry] = passed(machine, Thresholds(max_age=hours(72)), NOW)
    assert (age.reason, expiry.reason) == ("age", "expiry")
    assert "'before'" in age.msg and "4d4h old" in age.msg and "2026-11-23T04:00:00Z" in expiry.msg


def test_each_is_told_once_until_it_clears() -> None:
    wanted = replace(NOTHING, max_age=hours(72))
    old = list(passed(vm(node(1, age=hours(100))), wanted, NOW))
    fresh, told = news(old, ())
    assert fresh == old
    assert news(old, told) == ([], told)
    two = [*old, *passed(vm(node(1, age=hours(100)), moid="vm-2"), wanted, NOW)]
    fresh, told = news(two, told)
    assert [one.vm.moid for one in fresh] == ["vm-2"]
    nothing, told = news([], told)
    assert (nothing, told) == ([], frozenset())
    assert news(old, told)[0] == old
