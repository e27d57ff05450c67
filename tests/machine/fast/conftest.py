"""Fixtures: the tree under test, and machines that are gone when the test is."""

import os
import pathlib

import pytest

from .machine import Machine


@pytest.fixture(scope="session")
def tree():
    """The composed OS as a folder: a checkout of the commit that `stratify build` made."""
    path = pathlib.Path(os.environ.get("OPENHAVEN_TREE", "out/tree"))
    assert (path / "usr/lib/systemd/systemd").exists(), (
        f"{path} holds no composed OS. Name one: OPENHAVEN_TREE=... (make test does it)")
    return path


@pytest.fixture
def make_machine(tree, tmp_path_factory):
    """Makes machines with disks of their own; whatever still runs at the end loses its power."""
    machines = []

    def make(**given):
        machines.append(Machine(tree, tmp_path_factory.mktemp("machine"), **given))
        return machines[-1]

    yield make
    for machine in machines:
        machine.cut_power()


@pytest.fixture(scope="module")
def running(tree, tmp_path_factory):
    """One machine that has booted, shared by the tests of a file that leave nothing behind."""
    machine = Machine(tree, tmp_path_factory.mktemp("machine")).boot()
    yield machine
    machine.cut_power()
