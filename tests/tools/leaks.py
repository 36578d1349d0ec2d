"""The password of the simulated vCenters: made anew for every run, so that it can be looked for wherever it could leak.

Its middle is random, and of characters that JSON, XML and URLs leave as they are; base64 is looked for as well. What
comes before and after it is what careless quoting breaks.

It may be in what a test is given: integration_config.yml, an inventory, the environment, and the payload of Ansible's
own that a module is sent as. It may be nowhere else.
"""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "SAVEPOINT_SIM_PASSWORD"
# Tells simctl.py to start nothing with a password that is not looked for.
SEARCHED = "SAVEPOINT_SIM_PASSWORD_SEARCHED"
# Given to the tests: their settings, inventories in which a host has a connection of its own, the environment
# and the variables that a job gets from ansible-runner, as AWX does it, with what ansible-runner itself writes of that.
ALLOWED = ("integration_config.yml", "inventory.json", "env/envvars", "env/extravars", "artifacts/*/command")
# What a module is sent as by Ansible, for as long as its task runs.
PAYLOAD = b"def _ansiballz_main("
LARGEST = 64 * 2**20
MASK = "(the password)"

CORE = os.environ.get(VARIABLE, "")[4:28] or secrets.token_hex(12)
PASSWORD = f'p&"<{CORE}+/% e'
os.environ[VARIABLE] = PASSWORD
os.environ[SEARCHED] = "1"
BEGAN = time.time()


def forms(core: str) -> list[str]:
    """The core as it is, and in base64 wherever it begins there."""
    found = [core]
    for shift in range(3):
        # The characters at both ends depend on what is around it.
        encoded = base64.b64encode(b"\0" * shift + core.encode()).decode().rstrip("=")
        inner = encoded[(shift * 8 + 5) // 6 : -1]
        found += [inner, inner.replace("+", "-").replace("/", "_")]
    return list(dict.fromkeys(found))


FORMS = forms(CORE)
BYTES = [form.encode() for form in FORMS]


def is_in(text: str) -> bool:
    """Is the password in this output?"""
    return any(form in text for form in FORMS)


def masked(text: str) -> str:
    """Output that can be printed."""
    for form in FORMS:
        text = text.replace(form, MASK)
    return text


def belongs(path: Path) -> bool:
    """Is it a file in which the password may be?"""
    return any(path.match(pattern) for pattern in ALLOWED)


def out_of_place(path: Path, content: bytes) -> bool:
    """Is the password in a file that must not hold it?"""
    return not belongs(path) and any(form in content for form in BYTES)


def files(folder: Path, since: float = 0) -> Iterator[Path]:
    """The files below a folder with the password in them, but for those in which it belongs."""
    for top, _folders, names in os.walk(folder):
        for name in names:
            path = Path(top, name)
            try:
                told = path.lstat()
                if path.is_symlink() or not path.is_file() or told.st_mtime < since or told.st_size > LARGEST:
                    continue
                content = path.read_bytes()
            except OSError:
                continue  # It is gone, or somebody else's.
            if out_of_place(path, content):
                yield path


def left_behind() -> list[str]:
    """Where this run has left the password."""
    return sorted({str(path) for place in places() for path in files(place, BEGAN)})


def places() -> list[Path]:
    """Where temporary files are, and Ansible's own."""
    return [Path(tempfile.gettempdir()), Path.home() / ".ansible"]


def must_not_hold(path: Path, content: bytes) -> bool:
    """The same of a file of whatever short life, such as a module's payload has."""
    return PAYLOAD not in content and out_of_place(path, content)
