# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plugins for playbooks and templates take whatever a variable holds: they answer, or fail as a filter does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from ansible.errors import AnsibleError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.filter.connection_options import connection_options
from ansible_collections.savepoint.vsphere.plugins.filter.duration_seconds import duration_seconds
from ansible_collections.savepoint.vsphere.plugins.filter.handed_on import handed_on
from ansible_collections.savepoint.vsphere.plugins.filter.host_vm import host_vm
from ansible_collections.savepoint.vsphere.plugins.filter.jump_hosts import (
    PROXY_VARIABLES,
    SSH_VARIABLES,
    jump_hosts,
)
from ansible_collections.savepoint.vsphere.plugins.filter.literal_text import literal_text
from ansible_collections.savepoint.vsphere.plugins.filter.size_bytes import size_bytes
from ansible_collections.savepoint.vsphere.plugins.filter.size_text import size_text
from ansible_collections.savepoint.vsphere.plugins.filter.snapshot_table import FORMATS, snapshot_table
from ansible_collections.savepoint.vsphere.plugins.filter.snapshot_tree import snapshot_tree
from ansible_collections.savepoint.vsphere.plugins.test.expired import expired

# The same examples in every run, no deadline on a busy machine, and nothing left behind in the tree.
settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("savepoint")

texts = st.text(max_size=20) | st.sampled_from(["", "{{ x }}", "http://[", "1h", "5GiB", "x" * 500, "9" * 5000])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
TIME = "2026-11-23T05:00:00Z"
# What snapshot_info gives of one.
SNAPSHOT: dict[str, Any] = {
    "id": 1,
    "moid": "snapshot-1",
    "name": "before",
    "description": "",
    "creation_time": "2026-11-23T05:00:00+00:00",
    "created_at": TIME,
    "age_seconds": 60,
    "state": "poweredOff",
    "kind": "quiesced",
    "quiesced": True,
    "memory": False,
    "parent_id": None,
    "child_ids": [],
    "depth": 1,
    "path": "before",
    "current": True,
    "managed": True,
    "set": "CHG1",
    "expires_at": TIME,
    "hold": False,
    "owner": None,
    "protected_by": [],
    "size_bytes": 1,
}


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A snapshot with some keys that hold something else, or that are missing."""
    snapshot = dict(SNAPSHOT)
    for key in draw(st.lists(st.sampled_from(sorted(SNAPSHOT)), max_size=3)):
        if draw(st.booleans()):
            snapshot[key] = draw(anything)
        else:
            snapshot.pop(key, None)
    return snapshot


PLUGINS: dict[str, Callable[[Any], Any]] = {
    "connection_options": connection_options,
    "duration_seconds": duration_seconds,
    "expired": expired,
    "expired at": lambda value: expired(SNAPSHOT, value),
    "literal_text": literal_text,
    "size_bytes": size_bytes,
    "size_text": size_text,
    "snapshot_tree": snapshot_tree,
    **{f"snapshot_table as {name}": partial(snapshot_table, format=name) for name in FORMATS},
}


def test_a_sound_snapshot_is_taken_by_all() -> None:
    assert expired(SNAPSHOT)
    assert "before" in snapshot_tree([SNAPSHOT])
    assert all("before" in str(snapshot_table([SNAPSHOT], name)) for name in FORMATS)


@pytest.mark.parametrize("plugin", PLUGINS)
@example([{**SNAPSHOT, "depth": 10**9}])
@example([{**SNAPSHOT, "size_bytes": 10**400}])
@example(float("inf"))
@example(float("nan"))
@given(anything | spoiled() | st.lists(spoiled(), max_size=2) | st.fixed_dictionaries({"snapshots": anything}))
def test_any_value_is_answered_or_refused(plugin: str, value: Any) -> None:
    with suppress(AnsibleError):
        assert PLUGINS[plugin](value) is not None or value is None


NAMES = ["ansible_host", "ansible_fqdn", "savepoint_vm", "moid", "instance_uuid", "config", *SSH_VARIABLES]
VARIABLES = st.dictionaries(st.sampled_from([*NAMES, *PROXY_VARIABLES]), anything, max_size=4)


@given(VARIABLES, texts)
@example({"ansible_winrm_proxy": "http://["}, "web-01")
def test_the_variables_of_a_host_never_break_the_search_for_its_vm(variables: dict[str, Any], name: str) -> None:
    with suppress(AnsibleError):
        everything = {**variables, "inventory_hostname": name}
        for alternate in (False, True):
            assert host_vm(everything, alternate) is not None
        assert all(isinstance(one, str) for one in jump_hosts(everything))


@given(st.text(st.sampled_from("-oJW @:[],='\"ProxyJumpssh://a1%"), max_size=40), st.sampled_from(SSH_VARIABLES))
def test_no_arguments_of_ssh_break_the_search_for_jump_hosts(text: str, name: str) -> None:
    assert all(jump_hosts({name: text}))


@given(st.dictionaries(texts | st.just("patched__0123456789ab"), anything, max_size=3), texts)
def test_whatever_earlier_nodes_handed_on_is_taken(variables: dict[str, Any], name: str) -> None:
    for each in (name, "patched"):
        assert isinstance(handed_on(variables, each), dict)
