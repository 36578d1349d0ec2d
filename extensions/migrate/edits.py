# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rewrites the text of one YAML file, touching nothing but what has to change. No I/O.

PyYAML, which Ansible brings along, says where in the text each node stands; the text itself is edited, so comments,
quotes and layout stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import rules
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_INSIDE = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")


@dataclass
class Outcome:
    """The new text, and what was left alone: line and reason. ``modules`` are the new names that tasks have now."""

    text: str
    left: list[tuple[int, str]] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def pairs(node: MappingNode) -> Iterator[tuple[str, ScalarNode, Node]]:
    """Key, its node and the value's, in order."""
    for key, value in node.value:
        if isinstance(key, ScalarNode):
            yield key.value, key, value


def rewritten(text: str) -> Outcome:
    """Rewrite the tasks. Raises yaml.YAMLError for what is no YAML."""
    outcome = Outcome(text)
    edits: list[_Edit] = []
    documents = _composed(text)
    blocked = _bad_defaults(documents)
    for task in _tasks(documents, set()):
        try:
            found = _task_edits(task, text, blocked)
        except rules.LeftAloneError as why:
            outcome.left.append((task.start_mark.line + 1, str(why)))
            continue
        if found is not None:
            change, more = found
            outcome.modules.add(change.module)
            edits += more
    outcome.text = _applied(text, edits)
    return outcome


def with_defaults(text: str, modules: set[str]) -> str:
    """Give module_defaults of the old modules and groups to the new ones as well, where tasks were rewritten."""
    edits: list[_Edit] = []
    for node in _mappings(_composed(text), set()):
        for key, _ignored, value in pairs(node):
            if key == "module_defaults" and isinstance(value, MappingNode):
                edits += _defaults_edits(value, text, modules)
    return _applied(text, edits)


def _applied(text: str, edits: list[_Edit]) -> str:
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _composed(text: str) -> list[Node]:
    try:
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None


def _is_new(node: Node, seen: set[int]) -> bool:
    """An alias is the very node that it stands for: its text is there once, and it may be inside of itself."""
    new = id(node) not in seen
    seen.add(id(node))
    return new


def _mappings(nodes: Iterable[Node | None], seen: set[int]) -> Iterator[MappingNode]:
    for node in nodes:
        if isinstance(node, SequenceNode) and _is_new(node, seen):
            yield from _mappings(node.value, seen)
        elif isinstance(node, MappingNode) and _is_new(node, seen):
            yield node
            yield from _mappings((value for _key, value in node.value), seen)


def _tasks(lists: Iterable[Node | None], seen: set[int]) -> Iterator[MappingNode]:
    """The tasks of lists of plays or tasks, also those in blocks. What looks like one in a variable is none."""
    for one in lists:
        if not isinstance(one, SequenceNode) or not _is_new(one, seen):
            continue
        for entry in one.value:
            if isinstance(entry, MappingNode) and _is_new(entry, seen):
                yield entry
                yield from _tasks((value for key, _ignored, value in pairs(entry) if key in _INSIDE), seen)


def _task_edits(task: MappingNode, text: str, blocked: str | None) -> tuple[rules.Change, list[_Edit]] | None:
    given = {key: value for key, _ignored, value in pairs(task)}
    for keyword in ("action", "local_action"):
        if keyword in given and any(rules.full_name(word) for word in _words(given[keyword])):
            raise rules.LeftAloneError(f"it is called by {keyword}; write the module's name as the key of the task")
        if keyword in given and "{{" in "".join(_words(given[keyword])):
            raise rules.LeftAloneError(f"the module that {keyword} calls is a template")
    for key, key_node, value in pairs(task):
        module = rules.full_name(key)
        if module is None:
            continue
        if blocked is not None:
            raise rules.LeftAloneError(blocked)
        if not isinstance(value, MappingNode):
            raise rules.LeftAloneError(f"the options of {module} are not written out as a mapping")
        if "args" in given:
            raise rules.LeftAloneError(f"{module} gets options from args as well")
        if any(not isinstance(one, ScalarNode) or one.value == "<<" for one, _ignored in value.value):
            raise rules.LeftAloneError(f"the options of {module} are merged from elsewhere")
        names = [name for name, _key, _node in pairs(value)]
        if len(set(names)) != len(names):
            raise rules.LeftAloneError(f"an option of {module} is given twice")
        # An alias stands where it was defined, before its key; an anchor may be an alias's somewhere else.
        if value.start_mark.index < key_node.end_mark.index or text[value.start_mark.index] == "&":
            raise rules.LeftAloneError(f"the options of {module} are shared by an anchor or alias")
        change = rules.change_of(module, {name: _literal(node) for name, _key, node in pairs(value)})
        registered = given.get("register")
        if isinstance(registered, ScalarNode):
            rules.check_result(module, registered.value, text)
        return change, [_swap(key_node, change.module), *_option_edits(value, change, text)]
    return None


def _words(node: Node) -> list[str]:
    if isinstance(node, MappingNode):
        return [word for key, value in node.value for one in (key, value) for word in _words(one)]
    return str(node.value).split() if isinstance(node, ScalarNode) else []


def _literal(node: Node) -> str | None:
    return node.value if isinstance(node, ScalarNode) and "{{" not in node.value and "{%" not in node.value else None


def _swap(node: ScalarNode, new: str) -> _Edit:
    """The same scalar with another text, in its quotes if it has any."""
    start, end = node.start_mark.index, node.end_mark.index
    quote = node.style if node.style in ("'", '"') else ""
    return _Edit(start, end, f"{quote}{new}{quote}")


def _option_edits(options: MappingNode, change: rules.Change, text: str) -> Iterator[_Edit]:
    renames, values = dict(change.rename), dict(change.replace)
    entries = list(pairs(options))
    for position, (name, key, value) in enumerate(entries):
        if name in renames:
            yield _swap(key, renames[name])
        elif name in change.remove:
            yield _removal(options, position, text)
        elif name in values and isinstance(value, ScalarNode):
            edit = _swap(value, values[name])
            join = ", " if options.flow_style else "\n" + " " * key.start_mark.column
            more = "".join(f"{join}{option}: {literal}" for option, literal in change.add)
            if options.flow_style:
                yield _Edit(edit.start, edit.end, edit.text + more)
            else:
                yield edit
                end = _line_end(text, edit.end)
                yield _Edit(end, end, more)


def _removal(options: MappingNode, position: int, text: str) -> _Edit:
    key, value = options.value[position]
    start, end = key.start_mark.index, value.end_mark.index
    if options.flow_style:
        if position + 1 < len(options.value):
            return _Edit(start, options.value[position + 1][0].start_mark.index, "")
        return _Edit(options.value[position - 1][1].end_mark.index if position else start, end, "")
    rest = text[end : _line_end(text, end)]
    if rest.strip():
        return _Edit(start, end + len(rest) - len(rest.lstrip()), "")  # its comment stays, on a line of its own
    return _Edit(text.rfind("\n", 0, start) + 1, min(_line_end(text, end) + 1, len(text)), "")


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _bad_defaults(documents: list[Node]) -> str | None:
    """Why no task of these can be judged: module_defaults set what is not the same for the new modules."""
    for node in _mappings(documents, set()):
        for key, _ignored, value in pairs(node):
            if key != "module_defaults":
                continue
            for name, _key, given in pairs(value) if isinstance(value, MappingNode) else ():
                module = rules.full_name(name) or (name if name in rules.GROUPS else None)
                try:
                    if module is not None and isinstance(given, MappingNode):
                        allowed = [option for option, _one, _two in pairs(given)]
                        rules.check_defaults(module, allowed)
                        if name in rules.GROUPS and set(allowed) - rules.CONNECTION:
                            return f"module_defaults of {name} set more than the connection"
                except rules.LeftAloneError as why:
                    return str(why)
    return None


def _defaults_edits(defaults: MappingNode, text: str, modules: set[str]) -> Iterator[_Edit]:
    there = {name for name, _key, _value in pairs(defaults)}
    wanted: dict[str, tuple[ScalarNode, Node]] = {}
    for name, key, value in pairs(defaults):
        module = rules.full_name(name)
        if name in rules.GROUPS:
            wanted.setdefault(rules.GROUP, (key, value))
        elif module is not None:
            for new in sorted(modules & _successors(module)):
                wanted.setdefault(new, (key, value))
    for new, (key, value) in wanted.items():
        if new in there:
            continue
        start, end = key.end_mark.index, _content_end(value)
        anchor = re.match(r"\s*:\s*&(\S+)", text[start:end])  # defined once, so the copy refers to it
        if defaults.flow_style:
            yield _Edit(end, end, f", {new}" + (f": *{anchor[1]}" if anchor else text[start:end]))
        else:
            last = _line_end(text, end)
            body = f" *{anchor[1]}" if anchor else text[start + 1 : last]
            yield _Edit(last, last, f"\n{' ' * key.start_mark.column}{new}:{body}")


def _content_end(node: Node) -> int:
    """Where a value really ends: a block's end mark is where the next thing begins, after comments."""
    if isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        return _content_end(last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    # A folded or literal text ends with the line before.
    return end - 1 if isinstance(node, ScalarNode) and node.style in ("|", ">") else end


def _successors(module: str) -> set[str]:
    names = {"snapshot", "snapshot_revert"} if module.endswith("guest_snapshot") else set()
    try:
        names.add(rules.change_of(module, {}).module.removeprefix(rules.NEW))
    except rules.LeftAloneError:
        pass
    return {rules.NEW + name for name in names}
