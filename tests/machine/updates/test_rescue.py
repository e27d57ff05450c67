"""BIOS. A version that ruins what the version before needs as well: the machine stops trying and shows the rescue page."""

import hashlib
import io
import re
import ssl
import tarfile

import pytest
import requests

from . import changes, owner

pytestmark = pytest.mark.torture
NOTE = "/var/lib/openhaven/data/webdav/files/owner/note.txt"


@pytest.fixture(scope="module")
def stuck(wake, versions, publisher, server):
    """A machine after an update that neither version survived."""
    machine = wake()
    machine.run("sh", "-c", f"echo kept > {NOTE}")
    publisher.publish(versions.composed)
    publisher.publish(versions.make("0.1.1", changes.ruins_podman()))
    owner.follow(machine, server.guests_url)
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.0", within=1500)
    machine.wait_until(lambda: owner.record(machine)["state"] == "stuck", "the machine gives up", within=1500)
    return machine


@pytest.fixture(scope="module")
def get(stuck, live):
    """Asks the rescue page as the owner."""

    def get(path, auth=("owner", live.password)):
        return requests.get(f"https://{stuck.address}:9443{path}", auth=auth, verify=False, timeout=60)  # by fingerprint, below

    return get


def test_the_console_shows_the_fingerprint_of_what_answers(stuck):
    shown = stuck.wait_for_console(r"needs you(?:.|\n)*?fingerprint:\s+((?:[0-9A-F]{2}[:\s]+)+[0-9A-F]{2})")[1]
    answers = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((stuck.address, 9443)))
    assert re.sub(r"[\s:]", "", shown) == hashlib.sha256(answers).hexdigest().upper()


def test_it_tells_the_owner_what_happened(get):
    assert "0.1.1 was tried and taken back" in get("/").text
    assert "haven-stack" in get("/journal.txt").text


def test_it_hands_out_the_data(get):
    with tarfile.open(fileobj=io.BytesIO(get("/data.tar").content)) as archive:
        assert archive.extractfile("data/webdav/files/owner/note.txt").read() == b"kept\n"


def test_it_tells_nobody_else(get):
    assert get("/", auth=None).status_code == get("/data.tar", auth=("owner", "wrong")).status_code == 401


def test_nothing_is_tried_any_more(stuck, get):
    assert stuck.starts_of("0.1.1") == 1
    assert "neither version is healthy" in stuck.run("haven", "status")


def test_a_machine_that_was_mended_goes_on(stuck):
    stuck.run("rm", "/var/lib/containers")
    stuck.reboot()
    stuck.wait_until(lambda: owner.record(stuck)["state"] == "idle", "it is healthy again", within=900)
    assert stuck.run("systemctl", "is-active", "haven-rescue.service", check=False).stdout.strip() == "inactive"
    with pytest.raises((requests.ConnectionError, requests.Timeout)):  # the firewall lets nothing through
        requests.get(f"https://{stuck.address}:9443/", timeout=30, verify=False)
