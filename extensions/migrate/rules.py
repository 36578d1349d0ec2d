# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of one task of a peer: the new module and how its options change, or why it is left alone. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NEW = "savepoint.vsphere."
GROUP = f"group/{NEW}vsphere"
CONNECTION = frozenset(
    [
        "hostname",
        "username",
        "user",
        "admin",
        "password",
        "pass",
        "pwd",
        "port",
        "validate_certs",
        "proxy_host",
        "proxy_port",
    ]
)
_VM = frozenset(["name", "uuid", "moid", "use_instance_uuid", "folder", "datacenter", "name_match"]) | CONNECTION
_OFFICIAL = _VM | {"folder_paths_are_absolute", "snapshot_name", "snapshot_id"}
_CHANGE = frozenset(["state", "description", "memory_dump", "quiesce", "remove_children", "new_snapshot_name"])
# By the name of the old module: every option that it has.
OPTIONS: Mapping[str, frozenset[str]] = {
    "vmware.vmware.vm_snapshot": _OFFICIAL | _CHANGE | {"remove_all", "timeout"},
    "vmware.vmware.vm_snapshot_info": _OFFICIAL,
    "vmware.vmware.vm_snapshot_revert": _OFFICIAL | {"suppress_power_on"},
    "community.vmware.vmware_guest_snapshot": _VM | _CHANGE | {"snapshot_name", "snapshot_id", "new_description"},
    "community.vmware.vmware_guest_snapshot_info": _VM - {"name_match"},
}
_SNAPSHOT = "community.vmware.vmware_guest_snapshot"
_INFO = "community.vmware.vmware_guest_snapshot_info"
# Names that Ansible resolves to these. The short ones of vmware.vmware depend on "collections", which is elsewhere.
ALIASES = {name.rpartition(".")[2]: name for name in (_SNAPSHOT, _INFO)}
# Groups of module_defaults by which the old modules get their connection.
GROUPS = ("group/vmware", "group/community.vmware.vmware", "group/vmware.vmware.vmware", "group/vmware.vmware.vsphere")
# Options in module_defaults of an old module that every new one takes as well.
DEFAULTS = CONNECTION | {"datacenter", "folder"}
_NEW_NAMES = {
    "vmware.vmware.vm_snapshot": "snapshot",
    "vmware.vmware.vm_snapshot_info": "snapshot_info",
    "vmware.vmware.vm_snapshot_revert": "snapshot_revert",
    _INFO: "snapshot_info",
}
# What each state of the community's module looks at; the others were ignored there and are errors or acted on here.
_IGNORED = {
    "present": {"remove_children"},
    "absent": {"description", "memory_dump", "quiesce", "new_snapshot_name", "new_description"},
    "revert": _CHANGE - {"state"} | {"new_description"},
    "remove_all": {*(_CHANGE - {"state"}), "new_description", "snapshot_name", "snapshot_id"},
}
# Keys of a registered result that mean the same.
_SAME = r"changed|failed|skipped|msg|rc|exception|warnings"


class LeftAloneError(Exception):
    """The task can't be proved to mean the same afterwards; the text says why."""


@dataclass(frozen=True)
class Change:
    """The new name, options to rename, literal values to replace, options to add, and options to take out."""

    module: str
    rename: tuple[tuple[str, str], ...] = ()
    replace: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


def full_name(name: str) -> str | None:
    """The old module that this names; None if it is none of them."""
    name = ALIASES.get(name, name)
    return name if name in OPTIONS else None


def change_of(module: str, options: Mapping[str, str | None]) -> Change:
    """What becomes of a task; the values of options are literal texts, None where they are not simple.

    Raises LeftAloneError.
    """
    unknown = sorted(set(options) - OPTIONS[module])
    if unknown:
        raise LeftAloneError(f"{module} has no option {', '.join(unknown)}")
    if module != _SNAPSHOT:
        return Change(NEW + _NEW_NAMES[module])
    state = options.get("state", "present")
    if state is None or state not in _IGNORED:
        raise LeftAloneError("its state is not written out, and each state may be another module")
    ignored = sorted(set(options) & _IGNORED[state])
    if ignored:
        raise LeftAloneError(f"with state {state} it ignored {', '.join(ignored)}; take that out first")
    if state == "revert":
        if not {"snapshot_name", "snapshot_id"} & set(options):
            raise LeftAloneError("it reverts to no named snapshot, which is an error now")
        return Change(NEW + "snapshot_revert", remove=("state",))
    if state == "remove_all":
        return Change(NEW + "snapshot", replace=(("state", "absent"),), add=(("remove_all", "true"),))
    if "new_description" in options:
        if "description" in options:
            raise LeftAloneError("it has description and new_description, which are one option now; keep the one meant")
        return Change(NEW + "snapshot", rename=(("new_description", "description"),))
    return Change(NEW + "snapshot")


def check_result(module: str, variable: str, text: str) -> None:
    """Raises LeftAloneError if the file uses anything of the registered result that is called otherwise now."""
    if module not in (_SNAPSHOT, _INFO):
        return
    for found in re.finditer(rf"(?<![\w.]){re.escape(variable)}\b(?!\s*:(?:\s|$))", text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        rest = text[found.end() :]
        harmless = re.match(rf"\.(?:{_SAME})\b|\s+is\s+(?:not\s+)?(?:changed|failed|succeeded|success|skipped)\b", rest)
        if not harmless and not re.search(r"(?:^|[\s{,-])register:\s*[\"']?$", line) and "#" not in line:
            raise LeftAloneError(
                f"its result, {variable}, is used in this file by keys that have other names now; see the guide"
            )


def check_defaults(module: str, options: Sequence[str]) -> None:
    """Raises LeftAloneError if module_defaults hold what is not good for the new modules as it is."""
    wrong = sorted(set(options) - DEFAULTS)
    if wrong:
        raise LeftAloneError(f"module_defaults of {module} set {', '.join(wrong)}, so no task can be judged by itself")
