"""The playbook that applies extensions/awx is run, with stand-ins for awx.awx's modules that note what they get."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from layout import ROOT
from test_awx import LISTS, OPTIONS, SOURCE

# A module that takes the options of the real one, and writes down which it was given.
STAND_IN = """\
import json, os
from ansible.module_utils.basic import AnsibleModule
spec = {{name: {{"type": "int" if name.endswith("_count") else "raw"}} for name in {options!r}}}
module = AnsibleModule(argument_spec=spec)
with open(os.environ["NOTES"], "a") as notes:
    given = {{name: value for name, value in module.params.items() if value is not None}}
    notes.write(json.dumps([{name!r}, given]) + "\\n")
module.exit_json()
"""


def applied(folder: Path, **variables: Any) -> dict[str, list[dict[str, Any]]]:
    """What the modules get, by their names."""
    modules = folder / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, options in OPTIONS.items():
        (modules / f"{name}.py").write_text(STAND_IN.format(name=name, options=options))
    notes = folder / "notes"
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", "localhost,"]
    command += ["--extra-vars", json.dumps({"ansible_python_interpreter": sys.executable, **variables})]
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder), "NOTES": str(notes)}
    playbook = str(ROOT / "extensions" / "awx" / "apply_awx_awx.yml")
    done = subprocess.run([*command, playbook], env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[dict[str, Any]]] = {}
    for line in notes.read_text().splitlines():
        module, given = json.loads(line)
        found.setdefault(module, []).append(given)
    return found


@pytest.mark.parametrize("notified", [[], ["Mail to the operators"]], ids=["quiet", "notified"])
def test_all_of_the_source_arrives_as_it_is(notified: list[str], tmp_path: Path) -> None:
    names = ("savepoint_awx_notify_failure", "savepoint_awx_notify_approval")
    found = applied(tmp_path, **dict.fromkeys(names, notified))
    more: dict[str, dict[str, Any]] = {name: {} for name in LISTS}
    more["workflow_job_template"]["destroy_current_nodes"] = True
    if notified:
        more["job_template"]["notification_templates_error"] = notified
        more["workflow_job_template"]["notification_templates_error"] = notified
        more["workflow_job_template"]["notification_templates_approvals"] = notified
    assert found == {module: [{**one, **more[module]} for one in SOURCE[name]] for module, name in LISTS.items()}
