# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a snapshot, and the space that it is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot


@dataclass(frozen=True)
class Datastore:
    """A datastore's space in bytes."""

    name: str
    capacity: int
    free: int


# The reason that protects for as long as it takes.
TASK_RUNS = "a snapshot task runs on its VM"


@dataclass(frozen=True)
class Verdict:
    """One snapshot, kept or removed, with all the reasons."""

    snapshot: Snapshot
    remove: bool
    reasons: tuple[str, ...]
