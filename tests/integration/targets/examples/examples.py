# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run every example of the documentation against a simulated vCenter, one of its own for each page.

A page is the EXAMPLES of a module or of a plugin for expressions, or a file with YAML blocks: the README, the guides,
the roles' READMEs. What it calls web-01 is made for it first: a VM in the folder web, with a guest, and a host of the
group web. Playbooks run as they are, lists of tasks on localhost. Task files that a playbook includes are those in
files/.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from simctl import Simulator

FILES = Path(__file__).resolve().parent / "files"
MACHINE = re.compile(r"\b(([a-z]+)-\d\d)\b")
FOLDER = re.compile(r"/DC0/vm/([a-z]+)")
# A group of hosts or a folder that is only named, as in "hosts: web", has these.
GROUP = ("01", "02")
# What works on the guests or the controller alone.
GUEST_ONLY = {f"savepoint.vsphere.{name}" for name in ("patch", "verify", "batch_info", "batch_wait")}
# Tasks for systems that the guests are not, from collections that are not here; tests/repo/test_guides.py reads them.
OTHER_SYSTEMS = {"guide_patching.rst"}
# Filters that people use; the others belong to the roles, and their examples need what a role has registered.
FILTERS = ("duration_seconds", "size_bytes", "size_text", "snapshot_table", "snapshot_tree")
MARKDOWN = re.compile(r"^( *)```ya?ml[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
RST = re.compile(r"^( *)\.\. code-block:: ya?ml[^\n]*\n((?:\1 +[^\n]*\n|[ \t]*\n)+)", re.MULTILINE)


@dataclass
class Page:
    """A page with its examples, in order."""

    name: str
    blocks: list[str]
    playbooks: list[list[dict[str, Any]]] = field(default_factory=list)

    def read(self) -> None:
        """Make playbooks of the blocks that are tasks or playbooks."""
        for block in self.blocks:
            content = yaml.safe_load(block)
            if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
                print(f"{self.name}: a block is neither a playbook nor a list of tasks, so it is not run")
            elif all("hosts" in one or any("import_playbook" in key for key in one) for one in content):
                self.playbooks.append(content)
            else:
                self.playbooks.append(
                    [{"name": self.name, "hosts": "localhost", "gather_facts": False, "tasks": content}]
                )

    @property
    def machines(self) -> list[tuple[str, str]]:
        """The machines that it names, each with its group, which is its folder too."""
        text = "\n".join(self.blocks)
        named = {(match[1], match[2]) for match in MACHINE.finditer(text)}
        groups = {str(play["hosts"]) for playbook in self.playbooks for play in playbook if "hosts" in play}
        groups |= set(FOLDER.findall(text))
        named |= {(f"{group}-{number}", group) for group in groups - {"localhost", "all"} for number in GROUP}
        return sorted(named)


def plugin_page(path: Path, used: str) -> Page:
    """The examples of a module or another plugin, in which it is used; having none is an error."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == "EXAMPLES" for name in node.targets):
            text = str(ast.literal_eval(node.value))
            if used in text:
                return Page(path.stem, [text])
    raise SystemExit(f"{path} has no example of itself")


def text_page(path: Path, root: Path) -> Page:
    """The YAML blocks of a page in Markdown or reStructuredText."""
    pattern = RST if path.suffix == ".rst" else MARKDOWN
    blocks = [textwrap.dedent(match[2]) for match in pattern.finditer(path.read_text())]
    return Page(str(path.relative_to(root)), blocks)


def pages(root: Path) -> list[Page]:
    """Every page that has examples."""
    modules = sorted((root / "plugins" / "modules").glob("*.py"))
    if not modules:
        raise SystemExit(f"there are no modules below {root}")
    texts = [root / "README.md", *sorted(root.glob("docs/**/*.md")), *sorted(root.glob("docs/**/*.rst"))]
    texts += sorted(root.glob("roles/*/README.md"))
    found = [plugin_page(path, f"savepoint.vsphere.{path.stem}:") for path in modules]
    others = [path for kind in ("lookup", "test") for path in sorted((root / "plugins" / kind).glob("*.py"))]
    others += [root / "plugins" / "filter" / f"{name}.py" for name in FILTERS]
    found += [plugin_page(path, f"savepoint.vsphere.{path.stem}") for path in others]
    found += [text_page(path, root) for path in texts if path.exists() and path.name not in OTHER_SYSTEMS]
    for page in found:
        page.read()
    return [page for page in found if page.playbooks]


def inventory(machines: list[tuple[str, str]], simulator: str) -> dict[str, Any]:
    """The machines as hosts, reached through the simulator's connection plugin."""
    groups: dict[str, Any] = {}
    for name, group in machines:
        groups.setdefault(group, {"hosts": {}})["hosts"][name] = {
            "ansible_connection": "savepoint_guest",
            "savepoint_guest_control": simulator,
            "ansible_become": False,  # a guest has one user only
        }
    local = {"ansible_connection": "local"}
    return {
        "all": {
            "hosts": {"localhost": local},
            "vars": {"ansible_python_interpreter": sys.executable},
            "children": groups,
        }
    }


def run(page: Page, simulator_path: Path, words: list[str]) -> bool:
    """Run a page's playbooks one after the other; says whether all went well."""
    with tempfile.TemporaryDirectory() as name, Simulator(vms=1, guests=str(Path(name) / "guests")) as simulator:
        folder = Path(name)
        for machine, group in page.machines:
            simulator.post("/v1/vms", {"name": machine, "folder": group})
        hosts = folder / "hosts.yml"
        hosts.write_text(json.dumps(inventory(page.machines, simulator.info["control"])))
        for path in FILES.iterdir():
            shutil.copy(path, folder)
        env = {**os.environ, **simulator.env, "ANSIBLE_CONNECTION_PLUGINS": str(simulator_path / "connection_plugins")}
        for number, playbook in enumerate(page.playbooks):
            path = folder / f"{number}.yml"
            path.write_text(json.dumps(playbook, indent=1))
            print(f"\n--- {page.name}: example {number + 1} of {len(page.playbooks)}", flush=True)
            # The built-in tasks have a target of their own. Here they would find the programs of this machine.
            own = ["-e", f"patch_tasks={folder / 'patch.yml'}"]
            if subprocess.run(
                ["ansible-playbook", "-i", hosts, path, *own, *words], env=env, cwd=folder, check=False
            ).returncode:
                return False
            logins = simulator.get("/v1/calls")["by_method"].get("Login", 0)
            if logins < calls(playbook):
                print(f"{page.name}: {calls(playbook)} tasks are ours, and only {logins} have logged in")
                return False
            simulator.delete("/v1/calls")
        return True


def calls(playbook: list[dict[str, Any]]) -> int:
    """How many of its tasks are of our modules; a role of ours logs in at least once, unless it is for guests alone."""
    text = json.dumps(playbook)
    used = {one for one in re.findall(r'"(savepoint\.vsphere\.\w+)"', text) if one.rpartition(".")[2] != "snapshot"}
    return 0 if used and used <= GUEST_ONLY else max(1, text.count('"savepoint.vsphere.snapshot'))


def main(config: str, words: list[str]) -> int:
    """Run all; gives the exit status."""
    settings = json.loads(Path(config).read_text())
    found = pages(Path(settings["sim_collection_path"]))
    with ThreadPoolExecutor(2) as pool:
        fine = list(pool.map(lambda page: run(page, Path(settings["sim_path"]), words), found))
    failed = [page.name for page, well in zip(found, fine, strict=True) if not well]
    print(f"\n{len(found)} pages: {', '.join(page.name for page in found)}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
