# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One login to vCenter or ESXi, shared by several connections, and always logged out."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

try:
    from pyVim import connect as pyvim_connect
    from pyVmomi import vim, vmodl
except ImportError as error:
    PYVMOMI_ERROR: str | None = str(error)
else:
    PYVMOMI_ERROR = None

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import ConnectError, SavepointError
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._patience import LIMIT, LOGINS, Patience
from ansible_collections.savepoint.vsphere.plugins.module_utils._target import Target, tls_context
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import Begun
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import ENDED, HTTP_TIMEOUT, briefly, trouble
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import invoke
from ansible_collections.savepoint.vsphere.plugins.module_utils._wording import plain

T = TypeVar("T")

# Seconds for the first connection, and what is asked there before the login.
CONNECT_TIMEOUT = 30
# The same for a last call once the job is cancelled.
LAST_WORD = 3.0
# Connections kept open at most: the calls of _window, the wait for tasks, and one more for reads.
CONNECTIONS = 66
# What is kept to be given back at the end, at most; of more the oldest, which is used no more, goes at once.
KEPT = 8
# Tries at the first login where something answers that is not ready yet (a wrong address is told at once), and at
# what ends in a fault that only may be one of those that time mends.
TRIES = 4


class Session:
    """A logged-in session. Calls may be made from several threads; each takes a connection of its own.

    ``logins`` counts the logins; ``retries`` says in words what was done again, and why. ``user`` is who is logged in,
    as vCenter names them in its tasks.
    """

    def __init__(self, content: Any, stub: Any, target: Target, user: str, cancel: Cancel | None = None) -> None:
        self.content = content
        self.stub = stub
        self.address = target.address
        self.vcenter = {"host": target.hostname, "instance_uuid": content.about.instanceUuid or None}
        self.single_host = content.about.apiType == "HostAgent"
        self.user = user
        self.cancel = cancel or Cancel()
        self.logins = 1
        self.retries: dict[str, int] = {}
        self._target = target
        # What vCenter's clock showed when this machine's (time.monotonic) was at zero; and the call that asks,
        # with the login at which it did.
        self._zero: datetime | None = None
        self._asked: tuple[int, Begun[datetime]] | None = None
        self._mending = threading.Lock()
        self._over = False
        self._kept: deque[tuple[int, Callable[[], Any]]] = deque()
        self._leaving: Begun[None] | None = None
        self._patience = Patience(random.SystemRandom().random, LIMIT)

    def persist(self, work: Callable[[], T]) -> T:
        """Do what changes nothing, and do all of it again where a session ends or vCenter is away meanwhile."""
        while True:
            logins = self.logins
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - mend raises what it can't mend
                self.mend(error, logins)
            else:
                self.worked()
                return result

    def worked(self) -> None:
        """vCenter answers."""
        self._patience.worked()

    def mend(self, error: Exception, logins: int, *, any_fault: bool = False) -> None:
        """After an error under that login: wait a little, log in again where the session has ended.

        Raises the error when trying again is no use: it says something else, the outage lasts too long, or the job was
        cancelled. With ``any_fault`` time may mend any fault.
        """
        kind = trouble(error)
        if kind is None and (not any_fault or self._patience.tries >= TRIES):
            raise error
        with self._mending:
            if kind != ENDED:
                self._note(f"vCenter was asked again, because it did not answer well: {briefly(error)}")
            while True:
                wait = self._patience.failed(time.monotonic())
                ended = kind == ENDED and self.logins == logins
                if wait is None or (ended and self.logins > LOGINS) or self.cancel.reason is not None:
                    raise error
                # The first login again need not wait: nothing says that vCenter is away.
                if not ended and self.cancel.sleep(wait):
                    raise error
                if not ended:
                    return
                try:
                    self._log_in_again()
                except ConnectError:
                    raise
                except (vmodl.MethodFault, OSError, HTTPException) as again:
                    error = again
                    if self.cancel.sleep(wait):
                        raise error from None
                else:
                    return

    def _log_in_again(self) -> None:
        # Expired cookies would be sent along.
        self.stub.cookie = ""
        content: Any = vim.ServiceInstance("ServiceInstance", self.stub).RetrieveContent()
        uuid = content.about.instanceUuid or None
        if uuid != self.vcenter["instance_uuid"]:
            raise ConnectError(f"{self.address} is another vCenter now ({uuid}); nothing is done there")
        try:
            content.sessionManager.Login(self._target.username, self._target.password)
        except vim.fault.InvalidLogin as error:
            raise ConnectError(
                f"{self.address} refused another login of '{self._target.username}': wrong user or password"
            ) from error
        self.logins += 1
        if self._over:
            self.log_out()  # The job was cancelled meanwhile, and nobody else would.
        self._note("the session had ended, so it was logged in again")

    def at_end(self, give_back: Callable[[], Any]) -> None:
        """Have something given back right before the logout, when nobody waits for it any more."""
        self._kept.append((self.logins, give_back))
        if len(self._kept) > KEPT:
            self._give_back(*self._kept.popleft())

    def _give_back(self, logins: int, give_back: Callable[[], Any]) -> None:
        """It ends with its session anyway: an older one has ended, and a cancelled job has no time."""
        if logins == self.logins and self.cancel.reason is None:
            with suppress(Exception):
                give_back()

    def log_out(self) -> None:
        """Give the session back, and what it has; after that none is begun any more."""
        self._over = True
        gifts = []
        while self._kept:
            gifts.append(Begun(partial(self._give_back, *self._kept.popleft())))
        for gift in gifts:
            with suppress(TimeoutError):
                gift.result(LAST_WORD, self.cancel)
        self.content.sessionManager.Logout()

    def leave(self) -> Begun[None]:
        """Begin to log out: no other call comes after this, and what is left to do can be done meanwhile."""
        self._leaving = self._leaving or Begun(self._leave)
        return self._leaving

    def close(self) -> None:
        """Log out, if that has not begun yet, and wait for it. Raises what keeps the session from being given back."""
        self.leave().result(LAST_WORD, self.cancel)

    def _leave(self) -> None:
        try:
            self.log_out()
        finally:
            self.stub.DropConnections()

    @property
    def retried(self) -> list[str]:
        """What was done again and why, in words."""
        return [text if times == 1 else f"{text} ({times} times)" for text, times in list(self.retries.items())]

    def _note(self, text: str) -> None:
        self.retries[text] = self.retries.get(text, 0) + 1

    @property
    def identity(self) -> str:
        """What tells this server from others: MoIDs repeat. A host by itself has no UUID of its own, only its name."""
        return self.vcenter["instance_uuid"] or f"host {self.vcenter['host']}"

    def object(self, kind: str, moid: str) -> Any:
        """A managed object by its type's name in ``vim`` (such as ``vm.Snapshot``) and its MoID; no call is made."""
        return vim_type(kind)(moid, self.stub)

    def now(self) -> datetime:
        """vCenter's clock, in UTC. It is asked once; ages and time limits count from it, not from ours."""
        if self._zero is None:
            self._zero = self.persist(self._told_zero)
        return self._zero + timedelta(seconds=time.monotonic())

    def ask_now(self) -> None:
        """Begin to ask for the time, which ``now`` is to give soon."""
        self._asked = (self.logins, Begun(self._read_zero))

    def _told_zero(self) -> datetime:
        asked, self._asked = self._asked, None
        if asked is None or asked[0] != self.logins:
            return self._read_zero()  # What was asked under a login that has ended has no answer.
        return asked[1].result(0.0, self.cancel)

    def _read_zero(self) -> datetime:
        server: datetime = to_utc(self.object("ServiceInstance", "ServiceInstance").CurrentTime())
        return server - timedelta(seconds=time.monotonic())


def vim_type(kind: str) -> Any:
    """The class of a type by its name in ``vim``, such as ``vm.Snapshot``."""
    found: Any = vim
    for part in kind.split("."):
        found = getattr(found, part)
    return found


@contextmanager
def connect(target: Target, cancel: Cancel | None = None) -> Iterator[Session]:
    """Log in, give the session, log out whatever happens.

    Raises ConnectError with what to do about it: host unreachable, certificate not trusted, login refused.
    """
    if PYVMOMI_ERROR is not None:
        raise ConnectError(
            f"the Python library pyVmomi 8.0.1 or newer is needed where the module runs: {PYVMOMI_ERROR}"
        )
    session = _log_in(target, cancel or Cancel())
    try:
        yield session
    finally:
        # Nobody leaves without having said so.
        session.cancel.defer()
        # The session may be expired, the server gone, or the answer a proxy's page; the work's result matters more.
        with suppress(Exception):
            session.close()


def _log_in(target: Target, cancel: Cancel) -> Session:
    """Log in. A server that answers but is not ready yet is asked again a few times."""
    patience = Patience(random.SystemRandom().random, LIMIT)
    for number in range(1, TRIES + 1):
        try:
            session = _log_in_once(target, cancel, number > 1)
        except _NotReadyError as error:
            wait = patience.failed(time.monotonic())
            if number == TRIES or wait is None or cancel.sleep(wait):
                raise ConnectError(f"{target.address} is not ready, {number} times in a row: {error}") from error
        else:
            if number > 1:
                session.retries["vCenter was asked for the login again, because it was not ready"] = number - 1
            return session
    raise AssertionError("the last try returns or raises")


class _NotReadyError(Exception):
    """There is a server, and it cut the connection or said 503."""


def _log_in_once(target: Target, cancel: Cancel, answered: bool) -> Session:
    seconds = CONNECT_TIMEOUT
    try:
        stub = _open(target)
        seconds = HTTP_TIMEOUT
        content: Any = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
        user = content.sessionManager.Login(target.username, target.password)
    except SavepointError:
        raise
    except (HTTPException, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise _NotReadyError(briefly(error)) from error
    except ConnectionRefusedError as error:
        if answered:
            raise _NotReadyError(briefly(error)) from error  # It is just restarting.
        raise ConnectError(f"can't reach {target.address}: {plain(error)}") from error
    except ssl.SSLCertVerificationError as error:
        raise ConnectError(
            f"the certificate of {target.address} is not trusted: {error.verify_message}; set ca_path to the file of "
            "the authority that signed it (or validate_certs: false, which lets anybody in between read the password)"
        ) from error
    except ssl.SSLError as error:
        raise ConnectError(f"no TLS connection to {target.address}: {plain(error)}") from error
    except OSError as error:
        raise ConnectError(f"can't reach {target.address}: {plain(error, seconds)}") from error
    except vim.fault.InvalidLogin as error:
        raise ConnectError(
            f"{target.address} refused the login of '{target.username}': wrong user or password"
        ) from error
    except vmodl.MethodFault as error:
        raise ConnectError(f"{target.address} refused the login of '{target.username}': {fault_text(error)}") from error
    except Exception as error:
        # pyVmomi raises bare exceptions where an answer is not that of a vSphere API.
        raise ConnectError(
            f"{target.address} does not answer as a vSphere API; are hostname, port and proxy those of a vCenter or an "
            "ESXi host?"
        ) from error
    return Session(content, stub, target, user.userName, cancel)


def _open(target: Target) -> Any:
    default = socket.getdefaulttimeout()
    # The version negotiation opens a connection that takes no time limit of its own.
    socket.setdefaulttimeout(CONNECT_TIMEOUT)
    try:
        stub: Any = pyvim_connect.SmartStubAdapter(
            host=target.hostname,
            port=target.port,
            sslContext=tls_context(target),
            httpProxyHost=target.proxy_host,
            httpProxyPort=target.proxy_port or 80,
            httpConnectionTimeout=HTTP_TIMEOUT,
            poolSize=CONNECTIONS,
            # Idle connections are closed here and not by the server, in between calls of ours.
            connectionPoolTimeout=60,
        )
        stub.InvokeMethod = partial(invoke, stub)
        return stub
    finally:
        socket.setdefaulttimeout(default)
