# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to keep: the policy of snapshot_prune, read and checked. Pure.

A snapshot goes if a limit (``max_*``, ``min_free``, ``honor_expiry``) asks for it and no ``keep_*``, ``min_age``, hold
or protection objects. With no limit in the policy, ``keep_*`` removes what it does not select. Limits other than
``honor_expiry`` leave a VM its last managed snapshot, unless a ``keep_*`` stands beside them or ``allow_none`` is set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount, parse_amount, parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, parse_duration

COUNTED = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly")
FILTERS = ("name_pattern", "description_pattern", "set", "owner", "larger_than", "older_than")
PROTECT_ATTRIBUTE = "savepoint.protect"
# In percent; a datastore can't be kept free of everything.
MOST_FREE = 90


# How much of a datastore must be free: a share of its capacity in percent, or bytes.
MinFree = Amount


@dataclass(frozen=True)
class Filters:
    """Which snapshots are candidates at all; everything that is set must hold. Patterns are shell patterns."""

    name_pattern: str | None = None
    description_pattern: str | None = None
    set: str | None = None
    owner: str | None = None
    larger_than: int | None = None
    older_than: timedelta | None = None


@dataclass(frozen=True)
class Policy:
    """A policy that makes sense; made by parse_policy."""

    keep_last: int = 0
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_within: timedelta | None = None
    min_age: timedelta | None = None
    max_age: timedelta | None = None
    max_count: int | None = None
    max_chain_depth: int | None = None
    max_size: int | None = None
    min_free: MinFree | None = None
    honor_expiry: bool = False
    allow_none: bool = False
    include_foreign: bool = False
    filters: Filters = Filters()
    protect: tuple[str, ...] = ()
    protect_vms: tuple[str, ...] = ()
    protect_attribute: str = PROTECT_ATTRIBUTE

    @property
    def has_limit(self) -> bool:
        """Is there a rule that asks for removals?"""
        limits = (self.max_age, self.max_count, self.max_chain_depth, self.max_size, self.min_free)
        return self.honor_expiry or any(limit is not None for limit in limits)

    @property
    def has_keep(self) -> bool:
        """Is there a rule that selects snapshots to keep?"""
        return self.keep_within is not None or any(getattr(self, key) for key in COUNTED)


def policy_spec() -> dict[str, Any]:
    """What snapshot_prune keeps and removes; described with the module."""
    spec: dict[str, Any] = {key: {"type": "int"} for key in (*COUNTED, "max_count", "max_chain_depth")}
    spec.update({key: {"type": "str"} for key in ("keep_within", "min_age", "max_age", "max_size", "min_free")})
    spec.update({key: {"type": "bool", "default": False} for key in ("honor_expiry", "allow_none", "include_foreign")})
    spec.update({key: {"type": "list", "elements": "str", "default": []} for key in ("protect", "protect_vms")})
    spec["protect_attribute"] = {"type": "str", "default": PROTECT_ATTRIBUTE}
    spec["filters"] = {"type": "dict", "options": {key: {"type": "str"} for key in FILTERS}}
    return spec


def parse_policy(given: Mapping[str, Any]) -> Policy:
    """Read a policy. Raises InputError when it is empty, contradicts itself, or would mean to remove everything."""
    known = [each.name for each in fields(Policy)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"policy: unknown key '{unknown[0]}'; there are {', '.join(known)}")

    def duration(key: str) -> timedelta | None:
        return parse_duration(given[key], f"policy: {key}") if given.get(key) is not None else None

    counts = {key: _count(given, key, 0) for key in COUNTED}
    policy = Policy(
        **{key: count or 0 for key, count in counts.items()},
        keep_within=duration("keep_within"),
        min_age=duration("min_age"),
        max_age=duration("max_age"),
        max_count=_count(given, "max_count", 1),
        max_chain_depth=_count(given, "max_chain_depth", 1),
        max_size=parse_size(given["max_size"], "policy: max_size") if given.get("max_size") is not None else None,
        min_free=parse_amount(given["min_free"], "policy: min_free", MOST_FREE)
        if given.get("min_free") is not None
        else None,
        honor_expiry=bool(given.get("honor_expiry")),
        allow_none=bool(given.get("allow_none")),
        include_foreign=bool(given.get("include_foreign")),
        filters=_filters(given.get("filters")),
        protect=_patterns(given, "protect"),
        protect_vms=_patterns(given, "protect_vms"),
        protect_attribute=given.get("protect_attribute") or PROTECT_ATTRIBUTE,
    )
    _check(policy, [key for key, count in counts.items() if count == 0])
    return policy


def _check(policy: Policy, zeros: list[str]) -> None:
    if not policy.has_limit and not policy.has_keep:
        if zeros:
            raise InputError(
                f"policy: {zeros[0]}: 0 alone would remove every snapshot; set a limit such as max_age too"
            )
        raise InputError(
            "policy is empty: set a keep_* rule, a max_* limit, min_free or honor_expiry; nothing is not 'remove all'"
        )
    if policy.min_age is not None and policy.max_age is not None and policy.min_age > policy.max_age:
        raise InputError(
            f"policy: min_age ({format_duration(policy.min_age)}) is longer than max_age "
            f"({format_duration(policy.max_age)}), so max_age could never act when it should"
        )
    if policy.max_count is not None and policy.keep_last > policy.max_count:
        raise InputError(f"policy: keep_last: {policy.keep_last} keeps more than max_count: {policy.max_count} allows")
    if policy.include_foreign:
        _check_foreign(policy.filters)


def _check_foreign(filters: Filters) -> None:
    """Foreign snapshots are somebody else's: reaching for them takes a filter that says which."""
    if filters == Filters():
        raise InputError(
            f"policy: include_foreign needs filters that say which are meant; set some of {', '.join(FILTERS)}"
        )
    patterns = (filters.name_pattern, filters.description_pattern)
    narrow = any(pattern is not None and not _matches_all(pattern) for pattern in patterns)
    if not narrow and not any((filters.set, filters.owner, filters.larger_than, filters.older_than)):
        raise InputError("policy: with include_foreign these filters match every snapshot; narrow them")


def _matches_all(pattern: str) -> bool:
    return not re.sub(r"[*?]", "", pattern)


def _count(given: Mapping[str, Any], key: str, least: int) -> int | None:
    value = given.get(key)
    if value is not None and value < least:
        raise InputError(f"policy: {key} is {value}; it must be at least {least}")
    return value


def _filters(given: Mapping[str, Any] | None) -> Filters:
    if given is None:
        return Filters()
    unknown = sorted(set(given) - set(FILTERS))
    if unknown:
        raise InputError(f"policy: filters: unknown key '{unknown[0]}'; there are {', '.join(FILTERS)}")
    wanted = {key: value for key, value in given.items() if value is not None}
    for key, value in wanted.items():
        if not str(value).strip():
            raise InputError(f"policy: filters: {key} is empty")
    if not wanted:
        raise InputError(f"policy: filters: no key is set; set some of {', '.join(FILTERS)}, or leave filters out")
    if "larger_than" in wanted:
        wanted["larger_than"] = parse_size(wanted["larger_than"], "policy: filters: larger_than")
    if "older_than" in wanted:
        wanted["older_than"] = parse_duration(wanted["older_than"], "policy: filters: older_than")
    return Filters(**wanted)


def _patterns(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    patterns = tuple(given.get(key) or ())
    if any(not pattern.strip() for pattern in patterns):
        raise InputError(f"policy: {key} has an empty pattern")
    return patterns
