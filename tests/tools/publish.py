"""What comes before and after a release: the changelog is written, Galaxy's importer is asked, the site is built."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

import extra
import tree
import yaml
from checks import Checks, plain

# It looks at the documentation and runs ansible-lint; ansible-test has a session of its own.
IMPORTER = "[galaxy-importer]\nrun_ansible_test = False\noffline_ansible_lint = True\ntmp_root_dir = {tmp}\n"


def importer(checks: Checks, path: Path, scratch: Path) -> None:
    """Imports the artifact as Galaxy does. A warning is a failure."""
    tools = extra.environment()
    if tools is None:
        checks.record("galaxy-importer: not run, it needs Python 3.12 or 3.13", False)
        return
    config = scratch / "galaxy-importer.cfg"
    config.write_text(IMPORTER.format(tmp=scratch))
    said: list[str] = []

    def line(text: str) -> bool:
        if plain(text).startswith(("WARNING", "ERROR", "CRITICAL")):
            said.append(plain(text))
        return True

    env = {"GALAXY_IMPORTER_CONFIG": str(config), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    command: list[str | Path] = [tools / "python", "-m", "galaxy_importer.main", path]
    ok = checks.run("galaxy-importer", command, scratch, env, each_line=line, count=False)
    checks.record("; ".join(["galaxy-importer", *said]), ok and not said)


def release(checks: Checks, copy: Path) -> None:
    """Makes a release in a copy of the sources, with today's fragments, up to the version in galaxy.yml."""
    version = yaml.safe_load((copy / "galaxy.yml").read_text())["version"]
    today = datetime.now(timezone.utc).date().isoformat()
    env = {"ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2])}
    told = [text for path in sorted((copy / "changelogs" / "fragments").glob("*.yml")) for text in notes(path)]
    command = ["antsibull-changelog", "release", "--version", version, "--date", today]
    if not checks.run(f"release {version}", command, copy, env):
        return
    changelog = (copy / "CHANGELOG.rst").read_text()
    known = yaml.safe_load((copy / "changelogs" / "changelog.yaml").read_text())["releases"]
    missing = [] if f"v{version}" in changelog and version in known else [f"v{version}"]
    missing += [path.stem for path in (copy / "plugins" / "modules").glob("*.py") if path.stem not in changelog]
    missing += [text for text in told if words(text) not in words(changelog)]
    checks.record(f"its changelog: {len(told)} notes, missing {missing}", bool(told) and not missing)
    checks.run(
        "the changelog after it", ["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], copy
    )


def notes(fragment: Path) -> list[str]:
    """What a fragment tells users."""
    sections = yaml.safe_load(fragment.read_text())
    return [text for section, texts in sections.items() if section != "trivial" for text in list(texts)]


def words(text: str) -> str:
    """The text however its lines are broken."""
    return " ".join(text.split())


def site(checks: Checks, scratch: Path, target: Path) -> None:
    """Builds the site; a warning is a failure."""
    copy = tree.copy(scratch)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2])}
    pages = scratch / "pages"
    pages.mkdir()
    command = ["antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"]
    command += ["--no-add-antsibull-docs-version", "--dest-dir", str(pages), f"{tree.NAMESPACE}.{tree.NAME}"]
    if checks.run("antsibull-docs", command, copy, env):
        (pages / "conf.py").write_text((copy / "docs" / "conf.py").read_text())
        checks.run("sphinx", ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", pages, target], copy, env)
