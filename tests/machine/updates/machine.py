"""A machine in QEMU that restarts by itself, as often as it takes, within one process: what an update does to a machine."""

import contextlib
import dataclasses
import pathlib
import subprocess
import time

from ..qemu.machine import Machine

# Which start this is, of which version, from which deployment (<commit>.<serial>).
LOOK = """
cat /proc/sys/kernel/random/boot_id
sed -n 's/^IMAGE_VERSION=//p' /usr/lib/os-release
ostree admin status | sed -nE 's/^\\* openhaven ([0-9a-f]+\\.[0-9]+).*/\\1/p'
"""
KERNEL_STARTS = "Booting `"  # what GRUB says of the entry it takes


@dataclasses.dataclass(frozen=True)
class Start:
    """One start of the machine."""

    boot_id: str
    version: str
    deployment: str

    @property
    def commit(self):
        return self.deployment.split(".")[0]


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A running machine that stands still in two files. Any number of machines may go on from there. password: of its owner."""

    disk: pathlib.Path
    memory: pathlib.Path
    password: str


class UpdatingMachine(Machine):
    """Verbs of its own: wait_for_boot_of, freeze_whole, wake. hang_resets: the watchdog restarts a machine that hangs."""

    def __init__(self, *arguments, hang_resets=False, **given):
        super().__init__(*arguments, watchdog="reset" if hang_resets else "none", ends_at_restart=False, **given)
        self.start = None

    def boot(self):
        super().boot()
        self.start = self.wait_until(self.look, "ssh answers")
        return self

    def freeze_whole(self, password):
        """Ends the machine so that others can go on from here."""
        frozen = Frozen(self.folder / "disk.qcow2", self.folder / "memory", password)
        self._hang_up()
        self.freeze(frozen.memory)
        return frozen

    def wake(self, memory):
        """Goes on from a frozen machine's memory, and has the time of today."""
        self.switch_on(resume_from=memory)
        self.start = self.wait_until(self.look, "ssh answers")
        self.set_clock(time.time())
        return self

    def set_clock(self, seconds):
        """Since the epoch."""
        self.run("date", f"--set=@{seconds:.0f}")

    def reboot(self):
        """An orderly restart, of whatever version comes."""
        self.run("systemctl", "reboot", "--no-block", check=False)
        return self.wait_for_boot_of(None)

    def wait_for_boot_of(self, version, within=None):
        """Waits until ssh answers from a later start than the last one seen, of this version (None: of any). Returns the start.

        Starts in between that never get so far, or are of other versions, are passed over: starts_of() counts them.
        """
        seen = self.start

        def has_come():
            start = self.look()
            return start if start.boot_id != seen.boot_id and version in (None, start.version) else None

        self.start = self.wait_until(has_come, f"a start of {version or 'any version'} after {seen}", within)
        return self

    def has_settled(self):
        """Whether systemd has nothing left to do."""
        return self.run("systemctl", "list-jobs", "--no-legend") == ""

    def look(self):
        """The start that answers now."""
        self._hang_up()
        told = self.run("sh", "-c", LOOK, timeout=40).split()
        assert len(told) == 3, f"a machine on its way down: {told}"
        return Start(*told)

    def starts_of(self, version):
        """How often the boot loader took an entry of this version since the machine was switched on."""
        return self.console.text().count(f"{KERNEL_STARTS}OpenHaven {version} ")

    def _hang_up(self):
        """Ends the shared connection: after a restart nobody is at its other end."""
        socket = self.folder / "ssh"
        if socket.exists():
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", self.address], capture_output=True, timeout=10,
                               check=False)
            socket.unlink(missing_ok=True)
