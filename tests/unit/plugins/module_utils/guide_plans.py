# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the plans into docs/docsite/rst/guide_retention.rst, so that the guide shows what the code does.

    python -m ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.guide_plans

A plan stands between the comments ``.. begin NAME`` and ``.. end NAME``, where NAME is the title in guide/*.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import freed
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.plan_tables import Table, tables

GUIDE = Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "guide_retention.rst"
_BLOCK = re.compile(r"(?<=\.\. begin )(?P<name>\S+)\n.*?(?=\.\. end (?P=name)\n)", re.DOTALL)


def filled(guide: str) -> str:
    """The guide with every plan as the code makes it now. Raises KeyError for one that there is no example of."""
    examples = {table.title: table for table in tables("guide")}
    return _BLOCK.sub(lambda match: f"{match['name']}\n\n{_block(examples[match['name']])}\n", guide)


def named(guide: str) -> list[str]:
    """The plans that the guide shows."""
    return [match["name"] for match in _BLOCK.finditer(guide)]


def _block(table: Table) -> str:
    policy = yaml.safe_dump({"policy": dict(table.policy)}, sort_keys=False)
    # As people write it: entries of a list a step further in than its key.
    lines = [re.sub(r"^( *)- ", r"\1  - ", line) for line in policy.splitlines()]
    return f"{_code('yaml', lines)}\n{_code('text', list(_plan(table)))}"


def _code(language: str, lines: list[str]) -> str:
    indented = "".join(f"   {line}".rstrip() + "\n" for line in lines)
    return f".. code-block:: {language}\n\n{indented}"


def _plan(table: Table) -> Iterator[str]:
    verdicts = table.judge()
    names = max(len(one.name) for machine in table.vms for one in machine.snapshots)
    for machine in table.vms:
        yield machine.name
        for verdict in verdicts[machine.moid]:
            one = verdict.snapshot
            what = "remove" if verdict.remove else "keep"
            age = format_duration(table.now - one.created_at)
            start = f"  {what:<6}  {one.name:<{names}}  {age:<6}  "
            first, *rest = [*_notes(table, verdict), *verdict.reasons]
            yield start + first
            yield from (" " * len(start) + text for text in rest)
    gains = freed([verdict for found in verdicts.values() for verdict in found])
    for store in table.facts.datastores.values():
        free, gain = format_size(store.free), format_size(gains.get(store.name, 0))
        yield f"datastore {store.name}: {free} of {format_size(store.capacity)} free, and about {gain} more"


def _notes(table: Table, verdict: Verdict) -> Iterator[str]:
    """What of a snapshot the policies look at, besides its age."""
    one = verdict.snapshot
    notes = [] if one.managed else ["foreign"]
    if one.marker is not None and one.marker.set is not None:
        notes.append(f"set {one.marker.set}")
    if one.marker is not None and one.marker.expires is not None:
        left = one.marker.expires - table.now
        ago = left.total_seconds() < 0
        notes.append(f"expired {format_duration(left)} ago" if ago else f"expires in {format_duration(left)}")
    if one.frees_bytes:
        notes.append(format_size(one.frees_bytes))
    if notes:
        yield f"[{', '.join(notes)}]"


if __name__ == "__main__":
    GUIDE.write_text(filled(GUIDE.read_text()))
