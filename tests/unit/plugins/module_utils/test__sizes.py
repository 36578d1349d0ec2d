# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._sizes import (
    Layout,
    SnapshotFiles,
    current_delta,
    sized,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import moid, node, tree

# Every file's size is its key, so that a sum tells which files were counted.
# Keys: 1000 and 2000 base disks, 100 and 200 their first deltas, 10 and 20 their second ones, 1 to 4 state files.
SIZES = {key: key for key in (1000, 2000, 100, 200, 10, 20, 1, 2, 3, 4)}
FOREST = tree(node(1, None, node(2, None, node(3)), node(4)), current=3)


def files(data: int, *disks: int, memory: int | None = None) -> SnapshotFiles:
    return SnapshotFiles(data, memory, frozenset(disks))


def sizes(layout: Layout) -> list[int | None]:
    return [snapshot.size_bytes for snapshot in sized(FOREST, layout)]


def test_a_snapshot_is_its_state_its_memory_and_the_disks_that_its_parent_does_not_have() -> None:
    layout = Layout(
        SIZES,
        {
            moid(1): files(1, 1000, 2000),
            moid(2): files(2, 1000, 2000, 100, 200, memory=4),
            moid(3): files(3, 1000, 2000, 100, 200, 10, 20),
            moid(4): files(4, 1000, 2000, 100),
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
    layout = Layout(SIZES, {moid(1): files(1, 1000), moid(3): files(3, 1000, 100, 10), moid(4): files(4, 1000, 100)})
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
        {**SIZES, 4000: 4000}, {moid(1): files(1, 1000, 2000), moid(2): files(2, 1000, 2000, 100, 200, memory=4)}
    )
    assert current_delta(chains, layout) == delta


def test_without_snapshots_there_is_no_delta() -> None:
    assert current_delta([[1000], [2000]], Layout(SIZES, {})) == 0
