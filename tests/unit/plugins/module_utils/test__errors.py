# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import (
    ConnectError,
    InputError,
    LimitError,
    SavepointError,
)


@pytest.mark.parametrize("kind", [InputError, LimitError, ConnectError])
def test_an_error_carries_its_sentence_and_partial_results(kind: type[SavepointError]) -> None:
    error = kind("it broke", results=[1], summary={})
    assert isinstance(error, SavepointError)
    assert (str(error), error.msg, error.facts) == ("it broke", "it broke", {"results": [1], "summary": {}})
