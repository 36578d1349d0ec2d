"""Servers that are no vCenter, or not yet one again, and what a user is told of them at the login.

python hangup.py ROOT, the collection's folder.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import drive

Talk = Callable[[socket.socket], None]


def hang_up(client: socket.socket) -> None:
    """As a proxy does whose vCenter is just restarting: it reads, and closes."""
    client.recv(4096)


def say_something(client: socket.socket) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
    client.recv(4096)


CASES: list[tuple[Talk, str]] = [
    (hang_up, "{address} is not ready, 4 times in a row: the connection was closed"),
    (say_something, "no TLS connection to {address}: what answers there does not speak TLS"),
]


@contextmanager
def server(talk: Talk) -> Iterator[int]:
    """Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # It is closed at the end.
                while True:
                    client = listener.accept()[0]
                    with client:
                        talk(client)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])


def main() -> None:
    drive.prepare(Path(sys.argv[1]).absolute().parents[2])
    for talk, words in CASES:
        with server(talk) as port:
            login = {"hostname": "127.0.0.1", "port": port, "username": "user", "password": "secret"}
            result = drive.run("snapshot_info", {**login, "validate_certs": False, "name": "web-01"})
        expected = words.format(address=f"127.0.0.1:{port}")
        if not result.get("failed") or result["msg"] != expected:
            sys.exit(f"{talk.__name__}: {result}")


if __name__ == "__main__":
    main()
