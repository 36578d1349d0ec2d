# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a module writes how far it is, for its action plugin to read. Apart, since that needs nothing else of it."""

from __future__ import annotations

# In the module's temporary directory, which the action plugin sees where both are on one machine.
FILE = "savepoint_progress.json"
