# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import (
    SECONDS_EACH,
    VCENTER,
    expected_seconds,
    moves_data,
    places,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import one, vm


def test_merges_and_memory_take_slots_of_the_host_and_of_every_datastore() -> None:
    machine = vm(host="h1", datastores=("d1", "d2"))
    assert places(machine, (Remove("s"),)) == (VCENTER, ("host", "h1"), ("datastore", "d1"), ("datastore", "d2"))


def test_what_touches_a_few_small_files_counts_per_vcenter_only() -> None:
    assert places(vm(host="h1", datastores=("d1",)), (Revert("s"),)) == (VCENTER,)


def test_a_host_that_vcenter_did_not_name_has_no_limit() -> None:
    assert places(vm(host=None, datastores=("d1",)), (RemoveAll(),)) == (VCENTER, ("datastore", "d1"))


def test_more_bytes_are_expected_to_take_longer() -> None:
    gigabyte = 2**30
    big = replace(one(), moid="big", frees=(("d1", 10 * gigabyte),))
    small = replace(one(), moid="small", frees=(("d1", gigabyte),))
    machine = vm(snapshots=(big, small), memory_mb=4096, current_delta_bytes=gigabyte)
    seconds = [
        expected_seconds(machine, actions)
        for actions in (
            (),
            (Rename("small", "n"),),
            (Power("poweredOn"),),
            (Remove("small"),),
            (Consolidate(),),
            (Revert("small", memory=True),),
            (Remove("big"),),
            (RemoveAll(),),
        )
    ]
    assert seconds == sorted(seconds)
    assert seconds[:3] == [0.0, 0.0, SECONDS_EACH]
    assert seconds[-1] == expected_seconds(machine, (Remove("big"), Remove("small"))) - SECONDS_EACH


def test_memory_takes_longer_the_more_there_is() -> None:
    small, big = vm(memory_mb=1024), vm(memory_mb=65536)
    create = Create("n", "", Marker(), memory=True, quiesce=False)
    assert expected_seconds(small, (create,)) < expected_seconds(big, (create,))
    disks = Create("n", "", Marker(), memory=False, quiesce=False)
    assert expected_seconds(small, (disks,)) == expected_seconds(big, (disks,))


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
