# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of the modules' argument specs. Each has a twin in plugins/doc_fragments; a test keeps them equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown

Spec = dict[str, Any]
# What a counter of vSphere's and a time limit in seconds can be, far beyond any use.
LARGEST = 2**31 - 1


# Options that this process took from the environment: a decision that nobody took in the task deserves a word.
_FROM_ENVIRONMENT: set[str] = set()


def _told_by_environment(name: str) -> Any:
    """What env_fallback does, remembered."""
    value = env_fallback(name)
    _FROM_ENVIRONMENT.add(name)
    return value


def unverified(params: Mapping[str, Any]) -> str | None:
    """The warning where the environment alone has turned off the check of certificates, as AWX's credential does."""
    if params["validate_certs"] or "VMWARE_VALIDATE_CERTS" not in _FROM_ENVIRONMENT:
        return None
    return (
        f"the certificate of {params['hostname']} is not verified, because the environment has VMWARE_VALIDATE_CERTS "
        "set to false (AWX's VMware credential does that): whoever is in between can read the password. Set "
        "validate_certs: true, and ca_path to the file of the authority that signed the certificate; or "
        "validate_certs: false, to say that this is meant"
    )


def connection_spec() -> Spec:
    """How to reach vCenter or ESXi; names and variables are those of vmware.vmware."""
    return {
        "hostname": {"type": "str", "fallback": (env_fallback, ["VMWARE_HOST"])},
        "username": {"type": "str", "aliases": ["user", "admin"], "fallback": (env_fallback, ["VMWARE_USER"])},
        "password": {
            "type": "str",
            "aliases": ["pass", "pwd"],
            "no_log": True,
            "fallback": (env_fallback, ["VMWARE_PASSWORD"]),
        },
        "port": {"type": "int", "default": 443, "fallback": (env_fallback, ["VMWARE_PORT"])},
        "validate_certs": {
            "type": "bool",
            "default": True,
            "fallback": (_told_by_environment, ["VMWARE_VALIDATE_CERTS"]),
        },
        "ca_path": {"type": "path", "fallback": (env_fallback, ["VMWARE_CA_PATH"])},
        "proxy_host": {"type": "str", "fallback": (env_fallback, ["VMWARE_PROXY_HOST"])},
        "proxy_port": {"type": "int", "fallback": (env_fallback, ["VMWARE_PROXY_PORT"])},
    }


def vm_spec() -> Spec:
    """How one VM is named."""
    return {
        "name": {"type": "str"},
        "moid": {"type": "str"},
        "uuid": {"type": "str"},
        "use_instance_uuid": {"type": "bool", "default": False},
        "folder": {"type": "str"},
        "folder_paths_are_absolute": {"type": "bool", "default": False},
        "datacenter": {"type": "str"},
        "name_match": {"type": "str", "choices": ["first", "last"]},
    }


def selection_spec() -> Spec:
    """One VM, or many; and what an entry that matches nothing means."""
    return {
        **vm_spec(),
        "vms": {"type": "list", "elements": "raw"},
        "unresolved": {"type": "str", "choices": ["abort", "fail"], "default": "abort"},
    }


def scope_spec() -> Spec:
    """A part of the inventory."""
    return {
        "scope": {
            "type": "dict",
            "options": {
                "datacenter": {"type": "str"},
                "cluster": {"type": "str"},
                "folder": {"type": "str"},
                "name_pattern": {"type": "str"},
                "all": {"type": "bool"},
            },
        },
    }


def report_spec() -> Spec:
    """Which results are given in full."""
    return {"report": {"type": "str", "choices": ["all", "changed", "failed"], "default": "all"}}


def timeout_spec() -> Spec:
    """The time limit of a VM's task."""
    return {"timeout": {"type": "int", "default": 3600}}


def fleet_spec() -> Spec:
    """How many virtual machines are worked on at once, and whether people are told how far it is."""
    limits: Spec = {key: {"type": "int", "default": value} for key, value in asdict(Limits()).items()}
    return {"limits": {"type": "dict", "options": limits}, "progress": {"type": "bool", "default": True}}


def validate_vm(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Apply the argument spec of one VM to an entry of ``vms``; gives the checked values and the errors."""
    result = ArgumentSpecValidator(vm_spec()).validate(dict(given))
    return result.validated_parameters, result.error_messages


def check_numbers(params: Mapping[str, Any], spec: Mapping[str, Any], where: str = "") -> None:
    """Refuse what Ansible takes for a whole number and nobody means: true for 1, and numbers beyond all bounds.

    ``spec`` is the argument spec that ``params`` have passed. Raises InputError.
    """
    for option, entry in spec.items():
        value = params.get(option)
        if isinstance(value, Mapping):
            check_numbers(value, entry.get("options") or {}, f"{where}{option}: ")
        elif entry.get("type") == "int" and (isinstance(value, bool) or abs(value or 0) > LARGEST):
            raise InputError(f"{where}{option} is {shown(value)}; it must be a number up to {LARGEST}")
