"""The tasks in the guides are tasks."""

from __future__ import annotations

import re
import textwrap

import pytest
import yaml
from layout import ROOT
from test_modules import call_of, tasks_of

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_patching.rst"
BLOCKS = re.findall(r"^\.\. code-block:: yaml\n\n((?:    .*\n|\n)+)", GUIDE.read_text(), re.MULTILINE)
ELSEWHERE = ("ansible.builtin.", "ansible.windows.", "community.general.")


def test_there_are_files_of_tasks() -> None:
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS)
def test_each_is_a_file_of_tasks_that_name_things_in_full(block: str) -> None:
    tasks = list(tasks_of(yaml.safe_load(textwrap.dedent(block))))
    assert tasks
    for task in tasks:
        action, arguments = call_of(task)
        assert task["name"][0].isupper()
        assert action.startswith(ELSEWHERE), action
        assert isinstance(arguments, dict)
    # What a condition looks at was registered before.
    registered: set[str] = set()
    for task in tasks:
        looked = set(re.findall(r"\b(\w+)\.(?:rc|stat|stdout)\b", str(task.get("when", ""))))
        assert looked <= registered
        registered |= {task["register"]} if "register" in task else set()
