# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Create,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import Limits, Slots, moves_data
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import vm


def on(host: str | None, *datastores: str) -> Vm:
    return vm(host=host, datastores=datastores)


@pytest.mark.parametrize(
    ("limits", "first", "second"),
    [
        (Limits(vcenter=1), on("h1", "d1"), on("h2", "d2")),
        (Limits(host=1), on("h1", "d1"), on("h1", "d2")),
        (Limits(datastore=1), on("h1", "d1"), on("h2", "d1")),
        (Limits(datastore=1), on("h1", "d1", "d2"), on("h2", "d2", "d3")),
    ],
)
def test_one_more_must_fit_everywhere_and_leaves_its_place_to_the_next(limits: Limits, first: Vm, second: Vm) -> None:
    slots = Slots(limits)
    assert slots.take(first, heavy=True)
    assert not slots.take(second, heavy=True)
    slots.give(first, heavy=True)
    assert slots.take(second, heavy=True)


def test_what_does_not_fit_takes_nothing() -> None:
    slots = Slots(Limits(datastore=1))
    assert slots.take(on("h1", "full"), heavy=True)
    for _again in range(5):
        assert not slots.take(on("h1", "free", "full"), heavy=True)
    assert slots.take(on("h2", "free"), heavy=True)


def test_what_touches_a_few_small_files_counts_per_vcenter_only() -> None:
    slots = Slots(Limits(vcenter=3, host=1, datastore=1))
    assert [slots.take(on("h1", "d1"), heavy=False) for _number in range(4)] == [True, True, True, False]


def test_others_hosts_and_datastores_do_not_count() -> None:
    slots = Slots(Limits(host=1, datastore=1))
    assert slots.take(on("h1", "d1"), heavy=True)
    assert slots.take(on("h2", "d2"), heavy=True)
    # A host is no datastore, even of the same name.
    assert slots.take(on("d1", "h1"), heavy=True)


@pytest.mark.parametrize(
    ("actions", "heavy"),
    [
        ((), False),
        ((Create("n", "", Marker(), memory=False, quiesce=True),), False),
        ((Create("n", "", Marker(), memory=True, quiesce=False),), True),
        ((Revert("s"),), False),
        ((Revert("s", memory=True),), True),
        ((Rename("s", "n"), Power("poweredOn")), False),
        ((Rename("s", "n"), Remove("s")), True),
        ((RemoveAll(),), True),
    ],
)
def test_merges_and_memory_move_data(actions: tuple[Action, ...], heavy: bool) -> None:
    assert moves_data(actions) is heavy
