# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of snapshot_info: that the module runs from where it is installed."""

from __future__ import annotations

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.installed import InstalledAction


class ActionModule(InstalledAction):
    """Runs the module."""
