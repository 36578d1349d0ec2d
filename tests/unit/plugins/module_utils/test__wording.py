# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import errno
import http.client
import socket
import ssl
from collections.abc import Iterator

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._wording import plain

CLOSED = "the connection was closed"


def by_openssl(reason: str | None, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, f"[SSL: {reason}] something (_ssl.c:1000)")
    error.reason = reason or ""
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed (_ssl.c:1000)")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (http.client.RemoteDisconnected("Remote end closed connection without response"), CLOSED),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), CLOSED),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), CLOSED),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:1000)"), CLOSED),
        (by_openssl("UNEXPECTED_EOF_WHILE_READING"), CLOSED),
        (http.client.IncompleteRead(b"<xml", 400), CLOSED),
        (http.client.CannotSendRequest("Request-sent"), CLOSED),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the connection was refused"),
        (http.client.BadStatusLine("SSH-2.0"), "the answer was not HTTP"),
        (http.client.HTTPException("503 Service Unavailable"), "the answer was 503 Service Unavailable"),
        (http.client.HTTPException("502 " + "x" * 200), "the answer was 502 " + "x" * 93 + "..."),
        (http.client.HTTPException("502 \x1b[31m\nBad"), r"the answer was 502 \x1b[31m Bad"),
        (http.client.HTTPException("got more than 100 headers"), "the answer was not understood"),
        (TimeoutError("timed out"), "no answer within 120 s"),
        (TimeoutError("_ssl.c:989: The handshake operation timed out"), "no answer within 120 s"),
        (TimeoutError(errno.ETIMEDOUT, "Connection timed out"), "no answer in time"),
        (socket.gaierror(-2, "Name or service not known"), "the host name could not be looked up"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no route to host"),
        (OSError("Tunnel connection failed: 407 Who are you?"), "the proxy's answer was 407 Who are you?"),
        (OSError("cannot read from timed out object"), "the connection failed"),
        (untrusted(), "the certificate is not trusted: self-signed certificate"),
        (by_openssl("WRONG_VERSION_NUMBER"), "what answers there does not speak TLS"),
        (by_openssl("TLSV1_ALERT_PROTOCOL_VERSION"), "TLS failed: tlsv1 alert protocol version"),
        (by_openssl(None), "TLS failed"),
    ],
)
def test_a_broken_connection_is_told_in_plain_words(error: Exception, text: str) -> None:
    assert plain(error, 120) == text


def test_without_a_limit_none_is_named() -> None:
    assert plain(TimeoutError("timed out")) == "no answer in time"


def broken() -> Iterator[type[Exception]]:
    """Every class that a connection may break with."""
    for place in (builtins, http.client, socket, ssl):
        for one in vars(place).values():
            if isinstance(one, type) and issubclass(one, (OSError, http.client.HTTPException)):
                yield one


@pytest.mark.parametrize("kind", sorted(set(broken()), key=str))
def test_no_class_shows_its_name_or_pythons_words(kind: type[Exception]) -> None:
    told = []
    for given in (("Words of Python's",), (1, "Words of Python's"), ()):
        try:
            error = kind(*given)
        except TypeError:  # It asks for something else.
            continue
        # Of a plain OSError with a number, the text is the system's.
        if getattr(error, "strerror", None) is None or issubclass(kind, (ssl.SSLError, ConnectionError, TimeoutError)):
            told.append(plain(error, 30))
    assert all(kind.__name__ not in text and "Words" not in text and len(text) > 8 for text in told)
