# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which kind of snapshot a VM gets for a wish: granted, weakened with consent, or refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm


@dataclass(frozen=True)
class Grant:
    """The flags to send to vSphere, the kind that they give, and what the caller must be told.

    ``refused`` is set instead when the wish can't be met.
    """

    memory: bool = False
    quiesce: bool = False
    kind: str = "crash_consistent"
    warnings: tuple[str, ...] = ()
    refused: str | None = None


def grant(vm: Vm, memory: bool, quiesce: bool, allow_crash: bool) -> Grant:
    """Decide the kind for this VM in its present power state.

    A powered-off VM has nothing but its disks to keep, so every wish is met. Memory with quiesce sends memory alone:
    vSphere treats them as alternatives. What can't be had is refused, unless ``allow_crash`` permits the weaker kind.
    """
    warnings: tuple[str, ...] = ()
    if memory and quiesce:
        warnings = ("memory_dump and quiesce exclude each other in vSphere; memory_dump counts alone",)
        quiesce = False
    if vm.power_state == "poweredOff":
        return Grant(kind="powered_off", warnings=warnings)
    if vm.power_state == "suspended":
        return _suspended(vm, memory, quiesce, allow_crash, warnings)
    if not memory and not quiesce:
        return Grant(warnings=warnings)
    if memory:
        if vm.capabilities.memory_snapshots is not False:
            return Grant(memory=True, kind="memory", warnings=warnings)
        why = "a memory snapshot can't be had: vCenter says that this virtual machine does not support it"
    else:
        if vm.capabilities.quiesced_snapshots is not False and vm.tools_running:
            return Grant(quiesce=True, kind="quiesced", warnings=warnings)
        why = (
            "a quiesced snapshot can't be had: VMware Tools is not running in the guest"
            if vm.capabilities.quiesced_snapshots is not False
            else "a quiesced snapshot can't be had: vCenter says that this virtual machine does not support it"
        )
    return _weaker(Grant(), why, allow_crash, warnings)


def _suspended(vm: Vm, memory: bool, quiesce: bool, allow_crash: bool, warnings: tuple[str, ...]) -> Grant:
    disk_only = vm.capabilities.disk_only_on_suspended is True
    kept = Grant(kind="crash_consistent") if disk_only and not memory else Grant(memory=memory, kind="suspended")
    if not quiesce:
        return Grant(memory=kept.memory, kind=kept.kind, warnings=warnings)
    return _weaker(kept, "a quiesced snapshot can't be had: the virtual machine is suspended", allow_crash, warnings)


def _weaker(weaker: Grant, why: str, allowed: bool, warnings: tuple[str, ...]) -> Grant:
    if not allowed:
        return Grant(refused=f"{why}; fallback: crash would allow the weaker kind")
    told = (*warnings, f"{why}; took the kind {weaker.kind} instead, as fallback: crash allows")
    return Grant(memory=weaker.memory, kind=weaker.kind, warnings=told)
