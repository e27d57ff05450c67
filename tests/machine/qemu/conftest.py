"""Fixtures: the image under test, and machines that are gone when their tests are."""

import os
import pathlib
import subprocess

import pytest

from .machine import Machine


def pytest_configure(config):
    config.addinivalue_line("markers", "torture: boots a machine many times; run by name, not by default")


@pytest.fixture(scope="session")
def image():
    """The disk image that `stratify build` made."""
    path = os.environ.get("OPENHAVEN_IMAGE")
    found = [pathlib.Path(path)] if path else sorted(pathlib.Path("out").glob("openhaven-*-amd64.raw"))
    assert found and found[-1].exists(), "no image. `make image` makes it; OPENHAVEN_IMAGE=... names another"
    return found[-1]


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """The owner's ssh key: the path of the private half."""
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="session")
def public_key(key):
    return key.with_suffix(".pub").read_text()


@pytest.fixture(scope="module")
def make_machine(image, key, public_key, tmp_path_factory):
    """Makes machines with a disk of their own that begins as the image, and an ssh key by credential, unless told otherwise."""
    machines = []

    def make(*, image=image, ssh_by_credential=True, credentials=None, **given):
        own = {"ssh.authorized_keys.root": public_key} if ssh_by_credential else {}
        machine = Machine(image, tmp_path_factory.mktemp("m"), key, credentials={**own, **(credentials or {})}, **given)
        machines.append(machine)
        return machine

    yield make
    for machine in machines:
        machine.cut_power()
