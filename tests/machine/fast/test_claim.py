"""A claim by the page, as quick as this machine can do it, and what a restart makes of it."""

import hashlib
import re
import ssl
import time

import pytest

from ..cloud import Cloud

DOMAIN = "cloud.home.arpa"
HELD = "[Service]\nExecStartPre=/bin/sh -c 'until [ -e /run/go-on ]; do sleep 0.1; done'\n"


@pytest.fixture(scope="module")
def machine(running):
    running.wait_for_page()
    running.claim_code()
    return running


@pytest.fixture(scope="module")
def claimed(machine, measured):
    """The cloud and the session of whoever claimed it."""
    started = time.monotonic()
    session = machine.claim_over_web(DOMAIN)
    assert session.answer.status_code == 303
    cloud = Cloud(machine, DOMAIN)
    cloud.wait_until_served()
    took = time.monotonic() - started
    measured(f"without emulation, domain sent to every address answering over TLS: {took:.1f} s")
    machine.wait_until_live()
    return cloud, session


def test_every_name_has_a_certificate_of_the_clouds_own_authority(claimed):
    cloud, _ = claimed
    assert all(name in cloud.certificate(name) for name in cloud.names)


def test_the_fingerprint_of_the_authority_is_on_the_console_and_on_the_page(machine, claimed):
    cloud, session = claimed
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cloud.authority)).hexdigest().upper()
    fingerprint = ":".join(re.findall("..", digest))
    assert fingerprint in session.get(f"http://{machine.address}/", timeout=60).text
    assert fingerprint in re.sub(r"\s", "", machine.wait_for_console(r"fingerprint:\s+(\S+\s+\S+)\n")[1])


def test_no_unit_failed(machine, claimed):
    assert machine.failed_units() == []


def test_after_a_restart_it_is_not_called_live_before_every_address_answers(machine, claimed):
    cloud, session = claimed
    session.post(f"http://{machine.address}/first-password", headers={"Origin": f"http://{machine.address}"}, timeout=60)
    machine.power_off()
    held = machine.state / "etc/systemd/system/webdav.service.d/held.conf"
    held.parent.mkdir()
    held.write_text(HELD)
    machine.switch_on().wait_for_console(f"Starting {DOMAIN}\n")
    machine.wait_until(lambda: cloud.get(DOMAIN).status_code == 200, "the proxy is up")
    assert "is live" not in machine.console.text()
    machine.run("touch", "/run/go-on")
    machine.wait_for_console(f"Your cloud is live: https://{DOMAIN}/")
    assert cloud.get(f"files.{DOMAIN}").status_code == 401
