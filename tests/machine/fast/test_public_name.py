"""A public name: live before DNS knows it, and with public certificates once DNS leads here."""

import re

import pytest

from .. import lab
from ..cloud import Cloud
from .internet import internet

DOMAIN = "cloud.example.org"


@pytest.fixture(scope="module")
def net(running, tmp_path_factory):
    """The DNS and the authority of this machine's internet."""
    with internet(tmp_path_factory.mktemp("internet"), running.link.lab_address, running.link.lab_address6) as net:
        yield net


@pytest.fixture(scope="module")
def cloud(running, net):
    """Live without a record in DNS. Its owner has named the authority to ask."""
    running.wait_for_page()
    session = running.claim_over_web(DOMAIN)
    assert session.answer.status_code == 303
    running.wait_until_live()
    cloud = Cloud(running, DOMAIN)
    cloud.session = session
    _, authority = net
    _append(running, f"acme_ca: {authority.directory}\nacme_ca_root: |\n{_indented(authority.site_root)}")
    running.run("systemctl", "restart", "haven-stack")
    return cloud


@pytest.fixture(scope="module")
def pointed(cloud, net):
    """The same cloud after its owner has set the records."""
    dns, _ = net
    machine = cloud.machine
    for name in cloud.names:
        dns.point(name, machine.address, machine.address6)
    machine.run("systemctl", "start", "haven-dns")  # as its timer does every minute
    return cloud


def test_it_is_served_by_its_own_authority_before_dns_knows_it(cloud):
    cloud.wait_until_served()


def test_the_page_shows_the_records_to_set(cloud):
    cloud.machine.run("systemctl", "start", "haven-dns")
    text = _text(cloud.session.get(f"http://{cloud.machine.address}/", timeout=60).text)
    for name in cloud.names:
        assert f"Name {name} AAAA {cloud.machine.address6} {name} has no address yet." in text
        assert f"Name {name} A the address of this machine {name} has no address yet." in text


def test_every_name_gets_a_certificate_of_the_public_authority_once_dns_leads_here(pointed, net):
    _, authority = net
    for name in pointed.names:
        pointed.machine.wait_until(lambda name=name: name in pointed.certificate(name, authority.root),
                                   f"{name} has a public certificate")
    lab.trust(authority.root)
    assert pointed.get(DOMAIN).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_page_says_that_the_names_point_here(pointed):
    page = pointed.session.get(f"http://{pointed.machine.address}/", timeout=60).text
    assert page.count('data-ready="yes">points here<') == 2 * len(pointed.names) and 'data-ready="no"' not in page


def test_the_public_certificates_are_there_after_a_restart(pointed, net):
    _, authority = net
    pointed.machine.reboot().wait_for_console(f"Your cloud is live: https://{DOMAIN}/")
    for name in pointed.names:
        assert name in pointed.certificate(name, authority.root)


def test_no_unit_failed(pointed):
    assert pointed.machine.failed_units() == []


def _append(machine, text):
    path = machine.state / "etc/openhaven/cloud.yaml"
    path.write_text(path.read_text() + text)


def _indented(text):
    return "".join(f"  {line}\n" for line in text.splitlines())


def _text(page):
    """What a page says, without tags and buttons."""
    return " ".join(re.sub(r"<button.*?</button>|<script.*</script>|<[^>]*>", " ", page, flags=re.DOTALL).split())
