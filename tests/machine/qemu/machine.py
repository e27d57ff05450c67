"""A whole machine: the real disk image with firmware, boot loader, kernel and disk, in QEMU.

Slow (a boot takes most of a minute under emulation), so tests share machines where they leave nothing behind, and what
does not need a kernel or a disk is tested on the fast machine.
"""

import contextlib
import os
import shlex
import signal
import socket
import subprocess

from . import qemu
from .. import lab
from ..claiming import Claimable
from ..waiting import NotReached
from .console import Console


class Machine(Claimable):
    """One machine. Verbs: boot, type, run, reboot, power_off, cut_power, and those of the claim."""

    patience = 600  # twenty times what a boot or a claim takes on an idle builder
    _last_address = 1

    # A machine that a busy builder starves hangs no longer than the builder does: no watchdog bites, unless a test asks.
    # ends_at_restart: QEMU ends when the machine restarts by itself, and a test boots it again.
    def __init__(self, image, folder, key, *, firmware="uefi", processors=2, credentials=None, user_data=None, watchdog="none",
                 ends_at_restart=True, record=None, usb=False):
        lab.enter()
        Machine._last_address += 1
        self.address = f"127.0.0.{Machine._last_address}"
        self.folder = folder
        self.firmware = firmware
        self.processors = processors
        self.console = Console(folder)
        self._key = key
        self._credentials = credentials or {}
        self._seed = qemu.make_seed(folder, user_data) if user_data else None
        self._hardware = {"watchdog": watchdog, "ends_at_restart": ends_at_restart, "record": record, "usb": usb}
        self._process = None
        qemu.make_overlay(folder / "disk.qcow2", image, 16)

    # Verbs

    def boot(self):
        """Switches the machine on and waits until its console says whose it is."""
        self.switch_on()
        self.wait_for_console(r"(?m)waits for its owner|^(Preparing|Starting) \S+\.\w+$|Your cloud is live")
        return self

    def switch_on(self, resume_from=None):
        """Switches it on and waits for nothing. resume_from: a file that freeze() wrote."""
        self.console.listen()
        with open(self.folder / "qemu.log", "ab") as log:
            self._process = subprocess.Popen(
                qemu.command(self.folder, self.address, firmware=self.firmware, processors=self.processors,
                             credentials=self._credentials, seed=self._seed, resume_from=resume_from, **self._hardware), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.console.connect()

    def type(self, line):
        self.console.type(line)

    def run(self, *command, check=True, timeout=patience):
        """Runs a command on the machine by ssh and returns what it wrote; a failure raises with its output."""
        done = subprocess.run(
            ["ssh", "-i", self._key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
             "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=20",
             "-o", "ServerAliveCountMax=6", "-o", "ControlMaster=auto", "-o", "ControlPersist=yes",
             "-o", f"ControlPath={self.folder}/ssh", f"root@{self.address}", shlex.join(map(str, command))],
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
        if check and done.returncode:
            raise AssertionError(f"{shlex.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def reboot(self):
        """An orderly restart."""
        self._leave("reboot")
        return self.boot()

    def power_off(self):
        """An orderly shutdown."""
        self._leave("poweroff")

    def cut_power(self):
        """The machine is gone between two instructions; only what had reached the disk is kept."""
        if self._process:
            self._process.kill()
            self._process.wait(30)
        (self.folder / "ssh").unlink(missing_ok=True)

    def copy_disk(self, path):
        """Copies the disk as a power cut at this instant would leave it. The machine stands still and notices nothing."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        try:
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", self.folder / "disk.qcow2", path], check=True)
        finally:
            self._process.send_signal(signal.SIGCONT)
        return path

    def plug(self, connected):
        """The cable of its network: in or out."""
        self._tell_qemu(f"set_link net {'on' if connected else 'off'}")

    def slow_disk(self, bytes_per_second):
        """What the disk takes from now on; 0: whatever it can."""
        self._tell_qemu(f"block_set_io_throttle disk 0 0 {bytes_per_second} 0 0 0")

    def plug_stick(self, image):
        """A USB stick, by an image of it. Of a machine with usb=True."""
        self._tell_qemu(f"drive_add 0 if=none,id=stick,format=raw,readonly=on,file={image}")
        self._tell_qemu("device_add usb-storage,drive=stick")

    def freeze(self, path, within=120):
        """Writes the running machine's memory to a file and ends it. Its disk may then be the base of others."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(within)
            monitor.connect(str(self.folder / "monitor"))
            answers = monitor.makefile("rw", newline="\n")
            answers.write(f"migrate file:{path}\nquit\n")
            answers.flush()
            with contextlib.suppress(ConnectionError):
                answers.read()
        self._process.wait(30)

    # Conditions

    def wait_for_ssh(self):
        self.wait_until(lambda: self.run("true", timeout=40) == "", "ssh answers")

    # What a test may look at

    def story(self):
        """The end of the console and the journal's warnings, for the message of a failed test."""
        console = "\n".join(self.console.text().splitlines()[-100:])
        try:
            journal = self.run("journalctl", "-b", "-p", "warning", "--no-pager", "-n", "100", check=False, timeout=40).stdout
        except subprocess.TimeoutExpired:
            journal = "(no answer by ssh)"
        return f"--- console\n{console}\n--- journal, warnings\n{journal}\n--- qemu\n{(self.folder / 'qemu.log').read_text()}"

    def failed_units(self):
        lines = self.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines()
        return [line.split()[0] for line in lines]

    def used_memory_mib(self):
        """As `free` counts it: what is in use and could not be given back at once."""
        facts = dict(line.split(":") for line in self.run("cat", "/proc/meminfo").splitlines())
        kib = {name: int(value.split()[0]) for name, value in facts.items()}
        return (kib["MemTotal"] - kib["MemAvailable"]) // 1024

    def _tell_qemu(self, command, within=30):
        """One command of its monitor."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(within)
            monitor.connect(str(self.folder / "monitor"))
            monitor.sendall(f"{command}\n".encode())
            said = b""
            while said.count(b"(qemu) ") < 2:  # before the command and after it
                said += monitor.recv(4096)

    def _is_on(self):
        return self._process.poll() is None

    def _leave(self, verb):
        self.run("systemctl", verb, "--no-block", check=False)  # the way there may be closed before the answer
        try:
            self._process.wait(self.patience)
        except subprocess.TimeoutExpired:
            raise NotReached(f"not within {self.patience} s: {verb}\n{self.story()}") from None
        (self.folder / "ssh").unlink(missing_ok=True)
