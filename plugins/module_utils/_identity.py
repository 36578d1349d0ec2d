# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is this VM a machine that the play itself depends on? Told by what VMware Tools report of the guest. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm


@dataclass(frozen=True)
class Party:
    """A machine that must not go away while the play works: vCenter, the controller, a proxy or jump host.

    ``code`` is that of the finding, ``what`` what a message calls it. ``names`` may hold addresses too; ``uuids`` are
    those of its hardware.
    """

    code: str
    what: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    uuids: tuple[str, ...] = ()


def recognised(vm: Vm, party: Party) -> str | None:
    """How one can tell that the VM is that machine; None when nothing says so."""
    if vm.bios_uuid is not None and _orders(vm.bios_uuid) & {uuid for text in party.uuids for uuid in _orders(text)}:
        return f"its hardware UUID is {vm.bios_uuid}"
    theirs = {one for text in (*party.addresses, *party.names) if (one := address(text)) is not None}
    for text in vm.guest.addresses:
        if address(text) in theirs:
            return f"its guest has the address {address(text)}"
    host_name = vm.guest.host_name
    if host_name is not None and any(same_name(host_name, name) for name in party.names):
        return f"its guest calls itself {' '.join(host_name.split())}"
    return None


def address(text: str) -> str | None:
    """An address in its one canonical form; None for what is none, or is the same on every machine.

    Loopback and link-local addresses say nothing about which machine it is.
    """
    try:
        found = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast:
        return None
    return str(found)


def same_name(one: str, other: str) -> bool:
    """Are these names of the same host? A short name is the same as a full one that begins with it."""
    first, second = _labels(one), _labels(other)
    if not first or not second:
        return False
    return first == second or (first[0] == second[0] and 1 in (len(first), len(second)))


def _labels(name: str) -> list[str]:
    """The parts of a host's name; none for an address, and for a name that every machine has."""
    plain = name.strip().rstrip(".").lower()
    labels = plain.split(".")
    try:
        ipaddress.ip_address(plain.strip("[]").partition("%")[0])
    except ValueError:
        return [] if labels[0] in ("", "localhost", "localhost4", "localhost6") else labels
    return []


def _orders(text: str) -> set[str]:
    """A hardware UUID in both orders of bytes: firmware and vSphere differ on the first three groups."""
    digits = text.strip().lower().replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", digits, re.ASCII) or not digits.strip("0"):
        return set()
    groups = [re.findall("..", digits[start:end]) for start, end in ((0, 8), (8, 12), (12, 16))]
    return {digits, "".join(byte for group in groups for byte in reversed(group)) + digits[16:]}
