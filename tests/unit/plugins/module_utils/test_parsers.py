# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No input makes a parser break: it is read, or refused in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import validate_vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size, parse_amount, parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import read_plan
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import parse_quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import (
    SCOPE_KEYS,
    Candidate,
    parse_scope,
    parse_selection,
    resolve,
)

settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("savepoint")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,5})? ?([kmgt]i?b?|%|percent)?", fullmatch=True)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "parse",
    [parse_size, parse_quota, lambda text, option: parse_amount(text, option, 90)],
    ids=["size", "quota", "amount"],
)
@given(text=texts | numbers)
def test_an_amount_is_read_or_refused(parse: Callable[[str, str], Any], text: str) -> None:
    with suppress(InputError):
        assert parse(text, "o") is not None


@given(st.integers(1, 2**60))
def test_a_size_for_people_can_be_typed_in_again(size: int) -> None:
    shown = format_size(size)
    assert abs(parse_size(shown, "o") - size) <= size * 0.06


@given(st.dictionaries(st.sampled_from(("name", "moid", "uuid", "folder", "datacenter", "x")), anything) | anything)
def test_an_entry_of_vms_is_read_or_refused(entry: Any) -> None:
    try:
        selection = parse_selection({"vms": [entry]}, validate_vm)
    except InputError:
        return
    [selector] = selection.selectors
    wanted = [selector.name, selector.moid, selector.uuid]
    assert len([one for one in wanted if one is not None and one.strip()]) == 1


@given(st.dictionaries(st.sampled_from(SCOPE_KEYS), st.none() | texts), st.none() | st.booleans())
def test_a_scope_never_means_everything_by_accident(
    given_keys: Mapping[str, str | None], everything: bool | None
) -> None:
    with suppress(InputError):
        scope = parse_scope({**given_keys, "all": everything})
        assert scope.everything is bool(everything)
        assert scope.everything or any(given_keys.get(key, "") for key in SCOPE_KEYS)


@given(st.dictionaries(st.sampled_from(("version", "vcenter", "vms", "protect_attribute")), anything))
def test_a_plan_file_is_read_or_refused(content: Mapping[str, Any]) -> None:
    with suppress(InputError):
        read_plan({**content, "version": 1})


entries = st.fixed_dictionaries({"moid": anything, "name": anything, "tree": anything, "remove": anything})


@given(st.lists(entries, max_size=3))
def test_a_plan_file_with_strange_entries_is_read_or_refused(vms: list[Any]) -> None:
    with suppress(InputError):
        plan = read_plan({"version": 1, "vcenter": None, "vms": vms})
        assert len(plan.vms) == len(vms)


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=6, unique=True), st.data())
def test_a_name_finds_the_vm_of_exactly_that_name(names: list[str], data: st.DataObject) -> None:
    """Whatever vCenter escapes, and whatever is equal after normalisation only."""
    kept = [name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c") for name in names]
    candidates = [Candidate(f"vm-{number}", plain(name)) for number, name in enumerate(kept)]
    wanted = data.draw(st.sampled_from(names))
    [found] = resolve(parse_selection({"name": wanted}, validate_vm).selectors, candidates)
    assert found.moid == f"vm-{names.index(wanted)}"


def test_names_that_are_equal_after_normalisation_are_two() -> None:
    candidates = [Candidate("vm-1", "caf\u00e9"), Candidate("vm-2", "cafe\u0301")]
    for name, moid in (("caf\u00e9", "vm-1"), ("cafe\u0301", "vm-2")):
        [found] = resolve(parse_selection({"name": name}, validate_vm).selectors, candidates)
        assert found.moid == moid
