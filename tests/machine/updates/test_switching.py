"""BIOS. One machine from version to version, and what may come between: no snapshot, power cuts, the window, a barrier, the
owner's wish."""

import time

import pytest

from . import changes, faults, keys, owner

pytestmark = pytest.mark.torture
NOTE = "/var/lib/openhaven/data/webdav/files/owner/note.txt"
SETS = "/var/lib/openhaven/data-sets"
A_DAY = 86400
CUTS = 10


@pytest.fixture(scope="module")
def new_key(folder):
    return keys.new(folder / "k")


@pytest.fixture(scope="module")
def barrier(versions, new_key):
    """It brings another initramfs, and the key that signs later versions."""
    brings_key = {"/usr/share/ostree/trusted.gpg.d/new.gpg": new_key.public()}
    return versions.make("0.1.1", changes.another_initramfs(), brings_key)


@pytest.fixture(scope="module")
def newest(versions, barrier):
    return versions.make("0.1.2", after=barrier)


@pytest.fixture(scope="module")
def machine(wake, versions, publisher, server, barrier, newest, new_key, folder):
    machine = wake()
    machine.run("sh", "-c", f"echo first > {NOTE}")
    publisher.publish(versions.composed)
    publisher.publish(barrier, barrier=True)
    # From the barrier on machines trust both keys, and the list has both: the next publication needs the new one alone.
    both = [keys.development().secret_file(folder / "old"), new_key.secret_file(folder / "new")]
    publisher.publish(newest, keys=both)
    owner.follow(machine, server.guests_url)
    return machine


def test_without_a_snapshot_there_is_no_update(machine):
    owner.prepare(machine)
    machine.run("mkdir", "-p", SETS)
    machine.run("chattr", "+i", SETS)
    said = owner.ask_for_update(machine)
    machine.run("chattr", "-i", SETS)
    assert said.returncode == 1 and SETS in said.stderr, said.stdout + said.stderr
    assert owner.record(machine)["state"] in ("verified", "prepared", "staged")
    assert machine.run("systemctl", "is-active", "webdav.service").strip() == "active"
    assert "haven_unconfirmed" not in machine.run("cat", "/boot/loader/grub.cfg")


def test_a_shutdown_does_not_wait_for_a_download(machine, server):
    machine.run("haven", "pin")
    machine.run("haven", "unpin")
    assert "0.1.1" in owner.ask_for_update(machine, "--check").stdout
    server.forget()
    with server.fault("/repo/*", faults.Stall()):
        machine.run("systemctl", "start", "--no-block", "haven-update@advance")
        machine.wait_until(lambda: server.count("/repo/*") or owner.record(machine)["state"] != "checked", "it is at work")
        machine.reboot()
    assert machine.start.version == "0.1.0"


def test_what_is_staged_is_staged_again_after_a_power_cut(machine):
    assert "lies ready" in owner.prepare(machine).stdout
    machine.cut_power()
    machine.boot()
    assert machine.start.version == "0.1.0"
    assert owner.record(machine)["state"] == "verified"
    assert "0.1.1 lies ready" in owner.prepare(machine).stdout


def test_outside_the_window_nothing_restarts(machine, server):
    owner.follow(machine, server.guests_url, automatic="yes")
    clock_of_the_day(machine, "12:00")
    assert owner.record(machine)["state"] == "staged"
    assert "by itself, 03:00-05:00" in machine.run("haven", "status")


def test_in_the_window_it_goes_to_the_barrier_through_two_power_cuts(machine):
    clock_of_the_day(machine, "03:30")
    for _ in range(2):
        machine.wait_for_console("Booting `OpenHaven 0.1.1 ")
        machine.cut_power()
        machine.switch_on()
    machine.wait_for_boot_of("0.1.1")
    record = owner.wait_for_verdict(machine, "confirmed")
    assert record["starts"] == 1  # the others never came as far as counting themselves
    assert machine.run("cat", NOTE) == "first\n"


def test_then_to_the_newest_though_there_is_no_network(machine, server, newest):
    owner.follow(machine, server.guests_url)
    machine.run("sh", "-c", f"echo second > {NOTE}")
    owner.ask_for_update(machine)
    machine.wait_for_console("Booting `OpenHaven 0.1.2 ")
    machine.plug(connected=False)
    machine.wait_until(lambda: "Your cloud is live" in machine.console.text().rpartition("Booting `OpenHaven 0.1.2 ")[2], "it is live")
    machine.plug(connected=True)
    machine.wait_for_boot_of("0.1.2")
    owner.wait_for_verdict(machine, "confirmed")
    assert machine.start.commit == newest.commit
    assert "newest version" in owner.ask_for_update(machine, "--check").stdout


def test_a_version_of_the_new_key_alone_is_taken(machine, versions, publisher, newest, new_key, folder):
    publisher.publish(versions.make("0.1.3", after=newest, key=new_key), keys=[folder / "new"])
    assert "0.1.3 lies ready" in owner.prepare(machine).stdout
    machine.run("haven", "pin")


def test_a_confirmed_version_stays_however_often_the_power_goes(machine):
    for _ in range(CUTS):
        machine.cut_power()
        machine.switch_on()
        machine.wait_for_console("Booting `OpenHaven ")
        assert machine.starts_of("0.1.2") == 1
    machine.wait_for_boot_of("0.1.2")


def test_its_owner_goes_back_with_the_data_and_stays_there(machine):
    machine.run("sh", "-c", f"echo third > {NOTE}")
    assert "restarting the machine" in machine.run("haven", "rollback", check=False).stdout
    machine.wait_for_boot_of("0.1.1")
    record = owner.wait_for_verdict(machine, "rolled back")
    assert machine.run("cat", NOTE) == "second\n"
    assert owner.kept_data(machine, record, NOTE) == "third\n"
    assert "0.1.2" not in owner.ask_for_update(machine, "--check").stdout


def test_its_owner_deletes_what_was_kept(machine):
    kept = owner.record(machine)["outcome"]["failed_data"]
    assert "is gone" in machine.run("haven", "discard", kept)
    assert kept not in machine.run("haven", "status")


def clock_of_the_day(machine, time_of_day):
    """Tomorrow's, and the updater asks itself anew what is due."""
    midnight = (time.time() // A_DAY + 1) * A_DAY
    hours, minutes = map(int, time_of_day.split(":"))
    machine.set_clock(midnight + 3600 * hours + 60 * minutes)
    machine.run("systemctl", "restart", "haven-updater")
