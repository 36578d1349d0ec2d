# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Footprint
from ansible_collections.savepoint.vsphere.plugins.module_utils._sizes import (
    File,
    Layout,
    SnapshotFiles,
    current_delta,
    footprint,
    sized,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import moid, node, tree

# Every file's size is its key, so that a sum tells which files were counted.
# Keys: 1000 and 2000 base disks, 100 and 200 their first deltas, 10 and 20 their second ones, 1 to 4 state files.
# The second disk is on a datastore of its own.
SIZES = {
    key: File(f"[{'two' if str(key).startswith('2') and key > 9 else 'one'}] vm/{key}", key)
    for key in (1000, 2000, 100, 200, 10, 20, 1, 2, 3, 4)
}
FOREST = tree(node(1, None, node(2, None, node(3)), node(4)), current=3)


def files(data: int, *disks: list[int], memory: int | None = None) -> SnapshotFiles:
    """Each disk is its chain from the base on, one file a link."""
    return SnapshotFiles(data, memory, tuple(tuple((key,) for key in disk) for disk in disks))


def sizes(layout: Layout) -> list[int | None]:
    return [snapshot.size_bytes for snapshot in sized(FOREST, layout)]


def test_a_snapshot_is_its_state_its_memory_and_the_disks_that_its_parent_does_not_have() -> None:
    layout = Layout(
        SIZES,
        {
            moid(1): files(1, [1000], [2000]),
            moid(2): files(2, [1000, 100], [2000, 200], memory=4),
            moid(3): files(3, [1000, 100, 10], [2000, 200, 20]),
            moid(4): files(4, [1000, 100], [2000]),
        },
    )
    # A root does not count the base disks.
    assert sizes(layout) == [1, 2 + 4 + 100 + 200, 3 + 10 + 20, 4 + 100]


def test_a_shared_file_is_counted_once_and_an_unknown_one_as_nothing() -> None:
    layout = Layout(
        SIZES, {moid(1): files(1, memory=1), moid(2): files(99), moid(3): files(3, memory=98), moid(4): files(4)}
    )
    assert sizes(layout) == [1, 0, 3, 4]


def test_a_size_that_can_not_be_told_is_none_and_no_guess() -> None:
    # The second is not in the layout, so neither it nor what is the third's own can be told.
    layout = Layout(
        SIZES, {moid(1): files(1, [1000]), moid(3): files(3, [1000, 100, 10]), moid(4): files(4, [1000, 100])}
    )
    assert sizes(layout) == [1, None, None, 104]


def test_sizing_changes_nothing_else() -> None:
    layout = Layout({}, {})
    assert sized(FOREST, layout) == FOREST
    assert sized((), layout) == ()


@pytest.mark.parametrize(
    ("chains", "delta"),
    [
        ([[1000, 100, 10], [2000, 200, 20]], 30),
        ([[1000, 100], [2000, 200]], 0),
        # A disk that was added after the last snapshot: all of it is a base disk, and no delta.
        ([[1000, 100, 10], [4000]], 10),
        # After a revert to the first snapshot the chain branches from its base.
        ([[1000, 3]], 3),
        ([], 0),
    ],
)
def test_the_current_delta_is_what_the_vm_writes_to_now(chains: list[list[int]], delta: int) -> None:
    layout = Layout(
        {**SIZES, 4000: File("[one] vm/4000", 4000)},
        {moid(1): files(1, [1000], [2000]), moid(2): files(2, [1000, 100], [2000, 200], memory=4)},
        tuple(frozenset(chain) for chain in chains),
    )
    assert current_delta(layout) == delta


def test_without_snapshots_there_is_no_delta() -> None:
    assert current_delta(Layout(SIZES, {}, (frozenset({1000}), frozenset({2000})))) == 0


# What a removal gives back


def frees(layout: Layout) -> dict[int, dict[str, int]]:
    return {snapshot.id: dict(snapshot.frees) for snapshot in sized(FOREST, layout)}


def test_a_removal_frees_the_state_and_the_delta_of_the_one_successor_on_each_datastore() -> None:
    layout = Layout(
        SIZES,
        {
            moid(1): files(1, [1000], [2000]),
            moid(2): files(2, [1000, 100], [2000, 200], memory=4),
            moid(3): files(3, [1000, 100, 10], [2000, 200, 20]),
        },
        (frozenset({1000, 100, 10, 4}), frozenset({2000, 200, 20})),
    )
    assert frees(layout) == {
        1: {"one": 1 + 100, "two": 200},
        2: {"one": 2 + 4 + 10, "two": 20},
        3: {"one": 3 + 4},  # the present is its successor
        4: {},  # not in the layout
    }


def test_several_successors_leave_nothing_to_merge_and_a_dead_end_gives_its_own_back() -> None:
    layout = Layout(
        SIZES,
        {
            moid(1): files(1, [1000]),
            moid(2): files(2, [1000, 100]),
            moid(3): files(3, [1000, 100, 10]),
            moid(4): files(4, [1000, 200]),
        },
        (frozenset({1000, 100, 10}),),
    )
    assert frees(layout)[1] == {"one": 1}
    assert frees(layout)[4] == {"one": 4, "two": 200}


def test_a_disk_that_was_added_between_two_snapshots_is_no_delta() -> None:
    added = files(2, [1000, 100], [2000])
    layout = Layout(SIZES, {moid(1): files(1, [1000]), moid(2): added}, (frozenset({1000, 100}), frozenset({2000})))
    chain = sized(tree(node(1, None, node(2)), current=2), layout)
    assert [snapshot.size_bytes for snapshot in chain] == [1, 2 + 100]
    assert [dict(snapshot.frees) for snapshot in chain] == [{"one": 1 + 100}, {"one": 2}]


def test_the_frozen_disks_are_the_last_links() -> None:
    layout = Layout(SIZES, {moid(1): files(1, [1000, 100], [2000])})
    assert sized(tree(node(1)), layout)[0].disk_files == ("[one] vm/100", "[two] vm/2000")


def test_the_footprint_is_the_present_disks_by_datastore_and_what_was_written_since() -> None:
    layout = Layout(
        SIZES,
        {moid(1): files(1, [1000], [2000], memory=4)},
        (frozenset({1000, 100}), frozenset({2000, 200, 20})),
    )
    assert footprint(layout, 7, "[one] vm") == Footprint(
        disks=(("one", 1100), ("two", 2220)), grown=(("one", 100), ("two", 220)), memory_bytes=7, home="one"
    )
    assert footprint(Layout(SIZES, {}, (frozenset({1000}),)), 0, "") == Footprint((("one", 1000),))
