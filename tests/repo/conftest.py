"""Makes the collection importable from wherever these tests run, and reads its documentation once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from layout import COLLECTION, MODULES, ROOT

Documentation = dict[str, dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def collections_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which ansible_collections.savepoint.vsphere is this checkout."""
    top = tmp_path_factory.mktemp("collections")
    place = top / "ansible_collections" / "savepoint" / "vsphere"
    place.parent.mkdir(parents=True)
    place.symlink_to(ROOT, target_is_directory=True)
    sys.path.insert(0, str(top))
    return top


@pytest.fixture(scope="session")
def documentation(collections_path: Path) -> Documentation:
    """What ansible-doc makes of every module, fragments merged."""
    names = [f"{COLLECTION}.{name}" for name in MODULES]
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections_path)}
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", "module", *names]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    found: Documentation = json.loads(done.stdout)
    return {name.rpartition(".")[2]: doc for name, doc in found.items()}
