"""BIOS. Versions that are broken, each at another place: the machine is afterwards as if it had never tried them."""

import dataclasses
import itertools
import re

import pytest

from . import changes, owner
from .publisher import Publisher
from .server import Server

NOTE = "/var/lib/openhaven/data/webdav/files/owner/note.txt"


@dataclasses.dataclass(frozen=True)
class Broken:
    """A way to be broken. starts: how often GRUB starts the version; reaches_data: whether it lives long enough to change data;
    told: what the owner is told, a pattern; hardware: of the machine."""

    changes: tuple
    starts: int
    told: str
    reaches_data: bool = False
    hardware: dict = dataclasses.field(default_factory=dict)


CASES = {
    # F33, F34: the kernel panics, at three places.
    "its first program ends at once": Broken((changes.init_exits(),), 3, "did not start"),
    "its first program is missing": Broken((changes.init_is_missing(),), 3, "did not start"),
    "its initramfs is cut short": Broken((changes.initramfs_is_cut_short(),), 3, "did not start"),
    # GRUB sees that it cannot load it, and starts the other one in the same start.
    "its kernel is cut short": Broken((changes.kernel_is_cut_short(),), 1, "did not start"),
    # F35: only the watchdog is left.
    "it hangs": Broken((changes.init_hangs(),), 3, "did not start", hardware={"hang_resets": True}),
    # F44: without an environment that GRUB can count in, the known version starts.
    "it removes the boot environment": Broken((changes.loses_boot_environment("rm {}"),), 1, "did not start"),
    "it empties the boot environment": Broken((changes.loses_boot_environment(": > {}"),), 1, "did not start"),
    # GRUB writes into no file with a hole.
    "GRUB cannot write the boot environment": Broken((changes.loses_boot_environment("truncate -s 8192 {}"),), 1, "did not start"),
    # F36, F39, F40, F45: it starts, and changes data, before it turns out to be bad.
    "a service ends soon after it was up": Broken((changes.files_end_after(20),), 1, "webdav", reaches_data=True),
    "a service is not healthy": Broken((changes.files_unlike_its_health(),), 1, "webdav", reaches_data=True),
    "its updater crashes": Broken((changes.updater_crashes(),), 3, r"started 3 times and never came up", reaches_data=True),
    "its worker crashes": Broken((changes.worker_crashes(),), 3, "did not start", reaches_data=True),
}
pytestmark = pytest.mark.torture
_numbers = itertools.count(1)


@pytest.fixture
def releases(versions):
    """A publisher for one case, and what serves it."""
    publisher = Publisher(versions, versions.folder / f"publish-{next(_numbers)}")
    with Server(publisher.folder) as server:
        yield publisher, server


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_is_as_if_a_broken_version_had_never_been_tried(case, wake, versions, releases):
    publisher, server = releases
    machine = wake(**case.hardware)
    machine.run("sh", "-c", f"echo before > {NOTE}")
    bad = versions.make("0.1.1", *case.changes, changes.migrates(NOTE, "migrated"))
    publisher.publish(versions.composed)
    publisher.publish(bad)
    owner.follow(machine, server.guests_url)
    said = owner.prepare(machine)
    assert "0.1.1 lies ready" in said.stdout, said.stdout + said.stderr + machine.story()
    owner.ask_for_update(machine)
    machine.wait_for_boot_of("0.1.0", within=1500)
    record = owner.wait_for_verdict(machine, "rolled back")

    assert machine.start.commit == versions.composed.commit
    assert machine.starts_of("0.1.1") == case.starts
    assert re.search(case.told, record["outcome"]["reason"])
    assert [failed["commit"] for failed in record["failed"]] == [bad.commit]
    assert machine.run("ostree", "admin", "status").count("openhaven ") == 1
    assert machine.run("cat", NOTE) == "before\n"
    assert machine.run("ls", NOTE.rpartition("/")[0]).split() == ["note.txt"]
    assert owner.kept_data(machine, record, NOTE) == ("migrated\n" if case.reaches_data else "before\n")
    assert machine.failed_units() == []
    machine.cut_power()
