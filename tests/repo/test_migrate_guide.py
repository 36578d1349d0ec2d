"""The migration guide is complete: every option of the old modules, and all that the command leaves alone."""

from __future__ import annotations

import ast
import re

import pytest
from layout import ROOT
from test_migrate import LEFT, MIGRATE, PEERS

# Found by the path that test_migrate has set.
import edits  # isort: skip
import rules  # isort: skip

GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_migration.rst").read_text()
COMMAND, OFFICIAL, COMMUNITY = re.split(r"^From .*\n-+\n", GUIDE, flags=re.MULTILINE)
# How a reason in the sources begins or what is in it, and the entry of the guide's list that is about it.
REASONS = {
    "has no option": "options that the old module does not have",
    "its state is not written out": "a ``state`` that is a template",
    "it ignored": "options that the old module ignored",
    "it reverts to no named snapshot": "``state: revert`` without",
    "description and new_description": "``description`` beside ``new_description``",
    "used in this file by keys that have other names": "registered results",
    "module_defaults of": "``module_defaults`` of an old module",
    "it is called by": "``action`` and ``local_action``",
    "calls is a template": "``action`` and ``local_action``",
    "are not written out as a mapping": "options that are not written out",
    "gets options from args": "options that are not written out",
    "are merged from elsewhere": "options that are not written out",
    "is given twice": "options that are not written out",
    "are shared by an anchor or alias": "options that are not written out",
    "its lines do not all end alike": "files whose lines",
}


def texts(node: ast.AST) -> str:
    """The words of a text, without what is filled in."""
    return "".join(one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def reasons() -> list[str]:
    """Every reason for which the sources leave something alone."""
    found = []
    for path in sorted(MIGRATE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name, words = ast.unparse(node.func).rpartition(".")[2], texts(node.args[0])
            # One that is raised, or one of a whole file. What is handed on has no words of its own.
            if words and (name == "LeftAloneError" or "left alone: " in words):
                found.append(words)
    return found


def entries() -> list[str]:
    """The guide's list of what is left alone."""
    listed = re.findall(r"^\* ((?:.+\n)(?:  .+\n)*)", COMMAND, re.MULTILINE)
    return [" ".join(one.split()) for one in listed]


def rows(section: str) -> list[list[str]]:
    """The rows of a section's tables."""
    found = re.findall(r"^   \* - ((?:.+\n)(?:     .+\n)*)", section, re.MULTILINE)
    return [[" ".join(cell.split()) for cell in re.split(r"^     - ", row, flags=re.MULTILINE)] for row in found]


def test_each_reason_is_in_the_guide_and_tested() -> None:
    found = reasons()
    assert len(found) >= len(REASONS)
    for reason in found:
        [known] = [part for part in REASONS if part in reason]
        [_entry] = [entry for entry in entries() if entry.startswith(REASONS[known])]
    seen = [why for text, _part in LEFT.values() for _line, why in edits.rewritten(text).left]
    for part in REASONS:
        assert any(part in reason for reason in found), f"nothing is left alone because {part}"
        # The command's own test has the one of a whole file.
        assert any(part in why for why in seen) or part == "its lines do not all end alike", f"no case for: {part}"


def test_nothing_else_is_said_to_be_left_alone() -> None:
    assert len(entries()) == len(set(REASONS.values()))
    for entry in entries():
        assert any(entry.startswith(start) for start in REASONS.values()), entry


def test_the_defaults_that_are_taken_are_said() -> None:
    [entry] = [entry for entry in entries() if entry.startswith("``module_defaults``")]
    assert set(re.findall(r"``(\w+)``", entry)) - {"module_defaults"} == rules.DEFAULTS - rules.CONNECTION


@pytest.mark.parametrize("module", sorted(PEERS))
def test_every_option_is_said_where_its_module_is(module: str) -> None:
    if module.startswith("vmware."):
        [said] = re.findall(r"^All options of the three.*?``suppress_power_on``", OFFICIAL, re.MULTILINE | re.DOTALL)
        wanted = set(PEERS[module])
    else:
        # As "the connection options are the same" says.
        said = "\n".join(cells[0] for cells in rows(COMMUNITY))
        wanted = set(PEERS[module]) - rules.CONNECTION
    assert [option for option in sorted(wanted) if not re.search(rf"``{option}(?:``|: )", said)] == []
    assert module in OFFICIAL + COMMUNITY


def test_no_row_is_about_an_option_that_no_old_module_has() -> None:
    known = {option for options in PEERS.values() for option in options}
    said = {
        name for cells in rows(COMMUNITY) for name in re.findall(r"``(\w+)(?:``|: )", re.sub(r"\(.*", "", cells[0]))
    }
    assert said - known == {"snapshot_results"}  # a key of a result


@pytest.mark.parametrize("state", sorted(rules._IGNORED))
def test_every_state_has_a_row(state: str) -> None:
    assert [cells for cells in rows(COMMUNITY) if cells[0] == f"``state: {state}``"]
