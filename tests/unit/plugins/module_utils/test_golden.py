# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Golden plans, and the proof that they would notice a broken rule."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils import _judge, _keep, _limits, _policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import subtree
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils import plan_tables
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.plan_tables import Table, tables

TABLES = list(tables("golden"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_the_plan_is_the_one_in_the_table(table: Table) -> None:
    assert table.differences() == []


# Each rule broken on purpose. A broken rule that no table notices would be a rule that nobody has tested.

Patch = pytest.MonkeyPatch
UTC = timezone.utc
Spoil = Callable[[Patch], None]


def _field(**fields: Any) -> Spoil:
    """The policy comes out of parse_policy with these fields, whatever it says."""

    def spoil(patch: Patch) -> None:
        true = _policy.parse_policy
        patch.setattr(plan_tables, "parse_policy", lambda given: replace(true(given), **fields))

    return spoil


def _scaled(**scales: Any) -> Spoil:
    """The policy comes out of parse_policy with these fields changed by a function, where they are set."""

    def spoil(patch: Patch) -> None:
        true = _policy.parse_policy

        def changed(given: Mapping[str, Any]) -> Policy:
            policy: Policy = true(given)
            fields = {key: scale(getattr(policy, key)) for key, scale in scales.items() if getattr(policy, key)}
            return replace(policy, **fields)

        patch.setattr(plan_tables, "parse_policy", changed)

    return spoil


def _period(rule: str, period: Callable[[datetime], tuple[int, ...]]) -> Spoil:
    return lambda patch: patch.setitem(_keep._PERIODS, rule, (_keep._PERIODS[rule][0], period))


def _limit(name: str, broken: Any) -> Spoil:
    return lambda patch: patch.setattr(_limits, name, broken)


def _nothing(module: Any, name: str, answer: Any = ()) -> Spoil:
    """The function says the same to everything."""
    return lambda patch: patch.setattr(module, name, lambda *ignored: answer)


def _patched(module: Any, name: str, broken: Callable[[Any], Any]) -> Spoil:
    """The function is replaced by one that is made from it."""
    return lambda patch: patch.setattr(module, name, broken(getattr(module, name)))


def _without_reason(word: str) -> Callable[[Any], Any]:
    """The function gives the same reasons but those with the word."""
    return lambda true: lambda *given: tuple(reason for reason in true(*given) if word not in reason)


def _filter_off(key: str) -> Spoil:
    def forget(true: Any) -> Any:
        return lambda snapshot, filters, now: true(snapshot, replace(filters, **{key: None}), now)

    return _patched(_judge, "_missed", forget)


def _count_by_id(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    # The place in the list for the age: wrong as soon as the tree branches or the clock jumped.
    if policy.max_count is not None:
        for one in list(candidates)[: -policy.max_count - 1]:
            yield one.moid, "more than (max_count)"


def _depth_from_the_root(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    if policy.max_chain_depth is not None:
        for one in candidates:
            if one.depth > policy.max_chain_depth:
                yield one.moid, "its chain (max_chain_depth)"


def _depth_by_children(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    if policy.max_chain_depth is not None:
        for one in candidates:
            if len(subtree(tree, one.moid)) > policy.max_chain_depth:
                yield one.moid, "its chain (max_chain_depth)"


def _depth_of_candidates(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    return DEPTH(candidates, [one for one in tree if one in candidates], policy, now)


def _newest_size_first(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    turned = [replace(one, created_at=now - (one.created_at - now)) for one in candidates]
    return SIZE(turned, tree, policy, now)


def _size_of_its_own(candidates: Any, tree: Any, policy: Any, now: Any) -> Any:
    return SIZE([replace(one, frees=(("san1", one.size_bytes or 0),)) for one in candidates], tree, policy, now)


def _no_oldest(true: Any) -> Any:
    def keep(candidates: Any, policy: Any) -> Any:
        kept = {
            moid: tuple(text for text in texts if "oldest" not in text)
            for moid, texts in true(candidates, policy).items()
        }
        return {moid: texts for moid, texts in kept.items() if texts}

    return keep


def _oldest_of_each(true: Any) -> Any:
    """Time turned round, so that the oldest of each period is kept."""

    def keep(candidates: Any, policy: Any) -> Any:
        flipped = datetime(2026, 1, 1, tzinfo=UTC)
        return true([replace(one, created_at=flipped - (one.created_at - flipped)) for one in candidates], policy)

    return keep


def _foreign_spare(true: Any) -> Any:
    def is_last(case: Any, policy: Any) -> bool:
        everything = tuple(replace(one, marker=one.marker or Marker()) for one in case.ordered)
        return bool(true(replace(case, ordered=everything), policy))

    return is_last


def _uprooted(snapshots: Any) -> Any:
    return tuple(replace(one, parent=None) for one in snapshots)


def _insisting(facts: Any) -> Any:
    return replace(facts, attributes=dict.fromkeys(facts.attributes, "true"))


def _first(verdict: Verdict) -> Verdict:
    return replace(verdict, reasons=verdict.reasons[:1])


def _every_snapshot_counts(true: Any) -> Any:
    """min_free counts what stays, too."""
    return lambda self, moid: moid in self.limits


def _room_by(key: Callable[[tuple[Any, ...]], Any]) -> Spoil:
    """What min_free takes first."""

    def spoil(patch: Patch) -> None:
        patch.setattr(_judge, "sorted", lambda items, **how: _sorted(items, how, key), raising=False)

    return spoil


def _sorted(items: Any, how: dict[str, Any], key: Callable[[tuple[Any, ...]], Any]) -> list[Any]:
    known = list(items)
    if known and isinstance(known[0], tuple) and len(known[0]) == 5:
        return sorted(known, key=key)
    return sorted(known, **how)


DEPTH, SIZE = _limits._by_depth, _limits._by_size
HOUR = timedelta(hours=1)

BROKEN: dict[str, Spoil] = {
    "keep_last off by one": _scaled(keep_last=lambda count: count + 1),
    "keep_last one too few": _scaled(keep_last=lambda count: count - 1),
    "keep_hourly off by one": _scaled(keep_hourly=lambda count: count + 1),
    "keep_daily off by one": _scaled(keep_daily=lambda count: count + 1),
    "keep_weekly off by one": _scaled(keep_weekly=lambda count: count + 1),
    "keep_monthly off by one": _scaled(keep_monthly=lambda count: count + 1),
    "keep_within a second short": _scaled(keep_within=lambda value: value - timedelta(seconds=1)),
    "keep_within a minute long": _scaled(keep_within=lambda value: value + timedelta(minutes=1)),
    "keep_within forgotten": _field(keep_within=None),
    "keep_hourly without the day": _period("keep_hourly", lambda at: (at.hour,)),
    "keep_hourly by half hours": _period("keep_hourly", lambda at: (at.day, at.hour, at.minute // 30)),
    "keep_daily by month": _period("keep_daily", lambda at: (at.year, at.month)),
    "keep_daily in the zone of the controller": _period(
        "keep_daily", lambda at: tuple((at - 8 * HOUR).timetuple()[:3])
    ),
    "keep_weekly by seven days from the first": _period("keep_weekly", lambda at: (at.toordinal() // 7,)),
    "keep_weekly by the calendar's year": _period("keep_weekly", lambda at: (at.year, at.isocalendar()[1])),
    "keep_weekly from Sunday on": _period("keep_weekly", lambda at: tuple((at + 24 * HOUR).isocalendar())[:2]),
    "keep_monthly without the year": _period("keep_monthly", lambda at: (at.month,)),
    "keep_monthly by thirty days": _period("keep_monthly", lambda at: (at.toordinal() // 30,)),
    "the oldest not kept besides": _patched(_judge, "keep_reasons", _no_oldest),
    "the oldest of each period": _patched(_judge, "keep_reasons", _oldest_of_each),
    "keep rules forgotten": _nothing(_judge, "keep_reasons", {}),
    "min_age forgotten": _field(min_age=None),
    "min_age includes its end": _scaled(min_age=lambda value: value + timedelta(seconds=1)),
    "max_age forgotten": _field(max_age=None, honor_expiry=True),
    "max_age includes its end": _scaled(max_age=lambda value: value - timedelta(seconds=1)),
    "max_age counts in days": _scaled(max_age=lambda value: value + timedelta(seconds=1)),
    "max_count off by one": _scaled(max_count=lambda count: count + 1),
    "max_count by place": _limit("_by_count", _count_by_id),
    "max_count forgotten": _nothing(_limits, "_by_count"),
    "max_chain_depth off by one": _scaled(max_chain_depth=lambda count: count + 1),
    "max_chain_depth from the root": _limit("_by_depth", _depth_from_the_root),
    "max_chain_depth counts the whole subtree": _limit("_by_depth", _depth_by_children),
    "max_chain_depth without foreign ones": _limit("_by_depth", _depth_of_candidates),
    "max_size forgotten": _nothing(_limits, "_by_size"),
    "max_size newest first": _limit("_by_size", _newest_size_first),
    "max_size of the snapshots' own files": _limit("_by_size", _size_of_its_own),
    "max_size a byte less": _scaled(max_size=lambda size: size - 1),
    "honor_expiry forgotten": _nothing(_limits, "_by_expiry"),
    "expiry a second late": _patched(
        _limits,
        "_by_expiry",
        lambda true: lambda found, tree, policy, now: true(found, tree, policy, now - HOUR / 3600),
    ),
    "expiry honoured unasked": _field(honor_expiry=True),
    "allow_none unasked": _field(allow_none=True),
    "allow_none forgotten": _field(allow_none=False),
    "the last not spared": _nothing(_judge, "_is_last", False),
    "expiry may not take the last": lambda patch: patch.setattr(_judge, "EXPIRED", "never"),
    "a foreign one is a last one too": _patched(_judge, "_is_last", _foreign_spare),
    "min_free forgotten": _nothing(_judge, "_make_room", None),
    "min_free a little less": _patched(
        _policy.MinFree, "wanted", lambda true: lambda self, capacity: true(self, capacity) - 1
    ),
    "min_free a little more": _patched(
        _policy.MinFree, "wanted", lambda true: lambda self, capacity: true(self, capacity) + 1
    ),
    "min_free smallest first": _room_by(lambda choice: -choice[0]),
    "min_free oldest first": _room_by(lambda choice: choice[1]),
    "min_free of equals the newest": _room_by(lambda choice: (choice[0], NOW - choice[1])),
    "min_free counts on what stays": _patched(_judge._Case, "goes", _every_snapshot_counts),
    "hold forgotten": _patched(_judge, "protections", _without_reason("on hold")),
    "damaged markers forgotten": _patched(_judge, "protections", _without_reason("does not parse")),
    "backup products forgotten": _patched(_judge, "protections", _without_reason("product")),
    "backup products among managed ones": _patched(
        _judge, "protections", lambda true: lambda one: true(replace(one, marker=None) if not one.hold else one)
    ),
    "protections dropped": _nothing(_judge, "_protections"),
    "protect forgotten": _field(protect=()),
    "protect_vms forgotten": _field(protect_vms=()),
    "the attribute forgotten": _patched(_judge, "_vm_protections", _without_reason("attribute")),
    "the attribute protects when it says no": _patched(
        _judge, "_vm_protections", lambda true: lambda one, policy, facts: true(one, policy, _insisting(facts))
    ),
    "busy machines forgotten": _patched(_judge, "_vm_protections", _without_reason("task")),
    "linked clones forgotten": _nothing(_judge, "_cloned", {}),
    "linked clones without the chain above": _patched(
        _judge, "_cloned", lambda true: lambda one, facts: true(replace(one, snapshots=_uprooted(one.snapshots)), facts)
    ),
    "foreign ones looked at": _patched(
        _judge, "_outside", lambda true: lambda one, policy, now: true(one, replace(policy, include_foreign=True), now)
    ),
    "foreign ones never looked at": _field(include_foreign=False),
    "patterns are parts": _patched(
        fnmatch, "fnmatchcase", lambda true: lambda name, pattern: true(name, f"*{pattern}*")
    ),
    "patterns without case": _patched(
        fnmatch, "fnmatchcase", lambda true: lambda name, pattern: true(name.lower(), pattern.lower())
    ),
    "reasons that are overruled not named": _patched(
        _judge, "_verdict", lambda true: lambda *given: _first(true(*given))
    ),
    **{f"filter {key} forgotten": _filter_off(key) for key in _policy.FILTERS},
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_makes_a_table_fail(spoil: Spoil, monkeypatch: Patch) -> None:
    spoil(monkeypatch)
    assert any(table.differences() for table in TABLES), "no table notices"


def test_there_are_tables_for_every_key_of_a_policy() -> None:
    seen = {key for table in TABLES for key in table.policy}
    assert seen == {each.name for each in fields(Policy)} - {"protect_attribute"}
    filters = {key for table in TABLES for key in table.policy.get("filters", {})}
    assert filters == set(_policy.FILTERS)
