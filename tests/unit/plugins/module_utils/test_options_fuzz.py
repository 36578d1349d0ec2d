# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever stands in a task: the options of every module are read, or refused in one sentence, before any login."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    LARGEST,
    check_numbers,
    connection_spec,
    fleet_spec,
    scope_spec,
    selection_spec,
    timeout_spec,
    validate_vm,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import parse_limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations import (
    consolidate_operation,
    snapshot_operation,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_info import info_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_prune import prune_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_revert import revert_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._reading import checked
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import parse_selection
from ansible_collections.savepoint.vsphere.plugins.module_utils._thresholds import parse_thresholds, threshold_spec

# The same examples in every run, no deadline on a busy machine, and nothing left behind in the tree.
settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("savepoint")

OPERATIONS: dict[str, Callable[[Mapping[str, Any]], Operation]] = {
    "snapshot": lambda params: snapshot_operation(params, "token"),
    "snapshot_consolidate": consolidate_operation,
    "snapshot_info": info_operation,
    "snapshot_prune": prune_operation,
    "snapshot_revert": revert_operation,
}
# A task that makes sense, to be spoiled.
SOUND: dict[str, dict[str, Any]] = {
    "snapshot": {"name": "web-01", "snapshot_name": "before", "snapshot_set": "CHG1"},
    "snapshot_consolidate": {"name": "web-01"},
    "snapshot_info": {"name": "web-01"},
    "snapshot_prune": {"name": "web-01", "policy": {"max_age": "72h"}},
    "snapshot_revert": {"name": "web-01", "snapshot_name": "before"},
}
LOGIN = {"hostname": "vc", "username": "u", "password": "p"}

texts = st.text(max_size=20) | st.sampled_from(
    ["", " ", "\n", "[savepoint", "\x00", "{{ x }}", "x" * 500, "1h", "5", "20%"]
)
# ansible-core itself breaks on an infinite number, where a whole one is wanted.
numbers = st.integers() | st.floats(allow_infinity=False) | st.sampled_from([True, 10**400, 0, -1])
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def as_spec(options: Mapping[str, Any]) -> dict[str, Any]:
    """An argument spec from a documentation, which sanity tests keep equal to the module's own."""
    spec: dict[str, Any] = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in ("type", "elements", "default", "choices") if key in option}
        if "suboptions" in option:
            spec[name]["options"] = as_spec(option["suboptions"])
    return spec


def spec_of(module: str) -> dict[str, Any]:
    """All options of a module."""
    found = importlib.import_module(f"ansible_collections.savepoint.vsphere.plugins.modules.{module}")
    own = as_spec(yaml.safe_load(found.DOCUMENTATION).get("options") or {})
    return {**connection_spec(), **selection_spec(), **scope_spec(), **timeout_spec(), **fleet_spec(), **own}


def value_for(entry: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Mostly what the option takes, so that more than the first check is reached."""
    if "options" in entry:
        inner = {name: value_for(one) for name, one in entry["options"].items()}
        return st.fixed_dictionaries({}, optional=inner)
    if "choices" in entry:
        return st.sampled_from(entry["choices"])
    simple = {"bool": st.booleans(), "int": numbers, "str": texts, "list": st.lists(anything, max_size=2)}
    return simple.get(entry["type"], st.dictionaries(texts, anything, max_size=3))


SPECS = {module: spec_of(module) for module in OPERATIONS}


@pytest.mark.parametrize("module", OPERATIONS)
@given(st.data())
def test_the_options_of_a_module_are_read_or_refused(module: str, data: st.DataObject) -> None:
    task = {**LOGIN, **SOUND[module]}
    for key in data.draw(st.sets(st.sampled_from(sorted(SPECS[module])), min_size=1, max_size=4)):
        task[key] = data.draw(value_for(SPECS[module][key]))
    told = ArgumentSpecValidator(SPECS[module]).validate(task)
    if told.error_messages:
        return
    params = told.validated_parameters
    with suppress(InputError):
        check_numbers(params, SPECS[module])
        parse_limits(params["limits"])
        operation = OPERATIONS[module](params)
        assert operation.timeout is not True and abs(operation.timeout) <= LARGEST
        operation.selection or parse_selection(params, validate_vm)


def numbers_of(spec: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The paths of all options that are numbers."""
    found: list[tuple[str, ...]] = []
    for name, entry in spec.items():
        found += [(name, *rest) for rest in numbers_of(entry.get("options") or {})]
        if entry["type"] == "int":
            found.append((name,))
    return found


@pytest.mark.parametrize("value", [True, LARGEST + 1, -LARGEST - 1, 10**400], ids=["yes", "large", "small", "huge"])
@pytest.mark.parametrize("module", OPERATIONS)
def test_what_is_no_usable_number_is_refused_by_its_name(module: str, value: int) -> None:
    assert len(numbers_of(SPECS[module])) >= 4
    for path in numbers_of(SPECS[module]):
        params: Any = value
        for name in reversed(path):
            params = {name: params}
        with pytest.raises(InputError) as caught:
            check_numbers(params, SPECS[module])
        assert caught.value.msg.startswith(f"{': '.join(path)} is ")
        assert caught.value.msg.endswith(f"; it must be a number up to {LARGEST}")


def test_numbers_that_can_be_used_pass() -> None:
    params = {
        "timeout": LARGEST,
        "limits": {"host": -LARGEST, "vcenter": None},
        "progress": True,
        "scope": {"all": True},
    }
    check_numbers(params, SPECS["snapshot"])


@given(st.dictionaries(st.sampled_from(sorted(threshold_spec())), anything))
def test_thresholds_are_read_or_refused(given_: dict[str, Any]) -> None:
    """As the event source does it, where Ansible's own checks stand in no module."""
    with suppress(InputError):
        wanted = parse_thresholds(checked({**LOGIN, "name": "web-01", **given_}, threshold_spec()))
        assert wanted.max_chain_depth is None or 0 < wanted.max_chain_depth <= LARGEST


@given(
    st.dictionaries(st.sampled_from([*LOGIN, "port", "vms", "scope", "validate_certs"]) | texts, anything, max_size=4)
)
def test_what_a_lookup_or_an_event_source_is_given_is_read_or_refused(given_: dict[str, Any]) -> None:
    with suppress(InputError):
        options = checked({**LOGIN, **given_}, {})
        assert 0 < options["port"] < 65536


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "Infinity", [], {}, "5.5"])
def test_a_number_that_is_none_is_refused_where_ansible_breaks(value: Any) -> None:
    with pytest.raises(InputError):
        checked({**LOGIN, "name": "web-01", "max_chain_depth": value}, threshold_spec())
