# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VM a host of the inventory is."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_vm
short_description: Tell which virtual machine a host is, from the variables that inventories give it
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Gives an entry for O(savepoint.vsphere.snapshot#module:vms), from the first of these host variables that is there.
    C(savepoint_vm), which is such an entry itself, and is how an inventory overrides all else.
    C(moid), the managed object ID, as C(vmware.vmware.vms) gives it.
    C(instance_uuid), C(config.instanceUuid), nested or as one name with a dot, and C(vc_uuid), the instance UUID, as
    C(vmware.vmware.vms) and C(community.vmware.vmware_vm_inventory) give it; also in the spelling that both give it
    when they are told to make property names safe, C(config.instance_uuid) and C(config_instance_uuid).
  - Without any of them it gives the inventory name as it is. It never shortens it, since another machine may have
    the short name.
positional: _input
options:
  _input:
    description: The variables of the host, as C(hostvars[inventory_hostname]) gives them.
    type: dict
    required: true
  alternate:
    description:
      - Give the other name under which the VM might be known instead, or an empty string.
        For a host that is C(web01.example.com) in the inventory that is C(web01), and for one that is C(web01) there,
        and whose C(ansible_host) or C(ansible_fqdn) is C(web01.example.com), it is that.
      - The roles try it when no VM has the inventory name, and take it only if VMware Tools confirm the name.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Take a snapshot of the VM that this host is
  savepoint.vsphere.snapshot:
    vms: ["{{ hostvars[inventory_hostname] | savepoint.vsphere.host_vm }}"]
    snapshot_set: CHG0031337
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: An entry for C(vms), a dictionary or a name.
  type: raw
  sample: {moid: vm-1017}
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

FLAT_UUIDS = ("config.instanceUuid", "config.instance_uuid", "config_instance_uuid", "config_instanceUuid", "vc_uuid")
FQDN_VARIABLES = ("ansible_fqdn", "ansible_host", "ansible_ssh_host")


def host_vm(variables: Mapping[str, Any], alternate: bool = False) -> Any:
    """Which VM the host is."""
    name = str(variables["inventory_hostname"])
    if variables.get("savepoint_vm"):
        return "" if alternate else variables["savepoint_vm"]
    moid = variables.get("moid")
    uuid = _instance_uuid(variables)
    if moid or uuid:
        if alternate:
            return ""
        return {"moid": str(moid)} if moid else {"uuid": uuid, "use_instance_uuid": True}
    return _other_name(name, variables) if alternate else name


def _instance_uuid(variables: Mapping[str, Any]) -> str:
    config = variables.get("config")
    nested = [config.get(key) for key in ("instanceUuid", "instance_uuid")] if isinstance(config, Mapping) else []
    flat = [variables.get(key) for key in FLAT_UUIDS]
    return next((str(one) for one in (variables.get("instance_uuid"), *nested, *flat) if one), "")


def _other_name(name: str, variables: Mapping[str, Any]) -> str:
    if _is_address(name):
        return ""
    short, dot, _rest = name.partition(".")
    if dot:
        return short
    for key in FQDN_VARIABLES:
        known = str(variables.get(key) or "")
        if known.lower().startswith(f"{name.lower()}.") and not _is_address(known):
            return known
    return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"host_vm": host_vm}
