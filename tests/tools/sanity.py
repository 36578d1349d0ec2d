"""What "ansible-test sanity" needs on a machine that reaches package indexes only, and how its output is read."""

from __future__ import annotations

import os
import re
import runpy
import sys
from pathlib import Path

import ansible_test
import bootstrap
from checks import Checks, environment, plain

INTERNALS = Path(ansible_test.__file__).parent / "_internal"

# ansible-test makes an environment for each sanity test, and fetches get-pip.py from a site of Ansible's for it. Where
# that site can't be reached every such test would fail. It looks into its cache first, so this takes get-pip's place:
# it installs just the pip asked for, with the pip that every Python carries.
GET_PIP = '''\
"""Stands in for get-pip.py, which is not on any package index. Written by savepoint.vsphere's noxfile.py."""

import ensurepip
import os
import subprocess
import sys
from pathlib import Path

wheel = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
options = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
environment = {**os.environ, "PYTHONPATH": str(wheel)}
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *options], env=environment))
'''


def seed_get_pip(internals: Path = INTERNALS) -> None:
    """Puts the stand-in where an installed ansible-test looks for get-pip.py, unless something is there already."""
    source = internals / "python_requirements.py"
    cache = Path.home() / ".ansible" / "test" / "cache"
    for version in set(re.findall(r"""\bpip['"]?\s*[=:]\s*['"]([\d.]+)['"]""", source.read_text())):
        path = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            path.write_text(GET_PIP)


def pythons() -> tuple[list[str], dict[str, str]]:
    """Options that run the tests in the present Python, and compile and import in every other one on this machine.

    With a PATH to go with them: ansible-test looks there too, and must not find pyenv's shims before the real ones.
    """
    constants = runpy.run_path(str(INTERNALS.parent / "_util" / "target" / "common" / "constants.py"))
    taken = {*constants["CONTROLLER_PYTHON_VERSIONS"], *constants["REMOTE_ONLY_PYTHON_VERSIONS"]}
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    for python in filter(None, map(bootstrap.probe, bootstrap.candidates(everything=True))):
        version = ".".join(map(str, python[0][:2]))
        if version in taken:
            found[version] = max(python, found.get(version, python))
    present = f"{sys.version_info.major}.{sys.version_info.minor}"
    others = {version: found[version][1] for version in sorted(found) if version != present}
    targets = [f"{version}@{path}" for version, path in others.items()] + ["default"]
    options = ["--controller", f"origin:python={present}"]
    options += [word for target in targets for word in ("--target-python", target)]
    own, _separator, rest = environment()["PATH"].partition(os.pathsep)
    folders = [str(Path(path).parent) for path in others.values()]
    return options, {"PATH": os.pathsep.join([own, *dict.fromkeys(folders), rest])}


# What -v adds, but for the one line of it that counts: "No tests applicable."
NOISE = re.compile(
    r"(Run|Stream|Execute) command|Created Python|Installing |Using cached|Collecting |Downloading |Successfully "
    r"|Found existing|Uninstalling |Attempting |Requirement already|Using existing|Initializing |Injecting "
    r"|\s*$|[\s━]+ "
)


class Reader:
    """Follows the output of ansible-test sanity: one check for each test that applies, and none may be skipped."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.running: str | None = None
        self.errors = 0

    def line(self, text: str) -> bool:
        text = plain(text)
        if text.startswith("Running sanity test "):
            self.close()
            self.running = text.removeprefix("Running sanity test ").replace('"', "")
        elif text.startswith("ERROR: ") and not text.startswith("ERROR: Found "):
            self.errors += 1
        elif text == "No tests applicable.":
            self.running = None
        elif re.match(r"(WARNING: )?(Skipping|Skipped) ", text):
            self.checks.record(text, False)
        return not NOISE.match(text)

    def close(self) -> None:
        if self.running:
            self.checks.record(
                f"{self.running}: {self.errors} errors" if self.errors else self.running, not self.errors
            )
        self.running, self.errors = None, 0
