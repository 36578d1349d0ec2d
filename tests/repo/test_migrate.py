"""The migration command: what it rewrites, what it leaves alone, and that it touches nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from layout import ROOT, load

MIGRATE = ROOT / "extensions" / "migrate"
sys.path.insert(0, str(MIGRATE))

import edits  # noqa: E402
import rules  # noqa: E402

# The options of the old modules as their own documentation has them, with the versions it was read from.
PEERS = json.loads(Path(__file__).with_name("peers.json").read_text())["options"]
OLD = "community.vmware.vmware_guest_snapshot"


def tasks(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


@pytest.mark.parametrize("module", sorted(PEERS))
def test_every_option_of_the_peers_is_known(module: str) -> None:
    names = {name for option, aliases in PEERS[module].items() for name in (option, *aliases)}
    assert rules.OPTIONS[module] == names


def test_the_peers_are_all() -> None:
    assert set(PEERS) == set(rules.OPTIONS)


NEW_BLOCKS = """\
- hosts: all
  pre_tasks:
    - block: [savepoint.vsphere.snapshot: {name: a}]
      always:
        - savepoint.vsphere.snapshot: {name: b}
"""

REWRITTEN = {
    "a name": ("- vmware.vmware.vm_snapshot: {name: a}\n", "- savepoint.vsphere.snapshot: {name: a}\n"),
    "info": ("- vmware.vmware.vm_snapshot_info:\n    name: a\n", "- savepoint.vsphere.snapshot_info:\n    name: a\n"),
    "revert": (
        "- vmware.vmware.vm_snapshot_revert: {name: a, snapshot_name: s}\n",
        "- savepoint.vsphere.snapshot_revert: {name: a, snapshot_name: s}\n",
    ),
    "a comment and quotes": (
        "- 'community.vmware.vmware_guest_snapshot':   # why\n    name:   a # which\n",
        "- 'savepoint.vsphere.snapshot':   # why\n    name:   a # which\n",
    ),
    "a short name": ("- vmware_guest_snapshot: {name: a}\n", "- savepoint.vsphere.snapshot: {name: a}\n"),
    "remove_all": (
        f"- {OLD}:\n    state: remove_all  # gone\n    name: a\n",
        "- savepoint.vsphere.snapshot:\n    state: absent  # gone\n    remove_all: true\n    name: a\n",
    ),
    "remove_all at the end without a newline": (
        f"- {OLD}:\n    name: a\n    state: remove_all",
        "- savepoint.vsphere.snapshot:\n    name: a\n    state: absent\n    remove_all: true",
    ),
    "remove_all in braces": (
        f"- {OLD}: {{name: a, state: remove_all}}\n",
        "- savepoint.vsphere.snapshot: {name: a, state: absent, remove_all: true}\n",
    ),
    "revert of the community": (
        f"- {OLD}:\n    name: a\n    state: revert\n    snapshot_name: s\n",
        "- savepoint.vsphere.snapshot_revert:\n    name: a\n    snapshot_name: s\n",
    ),
    "revert with a comment": (
        f"- {OLD}:\n    name: a\n    state: revert  # back\n    snapshot_name: s\n",
        "- savepoint.vsphere.snapshot_revert:\n    name: a\n    # back\n    snapshot_name: s\n",
    ),
    "revert first in braces": (
        f"- {OLD}: {{state: revert, name: a, snapshot_name: s}}\n",
        "- savepoint.vsphere.snapshot_revert: {name: a, snapshot_name: s}\n",
    ),
    "revert last in braces": (
        f"- {OLD}: {{name: a, snapshot_name: s, state: revert}}\n",
        "- savepoint.vsphere.snapshot_revert: {name: a, snapshot_name: s}\n",
    ),
    "a description": (
        f"- {OLD}:\n    name: a\n    new_description: >-\n      long\n      text\n",
        "- savepoint.vsphere.snapshot:\n    name: a\n    description: >-\n      long\n      text\n",
    ),
    "a loop, templates and a vault": (
        f"- {OLD}: {{name: '{{{{ item }}}}', password: !vault x}}\n  loop: [a]\n",
        "- savepoint.vsphere.snapshot: {name: '{{ item }}', password: !vault x}\n  loop: [a]\n",
    ),
    "a harmless result": (
        f"- {OLD}: {{name: a}}\n  register: r\n- debug:\n  when: r is changed or r.failed\n",
        "- savepoint.vsphere.snapshot: {name: a}\n  register: r\n- debug:\n  when: r is changed or r.failed\n",
    ),
    "line ends of another system": (
        f"- {OLD}:\r\n    name: a\r\n",
        "- savepoint.vsphere.snapshot:\r\n    name: a\r\n",
    ),
    "blocks in plays": (
        f"- hosts: all\n  pre_tasks:\n    - block: [{OLD}: {{name: a}}]\n      always:\n        - {OLD}: {{name: b}}\n",
        NEW_BLOCKS,
    ),
}


@pytest.mark.parametrize("case", sorted(REWRITTEN))
def test_is_rewritten_and_a_second_time_changes_nothing(case: str) -> None:
    before, after = REWRITTEN[case]
    outcome = edits.rewritten(before)
    assert outcome.text == after
    assert outcome.left == []
    again = edits.rewritten(after)
    assert (again.text, again.modules, again.left) == (after, set(), [])


LEFT = {
    "a template for state": (f"- {OLD}: {{name: a, state: '{{{{ s }}}}'}}\n", "its state is not written out"),
    "words": (f"- {OLD}: name=a state=present\n", "not written out as a mapping"),
    "a template for all": (f"- {OLD}: '{{{{ all }}}}'\n", "not written out as a mapping"),
    "args": (f"- {OLD}: {{name: a}}\n  args: {{state: absent}}\n", "gets options from args"),
    "action": (f"- action: {OLD} name=a\n", "called by action"),
    "local_action": (f"- local_action:\n    module: {OLD}\n    name: a\n", "called by local_action"),
    "a templated module": ("- action: '{{ module }}'\n", "is a template"),
    "an unknown option": (f"- {OLD}: {{name: a, colour: red}}\n", "has no option colour"),
    "two descriptions": (f"- {OLD}: {{name: a, description: x, new_description: y}}\n", "one option now"),
    "a revert to nothing": (f"- {OLD}: {{name: a, state: revert}}\n", "no named snapshot"),
    "an ignored option": (f"- {OLD}: {{name: a, state: remove_all, snapshot_name: s}}\n", "it ignored snapshot_name"),
    "a merge": (f"- vars:\n    x: &x {{name: a}}\n  {OLD}:\n    <<: *x\n", "merged from elsewhere"),
    "an alias": (f"- vars:\n    x: &x {{name: a}}\n  {OLD}: *x\n", "anchor or alias"),
    "an option twice": (f"- {OLD}: {{name: a, name: b}}\n", "given twice"),
    "a result": (f"- {OLD}: {{name: a}}\n  register: r\n- debug: {{var: r.snapshot_results}}\n", "other names now"),
    "a whole result": (f"- {OLD}: {{name: a}}\n  register: r\n- debug: {{var: r}}\n", "other names now"),
    "an info result": (
        f"- {OLD}_info: {{name: a}}\n  register: r\n- debug: {{msg: \"{{{{ r['guest_snapshots'] }}}}\"}}\n",
        "other names now",
    ),
    "defaults with more": (
        f"- hosts: all\n  module_defaults:\n    {OLD}: {{state: absent}}\n  tasks:\n    - {OLD}: {{name: a}}\n",
        "module_defaults",
    ),
}


@pytest.mark.parametrize("case", sorted(LEFT))
def test_is_left_alone_with_a_reason(case: str) -> None:
    text, reason = LEFT[case]
    outcome = edits.rewritten(text)
    assert outcome.text == text
    assert not outcome.modules
    [(_line, why)] = outcome.left
    assert reason in why


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "a: b\n", f"x:\n  - {OLD}: {{name: a}}\n", f"- debug:\n    msg: {OLD}\n", "- just text\n"],
)
def test_what_is_no_task_is_nothing(text: str) -> None:
    outcome = edits.rewritten(text)
    assert (outcome.text, outcome.left, outcome.modules) == (text, [], set())


def test_defaults_are_given_to_the_new_modules_too() -> None:
    before = tasks("""
        - hosts: all
          module_defaults:
            group/vmware.vmware.vmware: &vc
              hostname: vc  # ours
            # about the next
            community.vmware.vmware_guest_snapshot:
              username: me  # too
          # about tasks
          tasks: []
    """)
    after = tasks("""
        - hosts: all
          module_defaults:
            group/vmware.vmware.vmware: &vc
              hostname: vc  # ours
            group/savepoint.vsphere.vsphere: *vc
            # about the next
            community.vmware.vmware_guest_snapshot:
              username: me  # too
            savepoint.vsphere.snapshot:
              username: me  # too
          # about tasks
          tasks: []
    """)
    modules = {"savepoint.vsphere.snapshot"}
    assert edits.with_defaults(before, modules) == after
    assert edits.with_defaults(after, modules) == after


def test_defaults_in_braces() -> None:
    before = "- hosts: all\n  module_defaults: {group/community.vmware.vmware: {hostname: vc}}\n"
    found = yaml.safe_load(edits.with_defaults(before, {"savepoint.vsphere.snapshot"}))
    assert found[0]["module_defaults"] == {
        "group/community.vmware.vmware": {"hostname": "vc"},
        "group/savepoint.vsphere.vsphere": {"hostname": "vc"},
    }


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(MIGRATE / "migrate.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_shows_first_and_writes_when_told(tmp_path: Path) -> None:
    path, other = tmp_path / "tasks.yml", tmp_path / "broken.yaml"
    path.write_text(REWRITTEN["remove_all"][0])
    assert "+    remove_all: true" in run(tmp_path).stdout
    assert path.read_text() == REWRITTEN["remove_all"][0]
    assert run("--write", tmp_path).returncode == 0
    assert path.read_text() == REWRITTEN["remove_all"][1]
    other.write_text("a: [\n")
    again = run("--write", tmp_path)
    assert again.stdout == ""
    assert again.returncode == 1
    assert "broken.yaml: not read" in again.stderr
    assert "0 of 2 files" in again.stderr


def test_a_file_whose_lines_end_in_two_ways_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yml"
    path.write_bytes(f"- {OLD}:\r\n    name: a\n".encode())
    done = run("--write", path)
    assert "left alone: its lines do not all end alike" in done.stderr
    assert done.returncode == 1 and path.read_bytes() == f"- {OLD}:\r\n    name: a\n".encode()


@given(
    state=st.sampled_from(["present", "absent", "revert", "remove_all", "{{ s }}"]),
    options=st.dictionaries(
        st.sampled_from(sorted(rules.OPTIONS[OLD] - {"state"})), st.text("abc {}#:'\"\n", max_size=8), max_size=6
    ),
    flow=st.booleans(),
)
def test_only_what_must_change_does(state: str, options: dict[str, str], flow: bool) -> None:
    task: dict[str, Any] = {"name": "x", OLD: {**options, "state": state}, "tags": ["a"]}
    text = yaml.safe_dump([task], default_flow_style=flow)
    outcome = edits.rewritten(text)
    [found] = yaml.safe_load(outcome.text)
    if outcome.left:
        assert outcome.text == text
        return
    [module] = outcome.modules
    expected = dict(options)
    if "new_description" in expected:
        expected["description"] = expected.pop("new_description")
    if state == "remove_all":
        expected |= {"state": "absent", "remove_all": True}  # type: ignore[dict-item]
    elif state != "revert":
        expected["state"] = state
    assert found == {"name": "x", module: expected, "tags": ["a"]}
    assert edits.rewritten(outcome.text).text == outcome.text


def test_the_new_options_are_options(documentation: dict[str, dict[str, Any]]) -> None:
    """All that a rewritten task may hold is an option of the new module."""
    for old, options in rules.OPTIONS.items():
        given_options = dict.fromkeys(options - {"state", "new_description"}, "x") if old == OLD else {}
        name = rules.change_of(old, given_options and {"name": "x"}).module.rpartition(".")[2]
        known = documentation[name]["doc"]["options"]
        names = {*known, *(alias for option in known.values() for alias in option.get("aliases") or [])}
        assert options - {"new_description"} <= names, old


def test_the_groups_are_the_new_ones() -> None:
    assert "vsphere" in load("meta/runtime.yml")["action_groups"]
