"""A whole machine: the real disk image with firmware, boot loader, kernel and disk, in QEMU.

Slow (a boot takes most of a minute under emulation), so tests share machines where they leave nothing behind, and what
does not need a kernel or a disk is tested on the fast machine.
"""

import contextlib
import re
import shlex
import socket
import subprocess
import time

import requests

from . import lab, qemu
from .console import Console

BOOT = 300    # seconds; ten times what an idle machine takes, because a builder is seldom idle
CLAIM = 300


class NotReached(AssertionError):
    """A condition was not met in time; the message holds what the machine wrote."""


class Machine:
    """One machine. Verbs: boot, claim_over_web, wait_for_console, type, run, reboot, power_off, cut_power."""

    _last_address = 1

    def __init__(self, image, folder, key, *, firmware="uefi", credentials=None, user_data=None):
        lab.enter()
        Machine._last_address += 1
        self.address = f"127.0.0.{Machine._last_address}"
        self.folder = folder
        self.firmware = firmware
        self.console = Console(folder)
        self._key = key
        self._credentials = credentials or {}
        self._seed = qemu.make_seed(folder, user_data) if user_data else None
        self._process = None
        qemu.make_overlay(folder / "disk.qcow2", image, 16)

    # Verbs

    def boot(self, within=BOOT):
        """Switches the machine on and waits until its console says whose it is."""
        self.switch_on()
        self.wait_for_console(r"(?m)waits for its owner|^(Preparing|Starting) \S+\.\w+$|Your cloud is live", within)
        return self

    def switch_on(self, resume_from=None):
        """Switches it on and waits for nothing. resume_from: a file that freeze() wrote."""
        self.console.listen()
        with open(self.folder / "qemu.log", "ab") as log:
            self._process = subprocess.Popen(
                qemu.command(self.folder, self.address, firmware=self.firmware, credentials=self._credentials,
                             seed=self._seed, resume_from=resume_from), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.console.connect()

    def claim_code(self, within=BOOT):
        """The code as the console shows it."""
        return self.wait_for_console(r"claim code: (\S{4}-\S{4})", within)[1]

    def claim_over_web(self, domain, code=None):
        """Sends the claim form as its page does. Returns the answer; the session in it is the claimer's."""
        session = requests.Session()
        session.trust_env = False
        session.answer = session.post(
            f"http://{self.address}/claim", data={"domain": domain, "code": code or self.claim_code()},
            headers={"Origin": f"http://{self.address}"}, allow_redirects=False, timeout=60)
        return session

    def send_claim(self, domain, code):
        """Sends the claim form and does not wait for an answer."""
        body = f"domain={domain}&code={code}"
        with socket.create_connection((self.address, 80), timeout=60) as line:
            line.sendall(f"POST /claim HTTP/1.1\r\nHost: {self.address}\r\nOrigin: http://{self.address}\r\n"
                         f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    def wait_until_live(self, within=CLAIM):
        self.wait_for_console(r"claim: 5/5 live", within)

    def type(self, line):
        self.console.type(line)

    def run(self, *command, check=True, timeout=120):
        """Runs a command on the machine by ssh and returns what it wrote; a failure raises with its output."""
        done = subprocess.run(
            ["ssh", "-i", self._key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
             "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ControlMaster=auto", "-o", "ControlPersist=yes",
             "-o", f"ControlPath={self.folder}/ssh", f"root@{self.address}", shlex.join(map(str, command))],
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
        if check and done.returncode:
            raise AssertionError(f"{shlex.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def reboot(self, within=BOOT):
        """An orderly restart."""
        self._leave("reboot")
        return self.boot(within)

    def power_off(self):
        """An orderly shutdown."""
        self._leave("poweroff")

    def cut_power(self):
        """The machine is gone between two instructions; only what had reached the disk is kept."""
        if self._process:
            self._process.kill()
            self._process.wait(30)
        (self.folder / "ssh").unlink(missing_ok=True)

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

    def wait_for_console(self, pattern, within):
        """Waits until the console has written something since it was switched on; returns the match."""
        return self.wait_until(lambda: re.search(pattern, self.console.text()), f"the console says {pattern!r}", within)

    def wait_until(self, condition, what, within=60):
        """Waits for a condition with a bound; when it is not met, says so with the console and the journal."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError, OSError, subprocess.TimeoutExpired):
                if value := condition():
                    return value
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise NotReached(f"not within {within} s: {what}\n{self.story()}")

    def wait_for_page(self, within=BOOT):
        """Waits until the page of this machine answers at its address."""
        self.wait_until(lambda: requests.get(f"http://{self.address}/", timeout=30).ok, "the page answers", within)

    def wait_for_ssh(self, within=BOOT):
        self.wait_until(lambda: self.run("true", timeout=40) == "", "ssh answers", within)

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

    def _leave(self, verb, within=120):
        self.run("systemctl", verb, "--no-block")
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise NotReached(f"not within {within} s: {verb}\n{self.story()}") from None
        (self.folder / "ssh").unlink(missing_ok=True)
