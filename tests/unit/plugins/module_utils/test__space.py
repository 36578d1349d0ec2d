# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Footprint, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._space import SpaceWish, allocate, needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import vm

settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=40)
settings.load_profile("savepoint")
MANY = settings(max_examples=200)

GIB = 2**30
TENTH = SpaceWish(growth=Amount(percent=10))


def store(name: str, free: int, capacity: int = 1000 * GIB) -> Datastore:
    return Datastore(name, capacity, free)


def machine(
    number: int,
    disks: Mapping[str, int],
    grown: Mapping[str, int] | None = None,
    memory: int = 0,
    home: str = "fast",
    datastores: Sequence[str] = ("ds-fast", "ds-slow"),
) -> Vm:
    foot = Footprint(tuple(disks.items()), tuple((grown or {}).items()), memory, home)
    return vm(moid=f"vm-{number}", name=f"web-{number:02}", datastores=tuple(datastores), footprint=foot)


STORES = {"ds-fast": store("fast", 100 * GIB), "ds-slow": store("slow", 100 * GIB)}


@pytest.mark.parametrize(
    ("one", "wish", "expected"),
    [
        (machine(1, {"fast": 40 * GIB}), TENTH, {"ds-fast": 4 * GIB}),
        (machine(1, {"fast": 40 * GIB}), SpaceWish(growth=Amount(size=GIB)), {"ds-fast": GIB}),
        (machine(1, {"fast": 30 * GIB, "slow": 10 * GIB}), TENTH, {"ds-fast": 3 * GIB, "ds-slow": GIB}),
        (
            machine(1, {"fast": 30 * GIB, "slow": 10 * GIB}),
            SpaceWish(growth=Amount(size=8 * GIB)),
            {"ds-fast": 6 * GIB, "ds-slow": 2 * GIB},
        ),
        # Parts are rounded up.
        (machine(1, {"fast": 1, "slow": 2}), SpaceWish(growth=Amount(size=10)), {"ds-fast": 4, "ds-slow": 7}),
        # What was written since an older snapshot is in use like the rest.
        (machine(1, {"fast": 40 * GIB}, {"fast": 20 * GIB}), TENTH, {"ds-fast": 4 * GIB}),
        # What is there already has 4 to grow, and has grown 1, or more than it was to.
        (machine(1, {"fast": 41 * GIB}, {"fast": GIB}), replace(TENTH, taken=["vm-1"]), {"ds-fast": 3 * GIB}),
        (machine(1, {"fast": 49 * GIB}, {"fast": 9 * GIB}), replace(TENTH, taken=["vm-1"]), {"ds-fast": 0}),
        (machine(1, {"fast": 40 * GIB}, memory=8 * GIB), TENTH, {"ds-fast": 4 * GIB}),
        (machine(1, {"fast": 40 * GIB}, memory=8 * GIB), replace(TENTH, memory=["vm-1"]), {"ds-fast": 12 * GIB}),
        (
            machine(1, {"fast": 40 * GIB}, memory=8 * GIB, home="slow"),
            replace(TENTH, memory=["vm-1"]),
            {"ds-fast": 4 * GIB, "ds-slow": 8 * GIB},
        ),
        (
            machine(1, {"fast": 40 * GIB}, memory=8 * GIB),
            replace(TENTH, memory=["vm-1"], taken=["vm-1"]),
            {"ds-fast": 4 * GIB},
        ),
        (machine(1, {"fast": 40 * GIB}), SpaceWish(min_free=Amount(percent=5)), {"ds-fast": 0}),
        (machine(1, {"gone": 40 * GIB}), TENTH, {}),
        (vm(), TENTH, {}),
    ],
)
def test_what_a_vm_needs(one: Vm, wish: SpaceWish, expected: dict[str, int]) -> None:
    assert needs(one, STORES, wish) == expected


def fleet(*sizes: int) -> list[Vm]:
    return [machine(number, {"fast": size * GIB}) for number, size in enumerate(sizes, 1)]


def blocked(vms: Sequence[Vm], free: int, wish: SpaceWish = TENTH, earlier: Sequence[Vm] = ()) -> list[str]:
    return list(allocate(vms, {"ds-fast": store("fast", free * GIB)}, wish, earlier).short)


@pytest.mark.parametrize(
    ("free", "expected"),
    [(12, []), (11, ["vm-3"]), (8, ["vm-3"]), (7, ["vm-2", "vm-3"]), (3, ["vm-1", "vm-2", "vm-3"])],
)
def test_space_is_granted_in_order_until_it_runs_out(free: int, expected: list[str]) -> None:
    assert blocked(fleet(40, 40, 40), free) == expected


def test_the_order_decides_who_gets_it() -> None:
    small, large = fleet(10, 90)
    assert blocked([small, large], 9) == ["vm-2"]
    assert blocked([large, small], 9) == ["vm-1"]


def test_a_huge_machine_leaves_the_space_to_those_after_it() -> None:
    assert blocked(fleet(10, 9000, 10), 2) == ["vm-2"]


def test_a_machine_gets_space_on_all_its_datastores_or_none() -> None:
    both = machine(1, {"fast": 40 * GIB, "slow": 40 * GIB})
    stores = {"ds-fast": store("fast", 4 * GIB), "ds-slow": store("slow", 3 * GIB)}
    found = allocate([both, machine(2, {"fast": 40 * GIB})], stores, TENTH)
    assert list(found.short) == ["vm-1"]
    assert [(room.needed, room.granted, room.wanting) for room in found.rooms.values()] == [
        (8 * GIB, 4 * GIB, 2),
        (4 * GIB, 0, 1),
    ]
    assert found.short["vm-1"].message == (
        "datastore 'slow' has 3.0 GiB free; 1 virtual machine needs 4.0 GiB there, this one 4.0 GiB"
    )


def test_what_must_stay_free_and_what_earlier_batches_will_grow_comes_first() -> None:
    earlier = [machine(7, {"fast": 41 * GIB}, {"fast": GIB}), machine(8, {"fast": 40 * GIB})]
    wish = replace(TENTH, min_free=Amount(percent=5))
    stores = {"ds-fast": store("fast", 60 * GIB)}
    found = allocate(fleet(20, 20), stores, wish, earlier)
    room = found.rooms["ds-fast"]
    assert (room.kept, room.reserved, room.granted) == (50 * GIB, 7 * GIB, 2 * GIB)
    assert found.short["vm-2"].message == (
        "datastore 'fast' has 60.0 GiB free, of which 50.0 GiB must stay free and 7.0 GiB is for the snapshots of "
        "earlier batches; 2 virtual machines need 4.0 GiB there, this one 2.0 GiB"
    )
    assert list(found.short) == ["vm-2"]


def test_a_datastore_that_is_too_full_blocks_even_what_is_not_expected_to_grow() -> None:
    wish = SpaceWish(min_free=Amount(size=10 * GIB))
    assert blocked(fleet(40), 10, wish) == []
    assert blocked(fleet(40), 9, wish) == ["vm-1"]
    # Its snapshot is there, and takes no more than it has.
    assert blocked(fleet(40), 9, replace(wish, taken=["vm-1"])) == []


def test_what_is_not_known_is_said() -> None:
    vms = [machine(1, {"fast": GIB}), machine(2, {"gone": GIB}), vm(moid="vm-3"), machine(4, {})]
    found = allocate(vms, STORES, TENTH)
    assert found.unknown == {
        "vm-2": "the space of datastore 'gone' can't be read",
        "vm-3": "vCenter does not say how much its disks take",
        "vm-4": "vCenter does not say how much its disks take",
    }
    assert not found.short


def test_datastores_of_the_same_name_are_two() -> None:
    stores = {"ds-1": store("fast", GIB), "ds-2": store("fast", 9 * GIB)}
    vms = [machine(1, {"fast": 40 * GIB}, datastores=["ds-1"]), machine(2, {"fast": 40 * GIB}, datastores=["ds-2"])]
    assert list(allocate(vms, stores, TENTH).short) == ["vm-1"]


AMOUNTS = st.integers(0, 60)
GROWTHS = st.builds(Amount, percent=st.integers(1, 100)) | st.builds(Amount, size=st.integers(1, 60))
WISHES = st.builds(
    SpaceWish,
    growth=st.none() | GROWTHS,
    min_free=st.none() | st.builds(Amount, percent=st.integers(1, 90)) | st.builds(Amount, size=st.integers(1, 60)),
    memory=st.frozensets(st.sampled_from([f"vm-{number}" for number in range(8)])),
    taken=st.frozensets(st.sampled_from([f"vm-{number}" for number in range(8)])),
)
ROOMS = st.fixed_dictionaries(
    {"ds-fast": st.builds(store, st.just("fast"), AMOUNTS, st.just(100))}
    | {"ds-slow": st.builds(store, st.just("slow"), AMOUNTS, st.just(100))}
)


@st.composite
def fleets(draw: st.DrawFn, first: int = 0) -> list[Vm]:
    made = []
    for number in range(first, first + draw(st.integers(0, 7))):
        disks = draw(st.dictionaries(st.sampled_from(["fast", "slow"]), AMOUNTS))
        grown = {name: draw(st.integers(0, size)) for name, size in disks.items()}
        made.append(machine(number, disks, grown, draw(AMOUNTS), draw(st.sampled_from(["fast", "slow"]))))
    return made


@MANY
@given(fleets(), ROOMS, WISHES, fleets(first=50))
def test_never_more_is_granted_than_is_free(
    vms: list[Vm], stores: dict[str, Datastore], wish: SpaceWish, earlier: list[Vm]
) -> None:
    found = allocate(vms, stores, wish, earlier)
    spent = dict.fromkeys(stores, 0)
    for one in vms:
        if one.moid not in found.short:
            for moid, need in needs(one, stores, wish).items():
                spent[moid] += need
    for moid, room in found.rooms.items():
        assert spent[moid] == room.granted <= room.needed
        assert room.granted <= max(0, room.store.free - room.kept - room.reserved)


@MANY
@given(fleets(), ROOMS, WISHES)
def test_nobody_is_blocked_for_whom_there_is_room(vms: list[Vm], stores: dict[str, Datastore], wish: SpaceWish) -> None:
    found = allocate(vms, stores, wish)
    for position, one in enumerate(vms):
        if one.moid in found.short:
            before = allocate(vms[:position], stores, wish).rooms
            asked = needs(one, stores, wish)
            assert any(need > before[moid].left for moid, need in asked.items())


@MANY
@given(fleets(), ROOMS, WISHES, st.integers(0, 7))
def test_those_that_come_later_change_nothing(
    vms: list[Vm], stores: dict[str, Datastore], wish: SpaceWish, cut: int
) -> None:
    first = {one.moid for one in vms[:cut]}
    assert set(allocate(vms[:cut], stores, wish).short) == set(allocate(vms, stores, wish).short) & first


@MANY
@given(fleets(), ROOMS, WISHES, fleets(first=50), st.integers(0, 60))
def test_more_earlier_batches_never_leave_more(
    vms: list[Vm], stores: dict[str, Datastore], wish: SpaceWish, earlier: list[Vm], more: int
) -> None:
    alone = vms[:1]
    blocked_without = set(allocate(alone, stores, wish).short)
    assert blocked_without <= set(allocate(alone, stores, wish, earlier).short)
    roomy = {moid: replace(one, free=one.free + more) for moid, one in stores.items()}
    assert set(allocate(alone, roomy, wish).short) <= blocked_without


@MANY
@given(st.integers(0, 12), st.integers(0, 40), st.integers(1, 20), st.integers(0, 20))
def test_of_equal_machines_more_space_takes_more(count: int, size: int, free: int, more: int) -> None:
    vms = fleet(*[size] * count)
    assert blocked(vms, free + more) == blocked(vms, free)[len(blocked(vms, free)) - len(blocked(vms, free + more)) :]
    assert len(blocked(vms, free + more)) <= len(blocked(vms, free))
