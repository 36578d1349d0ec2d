"""What may be in the built collection, and what must be."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

ALLOWED = re.compile(
    r"""
    FILES\.json | MANIFEST\.json | LICENSE | README\.md | CHANGELOG\.rst
    | meta/(runtime|execution-environment)\.yml | meta/ee-(requirements|bindep)\.txt
    | changelogs/(config|changelog)\.yaml
    | plugins/(action|doc_fragments|filter|module_utils|modules)/[^/]+\.(py|yml)
    | (roles|playbooks|extensions|docs)/.+\.(yml|yaml|j2|md|rst|py|json|txt)
    """,
    re.VERBOSE,
)
REQUIRED = ("LICENSE", "README.md", "CHANGELOG.rst", "meta/runtime.yml", "plugins/modules/snapshot.py")
NEVER = re.compile(r"(^|/)(__pycache__|tests?|\.[^/]+)(/|$)|\.pyc$")


def content(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return sorted(member.name for member in archive.getmembers() if not member.isdir())


def objections(path: Path) -> list[str]:
    """One sentence for each file that must not be there or is missing."""
    names = content(path)
    wrong = [f"{name} must not be in it" for name in names if not ALLOWED.fullmatch(name) or NEVER.search(name)]
    return wrong + [f"{name} is missing" for name in REQUIRED if name not in names]


def modules(path: Path) -> list[str]:
    names = [Path(name) for name in content(path)]
    return [f"savepoint.vsphere.{name.stem}" for name in names if name.match("plugins/modules/*.py")]


def playbooks(path: Path) -> list[str]:
    names = [Path(name) for name in content(path)]
    return [f"savepoint.vsphere.{name.stem}" for name in names if name.match("playbooks/*.yml")]
