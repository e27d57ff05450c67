"""BIOS. The hypervisor hands over the domain as a systemd credential; nobody is asked. It also says which ports of its own lead
here, though here they are the usual ones.
"""

import pytest
import requests

from ..cloud import Cloud

DOMAIN = "credential.home.arpa"
CREDENTIALS = {"openhaven.domain": DOMAIN, "openhaven.http_port": "8080", "openhaven.https_port": "8443",
               "openhaven.note": "To stop it: close the lid."}


@pytest.fixture(scope="module")
def machine(make_machine):
    machine = make_machine(firmware="bios", credentials=CREDENTIALS).boot()
    machine.wait_until_live()
    return machine


def test_the_cloud_is_served_without_a_question(machine):
    Cloud(machine, DOMAIN).wait_until_served()
    assert "claim code" not in machine.console.text()


def test_links_have_the_ports_that_the_hypervisor_forwards(machine):
    machine.wait_for_console(f"Your cloud is live: https://{DOMAIN}:8443/")
    machine.wait_for_console(f"http://{DOMAIN}:8080/openhaven-ca.crt")
    answer = requests.get(f"http://files.{DOMAIN}/", allow_redirects=False, timeout=60)
    assert answer.headers["Location"] == f"https://files.{DOMAIN}:8443/"


def test_the_console_ends_with_the_hypervisors_note(machine):
    assert machine.wait_for_console("To stop it: close the lid.")


def test_the_owner_finds_the_password_at_the_console(machine):
    machine.type("")
    assert machine.wait_for_console(r"owner's first password: (\S+)")


def test_no_unit_failed(machine):
    machine.wait_for_ssh()
    assert machine.failed_units() == []
