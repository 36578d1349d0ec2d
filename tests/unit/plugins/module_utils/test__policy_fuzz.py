# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is given as a policy or a plan is read as it is meant, or refused in one sentence that names the key."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import LONGEST_QUOTE, InputError, shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import plan_removals
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import read_plan
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import (
    COUNTED,
    FILTERS,
    PROTECT_ATTRIBUTE,
    Policy,
    parse_policy,
    policy_spec,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import chain, judged, vm

# The same examples in every run, no deadline on a busy machine, and nothing left behind in the tree.
settings.register_profile("savepoint", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("savepoint")
MANY = settings(max_examples=150)

SPEC = policy_spec()
KEYS = sorted(SPEC)
DURATIONS = ("keep_within", "min_age", "max_age")

hostile = st.sampled_from(
    ["", " ", "\n", "*", "[", "{{ x }}", "%", "\u202e", "\x00", "\ud800", "x" * 9000, "٣h", "3h\n"]
)
texts = hostile | st.text(max_size=20)
numbers = st.sampled_from([0, -1, True, False, 10**400, 2**31, 1.5]) | st.integers() | st.floats()
anything = st.recursive(
    st.none() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
good: dict[str, st.SearchStrategy[Any]] = {
    **{key: st.integers(0, 50) for key in COUNTED},
    **{key: st.sampled_from(["1h", "3d", "2w1d", "90m", " 1h "]) for key in DURATIONS},
    "max_count": st.integers(1, 50),
    "max_chain_depth": st.integers(1, 31),
    "max_size": st.sampled_from(["50GiB", "1.5 TiB", "200GB"]),
    "min_free": st.sampled_from(["15%", "2GiB"]),
    **{key: st.booleans() for key in ("honor_expiry", "allow_none", "include_foreign")},
    **{key: st.lists(st.sampled_from(["golden*", "dc-?"]), max_size=2) for key in ("protect", "protect_vms")},
    "protect_attribute": st.sampled_from(["keep", PROTECT_ATTRIBUTE]),
    "filters": st.fixed_dictionaries({"name_pattern": st.just("tmp*")}, optional={"older_than": st.just("7d")}),
}
plausible = st.fixed_dictionaries({}, optional={key: st.none() | good[key] for key in KEYS})


@st.composite
def spoiled(draw: st.DrawFn) -> dict[Any, Any]:
    """A policy that makes sense, but for some keys."""
    policy: dict[Any, Any] = draw(plausible)
    for key in draw(st.lists(st.sampled_from(KEYS) | texts, max_size=3)):
        policy[key] = draw(anything)
    return policy


def refusal(policy: Mapping[Any, Any]) -> str | None:
    """Why it is refused; None if it is read."""
    try:
        parse_policy(policy)
    except InputError as error:
        return error.msg
    return None


def assert_told(sentence: str, keys: tuple[str, ...]) -> None:
    """One printable line that says which key it is about."""
    assert sentence.startswith("policy") and sentence.isprintable() and len(sentence) < 5 * LONGEST_QUOTE
    assert any(key in sentence for key in keys), sentence


def meaning(policy: Policy) -> dict[str, Any]:
    """The options that give this policy, as a person would write them."""
    given_: dict[str, Any] = {}
    for key in KEYS:
        value = getattr(policy, key)
        if key == "filters":
            given_[key] = {name: getattr(value, name) for name in FILTERS} if value != type(value)() else None
            if value.older_than is not None:
                given_[key]["older_than"] = f"{int(value.older_than.total_seconds())}s"
            if value.larger_than is not None:
                given_[key]["larger_than"] = f"{value.larger_than}B"
        elif value is None or isinstance(value, (int, str)):
            given_[key] = f"{value}B" if key == "max_size" and value is not None else value
        elif key == "min_free":
            given_[key] = f"{value.percent}%" if value.size is None else f"{value.size}B"
        else:
            given_[key] = list(value) if isinstance(value, tuple) else f"{int(value.total_seconds())}s"
    return given_


@MANY
@given(spoiled() | st.dictionaries(texts | st.integers() | st.booleans() | st.none(), anything, max_size=3))
def test_a_policy_is_read_as_it_says_or_refused_by_the_key(policy: dict[Any, Any]) -> None:
    sentence = refusal(policy)
    if sentence is not None:
        assert_told(sentence, (*KEYS, "unknown key", "is empty"))
        return
    assert set(policy) <= set(KEYS)
    read = parse_policy(policy)
    assert read.has_limit or read.has_keep
    # No key was passed over: what was read, written down again, is what was said.
    for key, value in policy.items():
        if value is not None and key in (*COUNTED, "max_count", "max_chain_depth", "honor_expiry", "allow_none"):
            assert getattr(read, key) == value and type(getattr(read, key)) is type(value)
        if value and key in ("protect", "protect_vms"):
            assert list(getattr(read, key)) == value


@MANY
@given(plausible)
def test_a_policy_that_is_written_down_again_is_the_same(policy: dict[str, Any]) -> None:
    with suppress(InputError):
        read = parse_policy(policy)
        assert parse_policy(meaning(read)) == read


# By type, what is not one, also after Ansible has made of it what it could.
WRONG: dict[str, list[Any]] = {
    "int": [1.5, "\x00", [[]], {"x": 1}, 10**400, [True]],
    "bool": [2, "perhaps", [True]],
    "list": [[[]], {"x": 1}, [True], [None], ["a", ["b"]]],
    "dict": ["\x00", {"x": 1}],
}


@pytest.mark.parametrize(("key", "wrong"), [(key, wrong) for key in KEYS for wrong in WRONG.get(SPEC[key]["type"], ())])
def test_a_value_of_the_wrong_type_is_refused_by_its_key(key: str, wrong: Any) -> None:
    told = ArgumentSpecValidator(SPEC).validate({"max_age": "1h", key: wrong})
    if told.error_messages:
        assert any(key in message for message in told.error_messages)
        return
    with pytest.raises(InputError) as caught:
        parse_policy(told.validated_parameters)
    assert_told(caught.value.msg, (key,))


@given(st.sampled_from([*COUNTED, "max_count", "max_chain_depth"]), st.booleans())
def test_yes_is_no_number(key: str, value: bool) -> None:
    """Ansible lets it pass for 1, and keep_last: yes would remove all but one."""
    given_ = ArgumentSpecValidator(SPEC).validate({key: value})
    assert not given_.error_messages
    sentence = refusal(given_.validated_parameters)
    assert sentence == f"policy: {key} is {value}; it must be a whole number"


@pytest.mark.parametrize("key", ["protect", "protect_vms"])
@pytest.mark.parametrize("entry", [["golden*"], {"name": "golden*"}, 7, True, None])
def test_what_is_no_pattern_never_passes_for_a_protection(key: str, entry: Any) -> None:
    given_ = ArgumentSpecValidator(SPEC).validate({"keep_last": 1, key: ["dc-*", entry]})
    assert not given_.error_messages
    sentence = refusal(given_.validated_parameters)
    assert sentence == f"policy: {key} has the entry {entry!r}; each must be a pattern, quoted if need be"


@given(st.integers(1, 2**31 - 1), st.integers(0, 31))
def test_the_largest_numbers_plan_too_and_keep_everything(number: int, length: int) -> None:
    marked = vm(chain(length)) if length else vm()
    for key in (*COUNTED, "max_count", "max_chain_depth"):
        verdicts = judged(marked, parse_policy({key: max(number, 31)}))
        assert not any(verdict.remove for verdict in verdicts)
        assert plan_removals(marked, verdicts).actions == ()


@given(anything)
def test_a_quoted_value_is_one_short_line(value: Any) -> None:
    assert shown(value).isprintable() and 0 < len(shown(value)) <= LONGEST_QUOTE


@pytest.mark.parametrize("number", [2**31, 10**400, 10**5000, -(10**5000)], ids=["31 bits", "400", "5000", "minus"])
def test_a_number_beyond_all_bounds_is_refused(number: int) -> None:
    for key in (*COUNTED, "max_count", "max_chain_depth"):
        sentence = refusal({key: number})
        assert sentence is not None
        assert_told(sentence, (key,))


def test_depth_and_length_do_not_matter() -> None:
    deep: Any = "x"
    for _level in range(100_000):
        deep = [deep]
    for key in KEYS:
        sentence = refusal({"max_age": "1h", key: deep})
        assert sentence is not None
        assert_told(sentence, (key,))
    assert refusal({"max_age": "1h" * 1_000_000}) is not None
    assert refusal({"max_age": "1h", **{f"key{number}": 1 for number in range(100_000)}}) is not None
    many = parse_policy({"max_age": "1h", "protect": ["*a" * 2000 + "b"] * 100})
    assert not any(verdict.remove for verdict in judged(vm(chain(31)), many))
    entries = [{"moid": f"vm-{number}", "name": "a", "tree": "", "remove": []} for number in range(20_000)]
    plan = read_plan({"version": 1, "vcenter": None, "vms": entries})
    assert all(plan.vm(f"vm-{number}").moid == f"vm-{number}" for number in range(20_000))


entry_keys = {"moid": texts, "name": texts, "tree": texts, "remove": st.lists(texts, max_size=2)}


@given(st.fixed_dictionaries(entry_keys), st.sampled_from(sorted(entry_keys)), anything)
def test_no_value_of_a_plan_is_turned_into_a_text(entry: dict[str, Any], key: str, value: Any) -> None:
    plan = {"version": 1, "vcenter": None, "vms": [{**entry, key: value}]}
    fits = isinstance(value, str)
    if key == "remove":
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if fits:
        assert len(read_plan(plan).vms) == 1
    else:
        with pytest.raises(InputError, match=r"^plan: it is damaged"):
            read_plan(plan)
