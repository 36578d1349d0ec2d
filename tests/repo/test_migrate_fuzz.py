# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a file holds, the command that rewrites task files makes sense of it, or leaves it as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from layout import ROOT

sys.path.insert(0, str(ROOT / "extensions" / "migrate"))

import edits
import migrate
import rules

settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=150)
settings.load_profile("savepoint")

OLD = "community.vmware.vmware_guest_snapshot"
SHARED = f"""\
- block: &all
    - {OLD}:
        name: web-01
        state: remove_all
- block: *all
"""

# Pieces that YAML, tasks and the rules make something of, in any order: mostly nonsense, sometimes not.
WORDS = (
    "- ~- ~\n~\n~\n  ~\n    ~: ~&a ~*a~*b~&b ~{~}~[~]~, ~<<~# x~|\n~!vault ~---\n~'~\"~{{ x }}~name: x~state: absent~"
    "state: remove_all~new_description: d~block: ~tasks: ~rescue:\n~module_defaults: ~register: r~args: ~action: ~"
    f"\u202e~\t~\ufeff~{OLD}~{OLD}~vmware.vmware.vm_snapshot~group/community.vmware.vmware"
)
PIECES = st.sampled_from(WORDS.split("~"))
TASK = st.sampled_from(
    [
        f"- {OLD}: {{name: x, state: absent}}\n",
        f"- {OLD}:\n    name: x\n    state: remove_all  # all\n",
        "- block: *a\n",
        f"- block: &a\n    - {OLD}:\n        name: x\n        state: remove_all\n",
        "- &t\n  name: x\n",
        "- *t\n",
        "- x\n",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.lists(TASK, max_size=5).map("".join) | st.text(max_size=30)


def loaded(text: str) -> Any:
    """What Ansible would read, or None for what is no YAML that it reads."""
    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError:
        return None
    except (RecursionError, TypeError, ValueError):  # PyYAML's own, for keys and dates that are none.
        return None


def renamed(value: Any) -> Any:
    """The same with the tasks of this test as they must be rewritten."""
    if isinstance(value, list):
        return [renamed(one) for one in value]
    if not isinstance(value, dict):
        return value
    done = {key: renamed(one) for key, one in value.items()}
    if OLD in done:
        options = done.pop(OLD)
        if options.get("state") == "remove_all":
            options |= {"state": "absent", "remove_all": True}
        done["savepoint.vsphere.snapshot"] = options
    return done


@given(TEXTS)
def test_any_text_is_rewritten_to_sense_or_is_no_yaml(text: str) -> None:
    try:
        outcome = edits.rewritten(text)
    except yaml.YAMLError:
        return
    # A file that can be read still can, and there is nothing left to do in it.
    assert loaded(text) is None or loaded(outcome.text) is not None
    again = edits.rewritten(outcome.text)
    assert again.text == outcome.text and not again.modules
    assert outcome.modules or outcome.text == text
    assert all(name.startswith(rules.NEW) for name in outcome.modules)
    edits.with_defaults(outcome.text, outcome.modules)


@given(st.lists(TASK, min_size=1, max_size=5).map("".join))
def test_tasks_that_are_repeated_by_aliases_are_rewritten_once(text: str) -> None:
    try:
        before = yaml.safe_load(text)
    except yaml.YAMLError:  # An alias before its anchor.
        return
    assert yaml.safe_load(edits.rewritten(text).text) == renamed(before)


@pytest.mark.parametrize(
    "text",
    ["&a [*a]\n", "- &a\n  block: [*a]\n", "&a {tasks: [*a], b: *a}\n"],
    ids=["list", "block", "play"],
)
def test_what_is_inside_of_itself_is_left_as_it_is(text: str) -> None:
    assert edits.rewritten(text) == edits.Outcome(text)
    assert edits.with_defaults(text, {"savepoint.vsphere.snapshot"}) == text


def test_aliases_of_aliases_are_gone_through_once() -> None:
    lines = [f"- block: &a0\n    - {OLD}: {{name: x, state: absent}}\n"]
    lines += [f"- block: &a{n} [{{block: *a{n - 1}}}, {{always: *a{n - 1}}}]\n" for n in range(1, 200)]
    outcome = edits.rewritten("".join(lines))
    assert outcome.text == "".join(lines).replace(OLD, "savepoint.vsphere.snapshot")


def test_a_file_that_is_nested_too_deeply_does_not_end_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yml").write_text("[" * 5000)
    (tmp_path / "b.yml").write_text(SHARED)
    assert migrate.main([str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "a.yml: not read: it is nested too deeply" in told.err
    assert "+    - savepoint.vsphere.snapshot:" in told.out
