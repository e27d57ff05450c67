"""The power is cut in the middle of a claim. At the next boot the machine is unclaimed, or goes on until it is live.

What was written is still there here, as after a cut that found the disk at rest. QEMU cuts for real: ../qemu has the
same points, for `make torture`, because ten boots there take as long as everything else.
"""

import re

import pytest

from ..claiming import POINTS_OF_A_CLAIM, SENT
from ..cloud import Cloud

DOMAIN = "torture.home.arpa"


@pytest.mark.parametrize("point", POINTS_OF_A_CLAIM)
def test_it_is_unclaimed_or_goes_on(make_machine, point):
    machine = make_machine().boot()
    machine.pause = 0.005
    code = machine.claim_code()
    machine.wait_for_page()
    with machine.send_claim(DOMAIN, code):
        if point != SENT:
            machine.wait_for_console(re.escape(point))
        machine.cut_power()
    machine.switch_on()
    found = machine.wait_for_console(rf"waits for its owner|claim: 5/5 live|is live: https://{re.escape(DOMAIN)}/")[0]
    if found == "waits for its owner":
        assert point == SENT
        machine.wait_for_page()
        machine.claim_over_web(DOMAIN).answer.raise_for_status()
        machine.wait_until_live()
    Cloud(machine, DOMAIN).wait_until_served()
    assert machine.failed_units() == []
