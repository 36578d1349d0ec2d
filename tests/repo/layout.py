"""What is where in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "savepoint.vsphere"
TARGETS = ROOT / "tests" / "integration" / "targets"

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*") if path.is_dir())
PLUGIN_FILES = sorted(
    str(path.relative_to(ROOT)) for folder in ("plugins", "extensions") for path in (ROOT / folder).rglob("*.py")
)


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def has_target(name: str) -> bool:
    """Whether there is an integration target that does something."""
    target = TARGETS / name
    return any((target / entry).is_file() for entry in ("tasks/main.yml", "runme.sh"))
