# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots the limits of a policy ask for. Pure.

Each limit looks at the candidates of one VM by itself: what another rule keeps does not make it ask for others in
their place. So a policy that keeps more never removes more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, format_time

EXPIRED = "(honor_expiry)"


def limit_reasons(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> dict[str, tuple[str, ...]]:
    """By MoID, every limit that asks for the snapshot; one that no limit asks for is not in the answer."""
    reasons: dict[str, list[str]] = {}
    for rule in (_by_age, _by_count, _by_depth, _by_size, _by_expiry):
        for moid, text in rule(candidates, tree, policy, now):
            reasons.setdefault(moid, []).append(text)
    return {moid: tuple(texts) for moid, texts in reasons.items()}


def _by_age(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    if policy.max_age is None:
        return
    for one in candidates:
        age = now - one.created_at
        if age > policy.max_age:
            yield one.moid, f"older than {format_duration(policy.max_age)} (max_age): it is {format_duration(age)} old"


def _by_count(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    if policy.max_count is None:
        return
    newest_first = sorted(candidates, key=lambda one: (one.created_at, one.id), reverse=True)
    for one in newest_first[policy.max_count :]:
        yield one.moid, f"more than {policy.max_count} (max_count): there are {len(candidates)}"


def _by_depth(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    """The snapshots at the top of a chain that is too long, foreign ones counted: vSphere counts them too."""
    if policy.max_chain_depth is None:
        return
    below: dict[str, int] = {}
    # Parents come first in a tree, so that from the end every child is known before its parent.
    for one in reversed(tree):
        below[one.moid] = 1 + max((below[child] for child in one.children if child in below), default=0)
    for one in candidates:
        height = below.get(one.moid, 1)
        if height > policy.max_chain_depth:
            yield one.moid, f"its chain is {height} long from here (max_chain_depth {policy.max_chain_depth})"


def _by_size(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    if policy.max_size is None:
        return
    total = sum(one.frees_bytes for one in candidates)
    rest = total
    for one in sorted(candidates, key=lambda each: (each.created_at, each.id)):
        if rest <= policy.max_size:
            return
        yield one.moid, f"all together take {format_size(total)} (max_size {format_size(policy.max_size)})"
        rest -= one.frees_bytes


def _by_expiry(
    candidates: Sequence[Snapshot], tree: Sequence[Snapshot], policy: Policy, now: datetime
) -> Iterator[tuple[str, str]]:
    if not policy.honor_expiry:
        return
    for one in candidates:
        expires = one.marker.expires if one.marker is not None else None
        if expires is not None and expires <= now:
            yield one.moid, f"expired at {format_time(expires)} {EXPIRED}"
