# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots are past what was agreed: thresholds, and what has newly passed one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size, parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import (
    format_duration,
    format_time,
    parse_duration,
)


@dataclass(frozen=True)
class Thresholds:
    """What is told of; made by parse_thresholds."""

    max_age: timedelta | None = None
    max_size: int | None = None
    max_chain_depth: int | None = None
    expired: bool = True
    consolidation_needed: bool = True


@dataclass(frozen=True)
class Finding:
    """A threshold that is passed. ``snapshot`` is None where it is the VM itself that needs something."""

    reason: str
    vm: Vm
    snapshot: Snapshot | None
    msg: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding at the next look."""
        return self.reason, self.vm.moid, self.snapshot.moid if self.snapshot is not None else ""


def threshold_spec() -> dict[str, Any]:
    """The options of the event source that say what it tells of."""
    return {
        "max_age": {"type": "str"},
        "max_size": {"type": "str"},
        "max_chain_depth": {"type": "int"},
        "expired": {"type": "bool", "default": True},
        "consolidation_needed": {"type": "bool", "default": True},
    }


def parse_thresholds(given: Mapping[str, Any]) -> Thresholds:
    """Read the options. Raises InputError for a value that is none, and when nothing would ever be told of."""
    depth = given["max_chain_depth"]
    if depth is not None and depth < 1:
        raise InputError(f"max_chain_depth is {depth}; it must be at least 1")
    wanted = Thresholds(
        max_age=parse_duration(given["max_age"], "max_age") if given["max_age"] is not None else None,
        max_size=parse_size(given["max_size"], "max_size") if given["max_size"] is not None else None,
        max_chain_depth=depth,
        expired=given["expired"],
        consolidation_needed=given["consolidation_needed"],
    )
    if wanted == Thresholds(expired=False, consolidation_needed=False):
        raise InputError(f"no threshold is set; set one of {', '.join(threshold_spec())}")
    return wanted


def passed(vm: Vm, wanted: Thresholds, now: datetime) -> Iterator[Finding]:
    """Every threshold that this VM is past now."""
    if wanted.consolidation_needed and vm.consolidation_needed:
        yield Finding("consolidation", vm, None, f"{vm.name}: its disks need consolidation")
    for snapshot in vm.snapshots:
        for reason, text in _reasons(snapshot, wanted, now):
            yield Finding(reason, vm, snapshot, f"{vm.name}: snapshot {snapshot.label} {text}")


def news(found: Iterable[Finding], told: Iterable[tuple[str, str, str]]) -> tuple[list[Finding], frozenset[Any]]:
    """What has not been told of yet, and what is to count as told from now on.

    A finding that has cleared is forgotten, so that it is told of again when it comes back.
    """
    present = {finding.key: finding for finding in found}
    known = set(told)
    return [finding for key, finding in present.items() if key not in known], frozenset(present)


def _reasons(snapshot: Snapshot, wanted: Thresholds, now: datetime) -> Iterator[tuple[str, str]]:
    age = now - snapshot.created_at
    if wanted.max_age is not None and age > wanted.max_age:
        yield "age", f"is {format_duration(age)} old, which is more than {format_duration(wanted.max_age)}"
    if wanted.max_size is not None and snapshot.frees_bytes > wanted.max_size:
        yield "size", f"takes {format_size(snapshot.frees_bytes)}, which is more than {format_size(wanted.max_size)}"
    if wanted.max_chain_depth is not None and snapshot.depth > wanted.max_chain_depth:
        yield "depth", f"is {snapshot.depth} levels deep, which is more than {wanted.max_chain_depth}"
    expires = snapshot.marker.expires if snapshot.marker is not None else None
    if wanted.expired and expires is not None and expires <= now:
        yield "expiry", f"has expired at {format_time(expires)}"
