"""A log of writes, made by hand: where the power may have been cut, and what is then on the disk."""

import pytest

from .disk import Disk
from .log import DISCARD, FLUSH, FUA, HEAD, MAGIC, MARK, SUPER, Log
from .replay import Cut, cuts_of, half

SECTOR = 512
DISK = 64 * SECTOR


def entry(first, content=b"", flags=0, sectors=None):
    """One entry as it lies in a log: content is written from sector `first` on."""
    head = HEAD.pack(first, len(content) // SECTOR if sectors is None else sectors, flags, 0).ljust(SECTOR, b"\0")
    return head + content


def sector(letter):
    return letter.encode() * SECTOR


@pytest.fixture
def log(tmp_path):
    """Makes a log of entries."""

    def make(*entries, count=None, magic=MAGIC):
        path = tmp_path / "writes.log"
        head = SUPER.pack(magic, 1, len(entries) if count is None else count, SECTOR).ljust(SECTOR, b"\0")
        path.write_bytes(head + b"".join(entries))
        return Log(path)

    return make


@pytest.fixture
def disk(tmp_path):
    """Makes a disk of dots that takes a log's entries."""

    def make(log):
        (tmp_path / "base").write_bytes(b"." * DISK)
        return Disk(tmp_path / "disk", tmp_path / "base", DISK, log)

    return make


def letters(disk, count=8):
    """The first letter of each of the first sectors; a sector that is not the same throughout is ?."""
    content = disk.path.read_bytes()
    found = [content[at:at + SECTOR] for at in range(0, count * SECTOR, SECTOR)]
    return "".join(chr(one[0]) if one == one[:1] * SECTOR else "?" for one in found).replace("\0", "0")


def test_entries_are_read_with_their_places(log):
    entries = log(entry(2, sector("a") + sector("b")), entry(0, flags=FLUSH), entry(7, sector("c"), FUA)).entries
    assert [(one.at, one.length, one.is_write, one.is_boundary) for one in entries] == [
        (1024, 1024, True, False), (0, 0, False, True), (3584, 512, True, True)]


def test_a_discard_carries_no_data(log, disk):
    made = disk(log(entry(0, sector("a") * 4), entry(1, flags=DISCARD, sectors=2), entry(5, sector("b"))))
    made.advance(3)
    assert letters(made) == "a00a.b.."


def test_a_mark_is_passed_over(log, disk):
    text = HEAD.pack(0, 0, MARK, 5).ljust(SECTOR, b"\0") + b"hello".ljust(SECTOR, b"\0")
    made = disk(log(entry(0, sector("a")), text, entry(1, sector("b"))))
    made.advance(3)
    assert letters(made) == "ab......"


def test_the_disk_grows_entry_by_entry_and_says_where(log, disk):
    made = disk(log(entry(0, sector("a")), entry(1, sector("b")), entry(0, sector("c"))))
    assert made.advance(2) == [(0, 512), (512, 1024)]
    assert letters(made) == "ab......"
    assert made.advance(3) == [(0, 512)]
    assert letters(made) == "cb......"


def test_the_power_may_go_at_each_flush_that_had_something_to_do(log):
    a, flush = entry(0, sector("a")), entry(0, flags=FLUSH)
    made = log(a, a, flush, flush, a, entry(1, sector("b"), FUA), a)
    assert made.boundaries() == [3, 6]
    assert list(cuts_of(made)) == [Cut(0), Cut(3), Cut(6)]


def test_between_two_flushes_any_of_the_writes_may_have_reached_the_disk(log):
    made = log(*[entry(number, sector("a")) for number in range(5)], entry(0, flags=FLUSH))
    torn = [cut for cut in cuts_of(made, torn=20) if cut.lucky]
    assert len(torn) == 20 and len(set(torn)) > 10
    assert all(cut.entries == 0 and 0 < len(cut.lucky) < 5 and list(cut.lucky) == sorted(cut.lucky) for cut in torn)
    assert list(cuts_of(made, torn=20)) == list(cuts_of(made, torn=20))


def test_cuts_can_be_kept_to_a_stretch(log):
    made = log(*[entry(0, sector("a")), entry(0, flags=FLUSH)] * 5)
    assert list(cuts_of(made, first=3, last=7)) == [Cut(4), Cut(6)]


def test_what_was_written_by_a_length_of_the_log_is_known(log):
    made = log(entry(0, sector("a")), entry(0, flags=FLUSH), entry(0, sector("b")))
    ends = [one.end for one in made.entries]
    assert [made.number_at(place) for place in (0, ends[0] - 1, ends[0], ends[1], ends[2] + 1)] == [0, 0, 1, 2, 3]


def test_half_an_entry_is_whole_blocks(log):
    made = log(*[entry(0, sector("a") * count) for count in (28, 8, 1)])
    assert [half(one).length for one in made.entries] == [8 * SECTOR, 8 * SECTOR, SECTOR]


@pytest.mark.parametrize("wrong", [{"magic": 7}, {"count": 9}])
def test_what_is_no_whole_log_is_refused(log, wrong):
    with pytest.raises(ValueError, match="not a log of writes|ends after"):
        log(entry(0, sector("a")), **wrong).entries  # noqa: B018 - read when asked for
