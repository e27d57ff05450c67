"""BIOS. The power is cut in the middle of a claim. At the next boot the machine is unclaimed, or goes on until it is live.

One machine is claimed, and its disk is copied many times as a cut at that instant would leave it. Then each copy is booted,
two machines at a time.
"""

import concurrent.futures
import os
import random
import re
import threading
import time

import pytest

from ..claiming import POINTS_OF_A_CLAIM, SENT
from ..cloud import Cloud

DOMAIN = "torture.home.arpa"
AT_ONCE = 2
CUTS_OF_ONE_CLAIM = 10


@pytest.fixture(scope="module")
def waiting(make_machine):
    """A machine that waits for its owner."""
    machine = make_machine(firmware="bios").boot()
    machine.pause = 0.005
    machine.claim_code()
    machine.wait_for_page()
    return machine


@pytest.fixture(scope="module")
def restarter(make_machine):
    """Starts machines in the background, each from a disk; the result of each is how it was found."""
    browsing = threading.Lock()  # all these clouds have the same names, and the lab's hosts file leads to one machine

    def restart(disk):
        # One processor each: two machines of two would wait for each other's locks.
        machine = make_machine(image=disk, firmware="bios", processors=1).boot()
        text = machine.wait_for_console(rf"waits for its owner|claim: 5/5 live|is live: https://{re.escape(DOMAIN)}/")[0]
        if text == "waits for its owner":
            machine.wait_for_page()
            machine.claim_over_web(DOMAIN).answer.raise_for_status()
            machine.wait_until_live()
        with browsing:
            Cloud(machine, DOMAIN).wait_until_served()
        machine.wait_for_ssh()
        assert machine.failed_units() == []
        machine.cut_power()
        return "unclaimed" if text == "waits for its owner" else "live"

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as starters:
        yield lambda disk: starters.submit(restart, disk)
        starters.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def restarts(waiting, restarter, tmp_path_factory):
    """What becomes of the machine after a cut at each point."""
    folder = tmp_path_factory.mktemp("cuts")
    disks = {}
    code = waiting.claim_code()
    with waiting.send_claim(DOMAIN, code):
        for number, point in enumerate(POINTS_OF_A_CLAIM):
            if point != SENT:
                waiting.wait_for_console(re.escape(point))
            disks[point] = waiting.copy_disk(folder / f"{number}.qcow2")
    waiting.cut_power()
    return {point: restarter(disk) for point, disk in disks.items()}


@pytest.mark.parametrize("point", POINTS_OF_A_CLAIM)
def test_it_is_unclaimed_or_goes_on(restarts, point):
    assert restarts[point].result() == "live" or point == SENT


# At any instant: run by name, for as long as one likes

@pytest.fixture(scope="module")
def claim_again(make_machine, waiting, tmp_path_factory):
    """Makes machines that wait for their owner, over and over the same one. Returns each with its claim just sent."""
    code = waiting.claim_code()
    memory = tmp_path_factory.mktemp("frozen") / "memory"
    waiting.freeze(memory)

    def claim():
        machine = make_machine(image=waiting.folder / "disk.qcow2", firmware="bios")
        machine.switch_on(resume_from=memory)
        machine.wait_for_page()
        machine.form = machine.send_claim(DOMAIN, code)
        return machine

    return claim


@pytest.mark.torture
def test_it_is_unclaimed_or_goes_on_whenever_the_power_is_cut(claim_again, restarter, tmp_path, measured):
    """OPENHAVEN_CUTS says how often, OPENHAVEN_SEED brings back the instants of an earlier run."""
    cuts = int(os.environ.get("OPENHAVEN_CUTS", "30"))
    seed = int(os.environ.get("OPENHAVEN_SEED", random.randrange(1 << 32)))
    chance = random.Random(seed)
    first = claim_again()
    started = time.monotonic()
    first.wait_until_live()
    whole = time.monotonic() - started
    first.cut_power()
    measured(f"{cuts} cuts within the {whole:.0f} s of a claim, OPENHAVEN_SEED={seed}")
    print(f"OPENHAVEN_SEED={seed}")
    restarts = {}
    for begin in range(0, cuts, CUTS_OF_ONE_CLAIM):
        machine, stood_still, started = claim_again(), 0, time.monotonic()
        instants = sorted(chance.uniform(0, whole) for _ in range(min(CUTS_OF_ONE_CLAIM, cuts - begin)))
        for number, instant in enumerate(instants):
            time.sleep(max(0, started + stood_still + instant - time.monotonic()))  # the instant is what is tested
            stopped = time.monotonic()
            disk = machine.copy_disk(tmp_path / f"{begin + number}.qcow2")
            stood_still += time.monotonic() - stopped
            restarts[f"{instant:.3f} s"] = disk
        machine.cut_power()
    restarts = {instant: restarter(disk) for instant, disk in restarts.items()}
    failures = {instant: error for instant, restart in restarts.items() if (error := restart.exception())}
    assert not failures, "\n".join(f"after {instant}: {error}" for instant, error in failures.items())
