"""Fixtures of update tests: versions to go to, and machines that restart by themselves."""

import pathlib
import tempfile

import pytest

from ..qemu.conftest import image, key, public_key  # noqa: F401 - the same image and keys
from .machine import UpdatingMachine
from .publisher import Publisher
from .versions import Versions


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
