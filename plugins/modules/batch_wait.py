#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action; the code is plugins/action/batch_wait.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: batch_wait
short_description: Wait a while for other hosts of the play
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Notes that this host has come to a place in the play, and waits a while until other hosts have come there as well.
  - It is for strategies under which hosts do not go from task to task together. Under C(linear) every host is
    everywhere at
    the same time.
  - It runs on the controller, asks nobody anything, and does not speak to vCenter. While it waits, it takes one of
    Ansible's
    forks, so a caller waits a little, looks whether the others are still in the play, and waits again.
attributes:
  check_mode:
    support: full
    description: It waits in check mode too, and changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
options:
  place:
    description: Name of the place. A run of C(ansible-playbook) remembers who has been there.
    type: str
    required: true
  hosts:
    description: The hosts to wait for. This host itself need not be among them.
    type: list
    elements: str
    required: true
  patience:
    description: Seconds to wait at most.
    type: float
    default: 5
"""

EXAMPLES = r"""
- name: Wait a little for the others
  savepoint.vsphere.batch_wait:
    place: patched
    hosts: "{{ ansible_play_hosts }}"
    patience: 1
  register: wait
"""

RETURN = r"""
missing:
  description: The hosts that have not come, in the order given.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Reached only when something calls the module past its action plugin."""
    module = AnsibleModule(
        argument_spec={
            "place": {"type": "str", "required": True},
            "hosts": {"type": "list", "elements": "str", "required": True},
            "patience": {"type": "float", "default": 5},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="batch_wait runs on the controller, as an action of a play")


if __name__ == "__main__":
    main()
