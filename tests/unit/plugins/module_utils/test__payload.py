# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import sys
import zipimport
from pathlib import Path
from zipfile import ZipFile

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._payload import quicken

SOURCES = {"top.py": "", "pack/__init__.py": "", "pack/inner.py": "here = __file__\n", "pack/deep/__init__.py": ""}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zip file of sources; what is done to zipimport is undone afterwards."""
    monkeypatch.setattr(zipimport.zipimporter, "get_filename", zipimport.zipimporter.get_filename)
    return packed(tmp_path / "payload.zip", SOURCES)


def packed(path: Path, sources: dict[str, str]) -> Path:
    with ZipFile(path, "w") as file:
        for name, text in sources.items():
            file.writestr(name, text)
    return path


def names(archive: Path) -> list[str]:
    top, pack = zipimport.zipimporter(str(archive)), zipimport.zipimporter(f"{archive}/pack")
    found = [top.get_filename("top"), top.get_filename("pack")]
    return [*found, pack.get_filename("pack.inner"), pack.get_filename("pack.deep")]


def test_the_names_are_those_that_python_finds(archive: Path) -> None:
    slow = names(archive)
    quicken(zipimport.zipimporter(str(archive)))
    assert names(archive) == slow


def test_nothing_is_compiled_for_a_name(tmp_path: Path, archive: Path) -> None:
    broken = packed(tmp_path / "broken.zip", {"wrong.py": "this is no Python"})
    with pytest.raises(SyntaxError):
        zipimport.zipimporter(str(broken)).get_filename("wrong")
    quicken(zipimport.zipimporter(str(broken)))
    assert zipimport.zipimporter(str(broken)).get_filename("wrong") == f"{broken}/wrong.py"


def test_what_is_not_there_is_an_error_as_before(archive: Path) -> None:
    quicken(zipimport.zipimporter(str(archive)))
    with pytest.raises(zipimport.ZipImportError):
        zipimport.zipimporter(str(archive)).get_filename("absent")


def test_other_zip_files_are_left_alone(tmp_path: Path, archive: Path) -> None:
    other = packed(tmp_path / "other.zip", {"wrong.py": "this is no Python"})
    quicken(zipimport.zipimporter(str(archive)))
    with pytest.raises(SyntaxError):
        zipimport.zipimporter(str(other)).get_filename("wrong")


def test_modules_are_imported_as_before(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(zipimport.zipimporter(str(archive)))
    monkeypatch.syspath_prepend(str(archive))
    try:
        assert importlib.import_module("pack.inner").here == f"{archive}/pack/inner.py"
    finally:
        for name in ("pack", "pack.inner"):
            sys.modules.pop(name, None)


def test_without_a_zip_file_nothing_happens(archive: Path) -> None:
    before = zipimport.zipimporter.get_filename
    quicken()
    assert zipimport.zipimporter.get_filename is before
