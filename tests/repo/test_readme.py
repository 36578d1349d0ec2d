"""What the README says about a clone works."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from layout import ROOT

[LINES] = re.findall(
    r"^```\n(mkdir -p [^`]*ANSIBLE_COLLECTIONS_PATH[^`]*)```$", (ROOT / "README.md").read_text(), re.MULTILINE
)


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """An environment in which this collection is not found."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHONPATH"))}
    return {**environment, "HOME": str(tmp_path)}


def listed(command: str, environment: dict[str, str]) -> str:
    """What Ansible knows of the collection after these commands, given in a clone."""
    script = f"set -eu\ncd '{ROOT}'\n{command}\ncd \"$HOME\"\nansible-doc --list savepoint.vsphere"
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def test_a_clone_is_found_where_it_is_linked_and_nowhere_else(elsewhere: dict[str, str]) -> None:
    assert "savepoint.vsphere.snapshot_prune " in listed(LINES, elsewhere)
    assert "savepoint.vsphere.snapshot_prune " not in listed("", elsewhere)
