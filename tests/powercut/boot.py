"""/boot as GRUB sees it: through GRUB's own ext4 driver, which replays no journal. Of grub-common: grub-fstest."""

import dataclasses
import hashlib
import re
import subprocess

# What image/disk/grub.cfg tries, in its order.
MENUS = ("/loader/grub.cfg", "/loader.1/grub.cfg", "/loader.0/grub.cfg")
ENVIRONMENT = "/grub2/grubenv"
HEADER = b"# GRUB Environment Block\n"
TRIES = ("1", "2", "3")


class Violation(Exception):
    """What must never be, as a sentence."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One entry of the menu. deployment: <commit>.<serial>; link: the kernel's argument ostree=."""

    deployment: str
    kernel: str
    initrd: str | None
    link: str

    @property
    def checksum(self):
        """What libostree named the folder of the kernel by: the SHA-256 of kernel and initramfs."""
        return self.kernel.split("/")[-2].rsplit("-", 1)[1]


@dataclasses.dataclass(frozen=True)
class Menu:
    """entries: first the one that is started by itself. starts: the number of the one that would start now."""

    entries: tuple
    starts: int


class Boot:
    """The partition of /boot on a disk image."""

    def __init__(self, image, part):
        self.image, self.part = image, part

    def read(self, path):
        """The bytes of a file, None when there is no such file."""
        done = subprocess.run(["grub-fstest", self.image, "cat", f"(loop0,gpt{self.part.number}){path}"], capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def menu(self):
        """What would start. Raises Violation when nothing would, or an entry is not whole."""
        text = next(filter(None, map(self.read, MENUS)), None)
        if text is None:
            raise Violation("GRUB finds no menu")
        first, unconfirmed, entries = parse(text.decode())
        if not entries or entries[0].deployment != first:
            raise Violation(f"the menu says its first entry is {first!r}, its entries are {[entry.deployment for entry in entries]}")
        for entry in entries:
            self._check(entry)
        starts = entry_to_start(unconfirmed, environment(self.read(ENVIRONMENT)))
        if starts >= len(entries):
            raise Violation(f"the boot environment starts entry {starts}, there are {len(entries)}")
        return Menu(tuple(entries), starts)

    def _check(self, entry):
        kernel = self.read(entry.kernel)
        initrd = self.read(entry.initrd) if entry.initrd else b""
        if kernel is None or initrd is None:
            raise Violation(f"{entry.deployment}: its kernel or initramfs is missing: {entry.kernel}, {entry.initrd}")
        if hashlib.sha256(kernel + initrd).hexdigest() != entry.checksum:
            raise Violation(f"{entry.deployment}: its kernel or initramfs is not whole")


def parse(text):
    """(haven_first, haven_unconfirmed, entries) of a menu that haven-boot-menu wrote."""
    first, unconfirmed = (re.search(rf"(?m)^set {name}='([^']*)'$", text) for name in ("haven_first", "haven_unconfirmed"))
    entries = []
    for deployment, body in re.findall(r"(?ms)^menuentry '[^\n]*' --id '([^']+)' [^\n]*\{\n(.*?)^\}$", text):
        kernel = re.search(r"(?m)^  linux '([^']+)'", body)
        initrd = re.search(r"(?m)^  initrd '([^']+)'", body)
        link = re.search(r" 'ostree=([^']+)'", body)
        if not kernel or not link:
            raise Violation(f"the menu's entry {deployment} has no kernel or no deployment")
        entries.append(Entry(deployment, kernel[1], initrd[1] if initrd else None, link[1]))
    return first[1] if first else "", unconfirmed[1] if unconfirmed else "", entries


def environment(block):
    """The variables of GRUB's environment block. GRUB takes one that is missing or damaged for empty."""
    if block is None or len(block) != 1024 or not block.startswith(HEADER):
        return {}
    return dict(line.split("=", 1) for line in block[len(HEADER):].decode(errors="replace").splitlines() if "=" in line)


def entry_to_start(unconfirmed, variables):
    """What image/disk/grub.cfg decides: 0 for the first entry, 1 for the one before it."""
    may_try = variables.get("haven_trial") == unconfirmed and variables.get("haven_tries") in TRIES
    return 0 if not unconfirmed or may_try else 1
