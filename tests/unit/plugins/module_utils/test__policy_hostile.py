# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies that mean harm, by mistake or not: each is refused with one sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import MinFree, parse_policy, policy_spec

# What the module hands over for a policy of which nothing is set, here with every default.
NOTHING = {key: entry.get("default") for key, entry in policy_spec().items()}
ALL = {"older_than": "7d"}

EMPTY = "policy is empty: set a keep_* rule"
HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("empty", {}, EMPTY),
    ("every key left out", NOTHING, EMPTY),
    ("only leave to remove", {"allow_none": True}, EMPTY),
    ("only a floor", {"min_age": "1h"}, EMPTY),
    ("only a protection", {"protect": ["golden*"], "protect_vms": ["dc-*"]}, EMPTY),
    ("only filters", {"filters": {"set": "CHG1"}}, EMPTY),
    ("only foreign ones", {"include_foreign": True, "filters": ALL}, EMPTY),
    ("expiry not honoured", {"honor_expiry": False}, EMPTY),
    ("unknown key", {"max_age": "72h", "max_days": 3}, "policy: unknown key 'max_days'; there are keep_last, "),
    ("misspelt keep rule", {"max_age": "72h", "keep-last": 3}, "policy: unknown key 'keep-last'; there are "),
    ("keep nothing", {"keep_last": 0}, "policy: keep_last: 0 alone would remove every snapshot"),
    ("keep nothing, twice", {"keep_daily": 0, "keep_monthly": 0}, "policy: keep_daily: 0 alone would remove every"),
    ("keep nothing, with leave", {"keep_last": 0, "allow_none": True}, "policy: keep_last: 0 alone would remove"),
    ("keep nothing, with a floor", {"keep_last": 0, "min_age": "1h"}, "policy: keep_last: 0 alone would remove"),
    ("negative", {"keep_last": -1}, "policy: keep_last is -1; it must be at least 0"),
    ("negative beside a limit", {"max_age": "72h", "keep_hourly": -9}, "policy: keep_hourly is -9; it must be at"),
    ("count of none", {"max_count": 0}, "policy: max_count is 0; it must be at least 1"),
    ("depth of none", {"max_chain_depth": 0}, "policy: max_chain_depth is 0; it must be at least 1"),
    (
        "keeps more than it allows",
        {"keep_last": 5, "max_count": 3},
        "policy: keep_last: 5 keeps more than max_count: 3",
    ),
    ("floor over the limit", {"min_age": "4d", "max_age": "72h"}, "policy: min_age (4d) is longer than max_age (3d)"),
    ("age of nothing", {"max_age": ""}, "policy: max_age: '' is not a duration"),
    ("age of zero", {"max_age": "0d"}, "policy: max_age: '0d' is not a duration"),
    ("age without a unit", {"max_age": "72"}, "policy: max_age: '72' is not a duration"),
    ("negative age", {"max_age": "-72h"}, "policy: max_age: '-72h' is not a duration"),
    ("age in words", {"max_age": "3 days"}, "policy: max_age: '3 days' is not a duration"),
    ("within nothing", {"keep_within": "0h"}, "policy: keep_within: '0h' is not a duration"),
    (
        "age beyond all bounds",
        {"max_age": "999999999w"},
        "policy: max_age: '999999999w' is longer than a hundred years",
    ),
    ("size of zero", {"max_size": "0GiB"}, "policy: max_size: '0GiB' is no amount of storage"),
    ("size without a unit", {"max_size": "50"}, "policy: max_size: '50' has no unit"),
    ("size in an unknown unit", {"max_size": "50 bananas"}, "policy: max_size: '50 bananas' is no amount of storage"),
    ("nothing free", {"min_free": "0%"}, "policy: min_free: 0% is outside of 1% to 90%"),
    ("everything free", {"min_free": "100%"}, "policy: min_free: 100% is outside of 1% to 90%"),
    ("more than everything", {"min_free": "1500%"}, "policy: min_free: '1500%' is no amount of storage"),
    ("forgotten percent sign", {"min_free": "15"}, "policy: min_free: '15' has no unit"),
    ("negative room", {"min_free": "-5GiB"}, "policy: min_free: '-5GiB' is no amount of storage"),
    ("foreign without filters", {"max_age": "72h", "include_foreign": True}, "policy: include_foreign needs filters"),
    (
        "filter for all names",
        {"max_age": "72h", "include_foreign": True, "filters": {"name_pattern": "*"}},
        "policy: with",
    ),
    (
        "the same in other words",
        {"keep_last": 1, "include_foreign": True, "filters": {"name_pattern": "?*"}},
        "policy: w",
    ),
    (
        "filters for all texts",
        {"keep_last": 1, "include_foreign": True, "filters": {"name_pattern": "**", "description_pattern": "*"}},
        "policy: with include_foreign these filters match every snapshot; narrow them",
    ),
    (
        "unknown filter",
        {"max_age": "72h", "filters": {"name": "tmp"}},
        "policy: filters: unknown key 'name'; there are",
    ),
    ("filters without one", {"max_age": "72h", "filters": {}}, "policy: filters: no key is set"),
    ("filters all left out", {"max_age": "72h", "filters": {"set": None}}, "policy: filters: no key is set"),
    ("filter of nothing", {"max_age": "72h", "filters": {"set": ""}}, "policy: filters: set is empty"),
    (
        "filter of blanks",
        {"max_age": "72h", "filters": {"name_pattern": " "}},
        "policy: filters: name_pattern is empty",
    ),
    (
        "filter of no age",
        {"max_age": "72h", "filters": {"older_than": "0d"}},
        "policy: filters: older_than: '0d' is not",
    ),
    (
        "filter of no size",
        {"max_age": "72h", "filters": {"larger_than": "0"}},
        "policy: filters: larger_than: '0' is no",
    ),
    ("protection of nothing", {"max_age": "72h", "protect": ["golden*", ""]}, "policy: protect has an empty pattern"),
    ("a list for a name", {"max_age": "72h", "protect_attribute": "[]"}, "policy: protect_attribute is '[]'; it must"),
    (
        "protection by nothing",
        {"max_age": "72h", "protect_attribute": " "},
        "policy: protect_attribute is ' '; it must",
    ),
    ("protection of no VM", {"max_age": "72h", "protect_vms": [" "]}, "policy: protect_vms has an empty pattern"),
]


@pytest.mark.parametrize(("given", "msg"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_hostile_policy_is_refused_with_one_sentence(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(given)
    sentence = caught.value.msg
    assert sentence.startswith(msg)
    assert "\n" not in sentence and not sentence.endswith(".") and len(sentence) < 400


@pytest.mark.parametrize(("given", "msg"), [case[1:] for case in HOSTILE[8:]], ids=[case[0] for case in HOSTILE[8:]])
def test_it_is_refused_the_same_when_the_module_fills_in_the_rest(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy({**NOTHING, **given})
    assert caught.value.msg.startswith(msg)


def test_the_module_and_the_library_know_the_same_keys() -> None:
    for key in policy_spec():
        parse_policy({"max_age": "72h", key: {"max_age": "72h"}.get(key)})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50GiB", 50 * 2**30),
        (" 1.5 tib ", 3 * 2**39),
        ("200GB", 200 * 10**9),
        ("1048576", 2**20),
        ("10737418240", 10 * 2**30),
        ("512B", 512),
    ],
)
def test_amounts_of_storage(text: str, size: int) -> None:
    assert parse_size(text, "it") == size


@pytest.mark.parametrize(
    ("text", "capacity", "wanted"),
    [("15%", 1000, 150), (" 15 % ", 999, 149), ("90%", 10, 9), ("2GiB", 10, 2**31)],
)
def test_min_free_is_a_share_or_an_amount(text: str, capacity: int, wanted: int) -> None:
    policy = parse_policy({"min_free": text})
    assert isinstance(policy.min_free, MinFree)
    assert policy.min_free.wanted(capacity) == wanted
