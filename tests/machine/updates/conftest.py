"""Fixtures of update tests: versions to go to, and machines that restart by themselves."""

import pathlib
import tempfile

import pytest

from ..qemu.conftest import image, key, public_key  # noqa: F401 - the same image and keys
from .machine import UpdatingMachine
from .publisher import Publisher
from .server import Server
from .versions import Versions

DOMAIN = "updates.home.arpa"


def pytest_configure(config):
    config.addinivalue_line("markers", "torture: takes long; `make torture` runs it")


@pytest.fixture(scope="module")
def folder():
    """A folder on the mount of the build's output: objects of its cache can be linked there."""
    with tempfile.TemporaryDirectory(dir="out/tmp", prefix="u-") as path:
        yield pathlib.Path(path).resolve()


@pytest.fixture(scope="module")
def versions(folder):
    """The composed version, and a place to make more."""
    return Versions(folder)


@pytest.fixture(scope="module")
def publisher(versions):
    """Publishes them."""
    return Publisher(versions)


@pytest.fixture(scope="module")
def server(publisher):
    """Serves what is published."""
    with Server(publisher.folder) as server:
        yield server


@pytest.fixture(scope="session")
def live(image, key, public_key, tmp_path_factory):  # noqa: F811
    """A machine whose cloud is live and whose owner knows the password, frozen: tests wake copies of it."""
    credentials = {"ssh.authorized_keys.root": public_key, "openhaven.domain": DOMAIN}
    machine = UpdatingMachine(image, tmp_path_factory.mktemp("live"), key, firmware="bios", credentials=credentials).boot()
    machine.wait_until_live()
    machine.wait_for_console("Press Enter to show the owner's password once")
    machine.type("")
    password = machine.wait_for_console(r"owner's first password: (\S+)")[1]
    machine.wait_until(machine.has_settled, "nothing is starting any more")
    return machine.freeze_whole(password)


@pytest.fixture(scope="module")
def wake(live, key, public_key, tmp_path_factory):  # noqa: F811
    """Makes copies of the live machine, each with a disk of its own."""
    machines = []

    def wake(image=live.disk, **given):
        machines.append(UpdatingMachine(image, tmp_path_factory.mktemp("m"), key, firmware="bios",
                                        credentials={"ssh.authorized_keys.root": public_key}, **given))
        return machines[-1].wake(live.memory)

    yield wake
    for machine in machines:
        machine.cut_power()


@pytest.fixture(scope="module")
def make_machine(image, key, public_key, tmp_path_factory):  # noqa: F811
    """Makes machines that restart by themselves, with a disk of their own that begins as the image."""
    machines = []

    def make(*, image=image, credentials=None, **given):
        own = {"ssh.authorized_keys.root": public_key, **(credentials or {})}
        machines.append(UpdatingMachine(image, tmp_path_factory.mktemp("m"), key, credentials=own, **given))
        return machines[-1]

    yield make
    for machine in machines:
        machine.cut_power()
