#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action; the code is plugins/action/batch_info.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: batch_info
short_description: Tell how the running play goes through its hosts
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Tells which strategy the running play has, and how C(serial) cuts its hosts into batches.
  - No variable of Ansible tells that. The roles of this collection need it to know whether the hosts of a batch go from
    task to task together, and whether an application group is divided by batches before the first of them begins.
  - It runs on the controller, asks nobody anything, and does not speak to vCenter.
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
options:
  application_groups:
    description:
      - Machines whose snapshots are taken together, all or none. A group must be in the play as a whole, and in one
        batch;
        the task fails otherwise.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group.
        type: str
        required: true
      tiers:
        description:
          - The group's machines, in the order in which they are rolled back. Each entry is a host, or a group of the
            inventory, whose hosts are rolled back at once.
        type: list
        elements: str
        required: true
      rollback:
        description:
          - Whether all of them are rolled back when one fails (V(together)), or only those that fail (V(host)).
        type: str
        choices: [together, host]
        default: together
"""

EXAMPLES = r"""
- name: See how this play goes through its hosts
  savepoint.vsphere.batch_info:
  register: play

- name: See whether the shop is patched as a whole
  savepoint.vsphere.batch_info:
    application_groups:
      - name: shop
        tiers: [all]
"""

RETURN = r"""
strategy:
  description: The play's strategy, as the play or the configuration names it.
  returned: always
  type: str
  sample: linear
lockstep:
  description:
    - Whether all hosts of a batch finish a task before one of them begins the next. It is V(true) for the strategies
      C(linear), C(debug) and C(mitogen_linear), and V(false) for all others.
  returned: always
  type: bool
  sample: true
pinned:
  description: Whether a host is worked on to its end before another one begins in its place, as C(host_pinned) does.
  returned: always
  type: bool
  sample: false
forks:
  description: How many hosts Ansible works on at once.
  returned: always
  type: int
  sample: 5
batch:
  description: The number of the host's batch, from 1.
  returned: always
  type: int
  sample: 1
batches:
  description: How many batches there are.
  returned: always
  type: int
  sample: 4
group:
  description:
    - The application group that the host is in, with C(name), the host's C(tier) from 0, C(rollback) and all
      its C(hosts).
  returned: always, empty if it is in none
  type: dict
groups:
  description: All application groups, each with C(name), C(rollback) and C(hosts).
  returned: always
  type: list
  elements: dict
tiers:
  description: The tier of each host that is in an application group.
  returned: always
  type: dict
hosts:
  description: The hosts of the batch, also those that have failed since.
  returned: always
  type: list
  elements: str
  sample: [web-01, web-02]
run:
  description: An ID of this run of the play, by which facts of an earlier one can be told.
  returned: always
  type: str
  sample: 0242ac11-0002-6f6e-a4d1-000000000001
"""

from ansible.module_utils.basic import AnsibleModule

GROUP = {
    "name": {"type": "str", "required": True},
    "tiers": {"type": "list", "elements": "str", "required": True},
    "rollback": {"type": "str", "choices": ["together", "host"], "default": "together"},
}


def main() -> None:
    """Reached only when something calls the module past its action plugin."""
    spec = {"application_groups": {"type": "list", "elements": "dict", "default": [], "options": GROUP}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    module.fail_json(msg="batch_info runs on the controller, as an action of a play")


if __name__ == "__main__":
    main()
