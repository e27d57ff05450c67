"""What is different in a version: each function returns changes for Versions.make().

The broken ones are broken as releases are in life: by a file that is missing, cut short, or does something else.
"""

import random

from .versions import File, Link

KERNEL = "/usr/lib/modules/{kernel}/vmlinuz"
INITRAMFS = "/usr/lib/modules/{kernel}/initramfs.img"
INIT = "/usr/lib/systemd/systemd"
WEBDAV = "/usr/lib/openhaven/catalogue/files/webdav.yaml"
RADICALE = "/usr/lib/openhaven/catalogue/calendar/radicale.yaml"
UPDATER = "/usr/libexec/openhaven/haven-updater"
WORKER = "/usr/libexec/openhaven/haven-update"
UNITS = "/usr/lib/systemd/system"

CRASHES = File(b"#!/bin/sh\nkill -SEGV $$\n", 0o755)
COMMAND = b"command: [/usr/sbin/apache2, -DFOREGROUND, -f, /etc/httpd/httpd.conf]\n"


def another_initramfs():
    """The same, in other bytes: /boot then holds a second kernel and initramfs. Zeros after the archive mean nothing."""
    return {INITRAMFS: lambda image: image + bytes(4096)}


def larger(mebibytes, seed=1):
    """Files that do not compress, so that fetching takes a while: 64 KiB each."""
    chance = random.Random(seed)
    return {f"/usr/share/openhaven/ballast/{number}": chance.randbytes(1 << 16) for number in range(mebibytes * 16)}


# What the kernel or the boot loader meets


def init_exits():
    """The first program of the userspace ends at once: the kernel panics."""
    return {INIT: File(b"#!/bin/sh\nexit 1\n", 0o755)}


def init_is_missing():
    """The initramfs finds nothing to hand over to."""
    return {INIT: None}


def kernel_is_cut_short():
    """GRUB cannot load it."""
    return {KERNEL: lambda kernel: kernel[:4096]}


def initramfs_is_missing():
    """The kernel finds no root and panics."""
    return {INITRAMFS: None}


def initramfs_is_cut_short():
    """The kernel cannot unpack it, finds no root and panics."""
    return {INITRAMFS: lambda image: image[:len(image) // 2]}


def init_hangs():
    """The userspace does nothing any more. Who armed the watchdog is gone, so it bites."""
    return {INIT: File(b"#!/bin/sh\nexec sleep infinity\n", 0o755)}


def loses_boot_environment(how):
    """Damages GRUB's environment when it starts, then dies. how: a shell command; {} is the file."""
    script = ("mount -o remount,rw /boot; " + how.format("/boot/grub2/grubenv") + "; sync; echo b > /proc/sysrq-trigger")
    unit = ("[Unit]\nDescription=Damage the boot environment\nDefaultDependencies=no\nRequiresMountsFor=/boot\n"
            "Before=haven-update-start.service haven-test-migration.service\n"
            f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{script}'\n")
    return _starts("haven-test-environment.service", unit)


# What the services meet


def files_never_healthy():
    """The files service cannot start."""
    return {WEBDAV: lambda text: _replaced(text, COMMAND, b"command: [/bin/false]\n")}


def files_end_after(seconds):
    """The files service is healthy at first, then ends."""
    script = f"/usr/sbin/apache2 -DFOREGROUND -f /etc/httpd/httpd.conf & sleep {seconds}; exit 1"
    return {WEBDAV: lambda text: _replaced(text, COMMAND, f'command: [/bin/sh, -c, "{script}"]\n'.encode())}


def files_unlike_its_health():
    """The files service runs, and what its health command asks for does not answer."""
    return {WEBDAV: lambda text: _replaced(text, b"probe: http://127.0.0.1:8080/\n", b"probe: http://127.0.0.1:1/\n")}


def updater_crashes():
    """The new version's own updater does not work."""
    return {UPDATER: CRASHES}


def worker_crashes():
    """Not even what finds out which version has started."""
    return {WORKER: CRASHES}


# What data meets


def migrates(path, to):
    """A version that writes its own schema into a file of the data before any service runs, and leaves a second file there."""
    unit = ("[Unit]\nDescription=Migrate the data of a test\nDefaultDependencies=no\nRequiresMountsFor=/var\n"
            "After=local-fs.target\nBefore=haven-stack.service\n"
            f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'echo \"{to}\" > {path}; touch {path}.migrated; sync'\n")
    return _starts("haven-test-migration.service", unit)


def ruins_podman():
    """A version that leaves something behind in /var which keeps every container of every version from starting."""
    script = "rm -rf /var/lib/containers; echo ruined > /var/lib/containers; sync"
    unit = ("[Unit]\nDescription=Ruin what all versions share\nDefaultDependencies=no\nRequiresMountsFor=/var\n"
            "After=local-fs.target\nBefore=haven-stack.service\n"
            f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '{script}'\n")
    return _starts("haven-test-ruin.service", unit)


def writes_at_start(path, text):
    """A version that leaves a note at each start."""
    unit = ("[Unit]\nDescription=Note a start of a test\nRequiresMountsFor=/var\n"
            f"[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo \"{text}\" >> {path}'\n")
    return _starts("haven-test-note.service", unit)


def _starts(name, unit):
    return {f"{UNITS}/{name}": unit.encode(), f"{UNITS}/multi-user.target.wants/{name}": Link(f"../{name}")}


def _replaced(text, old, new):
    assert old in text, f"no {old!r} in it any more: change this test's change along with the file"
    return text.replace(old, new)
