"""Further versions of the composed one, in seconds: its commit with some files changed, in a repository of the test's own.

The repository shares the objects of the build's cache as hard links and never writes there.
"""

import dataclasses
import pathlib
import shutil
import subprocess

from . import keys

CACHE = pathlib.Path("out/cache/repo").resolve()
REF = "openhaven/amd64/core"
# What the machine and the builder read in a commit besides its tree; the version is written anew.
KEPT = ("ostree.bootable", "ostree.linux", "openhaven.lock", "openhaven.source")
AN_HOUR = 3600


@dataclasses.dataclass(frozen=True)
class File:
    """A file as a change puts it."""

    content: bytes
    mode: int = 0o644


@dataclasses.dataclass(frozen=True)
class Link:
    """A symbolic link as a change puts it."""

    target: str


@dataclasses.dataclass(frozen=True)
class Version:
    """A version that was committed. timestamp: seconds since the epoch, as in the commit."""

    name: str
    commit: str
    timestamp: int


class Versions:
    """A repository that begins with the composed version, and what is made of it.

    folder/cache/repo is the repository, so that `stratify --cache FOLDER/cache` finds it. The folder lies on the mount of
    the build's cache: objects are linked, not copied.
    """

    def __init__(self, folder, source=CACHE):
        self.folder = pathlib.Path(folder)
        self.repository = self.folder / "cache/repo"
        self.repository.parent.mkdir(parents=True, exist_ok=True)
        _run("ostree", f"--repo={self.repository}", "init", "--mode=bare")
        _run("ostree", f"--repo={self.repository}", "config", "set", "core.fsync", "false")
        self._ostree("pull-local", source, REF)
        self._signed = set()
        commit = self._ostree("rev-parse", REF).strip()
        self.composed = Version(self._text(commit, "version"), commit, self._timestamp(commit))
        self.kernel = self._text(commit, "ostree.linux")

    def make(self, name, *changes, after=None, key=None, timestamp=None, signed=True):
        """Commits what `after` is (by default the composed version) with changes, and returns the Version.

        changes: each maps a path to bytes, a File, a Link, None (removed), or a function of its present bytes; "{kernel}"
        in a path stands for the kernel's release. timestamp: an hour after the parent's, unless told otherwise.
        """
        parent = after or self.composed
        version = Version(name, "", timestamp or parent.timestamp + AN_HOUR)
        wanted = {"/usr/lib/os-release": lambda text: _renamed(text, parent.name, name)}
        for change in changes:
            wanted |= {path.format(kernel=self.kernel): new for path, new in change.items()}
        overlay = self._overlay(parent, {path: new for path, new in wanted.items() if new is not None})
        removed = [path for path, new in wanted.items() if new is None]
        commit = self._commit(version, parent, overlay, removed)
        if signed:
            self._sign(commit, key or keys.development())
        return dataclasses.replace(version, commit=commit)

    def read(self, version, path):
        """The bytes of one file of a version."""
        return _run("ostree", f"--repo={self.repository}", "cat", version.commit, path.format(kernel=self.kernel))

    def _commit(self, version, parent, overlay, removed):
        skipped = self.folder / "skipped"
        skipped.write_text("".join(f"{path}\n" for path in removed))
        words = [f"--add-metadata-string=version={version.name}", *(f"--keep-metadata={key}" for key in KEPT)]
        words += [f"--skip-list={skipped}"] if removed else []
        return self._ostree("commit", f"--branch={REF}", f"--parent={parent.commit}", f"--timestamp=@{version.timestamp}",
                            f"--subject=OpenHaven {version.name} (core)", *words, f"--tree=ref={parent.commit}",
                            f"--tree=dir={overlay}").strip()

    def _sign(self, commit, key):
        """Once: the same version made again is the same commit."""
        if (commit, key.fingerprint) not in self._signed:
            self._ostree("gpg-sign", f"--gpg-homedir={key.home}", commit, key.fingerprint)
            self._signed.add((commit, key.fingerprint))

    def _overlay(self, parent, changes):
        """A folder with the changed files, to be laid over the tree of the parent."""
        folder = self.folder / "overlay"
        shutil.rmtree(folder, ignore_errors=True)
        for path, new in changes.items():
            place = folder / path.lstrip("/")
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if isinstance(new, Link):
                place.symlink_to(new.target)
                continue
            if callable(new):
                new = new(self.read(parent, path))
            file = new if isinstance(new, File) else File(new, self._mode(parent, path))
            place.write_bytes(file.content)
            place.chmod(file.mode)
        return folder

    def _mode(self, parent, path):
        """The mode a file has, 0644 for a new one."""
        done = subprocess.run(["ostree", f"--repo={self.repository}", "ls", parent.commit, path], capture_output=True, text=True,
                              check=False)
        return int(done.stdout.split()[0][2:], 8) if done.returncode == 0 else 0o644

    def _text(self, commit, key):
        return self._ostree("show", f"--print-metadata-key={key}", commit).strip().strip("'")

    def _timestamp(self, commit):
        seconds = [word.split()[1] for word in self._ostree("show", "--raw", commit).split(", ") if word.startswith("uint64 ")]
        return int(seconds[0])

    def _ostree(self, verb, *words):
        return _run("ostree", f"--repo={self.repository}", verb, *words).decode()


def _renamed(text, old, new):
    """os-release of another version."""
    for key in ("IMAGE_VERSION=", 'PRETTY_NAME="OpenHaven '):
        text = text.replace(f"{key}{old}".encode(), f"{key}{new}".encode())
    return text


def _run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stderr.decode()}"
    return done.stdout
