# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which errors mean that an answer was lost or a session ended, and errors as text for people."""

from __future__ import annotations

import ssl
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import SavepointError
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, fault_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._wording import plain

# Seconds that an answer is waited for; must be longer than a WaitForUpdatesEx may take.
HTTP_TIMEOUT = 120
# The session has ended: the call was refused before it did anything. Another login mends that.
ENDED = "ended"
# No answer came, or none of vSphere's: what became of the call is open. Time mends that.
AWAY = "away"
# What a virtual machine's result says that somebody else took away.
GONE = "the virtual machine is gone: somebody deleted or unregistered it meanwhile"


def trouble(error: BaseException) -> str | None:
    """What kind of trouble an error is; None for one that trying again does not mend."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return None
    if isinstance(error, (OSError, HTTPException)):
        return AWAY
    return ENDED if fault_name(error) == "NotAuthenticated" else None


def stays_away(error: BaseException) -> bool:
    """Is all of vCenter out of reach, after patience was had, or the job over? Else one call was refused."""
    return trouble(error) is not None or isinstance(error, SavepointError)


def late(error: BaseException) -> bool:
    """Did no answer come in time, neither to us nor to a proxy in between?"""
    return isinstance(error, TimeoutError) or (isinstance(error, HTTPException) and str(error).startswith("504"))


def describe(error: Any) -> str:
    """Why something failed, for people."""
    if isinstance(error, SavepointError):
        return error.msg
    if error is None:
        return "vCenter reports that the task failed, without a reason"
    if isinstance(error, vmodl.MethodFault):
        return fault_text(error)
    if isinstance(error, (OSError, HTTPException)):
        return plain(error, HTTP_TIMEOUT)
    return f"unexpected {type(error).__name__}: {error}"


def briefly(error: Any) -> str:
    """The same in a few words, for a note beside a result."""
    if isinstance(error, vmodl.MethodFault):
        return "the session had ended" if trouble(error) == ENDED else fault_name(error)
    return describe(error)
