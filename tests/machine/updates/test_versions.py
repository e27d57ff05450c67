"""Versions made for tests: what they keep of the composed one, and what they change."""

import subprocess

import pytest

from . import changes, keys
from .versions import CACHE, REF


@pytest.fixture(scope="module")
def ostree(versions):
    return lambda *words: subprocess.run(["ostree", f"--repo={versions.repository}", *map(str, words)], check=True,
                                         capture_output=True, text=True).stdout


def trusted(versions, version, key):
    """Whether a keyring with this key alone accepts the version."""
    done = subprocess.run(["ostree", f"--repo={versions.repository}", "show", f"--gpg-homedir={key.home}", version.commit],
                          capture_output=True, text=True, check=True)
    return "Good signature" in done.stdout


def test_a_version_differs_from_its_parent_in_name_and_changes_alone(versions, ostree):
    version = versions.make("0.1.1", {"/usr/share/openhaven/new": b"new\n"})
    assert set(ostree("diff", versions.composed.commit, version.commit).split()) == {
        "M", "/usr/lib/os-release", "A", "/usr/share/openhaven/new"}
    assert b"IMAGE_VERSION=0.1.1\n" in versions.read(version, "/usr/lib/os-release")


def test_a_version_is_later_than_its_parent_and_keeps_its_metadata(versions, ostree):
    first = versions.make("0.1.1")
    second = versions.make("0.1.2", after=first)
    assert versions.composed.timestamp < first.timestamp < second.timestamp
    raw = ostree("show", "--raw", second.commit)
    for word in ("'ostree.bootable': <true>", f"'ostree.ref-binding': <['{REF}']>", versions.kernel, "openhaven.lock", "'0.1.2'"):
        assert word in raw


def test_removed_files_are_gone_and_programs_stay_programs(versions, ostree):
    version = versions.make("0.1.1", changes.init_is_missing(), {"/usr/bin/true": lambda program: program + b"\0"})
    assert changes.INIT in ostree("diff", versions.composed.commit, version.commit)
    assert ostree("ls", version.commit, "/usr/bin/true").startswith("-00755 0 0")


def test_a_version_is_signed_by_the_key_it_was_given(versions, folder):
    stranger = keys.new(folder / "k")
    assert trusted(versions, versions.make("0.1.1"), keys.development())
    assert not trusted(versions, versions.make("0.1.2", key=stranger), keys.development())
    assert trusted(versions, versions.make("0.1.3", key=stranger), stranger)


def test_every_named_change_fits_the_composed_version(versions):
    named = [changes.another_initramfs(), changes.init_exits(), changes.init_is_missing(), changes.kernel_is_cut_short(),
             changes.initramfs_is_missing(), changes.init_hangs(), changes.files_never_healthy(), changes.files_end_after(30),
             changes.files_unlike_its_health(), changes.updater_crashes(), changes.migrates("/var/lib/openhaven/data/x", "2"),
             changes.initramfs_is_cut_short(), changes.writes_at_start("/var/lib/x", "started")]
    commits = {versions.make(f"0.2.{number}", change).commit for number, change in enumerate(named)}
    assert len(commits) == len(named)


def test_the_cache_of_the_build_is_only_read(versions):
    versions.make("0.1.1")
    listed = subprocess.run(["ostree", f"--repo={CACHE}", "refs"], check=True, capture_output=True, text=True).stdout
    assert {line for line in listed.splitlines() if line.startswith("openhaven/")} == {REF}
    assert subprocess.run(["ostree", f"--repo={CACHE}", "rev-parse", REF], check=True, capture_output=True,
                          text=True).stdout.strip() == versions.composed.commit
