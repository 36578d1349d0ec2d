# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the import of what Ansible packs around a module quicker; that is a fifth of a second of every call.

Ansible sends a module as a zip file of sources. Python's zipimport compiles each of them twice: to run it, and before
that to learn its file name, which follows from the module's own name as well.
"""

from __future__ import annotations

import os
import zipimport
from collections.abc import Callable
from typing import Any

_SLOW: Callable[[Any, str], str] = zipimport.zipimporter.get_filename


def quicken(loader: Any = None) -> None:
    """From now on, find the names of the files in this module's zip file without compiling them.

    ``loader`` is what has loaded this file. Call it before the other imports. Without a zip file it does nothing.
    """
    loader = loader or globals().get("__loader__")
    if isinstance(loader, zipimport.zipimporter):
        zipimport.zipimporter.get_filename = _quick(loader.archive)  # type: ignore[method-assign, assignment]


def _quick(archive: str) -> Callable[[Any, str], str]:
    def get_filename(importer: Any, fullname: str) -> str:
        # Other zip files, such as one of Python's own library, may hold compiled files, whose names end otherwise.
        if importer.archive != archive:
            return _SLOW(importer, fullname)
        end = f"{os.sep}__init__.py" if importer.is_package(fullname) else ".py"
        return f"{archive}{os.sep}{importer.prefix}{fullname.rpartition('.')[2]}{end}"

    return get_filename
