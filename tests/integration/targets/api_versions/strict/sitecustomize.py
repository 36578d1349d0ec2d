# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes pyVmomi refuse what it would else drop in silence: a value that the negotiated API version does not have.

Python imports this file at its start when its folder is on PYTHONPATH, in the modules' processes only. What a process
has negotiated it writes into the folder that STRICT_NOTES names.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

from pyVmomi import SoapAdapter
from pyVmomi.VmomiSupport import IsChildVersion, versionIdMap

_negotiated: set[str] = set()
_serialize = SoapAdapter.SoapSerializer._Serialize  # pylint: disable=protected-access


def _strictly(self: Any, val: Any, info: Any, default: str) -> None:
    _negotiated.add(versionIdMap[self.version])
    empty = val is None or (isinstance(val, list) and not val)
    if not empty and not IsChildVersion(self.version, info.version):
        raise TypeError(f"{info.name} is of API {info.version}, and the negotiated one is {self.version}")
    _serialize(self, val, info, default)


SoapAdapter.SoapSerializer._Serialize = _strictly  # pylint: disable=protected-access


@atexit.register
def _note() -> None:
    folder = os.environ.get("STRICT_NOTES")
    if folder and _negotiated:
        Path(folder, str(os.getpid())).write_text("\n".join(_negotiated), encoding="utf-8")
