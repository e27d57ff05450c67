"""/boot as GRUB sees it: small disks with a menu, whole and damaged."""

import hashlib
import subprocess

import pytest

from .boot import HEADER, Boot, Violation, entry_to_start, environment, parse
from .disk import parts

FILES = b"kernel", b"initramfs"
SUM = hashlib.sha256(b"".join(FILES)).hexdigest()
FOLDER = f"ostree/openhaven-{SUM}"


def entry(deployment):
    return (f"menuentry 'OpenHaven ({deployment})' --id '{deployment}' --unrestricted {{\n"
            f"  linux '/{FOLDER}/vmlinuz-6' 'root=LABEL=x' 'ostree=/ostree/boot.1/openhaven/{SUM}/0'\n"
            f"  initrd '/{FOLDER}/initramfs-6.img'\n}}\n")


MENU = "set haven_first='new.0'\n" + entry("new.0") + entry("old.0")
TRIAL = "set haven_unconfirmed='new.0'\n" + MENU


def block(**variables):
    text = HEADER + "".join(f"{name}={value}\n" for name, value in variables.items()).encode()
    return text.ljust(1024, b"#")


@pytest.fixture
def boot(tmp_path):
    """Makes a disk whose third partition is /boot, with these files."""

    def make(**files):
        folder, image = tmp_path / "boot", tmp_path / "disk"
        own = {"loader/grub.cfg": MENU.encode(), "grub2/grubenv": block(), f"{FOLDER}/vmlinuz-6": FILES[0],
               f"{FOLDER}/initramfs-6.img": FILES[1], **files}
        for path, content in own.items():
            if content is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
        with image.open("wb") as file:
            file.truncate(32 << 20)
        run("sgdisk", "-n", "3:2048:+16M", "-c", "3:openhaven-boot", image)
        run("mkfs.ext4", "-q", "-d", folder, "-E", "offset=1048576", image, "16M")
        return Boot(image, parts(image)["openhaven-boot"])

    return make


def run(*command):
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def test_a_whole_menu_starts_its_first_entry(boot):
    menu = boot().menu()
    assert [entry.deployment for entry in menu.entries] == ["new.0", "old.0"]
    assert menu.starts == 0


def test_a_version_out_of_tries_starts_the_one_before(boot):
    starts = {tries: boot(**{"loader/grub.cfg": TRIAL.encode(), "grub2/grubenv": block(haven_trial="new.0", haven_tries=tries)})
              .menu().starts for tries in (3, 1, 0)}
    assert starts == {3: 0, 1: 0, 0: 1}


def test_the_menu_is_found_where_grub_looks_for_it(boot):
    assert boot(**{"loader/grub.cfg": None, "loader.1/grub.cfg": MENU.encode()}).menu().entries[0].deployment == "new.0"


@pytest.mark.parametrize(("files", "sentence"), [
    ({"loader/grub.cfg": None}, "no menu"),
    ({"loader/grub.cfg": b"set haven_first='new.0'\n"}, "its first entry is 'new.0'"),
    ({"loader/grub.cfg": MENU.replace("first='new", "first='old").encode()}, "its first entry is 'old.0'"),
    ({f"{FOLDER}/vmlinuz-6": None}, "is missing"),
    ({f"{FOLDER}/initramfs-6.img": b"initram"}, "is not whole"),
    ({"loader/grub.cfg": TRIAL.replace(entry("old.0"), "").encode(),
      "grub2/grubenv": block(haven_trial="new.0", haven_tries=0)}, "starts entry 1, there are 1"),
])
def test_what_would_not_start_is_named(boot, files, sentence):
    with pytest.raises(Violation, match=sentence):
        boot(**files).menu()


def test_an_entry_without_a_deployment_is_named():
    with pytest.raises(Violation, match="no kernel or no deployment"):
        parse(MENU.replace("ostree=", "nothing="))


def test_a_damaged_environment_counts_for_empty():
    assert environment(block(haven_tries=2)) == {"haven_tries": "2"}
    assert environment(None) == environment(b"") == environment(block(haven_tries=2)[:512]) == environment(bytes(1024)) == {}


def test_a_version_on_trial_whose_tries_are_lost_is_not_started():
    assert entry_to_start("new.0", {}) == entry_to_start("new.0", {"haven_trial": "other.0", "haven_tries": "3"}) == 1
    assert entry_to_start("", {"haven_trial": "new.0", "haven_tries": "0"}) == 0
