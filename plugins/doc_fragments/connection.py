# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the connection options, the twin of _argspec.connection_spec; PLUGINS is for the lookup."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach vCenter or ESXi."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - Name or IP address of the vCenter server or ESXi host.
      - If it is not set, the environment variable E(VMWARE_HOST) is used.
    type: str
  username:
    description:
      - User to log in as.
      - If it is not set, the environment variable E(VMWARE_USER) is used.
    type: str
    aliases: [user, admin]
  password:
    description:
      - Password to log in with.
      - If it is not set, the environment variable E(VMWARE_PASSWORD) is used. Set that for the whole playbook, and not
        by the keyword C(environment) of a task, which Ansible puts into a command line that others can read.
    type: str
    aliases: [pass, pwd]
  port:
    description:
      - TCP port of the vSphere API.
      - If it is not set, the environment variable E(VMWARE_PORT) is used.
    type: int
    default: 443
  validate_certs:
    description:
      - Whether the server must show a certificate that is trusted.
      - With V(false) anybody between the controller and vCenter can read the password. Prefer O(ca_path).
      - If it is not set, the environment variable E(VMWARE_VALIDATE_CERTS) is used. Where that alone turns the check
        off, as AWX's credential for VMware does, a warning says so; V(false) in the task itself is taken as meant.
    type: bool
    default: true
  ca_path:
    description:
      - File in PEM form, or directory of hashed files, with the authorities to trust in place of the system's.
      - If it is not set, the environment variable E(VMWARE_CA_PATH) is used.
    type: path
  proxy_host:
    description:
      - Name or IP address of an HTTP proxy to tunnel the connection through.
      - If it is not set, the environment variable E(VMWARE_PROXY_HOST) is used.
    type: str
  proxy_port:
    description:
      - TCP port of the proxy, needed with O(proxy_host).
      - If it is not set, the environment variable E(VMWARE_PROXY_PORT) is used.
    type: int
requirements:
  - pyVmomi 8.0.1 or newer, where the module runs
"""

    # For plugins that run on the controller. The aliases are those of the lookups of vmware.vmware.
    PLUGINS = r"""
options:
  hostname:
    description:
      - Name or IP address of the vCenter server or ESXi host.
    type: str
    env: [{name: VMWARE_HOST}]
    aliases: [vcenter_hostname]
  username:
    description:
      - User to log in as.
    type: str
    env: [{name: VMWARE_USER}]
    aliases: [user, admin, vcenter_username]
  password:
    description:
      - Password to log in with.
    type: str
    env: [{name: VMWARE_PASSWORD}]
    aliases: [pass, pwd, vcenter_password]
  port:
    description:
      - TCP port of the vSphere API.
    type: int
    env: [{name: VMWARE_PORT}]
    default: 443
  validate_certs:
    description:
      - Whether the server must show a certificate that is trusted.
      - With V(false) anybody between the controller and vCenter can read the password. Prefer O(ca_path).
    type: bool
    env: [{name: VMWARE_VALIDATE_CERTS}]
    aliases: [vcenter_validate_certs]
    default: true
  ca_path:
    description:
      - File in PEM form, or directory of hashed files, with the authorities to trust in place of the system's.
    type: path
    env: [{name: VMWARE_CA_PATH}]
  proxy_host:
    description:
      - Name or IP address of an HTTP proxy to tunnel the connection through.
    type: str
    env: [{name: VMWARE_PROXY_HOST}]
  proxy_port:
    description:
      - TCP port of the proxy, needed with O(proxy_host).
    type: int
    env: [{name: VMWARE_PROXY_PORT}]
requirements:
  - pyVmomi 8.0.1 or newer, on the machine that runs the playbook
"""
