# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every fleet and every policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import (
    LAST,
    FleetFacts,
    judge_fleet,
    protected_now,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import predict
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import plan_removals
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import (
    fingerprint,
    read_plan,
    replay,
    write_plan,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Filters, MinFree, Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import (
    Node,
    with_child,
    with_current,
    with_text,
    without,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore, Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    assert_forest,
    hours,
    node,
    tree,
    vm,
)

# The same examples in every run, no deadline on a busy machine, and nothing left behind in the tree.
settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=40)
settings.load_profile("savepoint")
MANY = settings(max_examples=100)

STORES = ("san1", "san2")
NAMES = ("a", "before patching", "golden-1", "tmp-1", "VEEAM BACKUP TEMPORARY SNAPSHOT")
MARKERS = st.builds(
    Marker,
    kind=st.just("quiesced"),
    set=st.none() | st.sampled_from(["CHG1", "CHG2"]),
    owner=st.none() | st.sampled_from(["ops", "dev"]),
    expires=st.none() | st.integers(-90, 90).map(lambda number: NOW + hours(number)),
    hold=st.sampled_from([False, False, False, True]),
)
# Ages that fall together often: of the same second, hour, day, week, month, and on the edges of them.
AGES = st.one_of(
    st.integers(-3, 12).map(lambda number: timedelta(minutes=20 * number)),
    st.integers(0, 40).map(lambda number: timedelta(hours=6 * number)),
    st.integers(0, 20).map(lambda number: timedelta(days=11 * number)),
    st.integers(0, 40 * 86400).map(lambda number: timedelta(seconds=number)),
)
DURATIONS = st.one_of(st.integers(1, 96).map(hours), st.integers(1, 60).map(lambda number: timedelta(days=number)))
SIZES = st.integers(0, 40)


ROWS = st.lists(
    st.tuples(
        # The parent, so many rows further up: mostly chains, since that is what there is, and branches.
        st.sampled_from([1, 1, 1, 1, 2, 3, 9]),
        AGES,
        st.sampled_from(NAMES),
        st.sampled_from(["ours"] * 5 + ["foreign"] * 2 + ["broken"]),
        MARKERS,
        st.tuples(SIZES, SIZES),
    ),
    max_size=6,
)


@st.composite
def machines(draw: st.DrawFn, number: int) -> Vm:
    """A machine with a forest of snapshots, of every kind that pruning tells apart."""
    rows = draw(ROWS)

    def grown(parent: int) -> list[Node]:
        # A parent that is further up than the first row is none.
        return [
            node(
                100 * number + place,
                name,
                *grown(place),
                age=age,
                marker=marker if who == "ours" else None,
                raw="[savepoint hold=perhaps]" if who == "broken" else None,
            )
            for place, (up, age, name, who, marker, _sizes) in enumerate(rows)
            if max(place - up, -1) == parent
        ]

    current = draw(st.integers(-1, len(rows) - 1))
    flat = tree(*grown(-1), current=None if current < 0 else 100 * number + current)
    sizes = {100 * number + place: row[-1] for place, row in enumerate(rows)}
    sized = [
        replace(
            one,
            frees=tuple((store, size) for store, size in zip(STORES, sizes[one.id], strict=True) if size),
            disk_files=(f"[san1] {one.moid}.vmdk",),
        )
        for one in flat
    ]
    return vm(moid=f"vm-{number}", name=f"web-{number}", snapshots=tuple(sized))


@st.composite
def fleets(draw: st.DrawFn) -> tuple[Vm, ...]:
    return tuple(draw(machines(number)) for number in range(1, draw(st.integers(1, 2)) + 1))


@st.composite
def facts(draw: st.DrawFn, fleet: Sequence[Vm]) -> FleetFacts:
    machine = st.sampled_from([None, None, *(one.moid for one in fleet)])
    files = [file for one in snapshots(fleet) for file in one.disk_files]
    busy, marked = draw(machine), draw(machine)
    file = draw(st.sampled_from([None, None, *files]))
    return FleetFacts(
        datastores={name: Datastore(name, 200, draw(st.integers(0, 100))) for name in STORES},
        busy={busy: "task-1"} if busy else {},
        attributes={marked: "yes"} if marked else {},
        clones={file: "desk"} if file else {},
    )


COUNTS = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
LEAST = st.none() | st.builds(MinFree, percent=st.integers(1, 90)) | st.builds(MinFree, size=st.integers(1, 180))


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Left out half of the time, so that no rule drowns in the others."""
    return st.none() | strategy


FILTERS = st.builds(
    Filters,
    name_pattern=st.sampled_from([None, None, None, "*1", "[!g]*"]),
    set=st.sampled_from([None, None, None, None, "CHG1"]),
    owner=st.sampled_from([None, None, None, None, "ops"]),
    larger_than=st.sampled_from([None, None, None, 10]),
    older_than=st.sampled_from([None, None, None, hours(30)]),
)


def policies(min_free: st.SearchStrategy[MinFree | None] = LEAST) -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        keep_last=COUNTS,
        keep_hourly=COUNTS,
        keep_daily=COUNTS,
        keep_weekly=COUNTS,
        keep_monthly=COUNTS,
        keep_within=some(DURATIONS),
        min_age=st.sampled_from([None, None, hours(1), hours(48)]),
        max_age=some(DURATIONS),
        max_count=some(st.integers(1, 5)),
        max_chain_depth=some(st.integers(1, 4)),
        max_size=some(st.integers(1, 150)),
        min_free=min_free,
        honor_expiry=st.booleans(),
        allow_none=st.booleans(),
        include_foreign=st.sampled_from([False, False, True]),
        filters=FILTERS,
        protect=st.sampled_from([(), (), ("golden*",)]),
        protect_vms=st.sampled_from([(), (), (), ("*-2",)]),
    ).filter(lambda policy: policy.has_limit or policy.has_keep)


# Few keep rules, so that limits come to act.
LIMITED = (
    policies(st.none())
    .map(lambda policy: replace(policy, keep_hourly=0, keep_daily=0, keep_weekly=0, keep_monthly=0, keep_within=None))
    .filter(lambda policy: policy.has_limit)
)
WITHOUT_MIN_FREE = policies(st.none()) | LIMITED


def gone(verdicts: Mapping[str, Iterable[Verdict]]) -> set[str]:
    return {verdict.snapshot.moid for found in verdicts.values() for verdict in found if verdict.remove}


def spared(verdicts: Mapping[str, Iterable[Verdict]]) -> set[str]:
    return {verdict.snapshot.moid for found in verdicts.values() for verdict in found if LAST in verdict.reasons}


def snapshots(fleet: Iterable[Vm]) -> list[Snapshot]:
    return [one for machine in fleet for one in machine.snapshots]


# Every plan


@MANY
@given(st.data(), policies() | LIMITED)
def test_keep_and_remove_part_all_snapshots_oldest_first_and_each_has_reasons(
    data: st.DataObject, policy: Policy
) -> None:
    fleet = data.draw(fleets())
    verdicts = judge_fleet(fleet, policy, data.draw(facts(fleet)), NOW)
    assert list(verdicts) == [machine.moid for machine in fleet]
    for machine in fleet:
        found = verdicts[machine.moid]
        assert [one.snapshot for one in found] == sorted(machine.snapshots, key=lambda one: (one.created_at, one.id))
        assert all(one.reasons and len(set(one.reasons)) == len(one.reasons) for one in found)


@MANY
@given(st.data(), policies() | LIMITED)
def test_what_is_protected_or_foreign_or_young_is_never_removed(data: st.DataObject, policy: Policy) -> None:
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    removed = gone(judge_fleet(fleet, policy, known, NOW))
    for machine in fleet:
        below: dict[str | None, bool] = {}
        for one in reversed(machine.snapshots):
            cloned = any(file in known.clones for file in one.disk_files) or below.get(one.moid, False)
            below[one.parent] = below.get(one.parent, False) or cloned
            if one.moid in removed:
                assert not protections(one) and not cloned
                assert machine.moid not in known.busy and machine.moid not in known.attributes
                assert not (policy.protect and one.name.startswith("golden"))
                assert not (policy.protect_vms and machine.name == "web-2")
                assert one.managed or policy.include_foreign
                assert policy.min_age is None or NOW - one.created_at >= policy.min_age


@MANY
@given(st.data(), LIMITED.map(lambda policy: replace(policy, keep_last=0, allow_none=False)), LEAST)
def test_only_expiry_takes_the_last_managed_snapshot_without_leave(
    data: st.DataObject, limited: Policy, least: MinFree | None
) -> None:
    policy = replace(limited, min_free=least)
    fleet = data.draw(fleets())
    removed = gone(judge_fleet(fleet, policy, data.draw(facts(fleet)), NOW))
    for machine in fleet:
        managed = [one for one in machine.snapshots if one.marker is not None]
        if managed and all(one.moid in removed for one in managed):
            assert all(one.marker and one.marker.expires and one.marker.expires <= NOW for one in managed)
            assert policy.honor_expiry


@given(fleets(), WITHOUT_MIN_FREE)
def test_a_machine_is_judged_alone(fleet: tuple[Vm, ...], policy: Policy) -> None:
    together = judge_fleet(fleet, policy, FleetFacts(), NOW)
    for machine in fleet:
        assert judge_fleet([machine], policy, FleetFacts(), NOW)[machine.moid] == together[machine.moid]


@MANY
@given(fleets(), WITHOUT_MIN_FREE)
def test_what_is_left_is_the_kept_and_a_second_run_takes_nothing(fleet: tuple[Vm, ...], policy: Policy) -> None:
    verdicts = judge_fleet(fleet, policy, FleetFacts(), NOW)
    left = []
    for machine in fleet:
        after = predict(machine, plan_removals(machine, verdicts[machine.moid]).actions, NOW)
        assert_forest(after)
        assert {one.moid for one in after} == {one.snapshot.moid for one in verdicts[machine.moid] if not one.remove}
        left.append(replace(machine, snapshots=after))
    assert gone(judge_fleet(left, policy, FleetFacts(), NOW)) == set()


# More permissive policies

Change = Callable[[Policy, Any], Policy]


def _more(key: str) -> Change:
    return lambda policy, by: replace(policy, **{key: getattr(policy, key) + by})


def _longer(key: str, unit: Any) -> Change:
    def change(policy: Policy, by: Any) -> Policy:
        old = getattr(policy, key)
        return policy if old is None else replace(policy, **{key: old + by * unit})

    return change


def _off(key: str, value: Any) -> Change:
    def change(policy: Policy, by: Any) -> Policy:
        # The last limit must stay: without one, the keep rules remove what they do not select.
        weaker = replace(policy, **{key: value})
        return weaker if weaker.has_limit else policy

    return change


def _narrower(policy: Policy, by: int) -> Policy:
    mine = policy.filters
    choices = [
        replace(mine, name_pattern=mine.name_pattern or "[!g]*"),
        replace(mine, set=mine.set or "CHG1"),
        replace(mine, owner=mine.owner or "ops"),
        replace(mine, larger_than=(mine.larger_than or 0) + 10),
        replace(mine, older_than=(mine.older_than or timedelta()) + hours(20)),
    ]
    return replace(policy, filters=choices[by % len(choices)])


PERMISSIVE: dict[str, Change] = {
    **{f"more {key}": _more(key) for key in ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly")},
    "longer keep_within": lambda policy, by: replace(
        policy, keep_within=(policy.keep_within or timedelta()) + hours(9 * by)
    ),
    "longer min_age": lambda policy, by: replace(policy, min_age=(policy.min_age or timedelta()) + hours(9 * by)),
    "longer max_age": _longer("max_age", hours(9)),
    "higher max_count": _longer("max_count", 1),
    "higher max_chain_depth": _longer("max_chain_depth", 1),
    "higher max_size": _longer("max_size", 9),
    "no max_age": _off("max_age", None),
    "no max_count": _off("max_count", None),
    "no max_chain_depth": _off("max_chain_depth", None),
    "no max_size": _off("max_size", None),
    "no honor_expiry": _off("honor_expiry", False),
    "no allow_none": lambda policy, by: replace(policy, allow_none=False),
    "no include_foreign": lambda policy, by: replace(policy, include_foreign=False),
    "narrower filters": _narrower,
    "more protect": lambda policy, by: replace(policy, protect=(*policy.protect, NAMES[by % len(NAMES)])),
    "more protect_vms": lambda policy, by: replace(policy, protect_vms=(*policy.protect_vms, f"*-{by % 3 + 1}")),
}


def assert_shrinks(
    strict: Mapping[str, Sequence[Verdict]], weak: Mapping[str, Sequence[Verdict]], *, count: bool
) -> None:
    """The removed set only shrinks.

    Where the strict plan spared the last managed snapshot of a machine, the weaker one may take that and leave
    another, since then it is not the last; but it does not take more.
    """
    for machine in strict:
        before, after = gone({machine: strict[machine]}), gone({machine: weak[machine]})
        assert after <= before | spared({machine: strict[machine]})
        assert not count or len(after) <= len(before)


@pytest.mark.parametrize("change", PERMISSIVE.values(), ids=PERMISSIVE.keys())
@given(fleets(), WITHOUT_MIN_FREE, st.integers(1, 6))
def test_a_more_permissive_policy_never_removes_more(
    change: Change, fleet: tuple[Vm, ...], policy: Policy, by: int
) -> None:
    weaker = change(policy, by)
    strict = judge_fleet(fleet, policy, FleetFacts(), NOW)
    weak = judge_fleet(fleet, weaker, FleetFacts(), NOW)
    # The first keep rule is also the leave to take the last managed snapshot, as the contract says.
    assert_shrinks(strict, weak, count=policy.has_keep == weaker.has_keep)


@MANY
@given(st.data(), WITHOUT_MIN_FREE)
def test_a_hold_or_another_protection_never_makes_more_go(data: st.DataObject, policy: Policy) -> None:
    fleet = data.draw(fleets())
    ours = [one for one in snapshots(fleet) if one.marker is not None]
    assume(ours)
    chosen = data.draw(st.sampled_from(ours))
    held = replace(chosen, marker=replace(chosen.marker or Marker(), hold=True))
    after = [
        replace(machine, snapshots=tuple(held if one is chosen else one for one in machine.snapshots))
        for machine in fleet
    ]
    strict = judge_fleet(fleet, policy, FleetFacts(), NOW)
    assert_shrinks(strict, judge_fleet(after, policy, FleetFacts(), NOW), count=True)
    assert_shrinks(strict, judge_fleet(fleet, policy, data.draw(facts(fleet)), NOW), count=True)


@MANY
@given(
    st.data(), WITHOUT_MIN_FREE.map(lambda policy: replace(policy, allow_none=policy.allow_none or not policy.has_keep))
)
def test_nothing_but_what_was_spared_is_taken_instead(data: st.DataObject, policy: Policy) -> None:
    """With leave to take all, or a keep rule, there is no exception: what is protected makes nothing else go."""
    fleet = data.draw(fleets())
    strict = judge_fleet(fleet, policy, FleetFacts(), NOW)
    assert not spared(strict)
    assert gone(judge_fleet(fleet, policy, data.draw(facts(fleet)), NOW)) <= gone(strict)


# min_free: a machine that gives nothing makes another give, so that the removed set may change; this holds instead.

ROOMY = policies(st.builds(MinFree, percent=st.integers(1, 90)) | st.builds(MinFree, size=st.integers(1, 180)))


def room(fleet: Iterable[Vm], removed: set[str], store: Datastore) -> int:
    """What is free on a datastore after the removals."""
    return store.free + sum(dict(one.frees).get(store.name, 0) for one in snapshots(fleet) if one.moid in removed)


def asked_by_min_free(verdicts: Mapping[str, Sequence[Verdict]]) -> list[Snapshot]:
    """What nothing else takes."""
    found = [one for machine in verdicts.values() for one in machine if one.remove]
    return [one.snapshot for one in found if all("(min_free)" in reason for reason in one.reasons)]


@MANY
@given(st.data(), ROOMY)
def test_min_free_is_reached_or_nothing_that_may_go_is_left(data: st.DataObject, policy: Policy) -> None:
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    assert policy.min_free is not None
    verdicts = judge_fleet(fleet, policy, known, NOW)
    removed = gone(verdicts)
    for store in known.datastores.values():
        if room(fleet, removed, store) < policy.min_free.wanted(store.capacity):
            for verdict in (one for machine in verdicts.values() for one in machine if not one.remove):
                if dict(verdict.snapshot.frees).get(store.name):
                    assert verdict.reasons != ("no limit asks for it",)


@MANY
@given(st.data(), ROOMY)
def test_min_free_takes_nothing_that_is_not_needed(data: st.DataObject, policy: Policy) -> None:
    """On one datastore: without the last that it takes there would be too little. On several, each is served in turn,
    and what a later one needs may make up for an earlier one's choice."""
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    store = known.datastores["san1"]
    verdicts = judge_fleet(fleet, policy, replace(known, datastores={"san1": store}), NOW)
    removed, asked = gone(verdicts), asked_by_min_free(verdicts)
    if asked:
        assert policy.min_free is not None
        smallest = min(dict(one.frees)["san1"] for one in asked)
        assert room(fleet, removed, store) - smallest < policy.min_free.wanted(store.capacity)


@MANY
@given(st.data(), ROOMY, st.integers(1, 60))
def test_a_lower_min_free_or_more_room_never_removes_more_from_one_datastore(
    data: st.DataObject, policy: Policy, by: int
) -> None:
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    store, least = known.datastores["san1"], policy.min_free or MinFree()
    narrow = replace(known, datastores={"san1": store})
    strict = gone(judge_fleet(fleet, policy, narrow, NOW))
    wide = replace(known, datastores={"san1": replace(store, free=store.free + by)})
    assert gone(judge_fleet(fleet, policy, wide, NOW)) <= strict
    lower = (
        MinFree(percent=max(1, (least.percent or 0) - by))
        if least.size is None
        else MinFree(size=max(1, least.size - by))
    )
    assert gone(judge_fleet(fleet, replace(policy, min_free=lower), narrow, NOW)) <= strict


@MANY
@given(st.data(), ROOMY)
def test_min_free_only_adds_to_what_the_other_limits_take(data: st.DataObject, policy: Policy) -> None:
    # One limit must stay: without any, the keep rules remove what they do not select.
    policy = replace(policy, max_count=policy.max_count or 3)
    without_it = replace(policy, min_free=None)
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    assert gone(judge_fleet(fleet, without_it, known, NOW)) <= gone(judge_fleet(fleet, policy, known, NOW))


# Time

ZONES: list[tzinfo] = [
    ZoneInfo(name)
    for name in ("Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Kiritimati")
]
ZONES += [timezone(timedelta(hours=number)) for number in (-12, 0, 14)]


def elsewhere(fleet: Iterable[Vm], zone: Callable[[], tzinfo]) -> list[Vm]:
    """The same moments in the words of other zones."""
    return [
        replace(
            machine,
            snapshots=tuple(replace(one, created_at=one.created_at.astimezone(zone())) for one in machine.snapshots),
        )
        for machine in fleet
    ]


def told(verdicts: Mapping[str, Iterable[Verdict]]) -> list[tuple[str, bool, tuple[str, ...]]]:
    return [(one.snapshot.moid, one.remove, one.reasons) for found in verdicts.values() for one in found]


@MANY
@given(st.data(), policies() | LIMITED, st.sampled_from(ZONES), st.booleans())
def test_neither_time_zones_nor_changes_of_the_clocks_matter(
    data: st.DataObject, policy: Policy, zone: tzinfo, mixed: bool
) -> None:
    fleet = data.draw(fleets())
    known = data.draw(facts(fleet))
    # The clocks of Berlin are put back on 25 October and those of Lord Howe Island by half an hour on 4 April.
    then = data.draw(st.sampled_from([NOW, datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc)]))
    moved = [
        replace(
            machine,
            snapshots=tuple(replace(one, created_at=one.created_at + (then - NOW)) for one in machine.snapshots),
        )
        for machine in fleet
    ]
    there = elsewhere(moved, (lambda: data.draw(st.sampled_from(ZONES))) if mixed else (lambda: zone))
    assert told(judge_fleet(there, policy, known, then.astimezone(zone))) == told(
        judge_fleet(moved, policy, known, then)
    )


# The keep rules, against a plain statement of what restic documents: "for the last n hours/days/weeks/months which
# have one or more snapshots, keep only the most recent one for each"; "if there are not enough snapshots to keep one
# for each duration related option, the oldest snapshot in the group is kept additionally"; "keep all snapshots having
# a timestamp within the specified duration of the latest snapshot".

LABELS = {"keep_hourly": "%Y-%m-%d %H", "keep_daily": "%Y-%m-%d", "keep_weekly": "%G-%V", "keep_monthly": "%Y-%m"}


def as_restic_documents(history: Sequence[Snapshot], policy: Policy) -> set[int]:
    by_time = {(one.created_at, one.id): one.id for one in history}
    if not by_time:
        return set()
    oldest, newest = min(by_time), max(by_time)
    kept = set(sorted(by_time)[-policy.keep_last :] if policy.keep_last else [])
    for rule, label in LABELS.items():
        asked = getattr(policy, rule)
        newest_of = {}
        for key in sorted(by_time):
            newest_of[key[0].strftime(label)] = key
        kept |= {newest_of[name] for name in sorted(newest_of, reverse=True)[:asked]}
        if len(newest_of) < asked:
            kept.add(oldest)
    if policy.keep_within is not None:
        kept |= {key for key in by_time if key[0] >= newest[0] - policy.keep_within}
    return {by_time[key] for key in kept}


KEEPS = st.builds(
    Policy,
    keep_last=COUNTS,
    keep_hourly=COUNTS,
    keep_daily=COUNTS,
    keep_weekly=COUNTS,
    keep_monthly=COUNTS,
    keep_within=st.sampled_from([None, None, hours(1), hours(24), hours(24 * 8)]),
).filter(lambda policy: policy.has_keep)


@settings(max_examples=400)
@given(st.lists(AGES, max_size=14), KEEPS)
def test_the_keep_rules_mean_what_restic_documents(ages: list[timedelta], policy: Policy) -> None:
    machine = vm(*(node(number, age=age, marker=Marker(set="CHG1")) for number, age in enumerate(ages, start=1)))
    verdicts = judge_fleet([machine], policy, FleetFacts(), NOW)[machine.moid]
    assert {one.snapshot.id for one in verdicts if not one.remove} == as_restic_documents(machine.snapshots, policy)


# Plans to keep


@MANY
@given(st.data(), policies() | LIMITED)
def test_a_plan_survives_its_file_and_removes_the_same(data: st.DataObject, policy: Policy) -> None:
    fleet = data.draw(fleets())
    verdicts = judge_fleet(fleet, policy, data.draw(facts(fleet)), NOW)
    plan = read_plan(json.loads(json.dumps(write_plan(fleet, verdicts, "uuid-1", NOW))))
    assert plan.vcenter == "uuid-1"
    assert {entry.moid for entry in plan.vms} == {moid for moid, found in verdicts.items() if gone({moid: found})}
    for entry in plan.vms:
        machine = next(one for one in fleet if one.moid == entry.moid)
        replayed = replay(machine, plan)
        assert [(one.snapshot, one.remove) for one in replayed] == [
            (one.snapshot, one.remove) for one in verdicts[entry.moid]
        ]
        assert plan_removals(machine, replayed).actions == plan_removals(machine, verdicts[entry.moid]).actions


NEW = node(999, "new", age=timedelta())
CHANGES: dict[str, Callable[[Vm, Snapshot], tuple[Snapshot, ...]]] = {
    "a new snapshot": lambda machine, one: with_child(machine.snapshots, tree(NEW)[0]),
    "one gone": lambda machine, one: without(machine.snapshots, [one.moid]),
    "another name": lambda machine, one: with_text(machine.snapshots, one.moid, one.name + "x", None),
    "another description": lambda machine, one: with_text(
        machine.snapshots, one.moid, None, f"x\n{one.raw_description}"
    ),
    "a hold": lambda machine, one: with_text(
        machine.snapshots, one.moid, None, f"{one.raw_description}\n[savepoint set=NEW hold]"
    ),
    "a revert": lambda machine, one: with_current(machine.snapshots, "" if one.current else one.moid),
    "another one in its place": lambda machine, one: tuple(
        replace(each, moid="snapshot-x") if each is one else each for each in machine.snapshots
    ),
    "another place": lambda machine, one: tuple(
        replace(each, parent=None if one.parent is not None else "snapshot-x") if each is one else each
        for each in machine.snapshots
    ),
    "another time": lambda machine, one: tuple(
        replace(each, created_at=each.created_at + timedelta(seconds=1)) if each is one else each
        for each in machine.snapshots
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@given(st.data())
def test_a_plan_refuses_a_tree_that_has_changed(
    change: Callable[[Vm, Snapshot], tuple[Snapshot, ...]], data: st.DataObject
) -> None:
    machine = data.draw(machines(1))
    assume(machine.snapshots)
    keeps = Policy(keep_last=1, min_age=timedelta(seconds=1))
    plan = read_plan(write_plan([machine], _forced(machine, keeps), None, NOW))
    after = replace(machine, snapshots=change(machine, data.draw(st.sampled_from(machine.snapshots))))
    with pytest.raises(InputError, match="have changed since the plan was made"):
        replay(after, plan)


def _forced(machine: Vm, policy: Policy) -> dict[str, tuple[Verdict, ...]]:
    """A plan that removes something, whatever the policy says of this machine."""
    first, *rest = judge_fleet([machine], policy, FleetFacts(), NOW)[machine.moid]
    return {machine.moid: (replace(first, remove=True), *rest)}


@given(machines(1))
def test_an_edited_plan_is_no_way_around_a_protection(machine: Vm) -> None:
    for one in machine.snapshots:
        entry = {"moid": machine.moid, "name": machine.name, "tree": fingerprint(machine), "remove": [one.moid]}
        plan = read_plan({"version": 1, "vcenter": None, "vms": [entry]})
        if protections(one):
            with pytest.raises(InputError, match="is protected"):
                replay(machine, plan)
        else:
            assert [verdict.snapshot for verdict in replay(machine, plan) if verdict.remove] == [one]


@pytest.mark.parametrize(
    ("given_", "msg"),
    [
        ({}, "plan: version None is unknown"),
        ({"version": 2}, "plan: version 2 is unknown"),
        ({"version": 1, "vms": []}, "plan: it is damaged ('vcenter')"),
        ({"version": 1, "vcenter": None, "vms": None}, "plan: it is damaged ("),
        ({"version": 1, "vcenter": None, "vms": ["vm-1"]}, "plan: it is damaged ("),
        ({"version": 1, "vcenter": None, "vms": [{"moid": "vm-1"}]}, "plan: it is damaged ('name')"),
    ],
)
def test_what_is_no_plan_is_refused(given_: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        read_plan(given_)
    assert caught.value.msg.startswith(msg)


def test_a_damaged_list_of_removals_is_refused() -> None:
    machine = vm(node(1, marker=Marker(set="CHG1")), node(2, marker=Marker(set="CHG1")))
    entry: dict[str, Any] = {"moid": machine.moid, "name": "web-01", "tree": fingerprint(machine)}
    whole = {"version": 1, "vcenter": None}
    with pytest.raises(InputError, match="'remove' is no list"):
        read_plan({**whole, "vms": [{**entry, "remove": "snapshot-1"}]})
    with pytest.raises(InputError, match="twice"):
        read_plan({**whole, "vms": [{**entry, "remove": []}, {**entry, "remove": []}]})
    with pytest.raises(InputError, match="has no snapshot snapshot-9"):
        replay(machine, read_plan({**whole, "vms": [{**entry, "remove": ["snapshot-1", "snapshot-9"]}]}))


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (FleetFacts(), None),
        (FleetFacts(busy={"vm-1": "task-1"}), "a snapshot task runs on its VM (task-1)"),
        (FleetFacts(attributes={"vm-1": "yes"}), "its VM is protected by the custom attribute savepoint.protect"),
        (FleetFacts(attributes={"vm-1": "no"}), None),
        (FleetFacts(clones={"[san1] 2.vmdk": "desk"}), "the linked clone desk depends on it"),
        # Of one that stays, but the clone reads what is above it too.
        (FleetFacts(clones={"[san1] 3.vmdk": "desk"}), "the linked clone desk depends on it"),
        (FleetFacts(clones={"[san1] 4.vmdk": "desk"}), None),
        (FleetFacts(busy={"vm-2": "task-1"}, attributes={"vm-2": "yes"}), None),
    ],
)
def test_what_has_come_to_protect_a_snapshot_since_stops_a_plan(known: FleetFacts, why: str | None) -> None:
    marked = Marker(set="CHG1")
    forest = tree(node(1, None, node(2, marker=marked), node(3, marker=marked), marker=marked))
    machine = vm(snapshots=tuple(replace(one, disk_files=(f"[san1] {one.id}.vmdk",)) for one in forest))
    verdicts = [Verdict(one, one.id != 3, ("the plan says so",)) for one in machine.snapshots]
    said = protected_now(machine, verdicts, known)
    assert said == (None if why is None else f"plan: snapshot {forest[0].label} of {machine.label} is protected: {why}")
