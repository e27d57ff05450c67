"""BIOS. The power is cut at ten points of the claim. At the next boot the machine is unclaimed, or goes on until it is live."""

import re

import pytest

from ..cloud import Cloud
from .machine import Machine

pytestmark = pytest.mark.torture

DOMAIN = "torture.home.arpa"
POINTS = [None, "claim: 1/5 accepted", "claim: 2/5 secrets", "claim: 3/5 configured", "0/4 writing", "1/4 reloading",
          "2/4 starting", "3/4 starting", "claim: 4/5 started", "claim: 5/5 live"]


@pytest.fixture(scope="module")
def waiting(make_machine):
    """A machine that waits for its owner, frozen: its disk and memory are where every case begins."""
    machine = make_machine(firmware="bios").boot()
    code = machine.claim_code()
    machine.wait_for_page()
    memory = machine.folder / "memory"
    machine.freeze(memory)
    return machine, memory, code


@pytest.fixture
def machine(waiting, key, public_key, tmp_path_factory):
    frozen, memory, code = waiting
    machine = Machine(frozen.folder / "disk.qcow2", tmp_path_factory.mktemp("m"), key, firmware="bios",
                      credentials={"ssh.authorized_keys.root": public_key})
    machine.switch_on(resume_from=memory)
    machine.wait_for_page()
    machine.code = code
    yield machine
    machine.cut_power()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point or "sent, not yet answered")
def test_it_is_unclaimed_or_goes_on(machine, point):
    _claim(machine, point)
    machine.cut_power()
    machine.boot()
    after = machine.wait_for_console(rf"waits for its owner|claim: 5/5 live|is live: https://{re.escape(DOMAIN)}/")[0]
    if after == "waits for its owner":
        assert point is None, machine.story()
        machine.wait_for_page()
        machine.claim_over_web(DOMAIN).answer.raise_for_status()
        machine.wait_until_live()
    Cloud(machine, DOMAIN).wait_until_served()
    machine.wait_for_ssh()
    assert machine.failed_units() == []


def _claim(machine, point):
    """Claims, and returns at the point."""
    if point is None:
        return machine.send_claim(DOMAIN, machine.code)
    assert machine.claim_over_web(DOMAIN, machine.code).answer.status_code == 303
    return machine.wait_for_console(re.escape(point))
