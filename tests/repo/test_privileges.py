"""The guide's table of privileges is the one that the code goes by."""

from __future__ import annotations

import re

from layout import ROOT

from ansible_collections.savepoint.vsphere.plugins.module_utils._privileges import OPERATIONS, PRIVILEGES

GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_privileges.rst").read_text()


def test_the_guide_has_each_operation_with_its_privileges() -> None:
    rows = re.findall(r"^   \* - ``(.+)``\n     - (.+)$", GUIDE, re.MULTILINE)
    assert {name: tuple(re.findall(r"``(\S+)``", cell)) for name, cell in rows} == OPERATIONS


def test_readiness_asks_for_nothing_that_no_operation_needs() -> None:
    assert set(PRIVILEGES) <= {one for needed in OPERATIONS.values() for one in needed}
