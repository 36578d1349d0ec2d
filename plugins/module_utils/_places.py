# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How people write the place of something in the inventory. Pure.

A path here is what results show: from the root, its parts made by ``_names.part``, so that no two places have the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.savepoint.vsphere.plugins.module_utils._names import plain


def is_named(wanted: str, path: str) -> bool:
    """Is it the name or the whole path of this datacenter or cluster?"""
    names = _names(path)
    return _reads(wanted, (names[-1:], names))


def is_folder(wanted: str, path: str, datacenter_path: str | None, *, absolute: bool = False) -> bool:
    """Is it a path of this folder? It may begin at the root, the datacenter or its vm folder."""
    names, base = _names(path), _names(datacenter_path or "")
    readings = [names]
    if not absolute and base and names[: len(base)] == base:
        # A datacenter may itself be in a folder; its own name is then how people begin the path.
        readings += [names[len(base) - 1 :], names[len(base) :]]
        readings += [names[len(base) + 1 :]] if names[len(base) : len(base) + 1] == ["vm"] else []
    return _reads(wanted, readings)


def is_below(wanted: str, path: str, datacenter_path: str | None, *, absolute: bool = False) -> bool:
    """Is it a path of this folder, or of one above it?"""
    parts = path.split("/")
    above = ("/".join(parts[:end]) for end in range(2, len(parts) + 1))
    return any(is_folder(wanted, one, datacenter_path, absolute=absolute) for one in above)


def tidy(path: str) -> str:
    """A path with one slash before each part and none at its end."""
    return "".join(f"/{one}" for one in path.split("/") if one)


def _reads(wanted: str, readings: Iterable[Sequence[str]]) -> bool:
    """Does one of these say what is wanted: as the vSphere Client shows the names, or escaped as in our paths?"""
    parts, whole = _names(wanted), (wanted, wanted.strip("/"))
    return any(names and (list(names) == parts or "/".join(names) in whole) for names in readings)


def _names(path: str) -> list[str]:
    return [plain(one) for one in path.split("/") if one]
