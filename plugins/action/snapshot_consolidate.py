# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of snapshot_consolidate: live progress."""

from __future__ import annotations

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.progress import ProgressAction


class ActionModule(ProgressAction):
    """Runs the module and tells how far it is."""
