#!/usr/bin/env python
# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rewrite task files for vmware.vmware.vm_snapshot* and community.vmware.vmware_guest_snapshot* to savepoint.vsphere.

It shows the difference and writes nothing, unless --write is given. What it can't prove to mean the same it leaves
alone, and says where and why. Exit status: 0, or 1 if something was left alone or could not be read.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

try:
    import edits
    import yaml
except ImportError as error:
    sys.exit(f"{error}: run it with the Python that Ansible runs on, which has PyYAML")


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """The YAML files that are meant: those named, and all below a folder."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in (".yml", ".yaml") and one.is_file())
        else:
            yield path


def main(words: Sequence[str]) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="migrate.py", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files, or folders of them")
    parser.add_argument("--write", action="store_true", help="change the files")
    options = parser.parse_args(words)

    before: dict[Path, str] = {}
    after: dict[Path, edits.Outcome] = {}
    notes: list[str] = []
    for path in files(options.paths):
        try:
            # Without newline translation, so that a file keeps its line ends.
            before[path] = path.read_bytes().decode()
            if before[path].count("\r") not in (0, before[path].count("\n")):
                notes.append(f"{path}: left alone: its lines do not all end alike")
                continue
            after[path] = edits.rewritten(before[path].replace("\r\n", "\n"))
        except (OSError, UnicodeError, yaml.YAMLError) as why:
            notes.append(f"{path}: not read: {' '.join(str(why).split())}")
            continue
        notes += [f"{path}:{line}: left alone: {reason}" for line, reason in after[path].left]
    # Tasks in one file get their defaults from another.
    modules = {module for outcome in after.values() for module in outcome.modules}
    changed = 0
    for path, outcome in after.items():
        text = edits.with_defaults(outcome.text, modules) if modules else outcome.text
        if "\r" in before[path]:
            text = text.replace("\n", "\r\n")
        if text == before[path]:
            continue
        changed += 1
        old, new = before[path].splitlines(keepends=True), text.splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(old, new, str(path), str(path)))
        if options.write:
            path.write_bytes(text.encode())
    for note in notes:
        sys.stderr.write(f"{note}\n")
    done = "changed" if options.write else "would change (--write does it)"
    sys.stderr.write(f"{changed} of {len(before)} files {done}, {len(notes)} notes\n")
    return 1 if notes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
