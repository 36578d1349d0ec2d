"""The one entry point of every check. "make test" runs them all; "nox -s NAME" one of them; "nox --list" names them.

The sessions share .venv, which tests/tools/bootstrap.py makes, so none installs anything. Arguments after "--" go to
the tool of a session: nox -s units -- tests/unit/plugins/module_utils/test_tree.py
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT / "tests" / "tools"), str(ROOT / "tests" / "simulator")]

import artifact  # noqa: E402
import integration as stage  # noqa: E402
import matrix as versions  # noqa: E402
import publish  # noqa: E402
import sanity as sane  # noqa: E402
import simctl  # noqa: E402
import tree  # noqa: E402
from checks import Checks, environment, session  # noqa: E402

nox.options.sessions = [
    "lint",
    "sanity",
    "units",
    "simulator",
    "chaos",
    "integration",
    "oldest",
    "build",
    "docs",
    "demo",
]

# The same seeds in every run.
SHORT_CHAOS = (
    ["--level", "library", "--seed", "1", "--runs", "20", "--seconds", "40"],
    ["--level", "playbook", "--seed", "1", "--runs", "4", "--seconds", "40"],
)

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SIMULATOR = ROOT / "tests" / "simulator"
BENCH = ROOT / "tests" / "bench"
MYPY_CACHE = simctl.CACHE.parent / "mypy"


def go() -> str:
    return simctl.installed_go() or simctl.fetched_go()


@session
def lint(nox_session: nox.Session, checks: Checks) -> None:
    """ruff, mypy, ansible-lint, antsibull-docs, antsibull-changelog, shellcheck, gofmt, go vet."""
    checks.run("ruff check", ["ruff", "check", "."], ROOT)
    checks.run("ruff format", ["ruff", "format", "--check", "."], ROOT)
    checks.run("shellcheck", ["shellcheck", ".ci/run"], ROOT)
    gofmt = Path(go()).with_name("gofmt")
    for folder in (SIMULATOR, BENCH / "govc"):
        script = 'found=$("$0" -l .); echo "$found"; test -z "$found"'
        checks.run(f"gofmt {folder.name}", ["sh", "-c", script, gofmt], folder)
    checks.run("go vet", [go(), "vet", "./..."], SIMULATOR)
    with tree.copied("lint") as copy:
        top = copy.parents[2]
        env = {"ANSIBLE_COLLECTIONS_PATH": str(top)}
        # From the top of the copy, so that each file has one module name: the one that others import it by.
        inside = copy.relative_to(top)
        mypy = ["mypy", "--config-file", str(copy / "pyproject.toml")]
        code = [inside / "plugins", inside / "extensions" / "eda"]
        migrate = copy / "extensions" / "migrate"
        folders = ["tools", "simulator", "repo", "bench", "chaos"]
        folders += [
            f"integration/targets/{target}" for target in ("setup_play", "setup_guests", "patch", "faults", "trust")
        ]
        folders.append("../extensions/migrate")
        bases = [copy / "tests" / folder for folder in folders] + [top]
        path = {"MYPYPATH": os.pathsep.join(map(str, bases))}
        ours: list[str | Path] = [inside / "noxfile.py", inside / "tests"]
        production = ["ansible-lint", "--nocolor", "--offline", "--profile", "production", "--strict"]
        targets = {"ANSIBLE_ROLES_PATH": str(copy / "tests" / "integration" / "targets")}  # as their runme.sh do
        documented = ["lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."]
        quiet = ["--config-file", "tests/tools/antsibull.cfg"]
        # Each of them works on one core.
        checks.run_beside(
            ("ansible-lint", production, copy, {**env, **targets}),
            ("mypy tests", [*mypy, f"--cache-dir={MYPY_CACHE}-tests", *ours], top, path),
            ("mypy plugins", [*mypy, f"--cache-dir={MYPY_CACHE}-plugins", *code], top, None),
            ("mypy migrate", [*mypy, f"--cache-dir={MYPY_CACHE}-migrate", "."], migrate, None),
            ("antsibull-docs", ["antsibull-docs", *quiet, *documented], copy, env),
        )
        checks.run("antsibull-changelog", ["antsibull-changelog", "lint"], copy, env)


@session
def sanity(nox_session: nox.Session, checks: Checks) -> None:
    """ansible-test sanity, every test of it; arguments: --test NAME, or paths."""
    sane.seed_get_pip()
    with tree.copied("sanity") as copy:
        reader = sane.Reader(checks)
        command = ["ansible-test", "sanity", "--allow-disabled", "--color", "no", "-v"]
        options, env = sane.pythons()
        words = [*command, *options, *nox_session.posargs]
        ok = checks.run("ansible-test", words, copy, env, each_line=reader.line, count=False)
        reader.close()
        if not ok and not checks.failed:
            checks.record("ansible-test ended with an error", False)


@session
def units(nox_session: nox.Session, checks: Checks) -> None:
    """ansible-test units, and what needs only pytest; arguments: paths below tests/unit, tests/repo or tests/bench."""
    repo = [word for word in nox_session.posargs if word.startswith(("tests/repo", "tests/bench"))]
    unit = [word for word in nox_session.posargs if word not in repo]
    with tree.copied("units") as copy:
        if unit or not repo:
            command = ["ansible-test", "units", "--local", "--python", PYTHON, "--color", "no", *unit]
            ok = checks.run("ansible-test", command, copy, count=False)
            checks.junit("ansible-test units", sorted((copy / "tests" / "output" / "junit").glob("*.xml")), ok)
        if repo or not unit:
            pytest(checks, copy, *(repo or ["tests/repo", "tests/bench/unit"]))


def pytest(checks: Checks, cwd: Path, *words: str) -> None:
    with tree.scratch("pytest") as scratch:
        command = ["pytest", f"--junit-xml={scratch / 'junit.xml'}", "-p", "no:cacheprovider", *words]
        ok = checks.run(f"pytest {' '.join(words)}", command, cwd, count=False)
        checks.junit("pytest", sorted(scratch.glob("*.xml")), ok)


@session
def simulator(nox_session: nox.Session, checks: Checks) -> None:
    """The simulated vCenter's own tests, in Go and in Python, and one that the bench works."""
    results: dict[str, list[str]] = {"PASS": [], "FAIL": [], "SKIP": []}

    def line(text: str) -> bool:
        if text.startswith("--- ") and ": " in text:
            verdict, name = text.removeprefix("--- ").split(": ", 1)
            results.setdefault(verdict, []).append(name.strip())
        return True

    ok = checks.run("go test", [go(), "test", "-v", "./..."], SIMULATOR, each_line=line, count=False)
    checks.passed += len(results["PASS"])
    for name in results["FAIL"] + results["SKIP"]:
        checks.record(f"go test {name}", False)
    if not ok and not results["FAIL"]:
        checks.record("go test ended with an error", False)
    pytest(checks, ROOT, "tests/simulator", "tests/bench/test_bench.py", *nox_session.posargs)


@session
def integration(nox_session: nox.Session, checks: Checks) -> None:
    """ansible-test integration against both simulated vCenters; arguments: names of targets, options."""
    named = [word for word in nox_session.posargs if not word.startswith("-")]
    options = [word for word in nox_session.posargs if word.startswith("-")]
    simctl.build()  # once, before the workers ask for it
    command = ["ansible-test", "integration", "--local", "--python", PYTHON, "--color", "no", *options]
    stage.run_all(checks, named or stage.targets(ROOT), command)


@session
def oldest(nox_session: nox.Session, checks: Checks) -> None:
    """Unit and some integration tests with the oldest ansible-core, Python and pyVmomi that can be had here."""
    cell = versions.oldest()
    if cell is None:
        checks.record("no supported ansible-core runs on a Python of this machine", False)
        return
    parts = ["units", "integration"]  # Sanity, with each ansible-core, is the matrix's.
    row = versions.run(checks, cell, parts, versions.SHORT)
    print(f"\n{versions.table([(cell, row)], parts)}", flush=True)


@session
def matrix(nox_session: nox.Session, checks: Checks) -> None:
    """Every ansible-core with every Python that can be had; arguments choose (--help), --list shows what there is."""
    versions.main(checks, nox_session.posargs)


@session
def chaos(nox_session: nox.Session, checks: Checks) -> None:
    """Random fleets, operations, faults and kills (tests/chaos); arguments: --seed, --runs, --level, --seconds."""
    with tree.copied("chaos") as copy:
        top = str(copy.parents[2])
        env = {"PYTHONPATH": top, "ANSIBLE_COLLECTIONS_PATH": top, "ANSIBLE_PIPELINING": "1"}
        stage.compile_plugins(copy)
        command = [sys.executable, str(copy / "tests" / "chaos" / "chaos.py")]
        series = [nox_session.posargs] if nox_session.posargs else SHORT_CHAOS
        for words in series:
            checks.run(f"chaos {' '.join(words)}", [*command, *words], copy, env)


@session
def build(nox_session: nox.Session, checks: Checks) -> None:
    """Releases and builds the collection in a copy, imports it, installs it elsewhere, and runs it there."""
    with tree.scratch("build") as scratch:
        copy = tree.copy(scratch / "sources")
        publish.release(checks, copy)
        made, home = scratch / "made", scratch / "installed"
        galaxy = ["ansible-galaxy", "collection"]
        if not checks.run("build", [*galaxy, "build", "--output-path", made], copy):
            return
        [path] = made.glob("*.tar.gz")
        print("\n".join(artifact.content(path)), flush=True)
        objections = artifact.objections(path)
        checks.record("; ".join(["content of the artifact", *objections]), not objections)
        shutil.rmtree(scratch / "sources")  # from here on only the artifact counts
        checks.run("install", [*galaxy, "install", "--offline", "--collections-path", home, path], scratch)
        env = {"ANSIBLE_COLLECTIONS_PATH": str(home)}
        for module in artifact.modules(path):
            checks.run(f"ansible-doc {module}", ["ansible-doc", module], scratch, env)
        for playbook in artifact.playbooks(path):
            command = ["ansible-playbook", "--syntax-check", "-i", "localhost,", playbook]
            checks.run(f"syntax of {playbook}", command, scratch, env)
        artifact.patch(checks, scratch, env)
        publish.importer(checks, path, scratch)
        checks.run("introspect", ["ansible-builder", "introspect", home], scratch)
        definition = home / "ansible_collections" / "savepoint" / "vsphere" / artifact.EXECUTION_ENVIRONMENT
        checks.run("create", ["ansible-builder", "create", "--file", definition, "--context", "context"], scratch)
        checks.record("what an execution environment gets", artifact.dependencies(home) == ["pyvmomi"])


@session
def docs(nox_session: nox.Session, checks: Checks) -> None:
    """Builds the documentation site, into docs/docsite/build."""
    with tree.scratch("docs") as scratch:
        publish.site(checks, scratch, ROOT / "docs" / "docsite" / "build")


@session
def demo(nox_session: nox.Session, checks: Checks) -> None:
    """Patches 12 simulated VMs, of which 2 fail and are rolled back."""
    checks.run("the demo", [sys.executable, "tests/demo/run.py", *nox_session.posargs], ROOT)


@nox.session(venv_backend="none")
def bench(nox_session: nox.Session) -> None:
    """Measures this collection beside others; not a check. Arguments: --quick, --no-peers (tests/bench/README.md)."""
    nox_session.run(sys.executable, "tests/bench/bench.py", *nox_session.posargs, env=environment(), external=True)


@nox.session(venv_backend="none")
def lock(nox_session: nox.Session) -> None:
    """Pins requirements/dev.in, bench.in and extra.in anew; arguments: which of them."""
    told = ["--custom-compile-command", "nox -s lock", "--no-annotate", "--quiet"]
    command = ["uv", "pip", "compile", "--universal", "--upgrade", *told]
    for name, python in (("dev", "3.10"), ("bench", "3.10"), ("extra", "3.12")):
        if not nox_session.posargs or name in nox_session.posargs:
            files = ["--python-version", python, f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
            nox_session.run(*command, *files, env=environment(), external=True)
