"""Makes an environment with the tools that need one of their own (requirements/extra.in), and finds a Java for them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import bootstrap
import venvs

REQUIREMENTS = bootstrap.ROOT / "requirements" / "extra.txt"
# What all of them have wheels for.
PYTHONS = ((3, 12), (3, 13))
JAVA = 17  # the oldest that the rule engine of ansible-rulebook runs on


def environment() -> Path | None:
    """Its folder of programs; None where there is no Python that all of them run on."""
    return venvs.made("extra", REQUIREMENTS, PYTHONS)


def java_home() -> Path | None:
    """The home of a Java that is new enough; None where there is none."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    java = shutil.which("java")
    homes += [Path(java).resolve().parents[1]] if java else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    return next((home for home in homes if version(home) >= JAVA), None)


def version(home: Path) -> int:
    """The major version of the Java there; 0 where nothing runs."""
    try:
        done = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else 0
