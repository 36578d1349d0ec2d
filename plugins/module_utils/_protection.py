# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots that no policy may remove. Pure.

Sources of the list: the products' own documentation and the names that operators' tools filter by; see
docs/docsite/rst/guide_protection.rst for each. It can not be complete, which is why pruning keeps to managed snapshots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import with_hold
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot

# Name patterns of backup and replication products' snapshots, each with the product's name for the reason.
BACKUP_PRODUCTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Veeam", re.compile(r".*veeam.*", re.IGNORECASE | re.DOTALL)),
    ("Commvault", re.compile(r"__GX_(BACKUP|FAILOVER|TESTBOOT)__.*|.*GX_BACKUP.*", re.DOTALL)),
    ("NetBackup", re.compile(r".*NBU_SNAPSHOT.*", re.IGNORECASE | re.DOTALL)),
    ("Rubrik", re.compile(r".*RUBRIK.*", re.IGNORECASE | re.DOTALL)),
    ("NetApp SnapManager", re.compile(r"smvi_.*", re.DOTALL)),
    ("VMware Consolidated Backup", re.compile(r"_?VCB[-_].*", re.DOTALL)),
    ("VMware Cloud Director", re.compile(r"VCD-snapshot-.*", re.DOTALL)),
    ("vSphere's own consolidation", re.compile(r"Consolidate Helper-.*", re.IGNORECASE | re.DOTALL)),
)


def backup_product(snapshot: Snapshot) -> str | None:
    """The product that a snapshot seems to belong to, by its name.

    One that we took is ours whatever its name: otherwise a set called 'before-veeam-upgrade' could never go. A marker
    that says nothing but hold was put on somebody else's snapshot.
    """
    if snapshot.marker is not None and not with_hold(snapshot.marker, False).empty:
        return None
    return next((product for product, pattern in BACKUP_PRODUCTS if pattern.fullmatch(snapshot.name)), None)


def protections(snapshot: Snapshot) -> tuple[str, ...]:
    """Every reason why this snapshot must not be removed; empty when there is none."""
    reasons = []
    if snapshot.hold:
        reasons.append("on hold")
    if snapshot.marker_problem is not None:
        reasons.append(f"its savepoint marker does not parse ({snapshot.marker_problem})")
    product = backup_product(snapshot)
    if product is not None:
        reasons.append(f"it belongs to a backup or replication product ({product})")
    return tuple(reasons)


def refusal(snapshots: Iterable[Snapshot]) -> str | None:
    """Why removing all of these is refused, naming the first that stands in the way; None when nothing does."""
    for snapshot in snapshots:
        reasons = protections(snapshot)
        if reasons:
            return f"snapshot {snapshot.label} is protected: {'; '.join(reasons)}; force: true overrides"
    return None
