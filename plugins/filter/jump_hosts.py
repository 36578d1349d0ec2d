# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines that Ansible reaches a host through."""

from __future__ import annotations

DOCUMENTATION = r"""
name: jump_hosts
short_description: List the machines that Ansible reaches a host through
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads the jump hosts of ssh (C(-J), C(ProxyJump), and the host that a C(ProxyCommand) with C(-W) speaks to) from the
    variables C(ansible_ssh_args), C(ansible_ssh_common_args) and C(ansible_ssh_extra_args), and the proxies of
    C(ansible_psrp_proxy) and C(ansible_winrm_proxy).
  - A play that reverts one of these machines cuts its own way. What F(~/.ssh/config) says is not seen.
positional: _input
options:
  _input:
    description: The variables of the host, as C(hostvars[inventory_hostname]) gives them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the way to this host
  ansible.builtin.debug:
    msg: "{{ hostvars[inventory_hostname] | savepoint.vsphere.jump_hosts }}"
"""

RETURN = r"""
_value:
  description: Names and addresses.
  type: list
  elements: str
  sample: [bastion.example.com]
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

SSH_VARIABLES = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
PROXY_VARIABLES = ("ansible_psrp_proxy", "ansible_winrm_proxy")
# ssh's options that take a value in a word of its own.
_WITH_VALUE = "BbcDEeFIiJLlmOoPpQRSWw"


def jump_hosts(variables: Mapping[str, Any]) -> list[str]:
    """The machines on the way."""
    found: list[str] = []
    for name in SSH_VARIABLES:
        found += _from_ssh(str(variables.get(name) or ""))
    for name in PROXY_VARIABLES:
        try:
            host = urlsplit(str(variables.get(name) or "")).hostname
        except ValueError as error:  # Not shown, for a password may be in it.
            raise AnsibleFilterError(f"jump_hosts: {name} is not the URL of a proxy") from error
        found += [host] if host else []
    return list(dict.fromkeys(found))


def _from_ssh(text: str) -> Iterator[str]:
    words = _words(text)
    for place, word in enumerate(words):
        value = words[place + 1] if place + 1 < len(words) else ""
        if word.startswith("-J"):
            yield from _jumps(word[2:] or value)
        option = word[2:] or value if word.startswith("-o") else ""
        key, _equals, said = re.sub(r"^(\w+)\s+", r"\1=", option.strip()).partition("=")
        if key.lower() == "proxyjump":
            yield from _jumps(said)
        elif key.lower() == "proxycommand":
            yield from _command(_words(said))


def _jumps(text: str) -> Iterator[str]:
    for hop in text.split(","):
        name = _host(hop.strip().removeprefix("ssh://"))
        if name and name.lower() != "none":
            yield name


def _command(words: Sequence[str]) -> Iterator[str]:
    # ssh's destination is the first word that is neither an option nor the value of one.
    if not words or words[0].rsplit("/", 1)[-1] != "ssh":
        return
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            skip = len(word) == 2 and word[1] in _WITH_VALUE
        else:
            yield _host(word)
            return


def _host(text: str) -> str:
    name = text.rpartition("@")[2]
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # An open quote; ssh itself will complain.
        return text.split()


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"jump_hosts": jump_hosts}
