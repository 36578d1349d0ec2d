# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who turned the check of certificates off."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.savepoint.vsphere.plugins.module_utils import _argspec


@pytest.mark.parametrize(
    ("environment", "task", "warned"),
    [
        ("False", {}, True),
        ("false", {"validate_certs": True}, False),
        ("False", {"validate_certs": False}, False),
        ("True", {}, False),
        (None, {"validate_certs": False}, False),
        (None, {}, False),
    ],
)
def test_only_what_the_environment_alone_turned_off_is_warned_about(
    environment: str | None, task: dict[str, Any], warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_argspec, "_FROM_ENVIRONMENT", set())
    monkeypatch.delenv("VMWARE_VALIDATE_CERTS", raising=False)
    if environment is not None:
        monkeypatch.setenv("VMWARE_VALIDATE_CERTS", environment)
    checked = ArgumentSpecValidator(_argspec.connection_spec()).validate({"hostname": "vc", "password": "x", **task})
    assert not checked.error_messages
    said = _argspec.unverified(checked.validated_parameters)
    assert (said is not None) is warned
    assert said is None or ("vc" in said and "ca_path" in said and "\n" not in said)
