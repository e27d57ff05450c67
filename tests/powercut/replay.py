"""Visits the disk of a recording as a power cut at each flush, or between two, would leave it, and checks what must hold.

Inv-A, B, E: GRUB finds a menu of its own, whole kernels, and whole deployments behind every entry; exactly one would start.
Inv-C: what was acknowledged is there. A test may add rules of its own.
"""

import collections
import dataclasses
import itertools
import pathlib
import random
import time

from .boot import Boot, Violation
from .disk import Disk, mounted, parts, run
from .log import Log
from .root import VAR, Reference, check_deployment, check_kept

BLOCK = 4096  # what a disk writes whole or not at all


@dataclasses.dataclass(frozen=True)
class Cut:
    """entries: how many of the log are on the disk; lucky: numbers of later ones that had reached it as well, the last of them
    by its first half alone."""

    entries: int
    lucky: tuple = ()

    def __str__(self):
        return f"after entry {self.entries}" + (f" and {len(self.lucky)} later ones" if self.lucky else "")


@dataclasses.dataclass
class Outcome:
    """started: how often which deployment would have started; late: at how many cuts the start after that would be of another
    one, because GRUB does not replay the journal in which the menu has turned; violations: (cut, sentence); seconds: of each."""

    started: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    late: int = 0
    violations: list = dataclasses.field(default_factory=list)
    seconds: list = dataclasses.field(default_factory=list)

    def __str__(self):
        whole = sum(self.seconds)
        told = f"{len(self.seconds)} cuts in {whole:.0f} s, {whole / max(1, len(self.seconds)):.2f} s each; would start: "
        told += ", ".join(f"{name[:12]}...{name.split('.')[1]} {count}x" for name, count in self.started.items())
        return f"{told}; {self.late} turn with the start after; {len(self.violations)} violations"


def cuts_of(log, first=0, last=None, torn=0, seed=1):
    """Cuts in ascending order: at each boundary between two entries, and `torn` times within each stretch between boundaries.

    A disk may take what was not flushed in any order: a torn cut has some of the stretch's writes, chosen by chance.
    """
    chance = random.Random(seed)
    edges = [0, *log.boundaries()]
    for before, boundary in itertools.pairwise([*edges, len(log.entries)]):
        if before >= first and (last is None or before <= last):
            yield Cut(before)
            writes = [number for number in range(before, boundary) if log.entries[number].length]
            for _ in range(torn if len(writes) > 1 else 0):
                yield Cut(before, tuple(sorted(chance.sample(writes, chance.randrange(1, len(writes))))))


def half(entry):
    """The first half of an entry, in blocks that a disk writes whole.

    btrfs has no protection against half a super block: it relies on 4 KiB being written or not, as disks of today do.
    """
    return dataclasses.replace(entry, length=max(min(entry.length, BLOCK), entry.length // 2 // BLOCK * BLOCK))


class Replay:
    """One recording, in a workspace (disk.workspace). rules: each gets /var of a cut's disk and the deployment that would start
    next, and raises Violation."""

    def __init__(self, recording, workspace, rules=()):
        self.recording, self.workspace, self.rules = recording, workspace, rules
        self.log = Log(recording.log)
        self.disk = Disk(workspace / "disk.raw", recording.base, recording.size, self.log)
        self.references = {commit: self._reference(commit) for commit in recording.commits}
        self._kept = [(self.log.number_at(mark.at), mark.kept) for mark in recording.marks]
        self._menus = None
        self._root_is_known = False

    def visit(self, cuts, told=lambda *_: None):
        """Checks each cut; told(cut, sentence) for each violation. Returns the Outcome."""
        outcome = Outcome()
        for cut in cuts:
            begun = time.monotonic()
            try:
                now, later = self.check(cut)
                outcome.started[now] += 1
                outcome.late += now != later
            except (Violation, OSError, ValueError) as problem:
                outcome.violations.append((cut, str(problem)))
                told(cut, str(problem))
            outcome.seconds.append(time.monotonic() - begun)
        return outcome

    def check(self, cut):
        """The deployments of the next start and of the one after it. Raises Violation. What has not changed since the last cut
        is not looked at again."""
        image, changed = self.image_at(cut)
        table = parts(image)
        boot, root = table["openhaven-boot"], table["openhaven-root"]
        menus = None if cut.lucky or boot.overlaps(changed) else self._menus
        if not menus:
            self._menus, self._root_is_known = None, False
            menus = self._look_at_boot(image, boot)
        if cut.lucky or not self._root_is_known or root.overlaps(changed):
            self._root_is_known = False
            self._check_root(image, root, menus, cut)
        self._menus, self._root_is_known = (None, False) if cut.lucky else (menus, True)
        return [menu.entries[menu.starts].deployment for menu in menus]

    def _look_at_boot(self, image, part):
        """The menu as the next start sees it, and as the one after does: between them Linux replays the journal."""
        now = Boot(image, part).menu()
        with mounted(image, part, "ext4"):
            pass
        return now, Boot(image, part).menu()

    def image_at(self, cut):
        """(image, ranges that changed since the last cut without luck): a copy that may be written to."""
        assert cut.entries >= self.disk.applied, "cuts come in ascending order"
        changed = self.disk.advance(cut.entries)
        more = [self.log.entries[number] for number in cut.lucky]
        more[-1:] = [half(entry) for entry in more[-1:]]
        return self.disk.copy(self.workspace / "cut.raw", more), changed

    def _check_root(self, image, part, menus, cut):
        with mounted(image, part, "btrfs", "noatime,subvolid=5") as root:
            for entry in dict.fromkeys(entry for menu in menus for entry in menu.entries):
                check_deployment(root, entry, self.references)
            for number, kept in self._kept:
                if number <= cut.entries:
                    check_kept(root, kept)
            for rule in self.rules:
                rule(pathlib.Path(f"{root}/{VAR}"), menus[-1].entries[menus[-1].starts].deployment)

    def _reference(self, commit):
        folder = self.workspace / commit
        run("ostree", f"--repo={self.recording.repository}", "checkout", "--force-copy", commit, folder)
        return Reference(folder)
