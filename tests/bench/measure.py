"""Runs a command and says what it took."""

import ctypes
import dataclasses
import os
import pathlib
import resource
import subprocess
import threading
import time

from places import LOGS


@dataclasses.dataclass(frozen=True)
class Cost:
    seconds: float  # by the clock
    cpu: float  # of all processors together, descendants included

    def __add__(self, other):
        return Cost(self.seconds + other.seconds, self.cpu + other.cpu)


@dataclasses.dataclass(frozen=True)
class Memory:
    own: int  # bytes, peak of the resident set of the process itself
    tree: int  # bytes, peak of the proportional set sizes of it and all its descendants together


def run(name, command, *, folder=None, environment=None):
    """What the command cost. Its output goes to logs/<name>; unless it exits with 0, that raises and shows the end."""
    _adopt_orphans()
    os.sync()  # nobody pays for what the one before left to be written
    before, began = _processor_time(), time.monotonic()
    _wait(_start(name, command, folder, environment), name)
    seconds = time.monotonic() - began
    _collect_orphans()
    return Cost(seconds, _processor_time() - before)


def memory_of(name, command, *, folder=None):
    """The peak memory of the command. Watching costs time, so this run is not for the clock."""
    process = _start(name, command, folder, None)
    watch = _Watch(process.pid)
    watch.start()
    try:
        _wait(process, name)
    finally:
        peak = watch.stop()
    return peak


def _start(name, command, folder, environment):
    LOGS.mkdir(parents=True, exist_ok=True)
    with open(LOGS / name, "wb") as log:
        return subprocess.Popen([str(word) for word in command], cwd=folder, env={**os.environ, **(environment or {})},
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _wait(process, name):
    if process.wait() != 0:
        text = (LOGS / name).read_text(errors="replace")
        raise SystemExit(f"{name}: exit code {process.returncode}; all of it is in {LOGS / name}\n{text[-3000:]}")


def _adopt_orphans():
    """Sandboxes end without waiting for what they ran, whose processor time is known only to who waits for it."""
    set_child_subreaper = 36  # prctl(2)
    ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0)


def _collect_orphans():
    """Those that end within a second; an agent that stays does not matter."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.02)
        except ChildProcessError:
            return


def _processor_time():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Watch(threading.Thread):
    """Looks at a process and its descendants until told to stop."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self._pid = pid
        self._end = threading.Event()
        self._own = self._tree = 0

    def run(self):
        looks = 0
        while not self._end.wait(0.02):
            # The kernel keeps the highest value itself, so the last look before the end is as good as all of them.
            self._own = max(self._own, _kibibytes(f"/proc/{self._pid}/status", "VmHWM:"))
            if looks % 5 == 0:
                together = sum(_kibibytes(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in _descendants(self._pid))
                self._tree = max(self._tree, together)
            looks += 1

    def stop(self):
        self._end.set()
        self.join()
        return Memory(self._own * 1024, self._tree * 1024)


def _kibibytes(path, key):
    """0 when the process has ended meanwhile."""
    try:
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0


def _descendants(top):
    """top and everything below it."""
    children = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name of the program, in brackets, may hold blanks.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [top]
    for pid in found:
        found += children.get(pid, [])
    return found
