"""BIOS. Strangers on the network try what they can; nevertheless the person at the serial console claims the machine."""

import concurrent.futures
import contextlib
import select
import socket
import time

import pytest
import requests

from ..cloud import Cloud

DOMAIN = "console.home.arpa"


@pytest.fixture(scope="module")
def machine(make_machine, measured):
    machine = make_machine(firmware="bios")
    started = time.monotonic()
    machine.boot().claim_code()
    measured(f"BIOS, power on to claim code: {time.monotonic() - started:.0f} s")
    machine.wait_for_page()
    machine.wait_for_ssh()
    return machine


@pytest.fixture(scope="module")
def password(machine):
    """Typed at the console: the domain, then Enter for the password."""
    machine.type(DOMAIN)
    machine.wait_until_live()
    machine.wait_for_console("Press Enter to show the owner's password once")
    machine.type("")
    return machine.wait_for_console(r"owner's first password: (\S+)")[1]


# Strangers, before the claim. Their tests come first: what they do must not keep the owner out.

@pytest.mark.parametrize("route", ["GET /progress", "POST /first-password", "GET /admin", "PUT /", "GET /claim"])
def test_there_is_nothing_but_the_claim_form(machine, route):
    method, path = route.split()
    answer = requests.request(method, f"http://{machine.address}{path}", headers=_origin(machine), timeout=60)
    assert answer.status_code == 404


def test_a_foreign_host_is_refused(machine):
    assert requests.get(f"http://{machine.address}/", headers={"Host": "rebound.example.org"}, timeout=60).status_code == 403


@pytest.mark.parametrize("origin", [{"Origin": "http://evil.example.org"}, {"Origin": "null"}, {}])
def test_a_form_from_elsewhere_is_refused(machine, origin):
    form = {"domain": "theirs.home.arpa", "code": machine.claim_code()}
    assert requests.post(f"http://{machine.address}/claim", data=form, headers=origin, timeout=60).status_code == 403


@pytest.mark.parametrize("start, status", [
    ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Much: ", 431),
    ("POST /claim HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 10000000\r\n\r\n", 413),
], ids=["header", "body"])
def test_ten_megabytes_are_refused_while_they_are_sent(machine, start, status):
    with _connect(machine) as stranger:
        assert _sends(stranger, start.encode(), 10_000_000) < 10_000_000
        assert stranger.recv(4096).startswith(b"HTTP/1.1 %d " % status)
    assert _page(machine).ok


def test_a_hundred_slow_clients_keep_nobody_out_and_are_sent_away(machine):
    slow = [_connect(machine) for _ in range(100)]
    for client in slow:
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    assert _page(machine).ok
    with concurrent.futures.ThreadPoolExecutor(100) as everybody:
        assert all(everybody.map(_is_closed, slow))


def test_memory_stayed_bounded(machine):
    for unit, limit_mib in (("caddy.service", 192), ("haven-welcome.service", 32), ("haven-claim.service", 32)):
        peak = int(machine.run("systemctl", "show", "--value", "--property=MemoryPeak", unit))
        assert peak <= limit_mib << 20, unit
    assert "oom-kill" not in machine.run("journalctl", "-b", "-k", "--no-pager")


def test_wrong_codes_lock_the_guesser_out(machine):
    answers = [machine.claim_over_web("theirs.home.arpa", code).answer.status_code for code in
               ("0000-0000", "1111-1111", "2222-2222", "3333-3333", "4444-4444")]
    assert answers == [403] * 5
    assert machine.claim_over_web("theirs.home.arpa").answer.status_code == 429


# The claim

def test_the_console_shows_the_first_password_once(machine, password):
    drawn = machine.console.text().count("Your cloud is live")
    machine.type("")
    machine.wait_until(lambda: machine.console.text().count("Your cloud is live") > drawn, "the console is drawn anew")
    assert machine.console.text().count(password) == 1
    assert "Press Enter to show" not in machine.console.text().rpartition("Your cloud is live")[2]


def test_the_cloud_is_served_to_the_owner(machine, password):
    cloud = Cloud(machine, DOMAIN)
    cloud.wait_until_served()
    assert cloud.request("PROPFIND", f"files.{DOMAIN}", "/", auth=("owner", password), headers={"Depth": "0"}).status_code == 207


def test_a_second_claim_is_refused(machine, password):
    assert machine.claim_over_web("theirs.home.arpa").answer.status_code == 404
    assert machine.run("cat", "/etc/openhaven/cloud.yaml").strip().endswith(DOMAIN)


def test_the_password_is_in_no_log(machine, password):
    assert password not in machine.run("journalctl", "-b", "--no-pager", "--all", "--output=cat")


def test_no_unit_failed(machine, password):
    assert machine.failed_units() == []


def _page(machine):
    return requests.get(f"http://{machine.address}/", timeout=30)


def _origin(machine):
    return {"Origin": f"http://{machine.address}"}


def _connect(machine):
    """A connection that takes little on its way, so that what is sent and what is read are close together."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    client.settimeout(60)
    client.connect((machine.address, 80))
    return client


def _sends(client, start, size):
    """Sends so many bytes after the start of a request; how many until the machine hung up or answered."""
    client.sendall(start)
    client.setblocking(False)
    sent = 0
    while sent < size:
        readable, writable, _ = select.select([client], [client], [], 60)
        assert readable or writable, "neither read nor refused for a minute"
        if readable:
            break
        with contextlib.suppress(ConnectionError):  # select says it again, as readable
            sent += client.send(b"x" * min(65536, size - sent))
    client.settimeout(60)
    return sent


def _is_closed(client):
    """Whether the machine ends the connection, with or without a last word, before our own patience ends."""
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True
