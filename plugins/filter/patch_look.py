# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role patch found on a guest."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_look
short_description: Read what role patch found on a guest
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads the lines that the role's look at a guest gives.
  - It is there for the role C(savepoint.vsphere.patch).
positional: _input, exclude, include
options:
  _input:
    description: The lines; empty if nothing could be found out.
    type: str
    required: true
  exclude:
    description: Packages that are not to be updated, names or patterns such as V(kernel*).
    type: list
    elements: str
    default: []
  include:
    description: Packages that are to be updated, the same way.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what is installed
  ansible.builtin.debug:
    msg: "{{ 'boot\t1' | savepoint.vsphere.patch_look }}"
"""

RETURN = r"""
_value:
  description:
    - C(boot), by which one boot differs from another, and C(packages), by name the installed versions; each is V(null)
      if it is not known. C(hold) has the packages that O(exclude) matches and that are not on hold already, C(wanted)
      those that O(include) matches.
  type: dict
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line


def patch_look(lines: str, exclude: Sequence[str] = (), include: Sequence[str] = ()) -> Any:
    """What was found."""
    boot = None
    packages: dict[str, list[str]] | None = None
    hold: list[str] = []
    wanted: list[str] = []
    for line in str(lines).splitlines():
        what, *words = [one_line(word) for word in line.split("\t")]
        if what == "boot" and words and words[0]:
            boot = words[0]
        elif what == "listed":
            packages = packages or {}
        elif what == "package" and len(words) >= 2:
            packages = packages or {}
            packages[words[0]] = sorted({*packages.get(words[0], []), words[1]})
            plain = words[0].partition(":")[0]
            if words[2:3] != ["hold"] and any(fnmatchcase(plain, pattern) for pattern in exclude):
                hold.append(words[0])
            if any(fnmatchcase(plain, pattern) for pattern in include):
                wanted.append(words[0])
    return harmless({"boot": boot, "packages": packages, "hold": hold, "wanted": wanted})


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_look": patch_look}
