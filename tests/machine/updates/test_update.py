"""BIOS. A live machine goes to a good version, and back from a bad one, with everything its owner has."""

import pytest
import requests

from . import changes, owner
from .conftest import DOMAIN
from ..cloud import Cloud

FILES = "/var/lib/openhaven/data/webdav/files/owner"
NOTE = f"{FILES}/note.txt"


@pytest.fixture(scope="module")
def machine(wake):
    return wake()


@pytest.fixture(scope="module")
def good(versions):
    return versions.make("0.1.1", changes.another_initramfs())


@pytest.fixture(scope="module")
def updated(machine, versions, publisher, server, good, measured):
    """The machine after a good update."""
    publisher.publish(versions.composed)
    publisher.publish(good)
    machine.run("sh", "-c", f"echo before > {NOTE}")
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


def test_a_version_that_never_gets_healthy_is_taken_back_with_its_data(machine, updated, versions, publisher, good):
    bad = versions.make("0.1.2", changes.files_never_healthy(), changes.migrates(NOTE, "migrated"), after=good)
    publisher.publish(bad)
    said = owner.ask_for_update(machine)
    assert "0.1.2" in said.stdout, said.stdout + said.stderr + machine.story()
    machine.wait_for_boot_of("0.1.1", within=1200)
    record = owner.wait_for_verdict(machine, "rolled back")
    assert machine.run("cat", NOTE) == "before\n"
    assert machine.run("ls", FILES).split() == ["note.txt"]
    assert "webdav" in record["outcome"]["reason"]
    assert owner.kept_data(machine, record, NOTE) == "migrated\n"


def test_its_owner_is_told(machine):
    assert "went back from 0.1.2 to 0.1.1" in machine.run("cat", "/run/motd.d/50-openhaven-update")
    assert "rolled back" in machine.run("haven", "status")


def test_it_is_not_tried_again_and_a_higher_one_is(machine, versions, publisher, good):
    assert "0.1.2" not in owner.ask_for_update(machine, "--check").stdout.replace("failed", "")
    publisher.publish(versions.make("0.1.3", after=good, timestamp=good.timestamp + 7200))
    assert "0.1.3" in owner.ask_for_update(machine, "--check").stdout


def test_addresses_answer_after_all_that(machine):
    Cloud(machine, DOMAIN).wait_until_served()
    assert machine.claim_over_web(DOMAIN, code="AAAA-AAAA").answer.status_code in (404, 421)
    assert requests.get(f"http://{DOMAIN}/openhaven-ca.crt", timeout=60).ok
