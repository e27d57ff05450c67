"""How long an update keeps services away, without firmware, boot loader and kernel: on the machine in namespaces, which this
processor runs natively."""

import dataclasses
import subprocess
import sys
import tempfile
import time

from places import BENCH, OUT, PROJECT

sys.path.append(str(PROJECT / "tests"))

from machine.fast.machine import Machine  # noqa: E402  after the path is known

# As the updater stops them (updater/machine_services.cpp): first what would start services again, then the services.
_STARTERS = ("haven-dns.timer", "haven-dns.service", "haven-health.service", "haven-stack.service")
_FILES = 2000  # of each service


@dataclasses.dataclass(frozen=True)
class Downtime:
    """In seconds."""

    services_stopped: float  # from the first that is stopped to the last
    snapshots: float  # of every service's data, flushed
    machine_down: float  # from the request to restart to the end of the last process
    machine_up: float  # from the first process to the last service that is healthy

    @property
    def whole(self):
        return self.services_stopped + self.snapshots + self.machine_down + self.machine_up


def of_updates(times, say):
    """One machine that is live, restarted so often as an update does."""
    with tempfile.TemporaryDirectory(dir=BENCH) as folder:
        tree = f"{folder}/tree"
        subprocess.check_call(["ostree", "checkout", f"--repo={OUT}/cache/repo", "openhaven/amd64/core", tree])
        machine = Machine(tree, f"{folder}/state", credentials={"openhaven.domain": "bench.home.arpa"})
        try:
            machine.boot()
            machine.wait_until_live()
            for number in range(1, times + 1):
                say(f"downtime of an update: {number} of {times}")
                yield _restart(machine, folder)
        finally:
            machine.cut_power()


def _restart(machine, folder):
    services = [unit.removesuffix(".container") + ".service"
                for unit in machine.run("ls", "/run/containers/systemd").split() if unit.endswith(".container")]
    stopped = _seconds(lambda: machine.run("systemctl", "stop", *_STARTERS, *services, timeout=300))
    snapshots = _snapshots(folder, services)
    down = _seconds(machine.power_off)
    up = _seconds(lambda: machine.switch_on().wait_until(lambda: _is_healthy(machine, services), "every service is healthy"))
    return Downtime(stopped, snapshots, down, up)


def _is_healthy(machine, services):
    """A container's unit is active when its health command has succeeded."""
    states = machine.run("systemctl", "is-active", "haven-stack.service", *services, check=False).stdout.split()
    return set(states) == {"active"}


def _snapshots(folder, services):
    """On a file system of its own: the machine in namespaces has none."""
    image, mounted = f"{folder}/data.img", f"{folder}/data"
    subprocess.check_call(["truncate", "-s", "4G", image])
    subprocess.check_call(["mkfs.btrfs", "-q", image])
    subprocess.check_call(["mkdir", mounted])
    subprocess.check_call(["mount", "-o", "loop", image, mounted])
    try:
        for service in services:
            subprocess.check_call(["btrfs", "-q", "subvolume", "create", f"{mounted}/{service}"])
            subprocess.check_call(f"seq {_FILES} | xargs -I# sh -c 'echo # > {mounted}/{service}/#'", shell=True)
        subprocess.check_call(["sync", "-f", mounted])
        return _seconds(lambda: [subprocess.check_call(
            ["btrfs", "-q", "subvolume", "snapshot", "-r", f"{mounted}/{service}", f"{mounted}/before-{service}"])
            for service in services] + [subprocess.check_call(["sync", "-f", mounted])])
    finally:
        subprocess.check_call(["umount", mounted])
        subprocess.check_call(["rm", "-r", image, mounted])


def _seconds(work):
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
