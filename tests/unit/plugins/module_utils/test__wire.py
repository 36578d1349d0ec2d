# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from pyVmomi import vim, vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter
from pyVmomi.VmomiSupport import newestVersions

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import (
    Form,
    UnfamiliarError,
    blank,
    changes_of,
    reference_of,
    returned,
    rows_of,
    text_of,
)

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>{}</e:Body></e:Envelope>"""


def page(*properties: str, token: str = "") -> bytes:
    inside = "".join(f"<propSet><name>p{number}</name>{value}</propSet>" for number, value in enumerate(properties))
    return ENVELOPE.format(
        f'<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>{token}<objects>'
        f'<obj type="VirtualMachine">vm-1</obj>{inside}</objects></returnval></RetrievePropertiesExResponse>'
    ).encode()


def values(*properties: str) -> list[object]:
    [(ref, found, missing)] = rows_of(returned(page(*properties)))
    assert (moid_of(ref), ref.kind, missing) == ("vm-1", "VirtualMachine", {})
    return list(found.values())


def test_what_could_not_be_read() -> None:
    body = ENVELOPE.format(
        '<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="VirtualMachine">vm-1</obj>'
        "<missingSet><path>snapshot</path><fault>"
        '<fault xsi:type="NoPermission"><privilegeId>System.Read</privilegeId></fault><localizedMessage/></fault>'
        "</missingSet><missingSet><path>name</path><fault/></missingSet>"
        "</objects></returnval></RetrievePropertiesExResponse>"
    ).encode()
    [(ref, found, missing)] = rows_of(returned(body))
    assert (moid_of(ref), found) == ("vm-1", {})
    assert missing == {"snapshot": "NoPermission", "name": ""}


def test_simple_values() -> None:
    assert values(
        '<val xsi:type="xsd:string">a &lt; b</val>',
        '<val xsi:type="xsd:string"/>',
        '<val xsi:type="xsd:boolean">true</val>',
        '<val xsi:type="xsd:boolean">0</val>',
        '<val xsi:type="xsd:int">-1</val>',
        '<val xsi:type="VirtualMachinePowerState">poweredOn</val>',
        "",
    ) == ["a < b", "", True, False, -1, "poweredOn", None]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("", 0), (".5", 500000), (".123", 123000), (".123456", 123456), (".123456789", 123456)],
)
def test_times_of_any_precision(text: str, micros: int) -> None:
    wanted = datetime(2026, 11, 24, 5, 0, 1, micros, tzinfo=timezone.utc)
    for zone in ("Z", "+00:00"):
        assert values(f'<val xsi:type="xsd:dateTime">2026-11-24T05:00:01{text}{zone}</val>') == [wanted]


def test_references_and_lists_of_them() -> None:
    one, many = values(
        '<val type="HostSystem" xsi:type="ManagedObjectReference">host-1</val>',
        '<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Datastore" '
        'xsi:type="ManagedObjectReference">ds-1</ManagedObjectReference></val>',
    )
    assert moid_of(one) == "host-1"
    assert isinstance(many, list) and [moid_of(ref) for ref in many] == ["ds-1"]


def test_a_snapshot_tree() -> None:
    def node(number: int, inside: str = "") -> str:
        return (
            f'<snapshot type="VirtualMachineSnapshot">s-{number}</snapshot><vm type="VirtualMachine">vm-1</vm>'
            f"<name>n{number}</name><description/><id>{number}</id><createTime>2026-11-24T05:00:00Z</createTime>"
            f"<state>poweredOff</state><quiesced>true</quiesced>{inside}<replaySupported>false</replaySupported>"
        )

    children = "".join(f"<childSnapshotList>{node(number)}</childSnapshotList>" for number in (2, 3))
    [info] = values(
        '<val xsi:type="VirtualMachineSnapshotInfo"><currentSnapshot type="VirtualMachineSnapshot">s-3'
        f"</currentSnapshot><rootSnapshotList>{node(1, children)}</rootSnapshotList></val>"
    )
    [root] = info.rootSnapshotList  # type: ignore[attr-defined]
    assert moid_of(info.currentSnapshot) == "s-3"  # type: ignore[attr-defined]
    assert (root.id, root.name, root.description, root.quiesced) == (1, "n1", "", True)
    assert [(child.id, moid_of(child.snapshot)) for child in root.childSnapshotList] == [(2, "s-2"), (3, "s-3")]


@pytest.mark.parametrize(
    "value",
    [
        '<val xsi:type="LocalizedMethodFault"><fault xsi:type="TaskInProgress"/></val>',
        "<val>of no known type</val>",
        '<val xsi:type="ArrayOfVirtualDevice"><VirtualDevice/></val>',
    ],
)
def test_anything_else_is_left_to_pyvmomi(value: str) -> None:
    with pytest.raises(UnfamiliarError):
        values(value)


def test_another_api_is_left_to_pyvmomi() -> None:
    with pytest.raises(UnfamiliarError):
        returned(page().replace(b"urn:vim25", b"urn:other"))


def test_an_empty_answer_and_the_token_of_a_next_page() -> None:
    assert returned(ENVELOPE.format('<WaitForUpdatesExResponse xmlns="urn:vim25"/>').encode()) is None
    assert text_of(returned(page(token="<token>t1</token>")), "token") == "t1"
    assert text_of(returned(page()), "token") == ""


def test_changes_of_an_update() -> None:
    update = returned(
        ENVELOPE.format(
            '<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval><version>3</version><filterSet>'
            '<filter type="PropertyFilter">f</filter><objectSet><kind>modify</kind><obj type="Task">task-1</obj>'
            "<changeSet><name>info.state</name><op>assign</op>"
            '<val xsi:type="TaskInfoState">success</val></changeSet>'
            "<changeSet><name>info.error</name><op>assign</op></changeSet>"
            "</objectSet></filterSet><truncated>true</truncated></returnval></WaitForUpdatesExResponse>"
        ).encode()
    )
    assert changes_of(update) == [("task-1", "modify", {"info.state": "success", "info.error": None})]
    assert (text_of(update, "version"), text_of(update, "truncated")) == ("3", "true")


# It never connects: pyVmomi only writes requests here.
STUB = SoapStubAdapter("vcenter.invalid", version=newestVersions.GetName("vim"))


def by_pyvmomi(mo: Any, method: str, *arguments: Any) -> bytes:
    written: bytes = STUB.SerializeRequest(mo, mo._GetMethodInfo(method), arguments)
    return written


HOSTILE = [
    "",
    "plain",
    "a <b> & 'c' \"d\"",
    "]]>",
    blank(0),
    blank(1) + blank(2),
    "\\1 \\g<0> %s {0}",
    "line\nline",
    "\u202eü😀",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_form_says_what_pyvmomi_would_write(text: str) -> None:
    form = Form(vim.VirtualMachine(blank(0), STUB), "CreateSnapshot", blank(1), blank(2), False, True)
    for moid, name in (("vm-1", text), ("vm-2", "other")):
        written = by_pyvmomi(vim.VirtualMachine(moid, STUB), "CreateSnapshot", name, text, False, True)
        assert form.filled(moid, name, text) == written


@pytest.mark.parametrize("moids", [["vm-1"], ["vm-1", "vm-2", "vm-3"]])
def test_a_form_lists_objects_as_pyvmomi_would(moids: list[str]) -> None:
    query = vmodl.query.PropertyCollector
    collector = query("propertyCollector", STUB)

    def spec(names: list[str]) -> Any:
        starts = [query.ObjectSpec(obj=vim.VirtualMachine(name, STUB), skip=False) for name in names]
        wanted = [query.PropertySpec(type=vim.VirtualMachine, pathSet=["name"], all=False)]
        return query.FilterSpec(objectSet=starts, propSet=wanted)

    form = Form(collector, "CreateFilter", spec([blank(0)]), True, repeat="objectSet")
    assert form.listed(moids) == by_pyvmomi(collector, "CreateFilter", spec(moids), True)


def test_what_a_call_gave() -> None:
    def answer(inside: str) -> bytes:
        return ENVELOPE.format(f'<Response xmlns="urn:vim25">{inside}</Response>').encode()

    made = reference_of(answer('<returnval type="Task">task-7</returnval>'))
    assert made is not None
    assert (made.kind, moid_of(made)) == ("Task", "task-7")
    assert reference_of(answer("")) is None
    for strange in ("<returnval>7</returnval>", '<returnval type="Task"><key>7</key></returnval>'):
        with pytest.raises(UnfamiliarError):
            reference_of(answer(strange))
