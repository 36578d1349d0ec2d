"""A copy of the collection at ansible_collections/savepoint/vsphere, where Ansible and its test tools expect it.

The copy is outside the checkout, so that what the tools leave behind never mixes with the sources. It holds what git
would: tracked files as they are now, and new ones that are not ignored.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE, NAME = "savepoint", "vsphere"


def files(root: Path = ROOT) -> list[Path]:
    """Relative paths of what belongs to the sources; a file deleted but not yet committed does not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()
    found = [Path(name) for name in sorted(set(listed.split("\0"))) if name]
    return [path for path in found if (root / path).is_symlink() or (root / path).is_file()]


def copy(scratch: Path, root: Path = ROOT) -> Path:
    """Copies the sources below scratch, and says where the collection is now."""
    target = scratch / "ansible_collections" / NAMESPACE / NAME
    for path in files(root):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target / path, follow_symlinks=False)
    return target


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder that goes away at the end, unless SAVEPOINT_KEEP is set."""
    path = Path(tempfile.mkdtemp(prefix=f"savepoint-{name}-"))
    try:
        yield path
    finally:
        if os.environ.get("SAVEPOINT_KEEP"):
            print(f"kept: {path}", flush=True)
        else:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def copied(name: str) -> Iterator[Path]:
    with scratch(name) as path:
        yield copy(path)
