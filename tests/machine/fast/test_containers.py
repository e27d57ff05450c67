"""Containers on the appliance: what they are allowed, and who reaches them."""

import json

import pytest

from .network import OPEN, REFUSED, SILENT, knock

ISOLATED = ["--pull=never", "--entrypoint=", "--userns=auto", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"]
SERVER = ["/usr/bin/python3", "-B", "-m", "http.server", "--directory", "/usr/share"]


@pytest.fixture(scope="module")
def image(running):
    """An image of the read-only store that has Python. The proxy leaves its ports to the tests."""
    running.run("systemctl", "stop", "caddy")
    images = json.loads(running.run("podman", "images", "--format=json"))
    return next(name for image in images for name in image["Names"] if "radicale" in name)


@pytest.fixture
def server(running, image):
    """Starts a web server on port 8000 of a container; returns its address on the bridge."""
    def start(*options):
        running.run("podman", "run", "--rm", "--detach", "--name=server", "--stop-signal=KILL", *ISOLATED, *options, image, *SERVER)
        inspect = json.loads(running.run("podman", "inspect", "server"))[0]
        address = next(iter(inspect["NetworkSettings"]["Networks"].values()))["IPAddress"]
        running.wait_until(lambda: running.run("nc", "-z", address, "8000", check=False).returncode == 0, "the server listens")
        return address

    yield start
    running.run("podman", "rm", "--force", "--ignore", "server")


@pytest.fixture
def network(running):
    """Makes networks that are gone after the test."""
    made = []

    def make(name, *options):
        running.run("podman", "network", "create", *options, name)
        made.append(name)
        return f"--network={name}"

    yield make
    for name in made:
        running.run("podman", "network", "rm", "--force", name)


def test_the_images_come_from_the_read_only_store(running):
    images = json.loads(running.run("podman", "images", "--format=json"))
    assert images and all(image["ReadOnly"] for image in images)


def test_podman_keeps_no_database_that_a_later_version_could_change(running):
    assert running.run("podman", "info", "--format", "{{.Store.TransientStore}}").strip() == "true"
    assert running.run("find", "/var/lib/containers/storage", "-name", "db.sql*", "-o", "-name", "bolt_state.db") == ""


def test_a_service_that_is_well_writes_no_journal(running, image):
    running.run("systemctl", "start", "caddy")
    running.run("podman", "healthcheck", "run", "caddy")
    running.run("journalctl", "--sync")
    assert "health_status" not in running.run("journalctl", "-b", "--no-pager")
    running.run("systemctl", "stop", "caddy")


def test_an_isolated_container_has_users_of_its_own_and_no_capability(running, image):
    said = running.run("podman", "run", "--rm", *ISOLATED, image, "/usr/bin/cat", "/proc/self/uid_map", "/proc/self/status")
    first = int(said.split()[1])
    assert 524288 <= first < 524288 + 4194304
    assert "CapBnd:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said


def test_it_cannot_write_to_its_image(running, image):
    done = running.run("podman", "run", "--rm", *ISOLATED, image, "/usr/bin/touch", "/intruder", check=False)
    assert "Read-only file system" in done.stderr


def test_the_proxys_port_is_reached_through_the_firewall(running, server, network):
    server(network("out", "--interface-name=egress-out"), "--publish=443:8000")
    assert knock(running.address, 443) == OPEN


def test_a_socket_of_the_machine_takes_no_connection_for_the_proxy(running, image):
    running.run("systemd-run", "--unit=holder", "--collect", "nc", "-lk", "443")
    running.wait_until(lambda: ":443" in running.run("ss", "-Hltn"), "the holder listens")
    assert knock(running.address, 443) == REFUSED
    assert knock(running.address6, 443) == REFUSED
    assert running.run("nc", "-z", "127.0.0.1", "443", check=False).returncode != 0
    running.run("systemctl", "stop", "holder")


def test_a_port_that_only_podman_publishes_stays_closed(running, server, network):
    server(network("out", "--interface-name=egress-out"), "--publish=8443:8000")
    assert knock(running.address, 8443) == SILENT


def test_a_neighbour_who_routes_to_a_bridge_reaches_nothing(running, server, network):
    address = server(network("out", "--interface-name=egress-out"), "--publish=443:8000")
    running.link.route(f"{address}/32")
    assert knock(address, 8000) == SILENT


@pytest.mark.parametrize("bridge, outcome", [("egress-x", "refused"), ("haven-x", "timed out")])
def test_only_a_bridge_named_for_it_leads_out(running, image, network, bridge, outcome):
    knocking = f"import socket; socket.create_connection(('{running.link.lab_address}', 9), 2)"
    done = running.run("podman", "run", "--rm", *ISOLATED, network("x", f"--interface-name={bridge}"), image,
                       "/usr/bin/python3", "-B", "-c", knocking, check=False)
    assert outcome in done.stderr


def test_a_container_cannot_reach_the_machines_own_services(running, image, network):
    running.run("systemd-run", "--unit=inner", "--collect", "nc", "-lk", "9001")
    running.wait_until(lambda: ":9001" in running.run("ss", "-Hltn"), "the inner service listens")
    option = network("x", "--interface-name=egress-x", "--subnet=10.99.0.0/24", "--gateway=10.99.0.1")
    knocking = "import socket; socket.create_connection(('10.99.0.1', 9001), 2)"
    done = running.run("podman", "run", "--rm", *ISOLATED, option, image, "/usr/bin/python3", "-B", "-c", knocking, check=False)
    assert "timed out" in done.stderr
    running.run("systemctl", "stop", "inner")
