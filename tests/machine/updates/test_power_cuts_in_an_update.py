"""BIOS. A live machine goes to a good version and back from a bad one, and the power goes at any write of it.

Every disk that can be left is looked at; a few of them are started, and have to go on by themselves.
"""

import contextlib
import json
import random
import subprocess

import pytest

from tests.powercut.boot import Violation
from tests.powercut.disk import workspace
from tests.powercut.recording import Recording
from tests.powercut.replay import Replay, cuts_of

from . import changes, owner
from .server import Server

SIZE = 16 << 30  # of a machine's disk
NOTE = "lib/openhaven/data/webdav/files/owner/note.txt"
RECORD = "lib/openhaven/update/record.json"
SETS = "lib/openhaven/data-sets"
STARTED = 6  # disks that are started
AT_REST = ("idle", "confirmed")


@pytest.fixture(scope="module")
def recording(live, wake, versions, publisher, server, folder):
    """Everything that reaches the disk of a machine that updates to 0.1.1, then tries 0.1.2 and takes it back."""
    base = folder / "base.raw"
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", live.disk, base], check=True)
    good = versions.make("0.1.1", changes.another_initramfs())
    bad = versions.make("0.1.2", changes.files_never_healthy(), changes.migrates(f"/var/{NOTE}", "migrated"), after=good)
    for version in (versions.composed, good):
        publisher.publish(version)
    machine = wake(image=base, record=folder / "writes.log")
    recording = Recording(folder, base, SIZE, versions.repository, [version.commit for version in (versions.composed, good, bad)])
    machine.run("sh", "-c", f"echo before > /var/{NOTE}; sync")
    recording.mark("written", {})
    owner.follow(machine, server.guests_url)
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.1")
    owner.wait_for_verdict(machine, "confirmed")
    recording.mark("confirmed", {})
    publisher.publish(bad)
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.1", within=1500)
    owner.wait_for_verdict(machine, "rolled back")
    machine.power_off()
    recording.save()
    return recording


@pytest.fixture(scope="module")
def replay(recording, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Replay(recording, stack.enter_context(workspace(tmp_path_factory.mktemp("replay"))), [data_belongs_to_the_version])


def data_belongs_to_the_version(var, starts):
    """What a version would find is its own data, or what takes it back lies ready."""
    note = var / NOTE
    text = note.read_text() if note.exists() else None
    if text not in ("before\n", "migrated\n"):
        raise Violation(f"the note is {text!r}")
    if text == "before\n":
        return
    record = json.loads((var / RECORD).read_text())
    if record["target"] is None or record["target"]["version"] != "0.1.2":
        raise Violation(f"the data is that of 0.1.2, and the update is {record['state']}")
    if record["state"] in AT_REST:
        raise Violation(f"the data is that of 0.1.2, and {starts} would keep it: the update is {record['state']}")
    kept = var / SETS / record["data_set"]
    if not (kept / "set.json").exists() or (kept / NOTE.removeprefix("lib/openhaven/")).read_text() != "before\n":
        raise Violation(f"the data is that of 0.1.2, and the snapshots of before are not whole: {record['data_set']}")


def test_a_whole_version_starts_with_its_own_data_wherever_the_power_is_cut(replay, recording, measured):
    first = replay.log.number_at(recording.marks[0].at)
    outcome = replay.visit(cuts_of(replay.log, first=first, torn=1))
    measured(f"an update and a rollback, {len(replay.log.entries)} writes and flushes: {outcome}")
    assert len(outcome.seconds) >= 1000
    assert not outcome.violations, "\n".join(f"{cut}: {sentence}" for cut, sentence in outcome.violations[:20])
    assert {name.split(".")[0] for name in outcome.started} == set(recording.commits)
