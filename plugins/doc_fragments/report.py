# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of report, the twin of _argspec.report_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """Which results are given in full."""

    DOCUMENTATION = r"""
options:
  report:
    description:
      - Which of the RV(ignore:results) are given in full. The rest keep only what identifies them and their status.
      - AWX replaces a task result of more than 700,000 characters by nothing. Fleets of many hundreds come near that.
    type: str
    choices: [all, changed, failed]
    default: all
"""
