# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the last retention run: a custom attribute on vCenter's root folder that everybody can read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

try:
    from pyVmomi import vim
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._session import LAST_WORD, Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import within
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time, parse_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import describe

ATTRIBUTE = "savepoint.retention"


def write_record(session: Session, now: datetime, summary: dict[str, int]) -> str | None:
    """Note that a run took place, and how it went; gives a warning where that can't be noted.

    It comes after the removals, so whatever goes wrong here must not take their results away.
    """
    try:
        # Writing it twice is writing it once.
        return within(LAST_WORD, lambda: session.persist(lambda: _write(session, now, summary)), session.cancel)
    except Exception as error:  # noqa: BLE001 - see above
        return f"the run could not be recorded on the root folder: {describe(error)}"


def _write(session: Session, now: datetime, summary: dict[str, int]) -> str | None:
    manager = session.content.customFieldsManager
    if manager is None:
        return "a single ESXi host keeps no custom attributes, so the run could not be recorded on it"
    key = _key(manager)
    if key is None:
        key = manager.AddCustomFieldDef(name=ATTRIBUTE, moType=vim.Folder).key
    text = json.dumps({"ran_at": format_time(now), **summary}, separators=(",", ":"))
    manager.SetField(entity=session.content.rootFolder, key=key, value=text)
    return None


def read_record(session: Session) -> dict[str, Any]:
    """The last record, with ``ran_at``; empty when there is none or it can't be read."""
    manager = session.content.customFieldsManager
    key = _key(manager) if manager is not None else None
    if key is None:
        return {}
    for entry in session.content.rootFolder.customValue or ():
        if entry.key == key:
            try:
                record = json.loads(entry.value)
            except ValueError:
                return {}
            return record if isinstance(record, dict) else {}
    return {}


def last_run(session: Session) -> tuple[bool, datetime | None]:
    """Whether the server keeps a record at all, and when the last run was, if that can be read."""
    if session.content.customFieldsManager is None:
        return False, None
    try:
        return True, parse_time(str(read_record(session).get("ran_at")))
    except (ValueError, vim.fault.NoPermission):
        return True, None


def _key(manager: Any) -> int | None:
    return next((entry.key for entry in manager.field or () if entry.name == ATTRIBUTE), None)
