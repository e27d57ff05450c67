"""UEFI. A cloud's user-data brings a public domain and an ssh key. No name points here yet, and there is no internet."""

import pathlib

import pytest

from ..cloud import Cloud

SAMPLE = pathlib.Path("cloud-init/samples/claim-and-ssh.yaml")
DOMAIN = "cloud.example.org"


@pytest.fixture(scope="module")
def machine(make_machine, public_key):
    sample = SAMPLE.read_text()
    example = next(line for line in sample.splitlines() if "ssh-ed25519" in line)
    user_data = sample.replace(example, f"  - {public_key.strip()}")
    machine = make_machine(firmware="uefi", ssh_by_credential=False, user_data=user_data).boot()
    machine.wait_until_live()
    return machine


def test_the_cloud_is_served_before_dns_points_to_it(machine):
    Cloud(machine, DOMAIN).wait_until_served()


def test_the_key_opens_ssh(machine):
    machine.wait_for_ssh()
    assert "status: done" in machine.run("cloud-init", "status", "--long", check=False).stdout


def test_no_unit_failed(machine):
    machine.wait_for_ssh()
    assert machine.failed_units() == []
