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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount, parse_amount, parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, parse_duration

COUNTED = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly")
FILTERS = ("name_pattern", "description_pattern", "set", "owner", "larger_than", "older_than")
PROTECT_ATTRIBUTE = "savepoint.protect"
# In percent; a datastore can't be kept free of everything.
MOST_FREE = 90
# A count far beyond any use.
MOST = 2**31 - 1


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
    # Raw, since Ansible would make a text of whatever is in the list, and that text would protect nothing.
    spec.update({key: {"type": "list", "elements": "raw", "default": []} for key in ("protect", "protect_vms")})
    spec["protect_attribute"] = {"type": "str", "default": PROTECT_ATTRIBUTE}
    spec["filters"] = {"type": "dict", "options": {key: {"type": "str"} for key in FILTERS}}
    return spec


def parse_policy(given: Mapping[str, Any]) -> Policy:
    """Read a policy. Raises InputError when it is empty, contradicts itself, or would mean to remove everything."""
    known = [each.name for each in fields(Policy)]
    _check_keys(given, "policy", known)

    def duration(key: str) -> timedelta | None:
        text = _text(given, key)
        return parse_duration(text, f"policy: {key}") if text is not None else None

    max_size, min_free = _text(given, "max_size"), _text(given, "min_free")
    counts = {key: _count(given, key, 0) for key in COUNTED}
    policy = Policy(
        **{key: count or 0 for key, count in counts.items()},
        keep_within=duration("keep_within"),
        min_age=duration("min_age"),
        max_age=duration("max_age"),
        max_count=_count(given, "max_count", 1),
        max_chain_depth=_count(given, "max_chain_depth", 1),
        max_size=parse_size(max_size, "policy: max_size") if max_size is not None else None,
        min_free=parse_amount(min_free, "policy: min_free", MOST_FREE) if min_free is not None else None,
        honor_expiry=_switch(given, "honor_expiry"),
        allow_none=_switch(given, "allow_none"),
        include_foreign=_switch(given, "include_foreign"),
        filters=_filters(given.get("filters")),
        protect=_patterns(given, "protect"),
        protect_vms=_patterns(given, "protect_vms"),
        protect_attribute=_attribute(given),
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


def _check_keys(given: Mapping[str, Any], where: str, known: Sequence[str]) -> None:
    unknown = sorted(shown(key) for key in given if key not in known)
    if unknown:
        raise InputError(f"{where}: unknown key {unknown[0]}; there are {', '.join(known)}")


def _count(given: Mapping[str, Any], key: str, least: int) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"policy: {key} is {shown(value)}; it must be a whole number")
    if value < least:
        raise InputError(f"policy: {key} is {shown(value)}; it must be at least {least}")
    if value > MOST:
        raise InputError(f"policy: {key} is {shown(value)}; it must be at most {MOST}")
    return value


def _switch(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key)
    if value is not None and not isinstance(value, bool):
        raise InputError(f"policy: {key} is {shown(value)}; it must be true or false")
    return bool(value)


def _text(given: Mapping[str, Any], key: str, where: str = "policy") -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{where}: {key} is {shown(value)}; it must be a text")
    return value


def _attribute(given: Mapping[str, Any]) -> str:
    name = _text(given, "protect_attribute") or PROTECT_ATTRIBUTE
    if not name.strip() or name[0] in "[{":
        # Ansible makes a text of a list; an attribute of that name protects nothing.
        raise InputError(f"policy: protect_attribute is {shown(name)}; it must be the name of a custom attribute")
    return name


def _filters(given: Any) -> Filters:
    if given is None:
        return Filters()
    if not isinstance(given, Mapping):
        raise InputError(f"policy: filters is {shown(given)}; it must be a dictionary of {', '.join(FILTERS)}")
    _check_keys(given, "policy: filters", FILTERS)
    wanted: dict[str, Any] = {}
    for key in FILTERS:
        text = _text(given, key, "policy: filters")
        if text is not None:
            if not text.strip():
                raise InputError(f"policy: filters: {key} is empty")
            wanted[key] = text
    if not wanted:
        raise InputError(f"policy: filters: no key is set; set some of {', '.join(FILTERS)}, or leave filters out")
    if "larger_than" in wanted:
        wanted["larger_than"] = parse_size(wanted["larger_than"], "policy: filters: larger_than")
    if "older_than" in wanted:
        wanted["older_than"] = parse_duration(wanted["older_than"], "policy: filters: older_than")
    return Filters(**wanted)


def _patterns(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    patterns = given.get(key)
    if patterns is None:
        return ()
    if not isinstance(patterns, (list, tuple)):
        raise InputError(f"policy: {key} is {shown(patterns)}; it must be a list of patterns")
    for pattern in patterns:
        # A list inside of the list, as a template makes it, would be compared as text and protect nothing.
        if not isinstance(pattern, str):
            raise InputError(f"policy: {key} has the entry {shown(pattern)}; each must be a pattern, quoted if need be")
        if not pattern.strip():
            raise InputError(f"policy: {key} has an empty pattern")
    return tuple(patterns)
