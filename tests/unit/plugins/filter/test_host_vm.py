"""Which VM a host is, and through which machines it is reached."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.filter.host_vm import host_vm
from ansible_collections.savepoint.vsphere.plugins.filter.jump_hosts import jump_hosts


@pytest.mark.parametrize(
    ("variables", "vm"),
    [
        ({}, "web01.example.com"),
        ({"moid": "vm-7", "instance_uuid": "u"}, {"moid": "vm-7"}),
        ({"instance_uuid": "u"}, {"uuid": "u", "use_instance_uuid": True}),
        ({"config": {"instanceUuid": "u"}}, {"uuid": "u", "use_instance_uuid": True}),
        ({"config": {"uuid": "bios"}}, "web01.example.com"),
        ({"config.instanceUuid": "u"}, {"uuid": "u", "use_instance_uuid": True}),
        ({"config": {"instance_uuid": "u"}}, {"uuid": "u", "use_instance_uuid": True}),
        ({"config.instance_uuid": "u"}, {"uuid": "u", "use_instance_uuid": True}),
        ({"config_instance_uuid": "u"}, {"uuid": "u", "use_instance_uuid": True}),
        ({"vc_uuid": "u"}, {"uuid": "u", "use_instance_uuid": True}),
        ({"savepoint_vm": {"name": "x", "folder": "y"}, "moid": "vm-7"}, {"name": "x", "folder": "y"}),
    ],
)
def test_which_vm(variables: dict[str, Any], vm: Any) -> None:
    assert host_vm({"inventory_hostname": "web01.example.com", **variables}) == vm


@pytest.mark.parametrize(
    ("name", "variables", "other"),
    [
        ("web01.example.com", {}, "web01"),
        ("web01", {}, ""),
        ("web01", {"ansible_host": "web01.example.com"}, "web01.example.com"),
        ("web01", {"ansible_host": "10.0.0.7"}, ""),
        ("web01", {"ansible_host": "web011.example.com"}, ""),
        ("10.0.0.7", {}, ""),
        ("web01.example.com", {"moid": "vm-7"}, ""),
        ("web01.example.com", {"savepoint_vm": "x"}, ""),
    ],
)
def test_the_other_name(name: str, variables: dict[str, Any], other: str) -> None:
    assert host_vm({"inventory_hostname": name, **variables}, alternate=True) == other


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        ("", []),
        ("-J bastion", ["bastion"]),
        ("-Jroot@bastion:2222,ssh://second:22", ["bastion", "second"]),
        ("-o ProxyJump=root@bastion.example.com", ["bastion.example.com"]),
        ("-oProxyJump=none", []),
        ('-o "ProxyJump bastion"', ["bastion"]),
        ('-o ProxyCommand="ssh -W %h:%p -q -i key -p 2222 root@bastion"', ["bastion"]),
        ("-o ProxyCommand='/usr/bin/nc -X connect proxy:3128 %h %p'", []),
        ("-o ControlMaster=auto -o ProxyJump=[2001:db8::1]:22", ["2001:db8::1"]),
        ('-o ProxyJump="open', []),
    ],
)
def test_jump_hosts(arguments: str, hosts: list[str]) -> None:
    found = jump_hosts({"ansible_ssh_common_args": arguments})
    assert found == hosts or (arguments.endswith("open") and len(found) <= 1)


def test_every_variable_counts() -> None:
    variables = {"ansible_ssh_args": "-J a", "ansible_ssh_extra_args": "-J b", "ansible_psrp_proxy": "socks5h://c:1080"}
    assert jump_hosts(variables) == ["a", "b", "c"]
