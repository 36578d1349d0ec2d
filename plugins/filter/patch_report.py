# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What patching changed on a guest."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_report
short_description: Say what patching changed on a guest
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Compares what role C(savepoint.vsphere.patch) found on a guest before with what it found after.
positional: _input, after
options:
  _input:
    description: What P(savepoint.vsphere.patch_look#filter) gave before.
    type: dict
    required: true
  after:
    description: What it gave after.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what changed
  ansible.builtin.debug:
    msg: "{{ before | savepoint.vsphere.patch_report(after) }}"
  vars:
    before: {boot: a, packages: {openssl: ['3.0.15']}}
    after: {boot: b, packages: {openssl: ['3.0.16']}}
"""

RETURN = r"""
_value:
  description:
    - C(updated), a list of the packages that changed with C(name), C(from) and C(to), where V(null) means that it was
      not installed; V(null) if that is not known. C(rebooted), whether the guest was booted in between. C(kernel),
      whether one of the packages is a kernel. C(text), the packages on one line.
  type: dict
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless

SHOWN = 5
KERNEL = re.compile(r"(linux-image-.*|kernel(-core|-default|-uek|-rt)?(-core)?)(:.*)?")


def patch_report(before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """What changed."""
    updated = _updated(before.get("packages"), after.get("packages"))
    boots = (before.get("boot"), after.get("boot"))
    report = {
        "updated": updated,
        "rebooted": None not in boots and boots[0] != boots[1],
        "kernel": any(KERNEL.fullmatch(one["name"]) and one["to"] for one in updated or []),
        "text": _text(updated),
    }
    return harmless(report)


def _updated(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    if before is None or after is None:
        return None
    found = []
    for name in sorted({*before, *after}):
        # Of some packages, such as kernels, several versions are installed side by side.
        old, new = before.get(name, []), after.get(name, [])
        gone = [version for version in old if version not in new]
        come = [version for version in new if version not in old]
        if gone or come:
            found.append({"name": name, "from": ", ".join(gone) or None, "to": ", ".join(come) or None})
    return found


def _text(updated: list[dict[str, Any]] | None) -> str:
    if updated is None:
        return "not known which packages changed"
    if not updated:
        return "no package changed"
    shown = [f"{one['name']} {one['from'] or '(new)'} -> {one['to'] or '(removed)'}" for one in updated[:SHOWN]]
    more = f", and {len(updated) - SHOWN} more" if len(updated) > SHOWN else ""
    return f"{len(updated)} package{'s' if len(updated) != 1 else ''} changed: {', '.join(shown)}{more}"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_report": patch_report}
