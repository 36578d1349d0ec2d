"""The guide's table of privileges is the one that the code goes by."""

from __future__ import annotations

import importlib
import re

from layout import ROOT

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_privileges.rst"
MODULE = "ansible_collections.savepoint.vsphere.plugins.module_utils._privileges"


def test_the_guide_has_each_operation_with_its_privileges() -> None:
    rows = re.findall(r"^   \* - ``(.+)``\n     - (.+)$", GUIDE.read_text(), re.MULTILINE)
    wanted = importlib.import_module(MODULE).OPERATIONS
    assert {name: tuple(re.findall(r"``(\S+)``", cell)) for name, cell in rows} == wanted


def test_readiness_asks_for_nothing_that_no_operation_needs() -> None:
    code = importlib.import_module(MODULE)
    assert set(code.PRIVILEGES) <= {one for needed in code.OPERATIONS.values() for one in needed}
