# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of results: the same for one VM and for a thousand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time, to_utc


def vm_dict(vm: Vm) -> dict[str, Any]:
    """How a result names the VM."""
    return {"name": vm.name, "moid": vm.moid, "instance_uuid": vm.instance_uuid, "folder": vm.folder}


def snapshot_dict(snapshot: Snapshot, tree: Sequence[Snapshot], now: datetime) -> dict[str, Any]:
    """A snapshot as results give it. One that check mode foretells has no id, moid or times."""
    ids = {other.moid: other.id for other in tree}
    real = snapshot.id >= 0
    marker = snapshot.marker
    return {
        "id": snapshot.id if real else None,
        "moid": snapshot.moid or None,
        "name": snapshot.name,
        "description": snapshot.description,
        # The peers' key, in the peers' form.
        "creation_time": to_utc(snapshot.created_at).isoformat() if real else None,
        "created_at": format_time(snapshot.created_at) if real else None,
        "age_seconds": max(0, int((now - snapshot.created_at).total_seconds())) if real else None,
        "state": snapshot.state,
        "kind": snapshot.kind,
        "quiesced": snapshot.quiesced,
        "memory": snapshot.memory,
        "parent_id": ids.get(snapshot.parent) if snapshot.parent is not None else None,
        "child_ids": [ids[child] for child in snapshot.children if ids.get(child, -1) >= 0],
        "depth": snapshot.depth,
        "path": snapshot.path,
        "current": snapshot.current,
        "managed": snapshot.managed,
        "set": marker.set if marker else None,
        "expires_at": format_time(marker.expires) if marker and marker.expires else None,
        "hold": snapshot.hold,
        "owner": marker.owner if marker else None,
        "phase": marker.phase if marker else None,
        "protected_by": list(protections(snapshot)),
        "size_bytes": snapshot.size_bytes,
    }


def snapshot_dicts(tree: Sequence[Snapshot], now: datetime) -> list[dict[str, Any]]:
    """Every snapshot of a tree, parents before children."""
    return [snapshot_dict(snapshot, tree, now) for snapshot in tree]


def nested(snapshots: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The peers' ``snapshots_tree``: dictionaries by ID, each with its ``children``.

    A snapshot whose parent is not among those given stands at the top.
    """
    nodes = {entry["id"]: {**entry, "children": {}} for entry in snapshots}
    roots: dict[str, Any] = {}
    for number, node in nodes.items():
        parent = nodes.get(node["parent_id"])
        (parent["children"] if parent is not None else roots)[str(number)] = node
    return roots


def summarise(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many VMs ended in which way."""
    counts = {"total": len(results), "changed": 0, "ok": 0, "skipped": 0, "failed": 0}
    for result in results:
        counts[result["status"]] += 1
    return counts


def headline(results: Sequence[Mapping[str, Any]], check_mode: bool, single: bool) -> str:
    """One sentence for people about the whole call."""
    if not results:
        return "no virtual machine matched, so there was nothing to do"
    failed = [result for result in results if result["status"] == "failed"]
    if single:
        only = results[0]
        name = only["vm"]["name"] if only["vm"] else only["selector"]
        return f"{name}: {only['msg']}" if only["vm"] else str(only["msg"])
    counts = summarise(results)
    would = "would be changed" if check_mode else "changed"
    text = f"{counts['total']} virtual machines: {counts['changed']} {would}, {counts['ok']} ok"
    text += f", {counts['skipped']} skipped" if counts["skipped"] else ""
    if failed:
        first = failed[0]
        name = first["vm"]["name"] if first["vm"] else first["selector"]
        more = f" (and {len(failed) - 1} more, see results)" if len(failed) > 1 else ""
        text += f", {counts['failed']} failed: {name}: {first['msg']}{more}"
    return text


def shortened(results: Sequence[Mapping[str, Any]], report: str) -> list[dict[str, Any]]:
    """Leave in full what ``report`` asks for; of the rest only what identifies it and how it ended.

    AWX replaces a result of more than 700,000 characters by nothing, and a fleet of thousands gets there.
    """
    wanted = {"all": ("changed", "ok", "skipped", "failed"), "changed": ("changed", "failed"), "failed": ("failed",)}
    brief = []
    for result in results:
        if result["status"] in wanted[report]:
            brief.append(dict(result))
            continue
        vm = result["vm"]
        brief.append(
            {
                "selector": result["selector"],
                "vm": {"name": vm["name"], "moid": vm["moid"]} if vm else None,
                "status": result["status"],
                "changed": result["changed"],
            }
        )
    return brief


def gather_warnings(warnings: Iterable[tuple[str, str]]) -> list[str]:
    """Warnings as (VM name, text), the same text said once with the names of the VMs."""
    names: dict[str, list[str]] = {}
    for name, text in warnings:
        names.setdefault(text, []).append(name)
    said = []
    for text, vms in names.items():
        more = f" and {len(vms) - 3} more" if len(vms) > 3 else ""
        said.append(f"{', '.join(vms[:3])}{more}: {text}")
    return said
