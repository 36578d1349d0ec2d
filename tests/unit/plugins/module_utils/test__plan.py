# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Create,
    NoteRevert,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
    blocked,
    check_text,
    noted_anew,
    predict,
    unreadable,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    assert_forest,
    hours,
    moid,
    node,
    paths,
    vm,
)

MARKER = Marker(set="CHG1", kind="crash_consistent", op="5f2c9a", phase="taken")
NEW = Create("new", "text", MARKER, memory=False, quiesce=False)
# a ── b ── d
#   └─ c        e
MACHINE = vm(node(1, "a", node(2, "b", node(4, "d")), node(3, "c")), node(5, "e"), current=4)


@pytest.mark.parametrize(
    ("actions", "after"),
    [
        ((), ["a", "a/b", "a/b/d*", "a/c", "e"]),
        ((NEW,), ["a", "a/b", "a/b/d", "a/b/d/new*", "a/c", "e"]),
        ((Rename(moid(2), "B"),), ["a", "a/B", "a/B/d*", "a/c", "e"]),
        ((Remove(moid(2)),), ["a", "a/d*", "a/c", "e"]),
        ((Remove(moid(2), children=True),), ["a*", "a/c", "e"]),
        ((Remove(moid(1), children=True),), ["e"]),
        ((Remove(moid(3), children=True),), ["a", "a/b", "a/b/d*", "e"]),
        ((RemoveAll(),), []),
        ((Revert(moid(3)),), ["a", "a/b", "a/b/d", "a/c*", "e"]),
        ((Power("poweredOff"),), ["a", "a/b", "a/b/d*", "a/c", "e"]),
        # One after the other, as they will be carried out.
        ((Remove(moid(4)), Remove(moid(2)), Remove(moid(1))), ["c", "e"]),
        ((Remove(moid(1)), Remove(moid(2))), ["d*", "c", "e"]),
        ((Revert(moid(3)), NEW), ["a", "a/b", "a/b/d", "a/c", "a/c/new*", "e"]),
        ((RemoveAll(), NEW), ["new*"]),
    ],
)
def test_the_tree_after_the_actions_is_foretold(actions: tuple[Action, ...], after: list[str]) -> None:
    foretold = predict(MACHINE, actions, NOW)
    assert paths(foretold) == after
    assert_forest(foretold)


def test_a_noted_revert_is_foretold() -> None:
    actions = (Revert(moid(3)), NoteRevert(moid(3), "text", MARKER, NOW))
    foretold = next(one for one in predict(MACHINE, actions, NOW) if one.moid == moid(3))
    assert (foretold.current, foretold.description, foretold.name) == (True, "text", "c")
    assert foretold.marker == replace(MARKER, phase="reverted", reverted=NOW)


NOTE = NoteRevert(moid(3), "text", MARKER, NOW)


def test_a_note_goes_into_what_the_description_is_by_now() -> None:
    held = replace(MARKER, hold=True)
    note = noted_anew(NOTE, vm(node(3, text="kept for the auditors", marker=held)), NOW + hours(1))
    assert note == NoteRevert(moid(3), "kept for the auditors", held, NOW + hours(1))


@pytest.mark.parametrize("newer", [None, vm(), vm(node(4, marker=MARKER))])
def test_a_note_for_what_was_not_seen_again_stays_as_it_was(newer: Vm | None) -> None:
    assert noted_anew(NOTE, newer, NOW + hours(1)) == replace(NOTE, ended_at=NOW + hours(1))


@pytest.mark.parametrize("raw", ["no marker", "[savepoint set=]", "[savepoint set=CHG1]\nbelow"])
def test_a_note_is_not_written_over_a_marker_that_is_gone_or_broken(raw: str) -> None:
    with pytest.raises(InputError, match="no marker any more"):
        noted_anew(NOTE, vm(node(3, raw=raw)), NOW)


def test_a_snapshot_that_never_had_a_marker_gets_one_with_the_note() -> None:
    bare = replace(NOTE, marker=Marker())
    assert noted_anew(bare, vm(node(3, text="new text")), NOW) == replace(bare, text="new text")


def test_foretelling_leaves_the_vm_as_it_is() -> None:
    before = paths(MACHINE.snapshots)
    predict(MACHINE, (RemoveAll(),), NOW)
    assert paths(MACHINE.snapshots) == before


@pytest.mark.parametrize(
    ("kind", "memory", "quiesce", "state"),
    [
        ("crash_consistent", False, False, "poweredOff"),
        ("powered_off", False, False, "poweredOff"),
        ("quiesced", False, True, "poweredOff"),
        ("memory", True, False, "poweredOn"),
        ("suspended", False, False, "suspended"),
        ("suspended", True, False, "suspended"),
    ],
)
def test_a_foretold_snapshot_is_like_the_one_that_vsphere_will_make(
    kind: str, memory: bool, quiesce: bool, state: str
) -> None:
    [snapshot] = predict(vm(), (Create("n", "text", Marker(kind=kind), memory, quiesce),), NOW)
    assert (snapshot.id, snapshot.moid, snapshot.created_at, snapshot.current) == (-1, "", NOW, True)
    assert (snapshot.state, snapshot.quiesced, snapshot.kind) == (state, quiesce, kind)
    assert (snapshot.description, snapshot.raw_description) == ("text", f"text\n[savepoint kind={kind}]")


def test_a_new_description_is_foretold_with_its_marker() -> None:
    foretold = predict(MACHINE, (Rename(moid(3), None, "text\n[savepoint set=A hold]"),), NOW)
    changed = next(snapshot for snapshot in foretold if snapshot.id == 3)
    assert (changed.name, changed.description, changed.marker) == ("c", "text", Marker(set="A", hold=True))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"connection_state": None}, None),
        ({"power_state": "suspended", "consolidation_needed": True}, None),
        ({"connection_state": "disconnected"}, "the virtual machine is disconnected"),
        ({"connection_state": "inaccessible"}, "the virtual machine is inaccessible"),
        ({"connection_state": "orphaned", "template": True}, "the virtual machine is orphaned"),
        ({"template": True}, "it is a template"),
        ({"question": True}, "it waits for the answer to a question"),
    ],
)
def test_what_keeps_vsphere_from_working_on_a_vm(fields: dict[str, Any], why: str | None) -> None:
    found = blocked(vm(**fields))
    assert found is None if why is None else (found or "").startswith(why)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("name", "name"),
        (" spaces stay ", " spaces stay "),
        ("100% / \\ 'quoted' {{ braces }} ünïcødé 🙂", "100% / \\ 'quoted' {{ braces }} ünïcødé 🙂"),
        ("no [savepoint] here", "no [savepoint] here"),
    ],
)
@pytest.mark.parametrize("may_be_empty", [True, False])
def test_text_that_vsphere_can_keep_is_kept(given: str | None, kept: str | None, may_be_empty: bool) -> None:
    assert check_text(given, "option", may_be_empty=may_be_empty) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("a\nb\tc", "a\nb\tc"), ("a\r\nb\r\n", "a\nb\n"), ("see [savepoint", "see [savepoint")],
)
def test_a_description_may_have_lines_and_be_empty(given: str, kept: str) -> None:
    assert check_text(given, "description", may_be_empty=True) == kept


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\r\n"])
def test_a_name_must_not_be_empty(text: str) -> None:
    with pytest.raises(InputError, match=r"^snapshot_name is empty"):
        check_text(text, "snapshot_name")


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb"])
def test_a_name_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^snapshot_name contains the control character"):
        check_text(text, "snapshot_name")


@pytest.mark.parametrize("char", [chr(code) for code in (0, 7, 13, 27, 127, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)])
@pytest.mark.parametrize("may_be_empty", [True, False])
def test_what_xml_can_not_carry_is_refused(char: str, may_be_empty: bool) -> None:
    with pytest.raises(InputError) as caught:
        check_text(f"a{char}b", "owner", may_be_empty=may_be_empty)
    assert caught.value.msg.startswith(f"owner contains the control character {char!r}")


@pytest.mark.parametrize(
    "text", ["[savepoint set=FORGED]", "text\n[savepoint hold]\nmore", "  [SavePoint", "[savepoints]"]
)
def test_nobody_can_write_a_marker_of_their_own(text: str) -> None:
    with pytest.raises(InputError, match=r"^description has a line that begins with \[savepoint"):
        check_text(text, "description", may_be_empty=True)


def test_what_is_not_known_of_a_vm_is_not_assumed() -> None:
    assert unreadable(vm()) is None
    plan = unreadable(vm(unreadable=("snapshot",)))
    assert plan is not None and plan.actions == ()
    assert plan.failure is not None and "snapshot" in plan.failure and "System.Read" in plan.failure
