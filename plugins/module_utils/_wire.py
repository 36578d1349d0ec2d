# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the two answers that carry a fleet's data, property reads and updates, ten times faster than pyVmomi does.

pyVmomi calls Python for every tag of an answer. The bulk of ours are a few properties of known types; those are taken
from a tree that the standard library parses in C. An answer with anything else in it is left to pyVmomi whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from http.client import HTTPException
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

try:
    from pyVmomi.SoapAdapter import SoapResponseDeserializer
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

_NS = "{urn:vim25}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_BLANK = re.compile(r"@blank (\d)@")
_FRACTION = re.compile(r"\.(\d+)")
# How every answer of vSphere begins. A page of a proxy's may be well-formed too, and would pass for an empty answer.
_ENVELOPE = re.compile(rb"<(\w+:)?Envelope\b")
_BEGINNING = 1000
# The cookie that carries vSphere's session.
_SESSION = "vmware_soap_session"
_STRANGE = "an answer that is none of vSphere's"

Decoder = Callable[[Any], Any]


class UnfamiliarError(Exception):
    """The answer holds something that is not known here."""


class Reference:
    """A managed object as far as results need it: moid_of knows its ``_moId``."""

    __slots__ = ("_moId", "kind")

    def __init__(self, kind: str, moid: str) -> None:
        self.kind = kind
        self._moId = moid


class Form:
    """A request that pyVmomi writes once, sent again and again with other texts where the blanks were.

    pyVmomi takes longer to write a request than to send it, and one that names a thousand objects much longer.
    """

    def __init__(self, mo: Any, method: str, *arguments: Any, repeat: str = "") -> None:
        """``repeat`` is the name of an element, the one in which the only blank is; see ``listing``."""
        self.stub = mo._stub  # pylint: disable=protected-access
        self.info = mo._GetMethodInfo(method)  # pylint: disable=protected-access
        text = self.stub.SerializeRequest(mo, self.info, arguments).decode()
        self._around = ("", "")
        if repeat:
            start, end = text.index(f"<{repeat}"), text.rindex(f"</{repeat}>") + len(f"</{repeat}>")
            self._around = (text[:start], text[end:])
            text = text[start:end]
        self._parts = _BLANK.split(text)

    def send(self, *texts: str) -> bytes:
        """Send it with these texts in the blanks; gives the answer as it came. Raises what ``call`` does."""
        return _exchange(self.stub, self.info, self.filled(*texts))

    def listing(self, texts: Iterable[str]) -> bytes:
        """Send it with the repeated element once for each text."""
        return _exchange(self.stub, self.info, self.listed(texts))

    def filled(self, *texts: str) -> bytes:
        """The request with these texts."""
        return self._text(texts).encode()

    def listed(self, texts: Iterable[str]) -> bytes:
        """The request with the repeated element once for each text."""
        head, tail = self._around
        return f"{head}{''.join(self._text((text,)) for text in texts)}{tail}".encode()

    def _text(self, texts: Sequence[str]) -> str:
        # Every second part is the number of a blank. One pass, so that a text that looks like a blank stays a text.
        return "".join(escape(texts[int(part)]) if position % 2 else part for position, part in enumerate(self._parts))


def blank(number: int) -> str:
    """What to give pyVmomi for a text that comes later."""
    return f"@blank {number}@"


def call(mo: Any, method: str, *arguments: Any) -> tuple[bytes, Any]:
    """Call a method over the object's stub; gives the answer as it came, and what pyVmomi needs to read it.

    Raises the fault that vSphere answers with, or HTTPException and OSError as pyVmomi itself would.
    """
    form = Form(mo, method, *arguments)
    return form.send(), form.info


def invoke(stub: Any, mo: Any, info: Any, arguments: Sequence[Any]) -> Any:
    """Call a method as the stub's own InvokeMethod does, but that any answer that is none of vSphere's is told as such.

    pyVmomi takes a page of a proxy's for an answer without a result, or raises what its XML parser raises.
    """
    return by_pyvmomi(_exchange(stub, info, stub.SerializeRequest(mo, info, arguments)), stub, info)


def _exchange(stub: Any, info: Any, request: bytes) -> bytes:
    headers = {"Cookie": stub.cookie, "SOAPAction": stub.versionId, "Content-Type": "text/xml; charset=UTF-8"}
    connection = stub.GetConnection()
    try:
        connection.request("POST", stub.path, request, headers)
        response = connection.getresponse()
        status: int = response.status
        body: bytes = response.read()
    except (OSError, HTTPException):
        connection.close()
        stub.DropConnections()
        raise
    if status not in (200, 500) or not _ENVELOPE.search(body, 0, _BEGINNING):
        connection.close()
        raise HTTPException(_STRANGE if status == 200 else f"{status} {response.reason}")
    cookie = response.getheader("Set-Cookie")
    if cookie and (_SESSION in cookie or not stub.cookie):
        stub.cookie = cookie  # A proxy's own, which come later, must not take the session's place.
    stub.ReturnConnection(connection)
    if status == 500:
        fault = by_pyvmomi(body, stub, info)
        raise fault if isinstance(fault, Exception) else HTTPException(f"{status} {response.reason}")
    return body


def by_pyvmomi(body: bytes, stub: Any, info: Any) -> Any:
    """The answer as pyVmomi reads it. Raises HTTPException for one that is no XML."""
    try:
        return SoapResponseDeserializer(stub).Deserialize(body, info.result)
    except ExpatError as error:
        raise HTTPException(_STRANGE) from error


def returned(body: bytes) -> Any:
    """The element ``returnval`` of an answer; None if it is empty.

    Raises UnfamiliarError, and HTTPException for what is no XML.
    """
    try:
        # The server is one that we logged in to, and pyVmomi gives the same bytes to the same parser.
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise HTTPException(_STRANGE) from error
    answer = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body/*")
    if answer is None or not answer.tag.startswith(_NS):
        raise UnfamiliarError
    return answer.find(_NS + "returnval")


def reference_of(body: bytes) -> Reference | None:
    """The managed object that a call gave; None if it gave nothing. Raises UnfamiliarError."""
    found = returned(body)
    if found is None:
        return None
    if len(found) or not found.get("type"):
        raise UnfamiliarError
    return _reference(found)


def rows_of(page: Any) -> list[tuple[Reference, dict[str, Any], dict[str, str]]]:
    """The objects of a RetrieveResult, each with its properties by path, and the faults of those not to be read."""
    return [
        (
            _reference(entry.find(_NS + "obj")),
            _properties(entry, _NS + "propSet"),
            {text_of(one, "path"): _fault_of(one) for one in entry.findall(_NS + "missingSet")},
        )
        for entry in page.findall(_NS + "objects")
    ]


def _fault_of(missing: Any) -> str:
    fault = missing.find(f"{_NS}fault/{_NS}fault")
    return "" if fault is None else fault.get(_XSI_TYPE, "").rpartition(":")[2]


def changes_of(update: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """The objects of an UpdateSet, each as MoID, kind of update and changed properties by path."""
    return [
        (entry.findtext(_NS + "obj"), entry.findtext(_NS + "kind"), _properties(entry, _NS + "changeSet"))
        for part in update.findall(_NS + "filterSet")
        for entry in part.findall(_NS + "objectSet")
    ]


def text_of(element: Any, name: str) -> str:
    """The text of a child, empty if there is none."""
    found: str = element.findtext(_NS + name, "")
    return found


def _properties(entry: Any, tag: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in entry.findall(tag):
        value = pair.find(_NS + "val")
        values[pair.findtext(_NS + "name")] = None if value is None else _value(value)
    return values


def _value(element: Any) -> Any:
    kind = element.get(_XSI_TYPE, "").rpartition(":")[2]
    decoder = _TYPES.get(kind)
    if decoder is not None:
        return decoder(element)
    if len(element) or not kind:
        raise UnfamiliarError
    return element.text or ""  # An enumeration's value; simple types are listed.


def _text(element: Any) -> str:
    return element.text or ""


def _int(element: Any) -> int:
    return int(element.text)


def _bool(element: Any) -> bool:
    return element.text in ("true", "1")


def _time(element: Any) -> datetime:
    try:
        return datetime.fromisoformat(element.text)
    except ValueError:
        # Python before 3.11 takes no Z, and 3 or 6 decimals only; some servers send 9.
        text = _FRACTION.sub(lambda found: "." + found.group(1)[:6].ljust(6, "0"), element.text)
        return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _reference(element: Any) -> Reference:
    return Reference(element.get("type", ""), element.text or "")


def _something(element: Any) -> Any:
    return SimpleNamespace()


def _list(decode: Decoder) -> Decoder:
    return lambda element: [decode(entry) for entry in element]


def _shape(one: Mapping[str, Decoder], many: Mapping[str, Decoder] | None = None) -> Decoder:
    """A data object with these attributes; what else it has is of no interest."""
    single = {_NS + name: (name, decode) for name, decode in one.items()}
    several = {_NS + name: (name, decode) for name, decode in (many or {}).items()}

    def decode(element: Any) -> SimpleNamespace:
        found: dict[str, Any] = dict.fromkeys(one)
        for name in many or ():
            found[name] = []
        for child in element:
            if child.tag in single:
                name, reader = single[child.tag]
                found[name] = reader(child)
            elif child.tag in several:
                name, reader = several[child.tag]
                found[name].append(reader(child))
        return SimpleNamespace(**found)

    return decode


def _tree(element: Any) -> Any:
    return _TREE(element)


_TREE = _shape(
    {
        "snapshot": _reference,
        "id": _int,
        "name": _text,
        "description": _text,
        "createTime": _time,
        "state": _text,
        "quiesced": _bool,
    },
    {"childSnapshotList": _tree},
)
_DISK = _shape({"key": _int}, {"chain": _shape({}, {"fileKey": _int})})

# By the name of the type that an answer gives with a value.
_TYPES: dict[str, Decoder] = {
    "string": _text,
    "boolean": _bool,
    "short": _int,
    "int": _int,
    "long": _int,
    "dateTime": _time,
    "ManagedObjectReference": _reference,
    "ArrayOfManagedObjectReference": _list(_reference),
    "VirtualMachineSnapshotInfo": _shape({"currentSnapshot": _reference}, {"rootSnapshotList": _tree}),
    "ArrayOfVirtualMachineFileLayoutExFileInfo": _list(_shape({"key": _int, "name": _text, "size": _int})),
    "ArrayOfVirtualMachineFileLayoutExDiskLayout": _list(_DISK),
    "ArrayOfVirtualMachineFileLayoutExSnapshotLayout": _list(
        _shape({"key": _reference, "dataKey": _int, "memoryKey": _int}, {"disk": _DISK})
    ),
    "VirtualMachineQuestionInfo": _something,
}
