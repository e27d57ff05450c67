"""BIOS. A disk that is slow."""

import pytest

from . import changes, owner

pytestmark = pytest.mark.torture
SLOW = 50_000  # bytes/s


@pytest.fixture(scope="module")
def machine(wake, versions, publisher, server):
    machine = wake()
    publisher.publish(versions.composed)
    publisher.publish(versions.make("0.1.1", changes.larger(1)))
    owner.follow(machine, server.guests_url)
    return machine


def test_a_disk_as_slow_as_a_modem_finishes_the_switch(machine):
    said = owner.prepare(machine)
    assert "0.1.1 lies ready" in said.stdout, said.stdout + said.stderr + machine.story()
    machine.slow_disk(SLOW)
    owner.ask_for_update(machine)
    machine.wait_until(lambda: machine.starts_of("0.1.1"), "it restarts", within=3600)
    machine.slow_disk(0)
    machine.wait_for_boot_of("0.1.1")
    owner.wait_for_verdict(machine, "confirmed")
