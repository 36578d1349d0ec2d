# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import (
    Node,
    find,
    flatten,
    render,
    subtree,
    with_child,
    with_current,
    with_text,
    without,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    assert_forest,
    chain,
    hours,
    moid,
    node,
    one,
    paths,
    tree,
    vm,
)

# a ── b ── d
#   └─ c        e ── f
FOREST: tuple[Node, ...] = (
    node(1, "a", node(2, "b", node(4, "d")), node(3, "c")),
    node(5, "e", node(6, "f")),
)


def forest(current: int | None) -> tuple[Snapshot, ...]:
    return tree(*FOREST, current=current)


# Building


def test_every_branch_of_every_root_is_walked_parents_first() -> None:
    assert paths(forest(4)) == ["a", "a/b", "a/b/d*", "a/c", "e", "e/f"]
    assert_forest(forest(4))


def test_a_node_keeps_what_vsphere_gave_and_its_description_is_taken_apart() -> None:
    marker = Marker(set="CHG1", kind="memory")
    given = node(7, "n", text="text", marker=marker, state="poweredOn", age=hours(3))
    snapshot = flatten([given], None)[0]
    assert snapshot == Snapshot(
        moid="snapshot-7",
        id=7,
        name="n",
        raw_description="text\n[savepoint set=CHG1 kind=memory]",
        description="text",
        created_at=NOW - hours(3),
        state="poweredOn",
        quiesced=False,
        parent=None,
        children=(),
        depth=1,
        path="n",
        current=False,
        marker=marker,
    )


def test_a_marker_that_does_not_parse_leaves_its_reason() -> None:
    snapshot = one(raw="text\n[savepoint hold=1]")
    assert (snapshot.marker, snapshot.marker_problem) == (None, "'hold' takes no value")
    assert snapshot.description == "text"


@pytest.mark.parametrize("length", [1, 32, 5000])
def test_a_chain_may_be_deeper_than_pythons_stack(length: int) -> None:
    snapshots = tree(chain(length), current=length)
    assert [snapshot.depth for snapshot in snapshots] == list(range(1, length + 1))
    assert snapshots[-1].current
    assert_forest(snapshots)


def test_a_level_may_be_hundreds_wide() -> None:
    snapshots = tree(node(1, "root", *(node(number, "same") for number in range(2, 502))), node(502))
    assert [snapshot.id for snapshot in snapshots] == list(range(1, 503))
    assert len(snapshots[0].children) == 500
    assert_forest(snapshots)


def test_no_tree_is_empty() -> None:
    assert tree() == ()


# Finding


@pytest.mark.parametrize(("number", "ids"), [(1, [1, 2, 4, 3]), (2, [2, 4]), (3, [3]), (5, [5, 6])])
def test_a_subtree_is_the_snapshot_and_everything_below_it(number: int, ids: list[int]) -> None:
    assert [snapshot.id for snapshot in subtree(forest(None), moid(number))] == ids


SETS = vm(
    node(1, "before", node(2, "before", marker=Marker(set="CHG1"))),
    node(3, "other", node(4, "unique", marker=Marker(set="CHG2")), node(5, "twice", marker=Marker(set="CHG2"))),
    node(6, "Case"),
    node(7, "100%"),
    node(8, " spaces "),
    node(9, "a/b"),
    node(10, "CHG1"),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"snapshot_id": 4}, 4),
        ({"snapshot_id": 99}, None),
        ({"snapshot_id": 0}, None),
        ({"name": "unique"}, 4),
        ({"name": "100%"}, 7),
        ({"name": " spaces "}, 8),
        ({"name": "a/b"}, 9),
        # Names are exact: no patterns, no case folding, no trimming, no paths, no prefixes.
        ({"name": "uniq.*"}, None),
        ({"name": "uniq"}, None),
        ({"name": "case"}, None),
        ({"name": "spaces"}, None),
        ({"name": "other/unique"}, None),
        # A set is found by the marker alone: neither the name given with it nor one that is called so counts.
        ({"set_id": "CHG1"}, 2),
        ({"set_id": "CHG1", "name": "unique"}, 2),
        ({"set_id": "before"}, None),
        ({"set_id": "chg1"}, None),
        # An ID is exact already.
        ({"snapshot_id": 1, "name": "before"}, 1),
    ],
)
def test_the_one_that_is_meant_is_found_in_any_branch(wanted: dict[str, int | str], found: int | None) -> None:
    snapshot = find(SETS, **wanted)  # type: ignore[arg-type]
    assert (snapshot.id if snapshot is not None else None) == found


@pytest.mark.parametrize(
    ("wanted", "what", "ids"),
    [({"name": "before"}, "name 'before'", (1, 2)), ({"set_id": "CHG2"}, "set 'CHG2'", (4, 5))],
)
def test_more_than_one_match_is_an_error_that_lists_the_candidates(
    wanted: dict[str, str], what: str, ids: tuple[int, ...]
) -> None:
    with pytest.raises(InputError) as caught:
        find(SETS, **wanted)  # type: ignore[arg-type]
    assert f"{SETS.label} has 2 snapshots with the {what}: " in caught.value.msg
    for number in ids:
        snapshot = SETS.snapshot(moid(number))
        assert snapshot is not None
        assert snapshot.label in caught.value.msg
    assert "snapshot_id" in caught.value.msg


# Foretelling


@pytest.mark.parametrize(
    ("current", "gone", "after"),
    [
        (4, [4], ["a", "a/b*", "a/c", "e", "e/f"]),
        (4, [2], ["a", "a/d*", "a/c", "e", "e/f"]),
        (4, [2, 4], ["a*", "a/c", "e", "e/f"]),
        (4, [1], ["b", "b/d*", "c", "e", "e/f"]),
        (4, [1, 2, 4], ["c", "e", "e/f"]),
        (3, [1], ["b", "b/d", "c*", "e", "e/f"]),
        (5, [5], ["a", "a/b", "a/b/d", "a/c", "f"]),
        (None, [6, 5], ["a", "a/b", "a/b/d", "a/c"]),
        (4, [1, 2, 3, 4, 5, 6], []),
        (4, [], ["a", "a/b", "a/b/d*", "a/c", "e", "e/f"]),
        (4, [99], ["a", "a/b", "a/b/d*", "a/c", "e", "e/f"]),
    ],
)
def test_children_of_a_removed_snapshot_move_up_and_current_goes_to_its_parent(
    current: int | None, gone: list[int], after: list[str]
) -> None:
    left = without(forest(current), [moid(number) for number in gone])
    assert paths(left) == after
    assert_forest(left)


def test_removing_every_other_of_a_deep_chain_joins_the_rest() -> None:
    left = without(tree(chain(32), current=32), [moid(number) for number in range(2, 33, 2)])
    assert [snapshot.id for snapshot in left] == list(range(1, 32, 2))
    assert left[-1].current and left[-1].depth == 16
    assert_forest(left)


@pytest.mark.parametrize(
    ("current", "after"),
    [
        (4, ["a", "a/b", "a/b/d", "a/b/d/new*", "a/c", "e", "e/f"]),
        (1, ["a", "a/b", "a/b/d", "a/c", "a/new*", "e", "e/f"]),
        (None, ["a", "a/b", "a/b/d", "a/c", "e", "e/f", "new*"]),
    ],
)
def test_a_new_snapshot_stands_below_the_current_one_and_is_current(current: int | None, after: list[str]) -> None:
    grown = with_child(forest(current), replace(one("new"), moid="", id=-1))
    assert paths(grown) == after
    assert_forest(grown)


def test_a_revert_moves_current_and_nothing_else() -> None:
    assert with_current(forest(4), moid(3)) == forest(3)


@pytest.mark.parametrize(
    ("name", "raw", "after"),
    [
        ("B", None, ["a", "a/B", "a/B/d*", "a/c", "e", "e/f"]),
        (None, "new text", ["a", "a/b", "a/b/d*", "a/c", "e", "e/f"]),
        ("a", "new text\n[savepoint hold]", ["a", "a/a", "a/a/d*", "a/c", "e", "e/f"]),
    ],
)
def test_a_rename_changes_the_texts_given_and_the_paths_below(
    name: str | None, raw: str | None, after: list[str]
) -> None:
    renamed = with_text(forest(4), moid(2), name, raw)
    assert paths(renamed) == after
    assert_forest(renamed)
    assert renamed[1].description == ("new text" if raw else "")
    assert renamed[1].hold is (raw is not None and "hold" in raw)


# Drawing


def test_a_drawn_tree_shows_every_branch_and_where_the_present_is() -> None:
    expires = NOW.astimezone(timezone(timedelta(hours=9)))
    marker = Marker(set="CHG1", kind="quiesced", expires=expires, phase="failed", hold=True)
    snapshots = tree(
        node(1, "golden", node(2, "before", text="for CHG1\nby Ann", marker=marker), node(3, "try", state="poweredOn")),
        current=2,
    )
    assert render(snapshots) == (
        "- golden #1 [crash_consistent]\n"
        "    - before #2 [quiesced, set=CHG1, expires=2026-11-23T05:00:00Z, phase=failed, hold=yes] for CHG1 by Ann\n"
        "        * you are here\n"
        "    - try #3 [memory]\n"
    )


@pytest.mark.parametrize(
    ("current", "override", "here"),
    [
        (None, None, "* you are here"),
        (4, "", "* you are here"),
        (4, moid(1), "    * you are here"),
        (4, None, "            * you are here"),
    ],
)
def test_the_present_is_drawn_once(current: int | None, override: str | None, here: str) -> None:
    lines = render(forest(current), override).splitlines()
    assert [line for line in lines if "you are here" in line] == [here]


def test_a_foretold_snapshot_is_drawn_as_new_with_the_present_below_it_once() -> None:
    grown = with_child(forest(6), replace(one("new"), moid="", id=-1))
    assert render(grown).endswith(
        "    - f #6 [crash_consistent]\n        - new #new [crash_consistent]\n            * you are here\n"
    )
    assert render(grown).count("you are here") == 1


def test_an_empty_tree_is_drawn_as_the_present_alone() -> None:
    assert render(()) == "* you are here\n"


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x1b[2J", "\t"])
def test_hostile_text_can_not_forge_lines_of_the_drawing(break_: str) -> None:
    forged = f"x{break_}- forged #9 [memory]"
    drawn = render((one(forged, text=forged, marker=Marker(set=forged)),))
    assert len(drawn.splitlines()) == 2
    assert "\x1b" not in drawn
