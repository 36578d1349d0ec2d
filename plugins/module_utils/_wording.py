# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What broke a connection, in words for people. Pure.

Errors are recognised by the names of their classes, so that this file needs no library that talks to anybody. Python's
own words stay in the traceback (ANSIBLE_DISPLAY_TRACEBACK=error shows it, from ansible-core 2.19 on).
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._names import printable

_CLOSED = "the connection was closed"
_NO_HTTP = "the answer was not HTTP"
# By the class of an error or the nearest one above it.
_WORDS = {
    "ConnectionRefusedError": "the connection was refused",
    "ConnectionResetError": _CLOSED,
    "ConnectionAbortedError": _CLOSED,
    "BrokenPipeError": _CLOSED,
    "SSLEOFError": _CLOSED,
    "SSLZeroReturnError": _CLOSED,
    # http.client's: a part of the answer is missing; or it meets what an earlier break left behind.
    "IncompleteRead": _CLOSED,
    "ImproperConnectionState": _CLOSED,
    "BadStatusLine": _NO_HTTP,
    "UnknownProtocol": _NO_HTTP,
    "LineTooLong": _NO_HTTP,
    "gaierror": "the host name could not be looked up",
}
# Why TLS did not come about, by OpenSSL's reason; any other reason is shown as words.
_TLS = {
    "WRONG_VERSION_NUMBER": "what answers there does not speak TLS",
    "HTTP_REQUEST": "what answers there does not speak TLS",
    "UNEXPECTED_EOF_WHILE_READING": _CLOSED,
}
# What a proxy says is put like this by http.client.
_PROXY = "Tunnel connection failed: "
# Characters of an answer that are shown.
_LONGEST = 100


def plain(error: BaseException, seconds: float | None = None) -> str:
    """What broke it, for the middle of a sentence; ``seconds`` is how long an answer was waited for."""
    classes = [one.__name__ for one in type(error).__mro__]
    if "SSLCertVerificationError" in classes:
        return f"the certificate is not trusted: {_short(getattr(error, 'verify_message', '') or 'it is not valid')}"
    if "TimeoutError" in classes:
        # With a number it is the system's own limit, not ours.
        ours = seconds is not None and getattr(error, "errno", None) is None
        return f"no answer within {seconds:g} s" if ours else "no answer in time"
    known = next((_WORDS[name] for name in classes if name in _WORDS), None)
    if known is not None:
        return known
    if "SSLError" in classes:
        reason = getattr(error, "reason", None) or ""
        return _TLS.get(reason) or (f"TLS failed: {_words(reason)}" if reason else "TLS failed")
    return _said(error, classes)


def _said(error: BaseException, classes: list[str]) -> str:
    """What the system, a proxy or a server says by itself."""
    text = str(error)
    if text.startswith(_PROXY):
        return f"the proxy's answer was {_short(text.removeprefix(_PROXY))}"
    system: Any = getattr(error, "strerror", None)
    if system:
        return _short(system[:1].lower() + system[1:])
    if "HTTPException" in classes:
        return f"the answer was {_short(text)}" if re.match(r"[1-9]\d\d\b", text) else "the answer was not understood"
    return "the connection failed"


def _words(reason: str) -> str:
    return _short(reason.replace("_", " ").lower())


def _short(text: str) -> str:
    """A foreign text on one line, and not too long."""
    shown = printable(" ".join(text.split()))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
