# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application groups: machines whose snapshots are taken and rolled back together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KEYS = {"name", "tiers", "rollback"}
ROLLBACKS = ("together", "host")


class GroupError(ValueError):
    """A group that can't be; the text says which and why."""


def members(
    given: Sequence[Any], inventory: Mapping[str, Sequence[str]], batches: Sequence[Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """For each host that is in a group its ``name``, its ``tier`` from 0, the ``rollback`` and all ``hosts`` of
    the group.

    ``given`` are dictionaries with ``name``, ``tiers`` (each a host, or a group of the inventory) and ``rollback``.
    ``batches`` are the hosts of the play, by batch. Raises GroupError.
    """
    found: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    batch_of = {host: number for number, batch in enumerate(batches) for host in batch}
    for entry in given:
        name, tiers, rollback = _checked(entry, names)
        hosts = [(host, level) for level, tier in enumerate(tiers) for host in _hosts(name, tier, inventory, batch_of)]
        _check_batches(name, [host for host, level in hosts], batch_of)
        everyone = [host for host, level in hosts]
        for host, level in hosts:
            if host in found:
                again = "twice in" if found[host]["name"] == name else f"in group '{found[host]['name']}' and in"
                raise GroupError(f"host '{host}' is {again} group '{name}'")
            found[host] = {"name": name, "tier": level, "rollback": rollback, "hosts": everyone}
    return found


def _checked(entry: Any, names: set[str]) -> tuple[str, Sequence[str], str]:
    if not isinstance(entry, Mapping):
        raise GroupError(f"a group is a dictionary with name and tiers, and not {entry!r}")
    unknown = sorted(set(entry) - KEYS)
    if unknown:
        raise GroupError(f"a group has no '{unknown[0]}'; it has {', '.join(sorted(KEYS))}")
    name = str(entry.get("name") or "")
    tiers = entry.get("tiers")
    rollback = str(entry.get("rollback", ROLLBACKS[0]))
    if not name:
        raise GroupError("a group has no name")
    if name in names:
        raise GroupError(f"two groups are named '{name}'")
    names.add(name)
    if not isinstance(tiers, (list, tuple)) or not tiers:
        raise GroupError(f"group '{name}' needs tiers, a list of hosts or groups of the inventory")
    if rollback not in ROLLBACKS:
        raise GroupError(f"group '{name}': rollback is '{rollback}', and can be {' or '.join(ROLLBACKS)}")
    return name, [str(tier) for tier in tiers], rollback


def _hosts(name: str, tier: str, inventory: Mapping[str, Sequence[str]], batch_of: Mapping[str, int]) -> list[str]:
    if tier in inventory:
        hosts = [str(host) for host in inventory[tier]]
        if not hosts:
            raise GroupError(f"group '{name}': the inventory's group '{tier}' has no hosts")
    elif tier in batch_of or any(tier in listed for listed in inventory.values()):
        hosts = [tier]
    else:
        raise GroupError(f"group '{name}': '{tier}' is neither a host nor a group of the inventory")
    missing = [host for host in hosts if host not in batch_of]
    if missing:
        raise GroupError(
            f"group '{name}': {_some(missing)} not in this play (hosts or --limit leave out a part of the group), "
            "and a group is patched as a whole"
        )
    return hosts


def _check_batches(name: str, hosts: Sequence[str], batch_of: Mapping[str, int]) -> None:
    parts = sorted({batch_of[host] for host in hosts})
    if len(parts) > 1:
        first = next(host for host in hosts if batch_of[host] == parts[0])
        other = next(host for host in hosts if batch_of[host] == parts[1])
        raise GroupError(
            f"group '{name}' spans serial batches: '{first}' is in batch {parts[0] + 1}, and '{other}' in batch "
            f"{parts[1] + 1}. Raise serial, or order the inventory so that the group is in one batch"
        )


def _some(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    return ", ".join(f"'{host}'" for host in hosts[:3]) + more + (" are" if len(hosts) > 1 else " is")
