"""Takes a snapshot as soon as another client has logged out: intrude.py VM TIMES.

With it, snapshots change after the role's plan was made and before it is carried out, TIMES times.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from typing import Any


def call(method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["SAVEPOINT_SIM_CONTROL"] + path, data=data, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def main(vm: str, times: str) -> None:
    deadline = time.monotonic() + 240
    for number in range(int(times)):
        # A plan and a refused removal are two clients.
        while call("GET", "/v1/calls")["by_method"].get("Logout", 0) <= 2 * number:
            if time.monotonic() > deadline:
                raise SystemExit("nobody logged out")
            time.sleep(0.02)
        call("POST", f"/v1/vms/{vm}/snapshots", {"name": f"intruder {number}"})


if __name__ == "__main__":
    main(*sys.argv[1:])
