"""Versions made for tests are published, and a client gets them from the server."""

import subprocess

import pytest

from . import changes, keys
from .faults import FlipBit
from .publisher import Publisher
from .server import Server


@pytest.fixture(scope="module")
def second(versions, publisher):
    """The second release, with the facts of its publication; the first is the composed version."""
    publisher.publish(versions.composed)
    return publisher.publish(versions.make("0.1.1", {"/usr/share/openhaven/new": b"new\n"}))


@pytest.fixture
def pull(tmp_path_factory):
    """Pulls a commit into a new repository that trusts the development key. Returns the process that has ended."""

    def pull(server, commit):
        repository = tmp_path_factory.mktemp("client")
        for words in (["init", "--mode=bare-user"], ["config", "set", "core.fsync", "false"],
                      ["remote", "add", "--gpg-import", "out/keys/development/public.gpg", "from", f"{server.url}/repo"]):
            subprocess.run(["ostree", f"--repo={repository}", *words], check=True, capture_output=True)
        return subprocess.run(["ostree", f"--repo={repository}", "pull", "--disable-static-deltas", "from", commit],
                              capture_output=True, text=True, check=False)

    return pull


def test_the_newest_release_is_listed_with_what_an_update_fetches(versions, second):
    assert (second["version"], second["channel"]) == ("0.1.1", "stable")
    assert [update["from"] for update in second["updates"]] == [versions.composed.commit]


def test_a_client_pulls_it_and_no_object_twice(publisher, second, pull):
    with Server(publisher.folder) as server:
        done = pull(server, second["commit"])
        assert done.returncode == 0, done.stderr
        assert server.count("/repo/objects/*.filez") > 1000
        assert server.sent_twice("/repo/objects/*.filez") == set()


def test_a_client_refuses_a_flipped_bit(publisher, second, pull):
    with Server(publisher.folder) as server, server.fault("/repo/objects/*.filez", FlipBit()):
        done = pull(server, second["commit"])
    assert done.returncode != 0 and "orrupt" in done.stderr, done.stderr


def test_a_release_of_another_key_is_published_beside(versions, folder):
    stranger = keys.new(folder / "s")
    publisher = Publisher(versions, folder / "stranger")
    version = versions.make("0.1.2", changes.another_initramfs(), key=stranger)
    assert publisher.publish(version, keys=[stranger.secret_file(folder / "stranger.key")])["version"] == "0.1.2"
