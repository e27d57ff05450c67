"""BIOS. The hypervisor hands over the domain as a systemd credential; nobody is asked."""

import pytest

from ..cloud import Cloud

DOMAIN = "credential.home.arpa"


@pytest.fixture(scope="module")
def machine(make_machine):
    machine = make_machine(firmware="bios", credentials={"openhaven.domain": DOMAIN}).boot()
    machine.wait_until_live()
    return machine


def test_the_cloud_is_served_without_a_question(machine):
    Cloud(machine, DOMAIN).wait_until_served()
    assert "claim code" not in machine.console.text()


def test_the_owner_finds_the_password_at_the_console(machine):
    machine.type("")
    assert machine.wait_for_console(r"owner's first password: (\S+)")


def test_no_unit_failed(machine):
    machine.wait_for_ssh()
    assert machine.failed_units() == []
