# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who the play depends on: vCenter, this machine, the proxies. Asks name servers and the network, never for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._identity import Party, address
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf

# Seconds for all names together: a name server that doesn't answer must not hold up the change.
RESOLVE_TIMEOUT = 5.0
HARDWARE_UUID = "/sys/class/dmi/id/product_uuid"


def read_parties(session: Session, proxy_host: str | None, own: Sequence[str]) -> tuple[Party, ...]:
    """The machines that the play depends on, by all names and addresses that can be found out."""
    hostname = session.vcenter["host"] or ""
    own_names = (hostname, *_own_names(session))
    here = socket.gethostname()
    proxies = tuple(dict.fromkeys((*((proxy_host,) if proxy_host else ()), *own)))
    known = resolve((*own_names, here, *proxies))
    canonical = tuple(name for text in own_names for name in known[text][0])
    vcenter = Party(
        "vcenter_itself",
        f"vCenter itself ({hostname})",
        tuple(dict.fromkeys((*own_names, *canonical))),
        tuple(dict.fromkeys(text for name in own_names for text in known[name][1])),
    )
    controller = Party(
        "controller",
        f"the controller, on which this module runs ({here})",
        (here, *known[here][0]),
        (*known[here][1], *_sources((proxy_host, *known[proxy_host][1]) if proxy_host else known[hostname][1])),
        _hardware_uuid(),
    )
    through = "a machine that the play works through"
    return (
        vcenter,
        controller,
        *(Party("proxy", f"{through} ({name})", (name, *known[name][0]), known[name][1]) for name in proxies),
    )


def resolve(names: Iterable[str]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The canonical names and the addresses of each; empty where the name servers don't know, or don't answer."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = dict.fromkeys(names, ((), ()))

    def ask(name: str) -> None:
        # UnicodeError: a name that can be none, such as one of more than 63 characters between two dots.
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
            canonical = tuple(dict.fromkeys(answer[3] for answer in answers if answer[3]))
            found[name] = (canonical, tuple(dict.fromkeys(str(answer[4][0]) for answer in answers)))

    # Daemons, since a lookup can't be cut off, and must not keep the module from ending.
    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in found if name]
    for thread in threads:
        start_deaf(thread)
    deadline = time.monotonic() + RESOLVE_TIMEOUT
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)


def _own_names(session: Session) -> tuple[str, ...]:
    """What vCenter calls itself: the connection may go to an alias, or to a name that only a proxy can resolve."""
    with suppress(vim.fault.InvalidName, vim.fault.NoPermission, vmodl.fault.NotSupported):
        options = session.content.setting.QueryOptions("VirtualCenter.FQDN")
        return tuple(str(option.value) for option in options if option.value)
    return ()


def _sources(targets: Iterable[str]) -> tuple[str, ...]:
    """The addresses of this machine that it reaches those by. Nothing is sent.

    All the addresses that it has would be too many: that of a container bridge is the same on many machines.
    """
    found = []
    for target in targets:
        if address(target) is None:
            continue
        with suppress(OSError):
            family = socket.AF_INET6 if ":" in target else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 443))
                found.append(str(probe.getsockname()[0]))
    return tuple(dict.fromkeys(found))


def _hardware_uuid() -> tuple[str, ...]:
    """That of this machine, where Linux lets us read it."""
    with suppress(OSError, UnicodeError), open(HARDWARE_UUID, encoding="ascii") as file:
        return (file.read().strip(),)
    return ()
