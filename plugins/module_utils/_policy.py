# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to keep: a policy, and its verdict on one VM's snapshots. Pure.

A snapshot goes if a limit (``max_age``, ``honor_expiry``) asks for it and no ``keep_*`` or protection objects. With
no limit in the policy, ``keep_*`` removes what it does not select.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import (
    format_duration,
    format_time,
    parse_duration,
)


@dataclass(frozen=True)
class Policy:
    """A policy that makes sense; made by parse_policy."""

    keep_last: int | None = None
    max_age: timedelta | None = None
    honor_expiry: bool = False
    allow_none: bool = False

    @property
    def has_limit(self) -> bool:
        """Is there a rule that asks for removals?"""
        return self.max_age is not None or self.honor_expiry

    @property
    def has_keep(self) -> bool:
        """Is there a rule that holds on to snapshots?"""
        return bool(self.keep_last)


@dataclass(frozen=True)
class Verdict:
    """One snapshot, kept or removed, with all the reasons."""

    snapshot: Snapshot
    remove: bool
    reasons: tuple[str, ...]


def parse_policy(given: Mapping[str, Any]) -> Policy:
    """Read a policy. Raises InputError when it is empty or would mean to keep nothing."""
    keep_last, max_age = given.get("keep_last"), given.get("max_age")
    if keep_last is not None and keep_last < 0:
        raise InputError(f"policy: keep_last is {keep_last}; it must not be negative")
    policy = Policy(
        keep_last=keep_last,
        max_age=parse_duration(max_age, "policy: max_age") if max_age is not None else None,
        honor_expiry=bool(given.get("honor_expiry")),
        allow_none=bool(given.get("allow_none")),
    )
    if not policy.has_limit and not policy.has_keep:
        if keep_last == 0:
            raise InputError("policy: keep_last: 0 alone would remove every snapshot; set a limit such as max_age too")
        raise InputError("policy is empty: set keep_last, max_age or honor_expiry; nothing is not 'remove all'")
    return policy


def judge(vm: Vm, policy: Policy, now: datetime) -> tuple[Verdict, ...]:
    """The verdict on every snapshot of the VM, oldest first, which is also the order of removal."""
    oldest_first = sorted(vm.snapshots, key=lambda snapshot: (snapshot.created_at, snapshot.id))
    managed = [snapshot for snapshot in oldest_first if snapshot.managed]
    selected = {snapshot.moid for snapshot in (managed[-policy.keep_last :] if policy.keep_last else ())}
    verdicts = [_judge_one(snapshot, snapshot.moid in selected, policy, now) for snapshot in oldest_first]
    return tuple(_spare_the_last(verdicts, policy))


def _judge_one(snapshot: Snapshot, selected: bool, policy: Policy, now: datetime) -> Verdict:
    protected = protections(snapshot)
    if protected:
        return Verdict(snapshot, False, protected)
    if not snapshot.managed:
        return Verdict(snapshot, False, ("foreign: it has no savepoint marker",))
    limits = _limits(snapshot, policy, now)
    keeps = (f"among the last {policy.keep_last} (keep_last)",) if selected else ()
    if keeps:
        # The limits that were overruled are named too, so that nobody wonders why an old snapshot stays.
        return Verdict(snapshot, False, (*keeps, *(f"overrules: {limit}" for limit in limits)))
    if policy.has_limit:
        return Verdict(snapshot, bool(limits), limits or ("no limit asks for it",))
    return Verdict(snapshot, True, ("no keep rule selects it",))


def _limits(snapshot: Snapshot, policy: Policy, now: datetime) -> tuple[str, ...]:
    limits = []
    age = now - snapshot.created_at
    if policy.max_age is not None and age > policy.max_age:
        limits.append(f"older than {format_duration(policy.max_age)} (max_age): it is {format_duration(age)} old")
    expires = snapshot.marker.expires if snapshot.marker else None
    if policy.honor_expiry and expires is not None and expires <= now:
        limits.append(f"expired at {format_time(expires)} (honor_expiry)")
    return tuple(limits)


def _spare_the_last(verdicts: list[Verdict], policy: Policy) -> list[Verdict]:
    """Without a keep rule or allow_none, age alone may not take a VM's last managed snapshot; expiry may."""
    managed = [verdict for verdict in verdicts if verdict.snapshot.managed]
    if policy.allow_none or policy.has_keep or not managed or not all(verdict.remove for verdict in managed):
        return verdicts
    aged = [verdict for verdict in managed if not any("(honor_expiry)" in reason for reason in verdict.reasons)]
    if not aged:
        return verdicts
    newest = aged[-1]
    reason = "the last managed snapshot of its VM; a keep rule or allow_none: true would let it go"
    spared = Verdict(newest.snapshot, False, (reason, *(f"overrules: {limit}" for limit in newest.reasons)))
    return [spared if verdict is newest else verdict for verdict in verdicts]
