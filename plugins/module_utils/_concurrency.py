# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``limits``: how many VMs are worked on at once. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Limits:
    """VMs worked on at once. vCenter queues above some 640 operations; we stay well below, for others' sake.

    VMware publishes no limits per host or datastore for snapshots; these keep merges and memory dumps, which move
    data, from crowding a datastore. A disk-only create or revert touches a few small files: it counts per vCenter only.
    """

    vcenter: int = 256
    host: int = 8
    datastore: int = 8

    def of(self, place: Hashable) -> int:
        """How many slots a place has."""
        kind = place[0] if isinstance(place, tuple) else ""
        return {"vcenter": self.vcenter, "host": self.host, "datastore": self.datastore}[str(kind)]


def parse_limits(given: Mapping[str, Any] | None) -> Limits:
    """Read the option ``limits``. Raises InputError for a limit under which nothing could run."""
    chosen = {key: value for key, value in (given or {}).items() if value is not None}
    for key, value in chosen.items():
        if value < 1:
            raise InputError(f"limits: {key} is {value}, and below 1 nothing could ever start")
    return Limits(**chosen)
