"""A machine in namespaces: a composed tree booted by its own systemd, without a kernel or a disk of its own.

Boots in about two seconds, so most scenarios run here; what concerns kernel, disk, boot loader and limits runs in QEMU.
The tree is never written to. The state folder is the machine's disk: /etc and /var live there and outlast a power cut.
"""

import functools
import itertools
import os
import pathlib
import pty
import shutil
import subprocess
import time

from . import cgroup
from .. import console
from ..claiming import Claimable
from ..waiting import NotReached
from .link import Link

BECOME = pathlib.Path(__file__).with_name("become")
CLAIM_CONSOLE = "haven-console@console.service"


class Machine(Claimable):
    """One machine. Verbs: boot, run, wait_until, reboot, power_off, cut_power, and those of the claim."""

    _numbers = itertools.count(1)

    def __init__(self, tree, state, *, credentials=None, user_data=None):
        self.tree = pathlib.Path(tree).resolve()
        self.state = pathlib.Path(state).resolve()
        self.link = Link(next(self._numbers))
        self.console = Console(self.state / "console.log")
        self._cgroup = None
        self._process = None
        self._init = None
        self._prepare(credentials or {}, user_data)

    address = property(lambda self: self.link.machine_address)
    address6 = property(lambda self: self.link.machine_address6)

    # Verbs

    def boot(self):
        """Starts the machine and waits until systemd has nothing left to start."""
        self.switch_on().wait_until(self._is_up, "the machine is up")
        return self

    def switch_on(self):
        """Starts the machine and waits for nothing."""
        self._cgroup = cgroup.Cgroup()
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child",
             "--propagation=private", "--", BECOME, self.tree, self.state, self.console.open()],
            stdin=subprocess.PIPE, stdout=self.console.slave, stderr=self.console.slave, preexec_fn=self._cgroup.enter)
        self._init = self._first_child()
        self.link.attach(self._init)
        self._process.stdin.write(b"network\n")
        self._process.stdin.close()
        return self

    def run(self, *command, check=True, stdin=None, timeout=60):
        """Runs a command on the machine and returns what it wrote; a failure raises with its output and the journal."""
        done = subprocess.run(
            ["nsenter", f"--target={self._init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root",
             "--wdns=/", "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin", "HOME=/root", "LANG=C.UTF-8", *map(str, command)],
            input=stdin, capture_output=True, text=True, timeout=timeout, preexec_fn=self._cgroup.enter_guest)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def power_off(self):
        """An orderly shutdown."""
        self._leave("poweroff")

    def reboot(self):
        """An orderly restart."""
        self._leave("reboot")
        return self.boot()

    def cut_power(self):
        """Every process dies at once and nothing is written any more."""
        if self._process:
            self._cgroup.kill()
            self._process.kill()
            self._wait_for_end(30)

    # What a test may look at

    def story(self):
        """The end of the console and of the journal, for the message of a failed test."""
        tail = lambda text: "\n".join(text.splitlines()[-80:])
        journal = subprocess.run(["journalctl", "--directory", self.state / "var/log/journal", "--no-pager", "-n", "80"],
                                 capture_output=True, text=True, check=False).stdout
        return f"--- console\n{tail(self.console.text())}\n--- journal\n{journal}"

    def failed_units(self):
        lines = self.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").splitlines()
        return [line.split()[0] for line in lines]

    # Machinery

    def _prepare(self, credentials, user_data):
        factory = self.tree / "usr/etc"
        (self.tree / "etc").mkdir(exist_ok=True)  # a checkout has none: OSTree makes it when it deploys
        if not (self.state / "etc").exists():
            shutil.copytree(factory if factory.is_dir() else self.tree / "etc", self.state / "etc", symlinks=True)
        (self.state / "var").mkdir(exist_ok=True)
        folder = self.state / "seed/credentials/@system"
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in credentials.items():
            (folder / name).write_text(value)
        network = self.state / "seed/systemd/network"
        network.mkdir(parents=True, exist_ok=True)
        (network / "10-lab.network").write_text(self.link.network_file())
        if not cgroup.has_limits():
            # crun refuses a limit that the host's mixed control groups cannot hold.
            overrides = self.state / "etc/containers/containers.conf.d"
            overrides.mkdir(parents=True, exist_ok=True)
            (overrides / "no-limits.conf").write_text("[containers]\npids_limit = 0\n")
        wants = self.state / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        if not (wants / CLAIM_CONSOLE).is_symlink():
            # Elsewhere udev starts it on the consoles that exist.
            (wants / CLAIM_CONSOLE).symlink_to("/usr/lib/systemd/system/haven-console@.service")
        if user_data is not None:
            seed = self.state / "var/lib/cloud/seed/nocloud"
            seed.mkdir(parents=True)
            (seed / "user-data").write_text(user_data)
            (seed / "meta-data").write_text("instance-id: test\n")
            (seed / "network-config").write_text(self.link.network_config())

    def _is_on(self):
        return self._process.poll() is None

    def _leave(self, verb):
        self.run("systemctl", verb, "--no-block", check=False)  # it may end before it has answered
        self._wait_for_end(self.patience)

    def _first_child(self):
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        end = time.monotonic() + 10
        while time.monotonic() < end and self._process.poll() is None:
            if (pids := children.read_text().split()):
                # Until the child has its own network there is nothing to attach to.
                if os.readlink(f"/proc/{pids[0]}/ns/net") != os.readlink("/proc/self/ns/net"):
                    return int(pids[0])
            time.sleep(0.01)
        raise NotReached(f"the machine's first process did not start\n{self.console.text()}")

    def _is_up(self):
        state = self.run("systemctl", "is-system-running", check=False, timeout=10).stdout.strip()
        return state in ("running", "degraded") and state

    def _wait_for_end(self, within):
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise NotReached(f"not within {within} s: the machine is off\n{self.story()}") from None
        self._cgroup.remove()
        self.link.detach()
        self.console.close()
        self._process = None


class Console(console.Console):
    """The machine's /dev/console: a pseudo terminal."""

    master = slave = None

    def open(self):
        self.begin_anew()
        self.master, self.slave = pty.openpty()
        self.record(functools.partial(os.read, self.master, 4096), functools.partial(os.close, self.master))
        return os.ttyname(self.slave)

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def close(self):
        os.close(self.slave)
        self.slave = None
