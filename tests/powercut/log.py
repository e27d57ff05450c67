"""The log of a disk's writes and flushes, in the format of the kernel's dm-log-writes.

QEMU's blklogwrites driver writes it as well (Documentation/admin-guide/device-mapper/log-writes.rst; QEMU's
block/blklogwrites.c). First a super block; then each entry: a head padded to a sector, and the data of a write.
"""

import dataclasses
import functools
import mmap
import struct

MAGIC = 0x6a736677736872
SUPER = struct.Struct("<QQQI")  # magic, version, number of entries, bytes of a sector
HEAD = struct.Struct("<QQQQ")  # first sector, number of sectors, flags, bytes of a mark's text
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One write, discard or flush. at, length: bytes on the disk; data: where in the log the bytes are; end: the next entry."""

    at: int
    length: int
    flags: int
    data: int
    end: int

    @property
    def is_write(self):
        return bool(self.length) and not self.flags & DISCARD

    @property
    def is_boundary(self):
        """Whether everything before it has reached the disk when it is done."""
        return bool(self.flags & (FLUSH | FUA))


class Log:
    """A log that is complete. entries: as they came. Raises ValueError for what is no such log."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, version, self.count, self.sector = SUPER.unpack_from(self.bytes)
        if (magic, version) != (MAGIC, 1):
            raise ValueError(f"{path}: not a log of writes: magic {magic:#x}, version {version}")

    @functools.cached_property
    def entries(self):
        entries, place = [], self.sector
        for _ in range(self.count):
            if place + HEAD.size > len(self.bytes):
                raise ValueError(f"the log ends after {len(entries)} of {self.count} entries")
            first, number, flags, text = HEAD.unpack_from(self.bytes, place)
            data = place + self.sector
            carried = text if flags & MARK else 0 if flags & DISCARD else number * self.sector
            place = data + -(-carried // self.sector) * self.sector
            entries.append(Entry(first * self.sector, number * self.sector, flags & ~MARK, data, place))
        return entries

    def boundaries(self):
        """Numbers of entries after which a cut leaves exactly these on the disk: one for each flush that had something to do."""
        found, dirty = [], False
        for number, entry in enumerate(self.entries, 1):
            dirty = dirty or bool(entry.length)
            if entry.is_boundary and dirty:
                found.append(number)
                dirty = False
        return found

    def number_at(self, place):
        """How many entries lie wholly before this byte of the log: what had been written when it was that long."""
        return sum(entry.end <= place for entry in self.entries)
