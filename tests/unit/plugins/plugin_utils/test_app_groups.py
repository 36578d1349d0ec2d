"""Application groups, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.app_groups import GroupError, members

INVENTORY = {"all": ["db1", "app1", "app2", "web1", "web2", "other"], "apps": ["app1", "app2"], "none": []}
BATCHES = [["db1", "app1", "app2", "web1"], ["web2"]]


def test_members() -> None:
    found = members([{"name": "shop", "tiers": ["db1", "apps", "web1"]}], INVENTORY, BATCHES)
    assert {host: entry["tier"] for host, entry in found.items()} == {"db1": 0, "app1": 1, "app2": 1, "web1": 2}
    assert all(entry["hosts"] == ["db1", "app1", "app2", "web1"] for entry in found.values())
    assert found["db1"]["rollback"] == "together"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["shop"], "a dictionary with name and tiers"),
        ([{"name": "", "tiers": ["db1"]}], "has no name"),
        ([{"name": "shop"}], "needs tiers"),
        ([{"name": "shop", "tiers": "db1"}], "needs tiers"),
        ([{"name": "shop", "tiers": ["db1"], "order": 1}], "has no 'order'; it has name, rollback, tiers"),
        ([{"name": "shop", "tiers": ["db1"], "rollback": "both"}], "can be together or host"),
        ([{"name": "shop", "tiers": ["bd1"]}], "'bd1' is neither a host nor a group"),
        ([{"name": "shop", "tiers": ["none"]}], "has no hosts"),
        ([{"name": "shop", "tiers": ["other"]}], "'other' is not in this play"),
        (
            [{"name": "shop", "tiers": ["db1", "web2"]}],
            "spans serial batches: 'db1' is in batch 1, and 'web2' in batch 2",
        ),
        ([{"name": "shop", "tiers": ["app1", "apps"]}], "'app1' is twice in group 'shop'"),
        (
            [{"name": "a", "tiers": ["app1"]}, {"name": "b", "tiers": ["apps"]}],
            "'app1' is in group 'a' and in group 'b'",
        ),
        ([{"name": "a", "tiers": ["app1"]}, {"name": "a", "tiers": ["web1"]}], "two groups are named 'a'"),
    ],
)
def test_wrong(given: list[Any], said: str) -> None:
    with pytest.raises(GroupError) as raised:
        members(given, INVENTORY, BATCHES)
    assert said in str(raised.value)
