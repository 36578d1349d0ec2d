# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code that must end, in a process of its own: that can be ended from outside when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COLLECTIONS = Path(__file__).resolve().parents[7]


def output(code: str, seconds: float = 30.0) -> str:
    """What the code prints; an error where it fails, or its process does not end in time."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        timeout=seconds,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
