"""BIOS. Everything that may be wrong before a version is installed, on one live machine: what is fetched, by whom it is signed,
whether there is room. In the end the same machine prepares the version without any cleaning up."""

import base64
import contextlib
import time

import pytest

from . import changes, faults, keys, owner
from .publisher import Publisher

LIST = "/channels/stable.json"
OBJECTS = "/repo/objects/*.filez"
CATALOGUE = "/usr/lib/openhaven/catalogue/files/webdav.yaml"
ADVANCE = "haven-update@advance"
A_DAY = 86400
SIZE = 4 << 20  # of what is new, nearly


@pytest.fixture(scope="module")
def machine(wake):
    return wake()


@pytest.fixture(scope="module")
def next_version(versions):
    """SIZE in 64 files, a new file in /etc and another one there that is mended."""
    etc = {"/usr/etc/test.conf": b"of the new version\n", "/usr/etc/issue": lambda text: text + b"mended\n"}
    return versions.make("0.1.1", changes.larger(4), etc)


@pytest.fixture(scope="module")
def lists(versions, publisher, next_version):
    """What the server said first, and says now. Every object travels by itself: there is more to break than with deltas."""
    publisher.publish(versions.composed)
    first = publisher.read(LIST.lstrip("/"))
    publisher.publish(next_version, deltas_from=0)
    return {"first": first, "now": publisher.read(LIST.lstrip("/"))}


@pytest.fixture(scope="module")
def followed(machine, server, lists):
    """The machine asks this server, and nobody else."""
    owner.follow(machine, server.guests_url)
    return machine


@pytest.fixture
def foreign(versions, folder, next_version):
    """A list and a version that are right but for the key they are signed with."""
    home = folder / "foreign"
    stranger = keys.new(home)
    publisher = Publisher(versions, home / "publish")
    version = versions.make("0.1.2", key=stranger, after=next_version)
    publisher.publish(version, keys=[stranger.secret_file(home / "secret")])
    return publisher


def refusal(machine, *words):
    """What `haven update` says when it fails; the machine is as before, and restarts nowhere."""
    done = owner.ask_for_update(machine, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert owner.record(machine)["state"] in ("idle", "checked", "verified")
    return done.stderr


# The list


@pytest.mark.parametrize("fault", [faults.LogInFirst(), faults.Redirect("http://10.0.2.2:1")])
def test_a_captive_portal_is_not_believed(followed, server, fault):
    with server.fault("*", fault):
        assert "stable.json" in refusal(followed, "--check")
    assert owner.record(followed)["state"] == "idle"


def test_a_list_of_a_stranger_is_not_believed(followed, server, foreign):
    with server.fault(LIST, faults.Instead(foreign.read("channels/stable.json"))):
        assert "key" in refusal(followed, "--check")


def test_a_list_without_its_signature_is_not_believed(followed, server, lists):
    with server.fault(LIST, faults.Instead(lists["now"].replace(b"signature", b"signaturf"))):
        assert "stable.json" in refusal(followed, "--check")


def test_a_clock_of_1970_is_named(followed):
    with clock(followed, 3600):
        assert "clock" in refusal(followed, "--check")


def test_a_clock_of_twenty_years_from_now_makes_nobody_believe(followed):
    with clock(followed, time.time() + 20 * 365 * A_DAY):
        said = refusal(followed, "--check")
    assert "expired" in said and "clock" in said


def test_a_list_that_expired_is_not_taken_for_being_up_to_date(followed, server, versions, publisher, lists):
    with clock(followed, time.time() + 31 * A_DAY):
        assert "expired" in refusal(followed, "--check")
        assert "newest version" not in followed.run("haven", "status")


def test_a_newer_list_is_never_followed_by_an_older_one(followed, server, lists):
    assert "0.1.1" in owner.ask_for_update(followed, "--check").stdout
    with server.fault(LIST, faults.Instead(lists["first"])):
        assert "has seen a later one" in refusal(followed, "--check")


def test_a_medium_with_an_older_list_is_refused_too(followed, lists):
    text = base64.b64encode(lists["first"]).decode()
    followed.run("sh", "-c", f"mkdir -p /mnt/usb/channels; echo {text} | base64 -d > /mnt/usb{LIST}")
    assert "has seen a later one" in refusal(followed, "--check", "--from", "/mnt/usb")


# Room


def test_a_full_disk_is_named_before_the_first_byte_comes(followed, server):
    server.forget()
    with filled(followed, "/var", leave_mib=200):
        assert "MiB" in refusal(followed, "--prepare")
        followed.run("sh", "-c", "echo works > /var/lib/openhaven/data/webdav/files/owner/while-full")
    assert server.count("/repo/*") == 0


def test_a_full_boot_partition_is_named_before_the_first_byte_comes(followed, server):
    server.forget()
    with writable(followed, "/boot"), filled(followed, "/boot", leave_mib=10):
        said = refusal(followed, "--prepare")
    assert "/boot" in said and "MiB" in said
    assert server.count("/repo/*") == 0


def test_missing_inodes_are_named_as_such(followed, server):
    server.forget()
    with writable(followed, "/boot"):
        followed.run("sh", "-c", "mkdir /boot/many; cd /boot/many; seq $(stat -f -c %d .) | xargs touch; true")
        said = refusal(followed, "--prepare")
        followed.run("rm", "-r", "/boot/many")
    assert "inodes" in said
    assert server.count("/repo/*") == 0


# The download


def test_a_version_without_its_signature_is_refused(followed, server):
    with server.fault("/repo/objects/*.commitmeta", faults.Status(404)):
        assert "sign" in refusal(followed, "--prepare")


def test_an_object_with_a_flipped_bit_is_refused(followed, server):
    with server.fault(OBJECTS, faults.FlipBit()):
        assert "checksum" in refusal(followed, "--prepare").lower()


def test_a_server_that_falls_silent_can_be_left(followed, server):
    server.forget()
    with server.fault(OBJECTS, faults.Stall(after=10000)):
        prepare_without_waiting(followed)
        followed.wait_until(lambda: server.count(OBJECTS), "an object was asked for")
        assert "preparing a new version" in refusal(followed)  # F52: one at a time, and the second is told who is at it
        followed.run("haven", "update", "--cancel")
    assert owner.record(followed)["state"] == "checked"


@pytest.fixture(scope="module")
def lines():
    """The lines that went, in their order."""
    return []


@pytest.mark.parametrize("percent", [1, 50, 99])
def test_a_line_that_goes_costs_nothing_twice(followed, server, lines, percent):
    """What came before one went does not come again over the next."""
    lines.append(faults.GoneAfter(SIZE * percent // 100 - sum(line.served for line in lines)))
    server.forget()
    with server.fault("/repo/*", lines[-1]):
        prepare_without_waiting(followed)
        followed.wait_until(lambda: lines[-1].served == lines[-1].total, "so much has come")
        followed.run("haven", "update", "--cancel")
    assert owner.record(followed)["state"] == "checked"
    assert server.sent_twice(OBJECTS) == set()


@pytest.mark.parametrize("time_of_three", [1, 2, 3])
def test_an_updater_that_is_killed_leaves_nothing_to_clean_up(followed, server, time_of_three):
    server.forget()
    with server.fault(OBJECTS, faults.Stall(after=1000)):
        prepare_without_waiting(followed)
        followed.wait_until(lambda: server.count(OBJECTS) >= 1, "objects are coming")
        followed.run("systemctl", "kill", "--signal=KILL", ADVANCE)
        followed.wait_until(lambda: not busy(followed), "the updater has seen it")
    assert owner.record(followed)["state"] == "checked"


def test_the_owners_file_that_is_a_folder_now_is_reported(followed):
    followed.run("mkdir", "-p", "/etc/test.conf/below")
    assert "/etc/test.conf" in refusal(followed, "--prepare")
    followed.run("rm", "-r", "/etc/test.conf")


def test_a_file_that_its_owner_changed_and_the_new_version_too_stays_and_is_told(followed):
    followed.run("sh", "-c", "echo mine >> /etc/issue")
    owner.prepare(followed)
    told = "/etc/issue stays as you changed it"
    assert told in followed.run("haven", "status") and told in followed.run("cat", "/run/motd.d/50-openhaven-update")


def test_after_all_that_the_version_is_prepared(followed, server):
    server.forget()
    said = owner.prepare(followed)
    assert "0.1.1 lies ready" in said.stdout, said.stdout + said.stderr + followed.story()
    assert owner.record(followed)["state"] == "staged"
    assert followed.failed_units() == []


@pytest.fixture(scope="module")
def damaged(followed):
    """A file of the running version and of the one that is to come has one byte more than it should; its object's path."""
    repository = "/sysroot/ostree/repo"
    listed = followed.run("ostree", "ls", "-C", f"--repo={repository}", followed.start.commit, CATALOGUE)
    checksum = next(word for word in listed.split() if len(word) == 64)
    path = f"objects/{checksum[:2]}/{checksum[2:]}.file"
    with writable(followed, "/sysroot", how="remount,bind"):  # of this mount alone: /var is on the same file system
        followed.run("sh", "-c", f"echo >> {repository}/{path}")
    return path


def test_damage_on_the_disk_is_found_told_and_mended_by_the_next_version(followed, server, damaged):
    followed.run("systemctl", "start", "haven-update@inspect")
    followed.run("systemctl", "restart", "haven-updater")
    assert "1 files of the system are damaged" in followed.run("haven", "status")
    server.forget()
    assert "0.1.1 lies ready" in owner.prepare(followed).stdout
    assert server.count(f"/repo/{damaged}z") == 1


def test_a_pinned_machine_stays(followed):
    followed.run("haven", "pin")
    assert "pinned" in owner.ask_for_update(followed).stdout
    assert owner.record(followed)["state"] == "idle"
    followed.run("haven", "unpin")
    assert "0.1.1 lies ready" in owner.prepare(followed).stdout


# Parts


def prepare_without_waiting(machine):
    assert "0.1.1" in owner.ask_for_update(machine, "--check").stdout
    machine.run("systemctl", "start", "--no-block", ADVANCE)


def busy(machine):
    return machine.run("systemctl", "is-active", ADVANCE, check=False).stdout.strip() in ("activating", "deactivating")


@contextlib.contextmanager
def clock(machine, seconds):
    """Within it the machine's clock goes on from there."""
    machine.set_clock(seconds)
    try:
        yield
    finally:
        machine.set_clock(time.time())


@contextlib.contextmanager
def writable(machine, folder, how="remount"):
    machine.run("mount", "-o", f"{how},rw", folder)
    try:
        yield
    finally:
        machine.run("mount", "-o", f"{how},ro", folder)


@contextlib.contextmanager
def filled(machine, folder, leave_mib):
    """Within it so much room is left on a file system."""
    room = machine.run("stat", "-f", "-c", "%a %S", folder).split()
    size = int(room[0]) * int(room[1]) - (leave_mib << 20)
    machine.run("fallocate", "-l", size, f"{folder}/filling")
    machine.run("sync")
    try:
        yield
    finally:
        machine.run("rm", "-f", f"{folder}/filling")
