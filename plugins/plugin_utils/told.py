# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Foreign text on its way to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:  # Gone from an ansible-core that trusts no text of a plugin as a template anyway.

    def wrap_var(v: Any) -> Any:
        """Nothing to do."""
        return v


# What can become of a host, the best first.
OUTCOMES = ("committed", "recovered", "reverted", "failed", "untouched")
STAGES = {"readiness": "not ready", "snapshot": "no snapshot", "patch": "patching failed", "verify": "unhealthy"}
LOST = "lost: it became unreachable, or left the play, while it was patched or verified"


def why(verdict: Mapping[str, Any]) -> str:
    """A recorded verdict in words."""
    return f"{STAGES.get(verdict['stage'], verdict['stage'])}: {verdict.get('reason', '')}"


def one_line(text: str) -> str:
    """The text without what could make it look like more lines, or another host's."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def harmless(value: Any) -> Any:
    """The value, marked so that text from vCenter or a guest in it is never taken for a template."""
    return wrap_var(value)
