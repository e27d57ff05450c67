"""A disk as it was at any entry of a log: one image that grows forward, and copies of it that cost nothing."""

import contextlib
import dataclasses
import fcntl
import os
import pathlib
import struct
import subprocess
import uuid

FICLONE = 0x40049409  # linux/fs.h
ZEROES = bytes(1 << 20)


@contextlib.contextmanager
def workspace(folder, gibibytes=64):
    """A folder whose files can be copied without their content: btrfs in a sparse file. Gone afterwards."""
    store, place = pathlib.Path(folder) / "workspace.btrfs", pathlib.Path(folder) / "workspace"
    place.mkdir(parents=True)
    with store.open("wb") as file:
        file.truncate(gibibytes << 30)
    run("mkfs.btrfs", "-q", store)
    run("mount", "-o", "loop,noatime,nodatasum,nobarrier", store, place)
    try:
        yield place
    finally:
        run("umount", place)
        store.unlink()


class Disk:
    """An image that begins as another and takes the entries of a log in their order."""

    def __init__(self, path, base, size, log):
        run("cp", "--sparse=always", base, path)
        os.truncate(path, size)
        self.path, self.log, self.applied = path, log, 0

    def advance(self, number):
        """Applies entries until so many are on the disk. Returns the ranges (begin, end) that were written."""
        fresh = self.log.entries[self.applied:number]
        apply(self.path, self.log, fresh)
        self.applied = number
        return [(entry.at, entry.at + entry.length) for entry in fresh if entry.length]

    def copy(self, path, more=()):
        """A copy, with more entries on it: what else may have reached the disk before the power went."""
        with open(self.path, "rb") as source, open(path, "wb") as target:
            fcntl.ioctl(target, FICLONE, source.fileno())
        apply(path, self.log, more)
        return path


def apply(path, log, entries):
    with open(path, "r+b") as file:
        for entry in entries:
            if entry.is_write:
                os.pwrite(file.fileno(), log.bytes[entry.data:entry.data + entry.length], entry.at)
            elif entry.length:
                discard(file.fileno(), entry.at, entry.length)


def discard(file, at, length):
    """What was discarded reads as zeros, the least helpful of the answers a disk may give."""
    size = os.fstat(file).st_size
    end = min(at + length, size)
    while at < end:
        at += os.pwrite(file, ZEROES[:min(len(ZEROES), end - at)], at)


@dataclasses.dataclass(frozen=True)
class Part:
    """A partition. begin, end: bytes on the disk."""

    number: int
    name: str
    begin: int
    end: int

    def overlaps(self, ranges):
        return any(begin < self.end and self.begin < end for begin, end in ranges)


def parts(path):
    """The partitions of a disk by name, from its primary GPT (UEFI specification 5.3)."""
    with open(path, "rb") as file:
        file.seek(512)
        head = file.read(512)
        if head[:8] != b"EFI PART":
            raise ValueError("no partition table")
        first, = struct.unpack_from("<Q", head, 72)
        count, size = struct.unpack_from("<II", head, 80)
        file.seek(first * 512)
        table = file.read(count * size)
    found = {}
    for number in range(count):
        row = table[number * size:(number + 1) * size]
        if uuid.UUID(bytes=row[:16]).int:
            begin, last = struct.unpack_from("<QQ", row, 32)
            name = row[56:128].decode("utf-16-le").rstrip("\0")
            found[name] = Part(number + 1, name, begin * 512, (last + 1) * 512)
    return found


@contextlib.contextmanager
def mounted(image, part, kind, options="noatime"):
    """One partition of an image as a folder. To be written: only so a journal is replayed, as at the next start."""
    place = image.with_name("mounted")
    place.mkdir(exist_ok=True)
    if kind == "btrfs":
        subprocess.run(["btrfs", "device", "scan", "--forget"], capture_output=True, check=False)  # earlier copies have the same name
    run("mount", "-t", kind, "-o", f"{options},loop,offset={part.begin},sizelimit={part.end - part.begin}", image, place)
    try:
        yield place
    finally:
        run("umount", place)


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stderr.decode().strip()}")
    return done.stdout
