"""The search for the password finds it: in a list of processes, in files that stay and that go, and in output."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from layout import ROOT

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import checks
import leaks
from listed import Listed
from opened import Opened

CORE = "decoy0123456789abcdef"
PASSWORD = f'p&"<{CORE}+/% e'
WORDS = [form.encode() for form in leaks.forms(CORE)]


@pytest.fixture
def decoy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for another password than that of this run, which is searched as well."""
    monkeypatch.setattr(leaks, "FORMS", leaks.forms(CORE))
    monkeypatch.setattr(leaks, "BYTES", WORDS)


def waits(*words: str) -> None:
    """A process with these words in its command line, for a moment."""
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", *words], check=True)


def test_a_command_line_with_the_password_is_seen_and_not_told_further() -> None:
    for shown in (PASSWORD, base64.b64encode(f"user:{PASSWORD}".encode()).decode()):
        with Listed(WORDS) as listed:
            waits(shown)
        assert listed.looked and len(listed.found) == 1, listed.found
        assert not any(form in text for text in listed.found for form in leaks.forms(CORE))


def test_a_process_that_has_been_there_for_long_is_seen_when_it_becomes_another_program() -> None:
    # A shell that is looked at many times before it takes the words on.
    command = ["sh", "-c", f'sleep 1; exec {sys.executable} -c "import time; time.sleep(2)" "$0"']
    with Listed([b"unseendecoy"]) as listed:
        subprocess.run([*command, "unseen" + "decoy"], check=True)
    assert listed.found


def test_what_has_no_password_is_not_told() -> None:
    with Listed(WORDS) as listed:
        waits("harmless")
    assert listed.looked and not listed.found


def test_a_file_of_the_folder_is_looked_into(tmp_path: Path) -> None:
    with Listed(WORDS, tmp_path) as listed:
        (tmp_path / "left").write_text(PASSWORD)
        time.sleep(0.3)
    assert listed.found == {str(tmp_path / "left")}


@pytest.mark.usefixtures("decoy")
def test_files_that_stay_and_that_go_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "places", lambda: [tmp_path])
    assert leaks.left_behind() == []
    with Opened(leaks.places(), leaks.must_not_hold) as opened:
        (tmp_path / "gone").write_text(PASSWORD)
        (tmp_path / "gone").unlink()
        (tmp_path / "payload").write_text(f"def _ansiballz_main():\n{PASSWORD}")
        (tmp_path / "payload").unlink()
    if os.geteuid() == 0:
        assert opened.works
        assert opened.found == {str(tmp_path / "gone")}
    (tmp_path / "left").write_text(PASSWORD)
    (tmp_path / "integration_config.yml").write_text(PASSWORD)  # where it belongs
    assert leaks.left_behind() == [str(tmp_path / "left")]


@pytest.mark.usefixtures("decoy")
def test_a_session_that_leaks_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(leaks, "places", lambda: [tmp_path])
    found = checks.Checks("leaking")
    with checks.searched(found):
        found.run("says it", ["sh", "-c", f"echo '{PASSWORD}'"], tmp_path)
        waits(PASSWORD)
        (tmp_path / "left").write_text(PASSWORD)
    assert CORE not in capsys.readouterr().out
    assert len(found.failed) == 3, found.failed
    clean = checks.Checks("quiet")
    (tmp_path / "left").unlink()
    with checks.searched(clean):
        clean.run("says nothing", ["true"], tmp_path)
    assert (clean.failed, clean.passed) == ([], 3)


def test_every_session_that_logs_in_is_searched() -> None:
    assert set(checks.WITH_PASSWORD) == {"simulator", "integration", "oldest", "matrix", "chaos", "build", "demo"}
