# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every input, not only for those that somebody thought of."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import (
    KINDS,
    Described,
    Marker,
    format_marker,
    join,
    looks_like_marker,
    parse,
    split,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import escaped, plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import check_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import (
    format_duration,
    format_time,
    parse_duration,
    parse_time,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import (
    Node,
    render,
    subtree,
    with_child,
    with_text,
    without,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    assert_forest,
    hours,
    judged,
    node,
    one,
    tree,
    vm,
)

# The same examples in every run, no deadline on a busy machine, and nothing left behind in the tree.
settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("savepoint")

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters)
values = st.text(characters, min_size=1, max_size=40)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(timezone.utc)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
unknown = st.lists(
    st.tuples(st.from_regex(r"x_[a-z0-9_]{0,8}", fullmatch=True), st.from_regex(r"[!-Z^-~]{0,12}", fullmatch=True)),
    max_size=3,
    unique_by=lambda pair: pair[0],
).map(tuple)
markers = st.builds(
    Marker,
    set=st.none() | values,
    kind=st.none() | st.sampled_from(KINDS),
    owner=st.none() | values,
    expires=st.none() | moments,
    op=st.none() | values,
    phase=st.none() | values,
    hold=st.booleans(),
    extra=unknown,
)


# Markers


@given(markers)
def test_a_marker_is_read_as_it_was_written_and_is_one_line_of_ascii(marker: Marker) -> None:
    line = format_marker(marker)
    assert parse(line) == marker
    assert line.isascii() and line.isprintable()
    assert looks_like_marker(line)


@given(texts, markers.filter(lambda marker: not marker.empty))
def test_a_description_comes_apart_as_it_was_put_together(text: str, marker: Marker) -> None:
    assume(not text.endswith("\r"))  # The half of a line end; options can't carry it.
    assert split(join(text, marker)) == Described(text, marker)


@given(texts)
def test_any_description_can_be_taken_apart(raw: str) -> None:
    described = split(raw)
    if described.marker is None and described.problem is None:
        assert described.text == raw


@given(st.text(st.sampled_from("[]savepoint hold=%2=\n ")) | texts)
def test_what_claims_to_be_a_marker_is_one_or_is_protected(rest: str) -> None:
    assume("\n" not in rest)
    described = split(f"text\n[savepoint{rest}")
    assert (described.marker is None) is (described.problem is not None)


@given(texts)
def test_a_text_that_an_option_lets_through_never_turns_into_a_marker(text: str) -> None:
    try:
        kept = check_text(text, "description", may_be_empty=True)
    except InputError:
        return
    assert split(kept) == Described(kept or "")


# Names and times


@given(texts)
def test_a_name_is_read_as_it_was_sent(name: str) -> None:
    assert plain(escaped(name)) == name


@given(st.integers(1, 100 * 365 * 86400))
def test_a_duration_in_all_its_units_is_read(seconds: int) -> None:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    assert parse_duration(f"{hour}h{minute}m{second}s", "o") == timedelta(seconds=seconds)


@given(st.integers(1, 99 * 365 * 86400))
def test_a_duration_for_people_can_be_typed_in_again_and_is_not_longer(seconds: int) -> None:
    shown = parse_duration(format_duration(timedelta(seconds=seconds)), "o")
    assert timedelta(0) < shown <= timedelta(seconds=seconds)


@given(texts)
def test_no_text_makes_reading_a_duration_break(text: str) -> None:
    with suppress(InputError):
        assert parse_duration(text, "o") > timedelta(0)


@given(moments)
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


# Trees


@st.composite
def forests(draw: st.DrawFn) -> tuple[Snapshot, ...]:
    """Up to 25 snapshots in any shape, with few names, so that many are the same."""
    parents = draw(st.lists(st.integers(0, 24), max_size=25))
    below: dict[int, list[int]] = {}
    for number, parent in enumerate(parents, start=1):
        below.setdefault(parent % number, []).append(number)
    count = len(parents)
    raws = st.sampled_from(["", "[savepoint set=A]", "[savepoint hold]", "[savepoint"])
    marks = draw(st.lists(raws, min_size=count, max_size=count))
    ages = draw(st.lists(st.integers(0, 200), min_size=count, max_size=count))

    def grown(number: int) -> Node:
        children = (grown(child) for child in below.get(number, []))
        return node(number, "abc"[number % 3], *children, raw=marks[number - 1], age=hours(ages[number - 1]))

    current = draw(st.none() | st.integers(1, max(1, count)))
    return tree(*(grown(root) for root in below.get(0, [])), current=current)


@given(forests())
def test_every_tree_is_a_forest_and_has_every_node_once(snapshots: tuple[Snapshot, ...]) -> None:
    assert_forest(snapshots)
    assert sorted(snapshot.id for snapshot in snapshots) == list(range(1, len(snapshots) + 1))


@given(forests(), st.sets(st.integers(1, 25)))
def test_a_removal_leaves_a_forest_of_the_rest(snapshots: tuple[Snapshot, ...], numbers: set[int]) -> None:
    gone = {snapshot.moid for snapshot in snapshots if snapshot.id in numbers}
    left = without(snapshots, gone)
    assert_forest(left)
    assert [s.moid for s in left] == [s.moid for s in snapshots if s.moid not in gone]
    # What is left below a snapshot is what was below it before, so the present keeps what it grew out of.
    for snapshot in left:
        before = {below.moid for below in subtree(snapshots, snapshot.moid)}
        assert {below.moid for below in subtree(left, snapshot.moid)} == before - gone


@given(forests(), st.sets(st.integers(1, 25)))
def test_one_by_one_in_any_order_is_the_same_as_all_at_once(snapshots: tuple[Snapshot, ...], numbers: set[int]) -> None:
    gone = [snapshot.moid for snapshot in snapshots if snapshot.id in numbers]
    step = snapshots
    for moid in reversed(gone):
        step = without(step, [moid])
    assert {s.moid: (s.parent, s.current) for s in step} == {
        s.moid: (s.parent, s.current) for s in without(snapshots, gone)
    }


@given(forests(), st.integers(1, 25), values)
def test_a_create_and_a_rename_leave_a_forest(snapshots: tuple[Snapshot, ...], number: int, name: str) -> None:
    renamed = with_text(snapshots, f"snapshot-{number}", name, None)
    assert_forest(renamed)
    assert [(s.moid, s.parent, s.current) for s in renamed] == [(s.moid, s.parent, s.current) for s in snapshots]
    grown = with_child(renamed, replace(one("new"), moid="", id=-1))
    assert_forest(grown)
    assert len(grown) == len(snapshots) + 1


@given(forests(), texts)
def test_a_drawing_has_one_line_a_snapshot_and_one_for_the_present(
    snapshots: tuple[Snapshot, ...], hostile: str
) -> None:
    drawn = render(with_text(snapshots, "snapshot-1", hostile, hostile))
    assert len(drawn.splitlines()) == len(snapshots) + 1
    assert sum(line.strip() == "* you are here" for line in drawn.splitlines()) >= 1


# Policy

policies = st.builds(
    Policy,
    keep_last=st.integers(0, 4),
    max_age=st.none() | st.integers(1, 200).map(hours),
    honor_expiry=st.booleans(),
    allow_none=st.booleans(),
).filter(lambda policy: policy.has_limit or policy.has_keep)


@given(forests(), policies)
def test_no_policy_takes_what_is_foreign_or_protected(snapshots: tuple[Snapshot, ...], policy: Policy) -> None:
    verdicts = judged(vm(snapshots=snapshots), policy)
    assert sorted(verdict.snapshot.id for verdict in verdicts) == sorted(snapshot.id for snapshot in snapshots)
    assert all(verdict.reasons for verdict in verdicts)
    for verdict in verdicts:
        if verdict.remove:
            assert verdict.snapshot.managed and not verdict.snapshot.hold
    managed = [verdict for verdict in verdicts if verdict.snapshot.managed]
    # None of these has an expiry, so only allow_none may empty a VM of managed snapshots.
    if managed and not policy.allow_none:
        assert not all(verdict.remove for verdict in managed)
