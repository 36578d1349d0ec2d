"""The real apt and dnf, on packages and a repository that are on a guest's disk. Standard library only.

Nothing outside of the guest's disk is changed: apt is told by APT_CONFIG where its files are, and dnf by the options
installroot and conf_file of its module. Where Debian's dnf is not installed it is fetched by apt-get, and unpacked
beside the tests without being installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

SYSTEM_PYTHON = "/usr/bin/python3"
SPEC = "Name: {0}\nVersion: {1}\nRelease: 1\nSummary: t\nLicense: MIT\nBuildArch: noarch\n%description\nt\n%files\n"
CONTROL = "Package: {0}\nVersion: {1}\nArchitecture: all\nMaintainer: T <t@example.com>\nDescription: for a test\n"
UPDATE = """<?xml version="1.0" encoding="UTF-8"?>
<updates><update from="t@example.com" status="final" type="security" version="1"><id>SEC-1</id><title>{0}</title>
<issued date="2026-01-01 00:00:00"/><severity>Important</severity><description>x</description><pkglist>
<collection short="l"><name>l</name><package name="{0}" version="{1}" release="1" epoch="0" arch="noarch"
src="{0}-{1}-1.src.rpm"><filename>{0}-{1}-1.noarch.rpm</filename></package></collection></pkglist></update></updates>
"""


def run(*words: str | Path, cwd: Path | None = None, **env: str) -> str:
    done = subprocess.run(
        list(map(str, words)),
        env={**os.environ, **env},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError(f"{words[0]}: {done.stdout[-2000:]}")
    return done.stdout


def able(*words: str, **env: str) -> bool:
    try:
        return subprocess.run(words, env={**os.environ, **env}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def apt() -> Apt | str:
    """The one of this machine, or why it can't be used."""
    missing = [tool for tool in ("apt-get", "dpkg", "dpkg-deb") if not shutil.which(tool)]
    if missing:
        return f"there is no {', '.join(missing)}"
    if os.geteuid() != 0:
        return "dpkg needs root to unpack into another root"
    if not able(SYSTEM_PYTHON, "-c", "import apt, sys; assert sys.version_info >= (3, 9)"):
        return f"{SYSTEM_PYTHON} has no python3-apt, or is older than 3.9"
    return Apt()


class Apt:
    """A root and a repository on each guest's disk; the host variable "disk" says where that is."""

    environment: ClassVar = {"APT_CONFIG": "{{ disk }}/apt.conf", "DPKG_ADMINDIR": "{{ disk }}/root/var/lib/dpkg"}

    def install(self, disk: Path, packages: dict[str, str]) -> None:
        root = disk / "root"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial", "etc/apt/apt.conf.d"):
            (root / folder).mkdir(parents=True)
        for folder in ("var/cache/apt/archives/partial", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "log"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{disk}/repo ./\n")
        (disk / "apt.conf").write_text(
            f'Dir "{root}/";\nDir::State::status "{root}/var/lib/dpkg/status";\nDir::Bin::dpkg "/usr/bin/dpkg";\n'
            f'Dir::Log "{root}/log";\nAPT::Sandbox::User "root";\n'
            f'DPkg::Options {{"--root={root}"; "--force-script-chrootless"; "--log={root}/log/dpkg.log";}};\n'
        )
        files = [self._build(disk, name, version) for name, version in packages.items()]
        run("dpkg", f"--root={root}", f"--log={root}/log/dpkg.log", "-i", *files)

    def offer(self, disk: Path, packages: dict[str, str], broken: bool = False) -> None:
        """Put these into the repository; broken ones are other than it says."""
        index = ""
        for name, version in packages.items():
            file = self._build(disk, name, version)
            content = file.read_bytes()
            where = f"Filename: ./{file.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
            index += CONTROL.format(name, version) + where + "\n"
            if broken:
                file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        (disk / "repo" / "Packages").write_text(index)

    def _build(self, disk: Path, name: str, version: str) -> Path:
        source = disk / "build" / f"{name}-{version}"
        (source / "DEBIAN").mkdir(parents=True)
        (source / "DEBIAN" / "control").write_text(CONTROL.format(name, version))
        (source / "usr" / "share" / name).mkdir(parents=True)
        (source / "usr" / "share" / name / "version").write_text(version)
        target = disk / "repo" / f"{name}_{version}_all.deb"
        target.parent.mkdir(exist_ok=True)
        run("dpkg-deb", "-b", source, target)
        return target

    def holds(self, disk: Path) -> str:
        """The packages on hold."""
        found = run("dpkg", f"--admindir={disk}/root/var/lib/dpkg", "--get-selections", "*")
        return "".join(line for line in found.splitlines() if line.endswith("hold"))


def dnf(scratch: Path) -> Dnf | str:
    """Debian's, installed or unpacked below scratch, or why it can't be had."""
    tools = ("rpm", "rpmbuild", "createrepo_c", "modifyrepo_c")
    if os.geteuid() != 0:
        return "dnf needs root to install into another root"
    if all(shutil.which(tool) for tool in tools) and able(SYSTEM_PYTHON, "-c", "import dnf"):
        return Dnf(scratch, {})
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "dnf is not installed, and there is no apt-get to fetch it"
    try:
        plan = run("apt-get", "install", "--simulate", "--no-install-recommends", "dnf", "rpm", "createrepo-c")
        names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
        fetched, home = scratch / "debs", scratch / "dnf"
        fetched.mkdir()
        run("apt-get", "download", "-o", "APT::Sandbox::User=root", *names, cwd=fetched)
        for package in fetched.glob("*.deb"):
            run("dpkg-deb", "-x", package, home)
    except OSError as error:
        return f"dnf is not installed, and can't be fetched (perhaps apt-get update helps): {error}"
    libraries = sorted({str(path.parent) for path in (home / "usr" / "lib").glob("*/*.so*")})
    environment = {
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PYTHONPATH": str(home / "usr/lib/python3/dist-packages"),
        "RPM_CONFIGDIR": str(home / "usr/lib/rpm"),
        "PATH": f"{home / 'usr/bin'}:/usr/bin:/bin:/usr/sbin:/sbin",
    }
    if not able(SYSTEM_PYTHON, "-c", "import dnf, rpm", **environment):
        return f"the dnf that was fetched does not work with {SYSTEM_PYTHON}"
    return Dnf(scratch, environment)


class Dnf:
    """A root and a repository on each guest's disk; the host variable "disk" says where that is."""

    defaults: ClassVar = {
        "ansible.builtin.dnf": {
            "installroot": "{{ disk }}/root",
            "conf_file": "{{ disk }}/dnf.conf",
            "releasever": "1",
            "use_backend": "dnf4",
            "disable_gpg_check": True,
        }
    }

    def __init__(self, scratch: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self.python = scratch / "python3"
        setting = "".join(f"export {name}='{value}'\n" for name, value in environment.items() if name != "PATH")
        self.python.write_text(f'#!/bin/sh\n{setting}exec {SYSTEM_PYTHON} "$@"\n')
        self.python.chmod(0o755)
        self.setting = setting

    def install(self, disk: Path, packages: dict[str, str]) -> None:
        # Debian's rpm has its database at home, unless told otherwise.
        (disk / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        (disk / "dnf.conf").write_text(
            f"[main]\ngpgcheck=0\nreposdir={disk}/none\ncachedir={disk}/cache\nlogdir={disk}/log\n"
            f"persistdir={disk}/persist\nplugins=0\n[local]\nname=local\nbaseurl=file://{disk}/repo\n"
        )
        rpm = shutil.which("rpm", path=self.environment.get("PATH"))
        program = disk / ".guest" / "bin" / "rpm"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\n{self.setting}exec {rpm} --root {disk}/root "$@"\n')
        program.chmod(0o755)
        (disk / "root").mkdir()
        files = [self._build(disk, "first", name, version) for name, version in packages.items()]
        self._run(disk, "rpm", "--root", disk / "root", "-i", "--nodeps", "--force-debian", *files)

    def offer(self, disk: Path, packages: dict[str, str], security: str) -> None:
        for name, version in packages.items():
            self._build(disk, "repo", name, version)
        self._run(disk, "createrepo_c", "-q", disk / "repo")
        (disk / "updateinfo.xml").write_text(UPDATE.format(security, packages[security]))
        self._run(disk, "modifyrepo_c", disk / "updateinfo.xml", disk / "repo" / "repodata")

    def _build(self, disk: Path, folder: str, name: str, version: str) -> Path:
        spec = disk / f"{name}.spec"
        spec.write_text(SPEC.format(name, version))
        places = {"_topdir": disk / "build", "_rpmdir": disk / folder}
        defines = [word for key, value in places.items() for word in ("--define", f"{key} {value}")]
        self._run(disk, "rpmbuild", "-bb", "--quiet", *defines, spec)
        return disk / folder / "noarch" / f"{name}-{version}-1.noarch.rpm"

    def _run(self, disk: Path, *words: str | Path) -> None:
        run(*words, cwd=None, HOME=str(disk), **self.environment)
