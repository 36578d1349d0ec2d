# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, fault_text, moid_of


def fault(name: str, **attributes: Any) -> Any:
    """An object like pyVmomi's: its type's name carries the namespace."""
    made = type(name, (), {})()
    vars(made).update(attributes)
    return made


@pytest.mark.parametrize(
    ("name", "short"),
    [("vim.fault.TaskInProgress", "TaskInProgress"), ("vmodl.fault.NotSupported", "NotSupported"), ("Plain", "Plain")],
)
def test_a_faults_name_is_its_type_without_the_namespace(name: str, short: str) -> None:
    assert fault_name(fault(name)) == short


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (fault("vim.fault.FileLocked"), "FileLocked"),
        (fault("vim.fault.FileLocked", msg="  "), "FileLocked"),
        (fault("vim.fault.FileLocked", msg="FileLocked"), "FileLocked"),
        (fault("vim.fault.FileLocked", msg="in use\n by  another"), "FileLocked (in use by another)"),
        (fault("vim.fault.FileLocked", msg="raw", localizedMessage="Datei gesperrt"), "FileLocked (Datei gesperrt)"),
        (
            fault("vim.fault.NoDiskSpace", msg="full"),
            "NoDiskSpace (full); free space on the datastore first",
        ),
        (
            fault(
                "vim.fault.NoPermission",
                msg="Permission to perform this operation was denied.",
                privilegeId="VirtualMachine.State.CreateSnapshot",
                object=SimpleNamespace(_moId="vm-42"),
            ),
            (
                "NoPermission (Permission to perform this operation was denied.): the privilege "
                "VirtualMachine.State.CreateSnapshot is missing on vm-42; "
                "grant the privilege on that object, or log in as somebody who has it"
            ),
        ),
        (
            fault("vim.fault.NoPermission", privilegeId="System.View", object=None),
            (
                "NoPermission: the privilege System.View is missing; "
                "grant the privilege on that object, or log in as somebody who has it"
            ),
        ),
    ],
)
def test_the_text_says_type_words_privilege_and_remedy(given: Any, text: str) -> None:
    assert fault_text(given) == text


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_incompatible_device_is_named_by_its_inner_fault(wrapped: bool) -> None:
    inner = fault("vim.fault.RDMNotSupported")
    given = fault("vim.fault.SnapshotIncompatibleDeviceInVm", fault=SimpleNamespace(fault=inner) if wrapped else inner)
    assert fault_text(given).startswith("SnapshotIncompatibleDeviceInVm: RDMNotSupported; ")


@pytest.mark.parametrize(("reference", "found"), [(SimpleNamespace(_moId="vm-1"), "vm-1"), (None, None), ("x", None)])
def test_the_moid_of_a_reference(reference: Any, found: str | None) -> None:
    assert moid_of(reference) == found
