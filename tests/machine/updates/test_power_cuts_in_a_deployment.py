"""BIOS. libostree deploys a version on a running machine, and the power goes at any write. No updater has a part in it."""

import contextlib
import subprocess

import pytest

from tests.powercut.disk import workspace
from tests.powercut.recording import Recording
from tests.powercut.replay import Replay, cuts_of

from . import changes
from .server import Server

pytestmark = pytest.mark.torture
SIZE = 16 << 30  # of a machine's disk


@pytest.fixture(scope="module")
def recording(make_machine, image, versions, folder):
    """A machine that deploys a version with another kernel, and writes notes before and after."""
    base = folder / "base.raw"  # a copy: another build may replace the image while this runs
    subprocess.run(["cp", "--sparse=always", image, base], check=True)
    machine = make_machine(image=base, firmware="bios", record=folder / "writes.log")
    version = versions.make("0.1.1", changes.another_initramfs())
    recording = Recording(folder, base, SIZE, versions.repository, [versions.composed.commit, version.commit])
    machine.boot()
    send(machine, versions, version, folder / "archive")
    write(machine, recording, "before")
    machine.run("ostree", "admin", "deploy", "--os=openhaven", version.commit)
    write(machine, recording, "after")
    machine.reboot()
    assert machine.start.commit == version.commit
    machine.power_off()
    recording.save()
    return recording


def send(machine, versions, version, archive):
    """Brings a version into the machine's repository, by hand."""
    for words in (["init", "--mode=archive"], ["pull-local", versions.repository, version.commit]):
        subprocess.run(["ostree", f"--repo={archive}", *words], check=True, capture_output=True)
    with Server(archive) as server:
        machine.run("mount", "-o", "remount,rw", "/sysroot")
        machine.run("ostree", "remote", "add", "--no-gpg-verify", "test", server.guests_url)
        machine.run("ostree", "pull", "test", version.commit)


def write(machine, recording, name):
    """A note that the machine has acknowledged."""
    machine.run("sh", "-c", f"printf {name} > /var/lib/openhaven/note-{name}; sync")
    recording.mark(name, {f"lib/openhaven/note-{name}": name})


def test_it_starts_a_whole_version_wherever_the_power_is_cut(recording, tmp_path_factory, measured):
    with contextlib.ExitStack() as stack:
        replay = Replay(recording, stack.enter_context(workspace(tmp_path_factory.mktemp("replay"))))
        outcome = replay.visit(cuts_of(replay.log, torn=1))
    measured(f"{len(replay.log.entries)} writes and flushes, {outcome}")
    assert not outcome.violations, "\n".join(f"{cut}: {sentence}" for cut, sentence in outcome.violations[:20])
    assert {name.split(".")[0] for name in outcome.started} == set(recording.commits)
