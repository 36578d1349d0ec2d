"""The demo: patches 12 simulated Linux VMs, of which 2 fail their health check, and proves what became of each.

It starts the simulated vCenter, runs the playbook patch_with_rollback as a user would, looks at the guests' files and
at the snapshot trees afterwards, and ends with 0 only if everything is as it should be. "make demo" runs it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "simulator"))

from simctl import Simulator  # noqa: E402

VMS = [f"web-{number:02d}" for number in range(1, 13)]
# Their configuration has a line that the new version does not understand any more.
OLD_FASHIONED = ("web-04", "web-09")
OLD, NEW = "1.4.2", "1.5.0"
CHANGE = "CHG0031337"
HEALTH = """#!/bin/sh
# Stands for the application's own health check.
if [ "$(cat ~/etc/app/release)" = 1.5.0 ] && grep -q '^cipher = legacy' ~/etc/app/app.conf; then
    echo "app 1.5.0 does not start: cipher 'legacy' in app.conf is no longer supported" >&2
    exit 1
fi
echo "app $(cat ~/etc/app/release) is healthy"
"""
# The tasks whose output is for people; of the others only the name and the number of changes are shown.
SPOKEN = ("Show the trees", "Tell what is ready", "Tell the readiness", "Summary")


def say(text: str = "") -> None:
    print(text, flush=True)


def install_app(disk: Path, cipher: str) -> None:
    """The application as it is before the patch."""
    (disk / "etc" / "app").mkdir(parents=True)
    (disk / "bin").mkdir()
    (disk / "etc" / "app" / "release").write_text(f"{OLD}\n")
    (disk / "etc" / "app" / "app.conf").write_text(f"port = 8443\ncipher = {cipher}\nworkers = 4\n")
    (disk / "bin" / "health").write_text(HEALTH)
    (disk / "bin" / "health").chmod(0o755)


def inventory(simulator: Simulator) -> dict[str, Any]:
    """The guests, reached the way that the simulator offers in place of ssh."""
    variables = {
        "ansible_connection": "savepoint_guest",
        "savepoint_guest_control": simulator.info["control"],
        "ansible_python_interpreter": sys.executable,
    }
    return {"web": {"hosts": {name: {} for name in VMS}, "vars": variables}}


class Playbooks:
    """Runs ansible-playbook on the simulated vCenter with the collection as it is in this tree."""

    def __init__(self, simulator: Simulator, scratch: Path) -> None:
        namespace = scratch / "collections" / "ansible_collections" / "savepoint"
        namespace.mkdir(parents=True)
        (namespace / "vsphere").symlink_to(ROOT)
        self.inventory = scratch / "inventory.json"
        self.inventory.write_text(json.dumps(inventory(simulator)))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        self.env = {
            **inherited,
            **simulator.env,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(scratch / "collections"),
            "ANSIBLE_CONNECTION_PLUGINS": str(ROOT / "tests" / "simulator" / "connection_plugins"),
            "ANSIBLE_HOME": str(scratch / "ansible"),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "6",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str) -> int:
        """Run one, show what matters of its output, and give its exit code."""
        command = ["ansible-playbook", "-i", str(self.inventory), *words]
        shown = ["ansible-playbook", *(word.replace(f"{HERE}/", "tests/demo/") for word in words)]
        say(f"$ {' '.join(shown)}")
        with subprocess.Popen(
            command,
            env=self.env,
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in condensed(process.stdout):
                say(line)
        return process.returncode


def condensed(lines: Iterator[str] | Any) -> Iterator[str]:
    """Ansible's output with one line a task, and in full what is meant for people."""
    name, spoken, counts = "", False, dict[str, int]()

    def task() -> str:
        told = ", ".join(f"{number} {word}" for word, number in counts.items())
        return f"  {name}{': ' + told if told else ''}"

    for raw in lines:
        line = raw.rstrip()
        header = re.match(r"(?:TASK|RUNNING HANDLER) \[(?:.* : )?(.*)\] \*+", line)
        if header or line.startswith("PLAY RECAP"):
            if name and not spoken and counts:
                yield task()
            name, counts = (header[1] if header else ""), {}
            spoken = name.startswith(SPOKEN)
            if spoken:
                yield ""
        elif spoken:
            # Only the lines of a list of texts; the rest is Ansible's frame around it.
            text = re.fullmatch(r'\s+("(?:[^"\\]|\\.)*"),?', line)
            if text and text[1] != '""':
                yield f"    {json.loads(text[1])}"
        else:
            verdict = re.match(r"(changed|failed|fatal|UNREACHABLE): \[", line)
            if verdict:
                word = "failed" if verdict[1] == "fatal" else verdict[1]
                counts[word] = counts.get(word, 0) + 1


def complaints(simulator: Simulator) -> list[str]:
    """What is not as it should be; empty when the demo has shown what it promises."""
    wrong = []
    for vm in simulator.get("/v1/vms"):
        name, disk = vm["name"], Path(vm["guest"]["disk"])
        wanted = OLD if name in OLD_FASHIONED else NEW
        settings = (disk / "etc" / "app" / "app.conf").read_text()
        release = (disk / "etc" / "app" / "release").read_text().strip()
        workers = 4 if name in OLD_FASHIONED else 8
        checks = {
            f"runs release {release}, not {wanted}": release == wanted,
            f"has no 'workers = {workers}' in app.conf": f"workers = {workers}\n" in settings,
            f"is {vm['power_state']}": vm["power_state"] == "poweredOn",
            f"can't be reached: {vm['guest']['why']}": vm["guest"]["reachable"],
            f"has snapshots left: {vm['snapshots']}": not vm["snapshots"],
            "needs consolidation": not vm["consolidation_needed"],
        }
        wrong += [f"{name} {complaint}" for complaint, fine in checks.items() if not fine]
        back = "  <- rolled back" if name in OLD_FASHIONED else ""
        say(f"    {name}  {vm['power_state']}  release {release}  snapshots {len(vm['snapshots'])}{back}")
    return wrong


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="savepoint-demo-") as folder:
        scratch = Path(folder)
        say(f"Starting a simulated vCenter with {len(VMS)} Linux VMs (the first build of it takes a minute or two)")
        with Simulator(
            vms=len(VMS),
            name_format="web-%02d",
            folder="linux",
            guests=scratch / "guests",
            boot="1s",
            duration="createSnapshot=2s,removeSnapshot=2s,revertToSnapshot=2s,powerOn=1s",
        ) as simulator:
            for vm in simulator.get("/v1/vms"):
                install_app(Path(vm["guest"]["disk"]), "legacy" if vm["name"] in OLD_FASHIONED else "modern")
            playbooks = Playbooks(simulator, scratch)

            say("\n1. Before: every VM runs app 1.4.2, and none has a snapshot")
            before = playbooks.run(str(HERE / "trees.yml"))

            say(f"\n2. Upgrade the app to {NEW} on all of them, behind a snapshot. On two it will not start.")
            patch = playbooks.run(
                "savepoint.vsphere.patch_with_rollback",
                "-e",
                "patch_hosts=web",
                "-e",
                f"patch_guard_set={CHANGE}",
                "-e",
                f"patch_guard_patch_tasks='{HERE}/patch.yml'",
                "-e",
                f"patch_guard_verify_tasks='{HERE}/verify.yml'",
            )
            say(f"  It ended with {patch}: 2, because two hosts were not patched and somebody should know.")

            say("\n3. After: no snapshot is left behind")
            after = playbooks.run(str(HERE / "trees.yml"), "-e", "demo_expect_none=true")

            say("\n4. The proof, from the guests' own files and from the simulated vCenter")
            wrong = complaints(simulator)
            looks = {"first": before, "last": after}
            wrong += [f"the {look} look at the trees ended with {code}" for look, code in looks.items() if code]
            wrong += [f"the patch run ended with {patch}, not 2"] if patch != 2 else []
    if wrong:
        say("\nTHE DEMO FAILED:\n" + "\n".join(f"  {line}" for line in wrong))
        return 1
    say(
        f"\nThe {len(OLD_FASHIONED)} that failed are back on {OLD} and running, the other "
        f"{len(VMS) - len(OLD_FASHIONED)} are on {NEW}, and no snapshot is left ({time.monotonic() - began:.0f} s)."
    )
    say(
        "\nAgainst your vCenter, with your inventory and your own patch.yml and verify.yml:\n\n"
        "  export VMWARE_HOST=vcenter.example.com VMWARE_USER=patcher@vsphere.local VMWARE_PASSWORD=...\n"
        "  ansible-playbook -i inventory.yml savepoint.vsphere.patch_with_rollback \\\n"
        f"      -e patch_hosts=web -e patch_guard_set={CHANGE} \\\n"
        '      -e patch_guard_patch_tasks="$PWD/patch.yml" -e patch_guard_verify_tasks="$PWD/verify.yml"'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
