# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree of snapshots as text, from results. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import render

# No tree of vSphere's is as deep; a drawing is as wide as its tree is deep.
DEEPEST = 1000


def drawn(snapshots: Iterable[Mapping[str, Any]]) -> str:
    """The tree of these entries of a result. Raises what a wrong entry makes Python raise."""
    return render([_snapshot(entry) for entry in snapshots])


def _snapshot(entry: Mapping[str, Any]) -> Snapshot:
    """Back from the result's form, as far as the drawing needs it."""
    if not 0 < entry["depth"] <= DEEPEST:
        raise ValueError(f"depth is {shown(entry['depth'])}")
    expires = entry["expires_at"]
    marker = Marker(
        set=entry["set"],
        kind=entry["kind"],
        expires=parse_time(expires) if expires else None,
        phase=entry.get("phase"),
        hold=entry["hold"],
    )
    return Snapshot(
        moid=entry["moid"] or "",
        id=-1 if entry["id"] is None else entry["id"],
        name=entry["name"],
        raw_description="",
        description=entry["description"],
        created_at=parse_time(entry["created_at"] or "1970-01-01T00:00:00Z"),
        state=entry["state"],
        quiesced=entry["quiesced"],
        parent=None,
        children=(),
        depth=entry["depth"],
        path=entry["path"],
        current=entry["current"],
        marker=marker if entry["managed"] else None,
    )
