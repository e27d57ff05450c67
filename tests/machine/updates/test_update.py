"""BIOS. A live machine goes to a good version, and back from a bad one, with everything its owner has.

All that reaches its disk is recorded. In the end the disk is looked at as a power cut at any write would have left it.
"""

import contextlib
import itertools
import subprocess

import pytest
import requests

from tests.powercut.disk import workspace
from tests.powercut.recording import Recording
from tests.powercut.replay import Replay, cuts_of

from . import changes, owner
from .conftest import DOMAIN
from .data_rule import DataRule
from ..cloud import Cloud

FILES = "/var/lib/openhaven/data/webdav/files/owner"
NOTE = f"{FILES}/note.txt"


SIZE = 16 << 30  # of a machine's disk
SAMPLE = 40  # cuts that are looked at in `make test`


@pytest.fixture(scope="module")
def base(live, folder):
    """The disk of the live machine as an image of its own."""
    base = folder / "base.raw"
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", live.disk, base], check=True)
    return base


@pytest.fixture(scope="module")
def machine(wake, base, folder):
    return wake(image=base, record=folder / "writes.log")


@pytest.fixture(scope="module")
def good(versions):
    return versions.make("0.1.1", changes.another_initramfs())


@pytest.fixture(scope="module")
def bad(versions, good):
    return versions.make("0.1.2", changes.files_never_healthy(), changes.migrates(NOTE, "migrated"), after=good)


@pytest.fixture(scope="module")
def recording(folder, base, versions, good, bad):
    """What a replay needs to know. Its tests come last: by then the log holds the whole story."""
    return Recording(folder, base, SIZE, versions.repository, [version.commit for version in (versions.composed, good, bad)])


@pytest.fixture(scope="module")
def updated(machine, versions, publisher, server, good, recording, measured):
    """The machine after a good update."""
    publisher.publish(versions.composed)
    publisher.publish(good)
    machine.run("sh", "-c", f"echo before > {NOTE}; sync")
    recording.mark("written")
    owner.follow(machine, server.guests_url)
    said = owner.prepare(machine)
    assert "0.1.1 lies ready" in said.stdout, said.stdout + said.stderr + machine.story()
    machine.run("sh", "-c", "echo late > /etc/late.conf")
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.1")
    record = owner.wait_for_verdict(machine, "confirmed")
    moments = record["moments"]
    measured(f"update, first service stopped to all up again: {moments['up'] - moments['begun']:.0f} s, of which the restart "
             f"{moments['started'] - moments['turned']:.0f} s")
    return record


def test_a_good_version_stays(machine, updated, good):
    assert machine.start.commit == good.commit
    assert machine.failed_units() == []


def test_it_keeps_the_data(machine, updated):
    assert machine.run("cat", NOTE) == "before\n"
    Cloud(machine, DOMAIN).wait_until_served()


def test_it_has_what_changed_in_etc_after_it_was_laid_out(machine, updated):
    assert machine.run("cat", "/etc/late.conf") == "late\n"


def test_nobody_can_claim_it_again(machine, updated):
    assert machine.claim_over_web(DOMAIN, code="AAAA-AAAA").answer.status_code in (404, 421)


def test_it_is_no_longer_on_trial(machine, updated):
    environment = machine.run("strings", "/boot/grub2/grubenv", check=False).stdout or machine.run("cat", "/boot/grub2/grubenv")
    assert "haven_trial" not in environment
    assert "haven_unconfirmed" not in machine.run("cat", "/boot/loader/grub.cfg")


@pytest.fixture(scope="module")
def taken_back(machine, updated, publisher, bad):
    """The machine after it has tried a version that never gets healthy."""
    publisher.publish(bad)
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.1", within=1200)
    return owner.wait_for_verdict(machine, "rolled back")


def test_a_version_that_never_gets_healthy_is_taken_back_with_its_data(machine, taken_back):
    assert machine.run("cat", NOTE) == "before\n"
    assert machine.run("ls", FILES).split() == ["note.txt"]
    assert "webdav" in taken_back["outcome"]["reason"]
    assert owner.kept_data(machine, taken_back, NOTE) == "migrated\n"


def test_its_owner_is_told(machine, taken_back):
    assert "went back from 0.1.2 to 0.1.1" in machine.run("cat", "/run/motd.d/50-openhaven-update")
    assert "rolled back" in machine.run("haven", "status")


def test_it_is_not_tried_again_and_a_higher_one_is(machine, taken_back, versions, publisher, good):
    assert "0.1.2 was taken back on this machine" in owner.ask_for_update(machine, "--check").stdout
    assert owner.record(machine)["target"] is None
    publisher.publish(versions.make("0.1.3", after=good, timestamp=good.timestamp + 7200))
    assert "0.1.3" in owner.ask_for_update(machine, "--check").stdout


def test_addresses_answer_after_all_that(machine, taken_back):
    Cloud(machine, DOMAIN).wait_until_served()
    assert machine.claim_over_web(DOMAIN, code="AAAA-AAAA").answer.status_code in (404, 421)
    assert requests.get(f"http://{DOMAIN}/openhaven-ca.crt", timeout=60).ok


# Power cuts


@pytest.fixture(scope="module")
def replay(machine, taken_back, recording, tmp_path_factory):
    machine.power_off()
    with contextlib.ExitStack() as stack:
        yield Replay(recording, stack.enter_context(workspace(tmp_path_factory.mktemp("replay"))), [DataRule(NOTE, "before", "migrated", "0.1.2")])


@pytest.mark.parametrize("most", [SAMPLE, pytest.param(None, marks=pytest.mark.torture)])
def test_wherever_the_power_had_gone_a_whole_version_would_start_with_its_own_data(replay, recording, most, measured):
    cuts = list(cuts_of(replay.log, first=replay.log.number_at(recording.marks[0].at), torn=0 if most else 1))
    assert len(cuts) >= (most or 1000)
    outcome = replay.visit(itertools.islice(cuts, 0, None, len(cuts) // most if most else 1))
    measured(f"power cuts in an update and a rollback, {len(replay.log.entries)} writes and flushes: {outcome}")
    assert not outcome.violations, "\n".join(f"{cut}: {sentence}" for cut, sentence in outcome.violations[:20])
    assert most or {name.split(".")[0] for name in outcome.started} == set(recording.commits)
