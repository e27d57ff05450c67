"""The root of a disk after a power cut: is each deployment the boot menu names whole, and is acknowledged data there?"""

import hashlib
import os
import stat

from .boot import Violation

DEPLOYMENTS = "ostree/deploy/openhaven/deploy"
VAR = "ostree/deploy/openhaven/var"


class Reference:
    """What a version's tree has to be: a checkout of its commit. Files that were found whole once are not read again as long
    as inode and change time are the same."""

    def __init__(self, folder):
        self.files = {os.path.join(at, name)[len(str(folder)) + 1:]: os.lstat(os.path.join(at, name))
                      for at, folders, files in os.walk(folder) for name in (*folders, *files)}
        self.folder = str(folder)
        self._whole = set()
        self._sums = {}

    def compare(self, deployment):
        for path, wanted in self.files.items():
            place = f"{deployment}/{path}"
            try:
                found = os.lstat(place)
            except FileNotFoundError:
                raise Violation(f"{place} is missing") from None
            if found.st_mode != wanted.st_mode:
                raise Violation(f"{place} is another kind of file")
            if stat.S_ISREG(wanted.st_mode):
                self._compare_content(path, place, found, wanted)
            elif stat.S_ISLNK(wanted.st_mode) and os.readlink(place) != os.readlink(f"{self.folder}/{path}"):
                raise Violation(f"{place} leads elsewhere")

    def _compare_content(self, path, place, found, wanted):
        seen = (path, found.st_ino, found.st_ctime_ns, found.st_size)
        if seen in self._whole:
            return
        if path not in self._sums:
            self._sums[path] = checksum(f"{self.folder}/{path}")
        if found.st_size != wanted.st_size or checksum(place) != self._sums[path]:
            raise Violation(f"{place} is not whole")
        self._whole.add(seen)


def checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def check_deployment(root, entry, references):
    """The deployment that an entry of the menu starts: reached by its link, whole, with /etc and origin."""
    deployment = f"{root}/{DEPLOYMENTS}/{entry.deployment}"
    link = f"{root}{entry.link}"
    if os.path.realpath(link) != os.path.realpath(deployment) or not os.path.isdir(deployment):
        raise Violation(f"{entry.link} does not lead to {entry.deployment}")
    commit = entry.deployment.split(".")[0]
    if commit not in references:
        raise Violation(f"{entry.deployment}: no such version was ever made")
    references[commit].compare(deployment)
    for path in (f"{deployment}/etc/passwd", f"{deployment}.origin"):
        if not os.path.isfile(path) or not os.path.getsize(path):
            raise Violation(f"{path} is missing or empty")


def check_kept(root, kept):
    """Data whose writing was acknowledged. kept: path below /var to text."""
    for path, text in kept.items():
        place = f"{root}/{VAR}/{path}"
        if not os.path.isfile(place) or open(place, encoding="utf-8").read() != text:
            raise Violation(f"/var/{path} was acknowledged, and is not there as it was written")
