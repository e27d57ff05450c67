"""The control group a fast machine lives in: its whole life can be ended at one stroke."""

import os
import pathlib
import tempfile
import time


def _parent():
    """Where machines' groups are made: at the top for root, beside this process for a user whose own group is delegated."""
    top = _hierarchy()
    own = next(line[3:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    return top if os.access(top / "cgroup.procs", os.W_OK) else top / own.lstrip("/")


def _hierarchy():
    """The cgroup2 mount: the whole of /sys/fs/cgroup, or /unified below it on a host that still mixes versions."""
    for mount in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, path, kind, *_ = mount.split()
        if kind == "cgroup2" and path.startswith("/sys/fs/cgroup"):
            return pathlib.Path(path)
    raise RuntimeError("no cgroup2 is mounted below /sys/fs/cgroup; fast machines need it")


def has_limits():
    """Whether a machine can limit memory and processes: not on a host whose controllers are in the old hierarchy."""
    return {"memory", "pids"} <= set((_parent() / "cgroup.subtree_control").read_text().split())


class Cgroup:
    def __init__(self):
        self._path = pathlib.Path(tempfile.mkdtemp(prefix="openhaven-test-", dir=_parent()))
        self._guests = self._path / "guests"

    def enter(self):
        """In the child, before it makes its own cgroup namespace: from then on this is the root it sees."""
        self._join(self._path)

    def enter_guest(self):
        """For a command that is run on the machine from outside: a group of its own beside systemd's."""
        self._guests.mkdir(exist_ok=True)
        self._join(self._guests)

    def kill(self):
        (self._path / "cgroup.kill").write_text("1")

    def remove(self):
        """Ends what is left and removes the groups, deepest first."""
        self.kill()
        end = time.monotonic() + 10
        while "populated 1" in (self._path / "cgroup.events").read_text() and time.monotonic() < end:
            time.sleep(0.01)
        for folder, _, _ in os.walk(self._path, topdown=False):
            os.rmdir(folder)

    @staticmethod
    def _join(path):
        (path / "cgroup.procs").write_text(str(os.getpid()))
