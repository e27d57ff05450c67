"""BIOS. An update from a USB stick, on a machine without a network."""

import json
import shutil

import pytest

from . import changes, owner
from .conftest import DOMAIN
from ..qemu.qemu import make_stick

pytestmark = pytest.mark.torture
BROKEN = "/etc/systemd/system/radicale.service.d"
STICK = "/dev/disk/by-label/RELEASES"


@pytest.fixture(scope="module")
def stick(versions, publisher, folder):
    """What was published, without the repository: the list and the file for USB."""
    publisher.publish(versions.composed)
    facts = publisher.publish(versions.make("0.1.1", changes.another_initramfs()), for_usb=True)
    content = folder / "stick"
    shutil.copytree(publisher.folder / "channels", content / "channels")
    shutil.copy(publisher.delta_file(facts), content)
    return make_stick(folder / "stick.img", "RELEASES", content)


@pytest.fixture(scope="module")
def machine(make_machine, stick):
    machine = make_machine(firmware="bios", credentials={"openhaven.domain": DOMAIN}, usb=True).boot()
    machine.wait_until_live()
    owner.follow(machine, "http://192.0.2.1")  # nobody
    machine.plug_stick(stick)
    machine.wait_until(lambda: machine.run("test", "-e", STICK) == "", "the stick is there")
    machine.run("mount", "-o", "ro", STICK, "/mnt")
    return machine


def test_a_file_that_was_changed_is_refused(machine, stick):
    machine.run("sh", "-c", "mkdir -p /var/mnt2 && cp -r /mnt/* /var/mnt2 && printf x | dd of=$(ls /var/mnt2/*.delta) bs=1 seek=1000000 conv=notrunc")
    done = owner.ask_for_update(machine, "--prepare", "--from", "/var/mnt2")
    machine.run("rm", "-r", "/var/mnt2")
    assert done.returncode == 1 and "it is not the file that the list names" in done.stderr, done.stderr
    assert json.loads(machine.run("haven", "status", "--json"))["state"] in ("idle", "checked")


def test_a_machine_goes_to_the_version_on_the_stick_though_a_service_does_not_run(machine):
    """The one that did not before, that is; its owner is told."""
    machine.run("sh", "-c", f"mkdir {BROKEN}; printf '[Service]\nExecStartPre=/bin/false\n' > {BROKEN}/broken.conf; systemctl daemon-reload")
    machine.run("systemctl", "restart", "radicale", check=False)
    owner.ask_for_update(machine, "--from", "/mnt")
    machine.wait_for_boot_of("0.1.1", within=1200)
    owner.wait_for_verdict(machine, "confirmed")
    assert "radicale.service does not run" in machine.run("haven", "status")
