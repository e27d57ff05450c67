"""Versions after the one that `make image` made: composed by `stratify build`, with one package changed."""

import hashlib
import json
import os
import re
import shutil
import subprocess

import archive
import measure
import project
import stratify
from places import DEBS, OUT, PROGRAMS, PROJECT, STRATIFY

_AN_HOUR = 3600


class Successors:
    """An output folder that begins with the version of `make image`. Its cache shares objects with that of the build
    as hard links and never writes there."""

    def __init__(self, folder):
        self.folder = folder
        self.cache = folder / "cache"
        self.repository = self.cache / "repo"
        made = json.loads((OUT / f"{stratify.disk_name()}.json").read_text())
        self.first, self._ref = made["commit"], made["ref"]
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(OUT / "cache/initramfs", self.cache / "initramfs")
        shutil.copytree(OUT / "keys", folder / "keys", ignore=shutil.ignore_patterns("S.*"))
        _ostree(self.repository, "init", "--mode=bare")
        shutil.copy(OUT / "cache/repo/config", self.repository / "config")
        _ostree(self.repository, "pull-local", OUT / "cache/repo")
        (self.cache / "debs").mkdir()
        for file in DEBS.iterdir():
            os.link(file, self.cache / "debs" / file.name)

    def build(self, name, number, change):
        """The commit of a version in which the package is built anew; change is called with the tree of its files. The
        version is so many numbers and hours after the first."""
        work = self.folder / name
        package = archive.rebuilt(name, number, work, change)
        checksum = hashlib.sha256(package.read_bytes()).hexdigest()
        shutil.copy(package, self.cache / f"debs/{checksum}.deb")
        manifest = _manifest(work / "image", number)
        manifest.with_suffix(".lock").write_text(_lock_with(name, package, checksum))
        command = [STRATIFY, "build", "--locked", "--commit-only", "--manifest", manifest, "--programs", PROGRAMS,
                   "--output", self.folder]
        date = self._date_of(self.first) + number * _AN_HOUR
        measure.run(f"travel-build-{name}", command, folder=PROJECT, environment={"SOURCE_DATE_EPOCH": str(date)})
        return _ostree(self.repository, "rev-parse", self._ref).strip()

    def changed_files(self, commit):
        """The contents that the commit has and the first has not, each once; by one of their paths."""
        before = {checksum for _, checksum in self._files(self.first)}
        changed = {checksum: path for path, checksum in self._files(commit) if checksum not in before}
        return {path: self.read(commit, path) for path in changed.values()}

    def read(self, commit, path):
        return subprocess.check_output(["ostree", f"--repo={self.repository}", "cat", commit, path])

    def _files(self, commit):
        """Path and checksum of every regular file."""
        for line in _ostree(self.repository, "ls", "--recursive", "--checksum", commit, "/").splitlines():
            if line.startswith("-"):
                _, _, _, _, checksum, path = line.split(maxsplit=5)
                yield path, checksum

    def _date_of(self, commit):
        values = _ostree(self.repository, "show", "--raw", commit).split(", ")
        return int(next(value for value in values if value.startswith("uint64 ")).split()[1])


def _manifest(folder, number):
    """That of the project with the version raised by number."""
    shutil.copytree(PROJECT / "image/services", folder / "services")
    version = project.manifest()["version"]
    head, _, last = version.rpartition(".")
    text = (PROJECT / "image/core.yaml").read_text()
    manifest = folder / "core.yaml"
    manifest.write_text(text.replace(f"\nversion: {version}\n", f"\nversion: {head}.{int(last) + number}\n"))
    return manifest


def _lock_with(name, package, checksum):
    """The lock of the project as `stratify lock` would write it, had an archive this file for the package."""
    version = subprocess.check_output(["dpkg-deb", "--field", package, "Version"], text=True).strip()
    *lines, _ = (PROJECT / "image/core.lock").read_text().splitlines(keepends=True)  # the last is the checksum
    place = next(number for number, line in enumerate(lines) if line.startswith(f"  - {{name: {name}, "))
    for key, value in (("version", f'"{version}"'), ("size", package.stat().st_size), ("sha256", checksum)):
        lines[place] = re.sub(rf"(?<= {key}: )[^,]+", str(value), lines[place], count=1)
    text = "".join(lines)
    return f"{text}checksum: {hashlib.sha256(text.encode()).hexdigest()}\n"


def _ostree(repository, verb, *words):
    return subprocess.check_output(["ostree", f"--repo={repository}", verb, *words], text=True)
