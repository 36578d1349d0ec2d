# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talks to a guest of the simulated vCenter. For tests, the demo and the bench; not part of the collection."""

from __future__ import annotations

DOCUMENTATION = r"""
name: savepoint_guest
short_description: Run tasks in a guest of the simulated vCenter
description:
  - Runs commands in the directory that is the guest's disk, and copies files to and from it.
  - The guest answers only while its VM is powered on and it has booted; otherwise the host is unreachable.
author: Savepoint contributors
options:
  guest_vm:
    description: MoID or unique name of the VM.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: savepoint_guest_vm
  control:
    description: URL of the simulator's control endpoint.
    type: str
    env:
      - name: SAVEPOINT_SIM_CONTROL
    vars:
      - name: savepoint_guest_control
  timeout:
    description: How many seconds the simulator may take to say whether the guest can be reached.
    type: int
    default: 10
    vars:
      - name: ansible_timeout
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display

display = Display()

# What a guest gets of the environment that Ansible runs in. PATH is not among it: it may hold what works for one user
# only, such as the shims of a version manager, of which Ansible would then take its Python interpreter.
INHERITED = ("LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "USER", "LOGNAME")
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


# A guest shares this machine's programs. Its apt must never see this machine's packages, whatever a test runs there.
APT = """Dir "{0}/root";
Dir::State::status "{0}/root/status";
"""
APT_FOLDERS = (
    "etc/apt/apt.conf.d",
    "etc/apt/preferences.d",
    "var/lib/apt/lists/partial",
    "var/cache/apt/archives/partial",
)


def _own_apt(place: Path) -> Path:
    """The configuration of an apt that knows no packages and no repositories; a test may point it elsewhere."""
    config = place / "apt.conf"
    if not config.exists():
        for folder in APT_FOLDERS:
            (place / "root" / folder).mkdir(parents=True, exist_ok=True)
        (place / "root" / "status").touch()
        config.write_text(APT.format(place))
    return config


class Connection(ConnectionBase):
    """One guest."""

    transport = "savepoint_guest"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._disk()
        return self  # never "connected": each use asks anew, since the guest may have gone away meanwhile

    def _disk(self) -> str:
        """The guest's disk. Raises unless the guest can be reached."""
        control, vm = self.get_option("control"), self.get_option("guest_vm")
        if not control:
            raise AnsibleError("savepoint_guest_control or SAVEPOINT_SIM_CONTROL must say where the simulator is")
        url = f"{control.rstrip('/')}/v1/guests/{quote(vm, safe='')}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine
        try:
            with opener.open(url, timeout=self.get_option("timeout")) as response:
                guest = json.load(response)
        except urllib.error.HTTPError as error:
            raise AnsibleConnectionFailure(f"guest of {vm}: {error.read().decode(errors='replace')}") from error
        except (OSError, ValueError) as error:
            raise AnsibleConnectionFailure(f"guest of {vm}: the simulator does not answer: {error}") from error
        if not guest["reachable"]:
            raise AnsibleConnectionFailure(f"guest of {vm}: {guest['why']}")
        display.vvv(f"guest on {guest['disk']}, boot {guest['boot_id']}", host=vm)
        disk: str = guest["disk"]
        return disk

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        disk = self._disk()
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment["HOME"] = disk
        environment["APT_CONFIG"] = str(_own_apt(Path(disk, ".guest")))
        own = [Path(disk, ".guest", "bin"), Path(sys.executable).parent]
        environment["PATH"] = os.pathsep.join([*map(str, own), *SYSTEM_PATH])
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", cmd],
                cwd=disk,
                env=environment,
                input=in_data or b"",
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise AnsibleConnectionFailure(f"the guest's disk {disk} is being put back") from error
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        target = self._inside(out_path)
        if not Path(in_path).exists():
            raise AnsibleFileNotFound(f"no such file: {in_path}")
        self._copy(in_path, target)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        self._copy(self._inside(in_path), out_path)

    def _inside(self, path: str) -> str:
        """A path as the guest sees it: relative ones and those below ~ are on its disk."""
        disk = self._disk()
        if path == "~" or path.startswith("~/"):
            path = path[2:]
        return str(Path(disk, path))

    @staticmethod
    def _copy(source: str, target: str) -> None:
        try:
            shutil.copyfile(to_bytes(source), to_bytes(target))
        except OSError as error:
            raise AnsibleError(f"could not copy {source} to {target}: {to_text(error)}") from error

    def close(self) -> None:
        self._connected = False

    def reset(self) -> None:
        self.close()
