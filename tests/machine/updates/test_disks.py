"""BIOS. A disk that fails in other ways than by being full: it turns read-only, it is slow."""

import pytest

from . import changes, faults, owner
from .test_fetching import OBJECTS, busy, prepare_without_waiting

pytestmark = pytest.mark.torture
SLOW = 50_000  # bytes/s


@pytest.fixture(scope="module")
def machine(wake, versions, publisher, server):
    machine = wake()
    publisher.publish(versions.composed)
    publisher.publish(versions.make("0.1.1", changes.larger(1)), deltas_from=0)
    owner.follow(machine, server.guests_url)
    return machine


def test_a_file_system_that_turns_read_only_ends_the_update_and_its_owner_sees_why(machine, server):
    with server.fault(OBJECTS, faults.Stall(after=1000)):
        prepare_without_waiting(machine)
        machine.wait_until(lambda: server.count(OBJECTS), "objects are coming")
        machine.run("sh", "-c", "echo u > /proc/sysrq-trigger")  # as an error of the disk does
        machine.wait_until(lambda: "ro" in machine.run("findmnt", "-no", "OPTIONS", "/var").strip().split(","), "it is read-only")
    machine.wait_until(lambda: not busy(machine), "the update has ended")
    assert "ead-only" in machine.run("haven", "status")


def test_after_a_restart_it_goes_on(machine):
    machine.cut_power()
    machine.boot()
    assert machine.start.version == "0.1.0"
    said = owner.prepare(machine)
    assert "0.1.1 lies ready" in said.stdout, said.stdout + said.stderr + machine.story()


def test_a_disk_as_slow_as_a_modem_finishes_the_switch(machine):
    machine.slow_disk(SLOW)
    owner.ask_for_update(machine)
    machine.wait_until(lambda: machine.starts_of("0.1.1"), "it restarts", within=3600)
    machine.slow_disk(0)
    machine.wait_for_boot_of("0.1.1")
    owner.wait_for_verdict(machine, "confirmed")
