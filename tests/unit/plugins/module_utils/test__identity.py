# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._identity import (
    Party,
    address,
    recognised,
    same_name,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Guest
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import vm

VCENTER = Party("vcenter_itself", "vCenter itself", ("vc.example.com", "198.51.100.9"), ("192.0.2.5", "2001:db8::5"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 2001:DB8::0:1 ", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", None),
        ("127.0.1.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("169.254.7.7", None),
        ("fe80::1", None),
        ("fe80::1%eth0", None),
        ("0.0.0.0", None),
        ("::", None),
        ("224.0.0.1", None),
        ("192.0.2", None),
        ("vc.example.com", None),
        ("", None),
    ],
)
def test_an_address_that_tells_machines_apart(text: str, canonical: str | None) -> None:
    assert address(text) == canonical


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("vc.example.com", "VC.Example.COM", True),
        ("vc.example.com.", "vc.example.com", True),
        ("vc", "vc.example.com", True),
        ("vc", "vc", True),
        ("vc.example.com", "vc.example.net", False),
        ("vc.example", "vc.example.com", False),
        ("vc2", "vc.example.com", False),
        ("v", "vc", False),
        ("localhost", "localhost", False),
        ("localhost.localdomain", "localhost.localdomain", False),
        ("", "", False),
        (".", "", False),
        ("192.0.2.1", "192.0.2.1", False),
        ("192", "192.0.2.1", False),
        ("fe80::1%eth0", "fe80::1%eth0", False),
    ],
)
def test_a_short_name_is_that_of_a_full_one(one: str, other: str, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert same_name(*pair) is same


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    assert len({same_name(*pair) for pair in ((one, other), (other, one))}) == 1
    found = address(one)
    assert found is None or address(found) == found


@pytest.mark.parametrize(
    ("guest", "why"),
    [
        (Guest(), None),
        (Guest("web-01", "192.0.2.1", ("192.0.2.1",)), None),
        (Guest("web-01", "192.0.2.1", ("192.0.2.1", "2001:DB8:0::5")), "its guest has the address 2001:db8::5"),
        (Guest(None, "192.0.2.5", ("192.0.2.5",)), "its guest has the address 192.0.2.5"),
        (Guest(None, None, ("198.51.100.9",)), "its guest has the address 198.51.100.9"),
        (Guest("VC"), "its guest calls itself VC"),
        (Guest("vc.example.com", "192.0.2.1", ("192.0.2.1",)), "its guest calls itself vc.example.com"),
        (Guest("vc.example.net"), None),
        (Guest("vc\n.example.com"), None),
        (Guest("localhost", None, ("127.0.0.1", "fe80::1")), None),
    ],
)
def test_a_machine_is_known_by_name_or_address(guest: Guest, why: str | None) -> None:
    assert recognised(vm(guest=guest), VCENTER) == why


def test_what_every_machine_has_identifies_none() -> None:
    nobody = Party("controller", "the controller", ("localhost",), ("127.0.0.1", "::1", "fe80::1"), ("", "0" * 32))
    guest = Guest("localhost", "127.0.0.1", ("127.0.0.1", "::1", "fe80::1"))
    assert recognised(vm(guest=guest, bios_uuid="00000000-0000-0000-0000-000000000000"), nobody) is None
    assert recognised(vm(guest=guest, bios_uuid=""), nobody) is None


@pytest.mark.parametrize(
    ("uuid", "same"),
    [
        ("564D1234-ABCD-0001-8899-AABBCCDDEEFF", True),
        ("34124d56-cdab-0100-8899-aabbccddeeff", True),
        ("564d1234-abcd-0001-8899-aabbccddeef0", False),
        ("not a uuid", False),
    ],
)
def test_a_machine_is_known_by_its_hardware(uuid: str, same: bool) -> None:
    controller = Party("controller", "the controller", uuids=(uuid,))
    told = "its hardware UUID is 564d1234-abcd-0001-8899-aabbccddeeff"
    assert recognised(vm(bios_uuid="564d1234-abcd-0001-8899-aabbccddeeff"), controller) == (told if same else None)
