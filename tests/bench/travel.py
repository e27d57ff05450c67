"""What an update sends over the line: as we publish it, and as container images and a package."""

import dataclasses
import lzma
import shutil
import subprocess
import sys
import urllib.request

import archive
import containers
import measure
import storage
from places import BENCH, OUT, PROJECT, STRATIFY
from recompiled import recompile
from successor import Successors

sys.path.append(str(PROJECT / "tests"))

from machine.updates.server import Server  # noqa: E402  after the path is known

_WORK = BENCH / "travel"
_INITRAMFS = "/initramfs.img"
# Each leads from the version of `make image` to one of the two that are compared.
_CHANNELS = ("stable", "next")


@dataclasses.dataclass(frozen=True)
class Travelled:
    """All in bytes, for one changed package."""

    package: str
    places: list  # the images that hold it, the OS among them
    ours: int  # all that a machine is sent
    without_delta: int  # ditto, when it is too old for a delta
    files: int  # each changed file compressed by itself, once
    initramfs: int  # of which
    upgrade: int  # the package as Debian's archive has it; 0 when the OS has it not
    apart: int  # the images, one layer each
    shared: int  # the images, above a layer with what all of them have


def of_updates(packages, say):
    """For each of two packages: it is compiled anew, a version is made with it and published, a machine updates to it.
    say: told of each as it begins."""
    successors = Successors(_WORK)
    figures = []
    for number, (package, channel) in enumerate(zip(packages, _CHANNELS, strict=True), 1):
        say(f"an update with a new {package}")
        _publish(successors, successors.first, channel)
        commit = successors.build(package, number, recompile)
        _publish(successors, commit, channel)
        figures.append(_compare(successors, package, commit, channel))
    subprocess.check_call(["rm", "-rf", _WORK])
    return figures


def _compare(successors, package, commit, channel):
    changed = successors.changed_files(commit)
    compressed = {path: len(lzma.compress(content, preset=6)) for path, content in changed.items()}
    before, after = _services(successors, successors.first), _services(successors, commit)
    apart, shared = containers.pulled(before, after, _WORK / "containers")
    locked = archive.package(package)
    return Travelled(
        package=package, places=locked["images"], ours=_pulled(successors, commit, channel),
        without_delta=_pulled(successors, commit, channel, "--disable-static-deltas"), files=sum(compressed.values()),
        initramfs=sum(size for path, size in compressed.items() if path.endswith(_INITRAMFS)),
        upgrade=locked["size"] if "os" in locked["images"] else 0, apart=apart, shared=shared)


def _publish(successors, commit, channel):
    """As CONTRIBUTING.md says, but for the file for USB, which nobody is sent."""
    command = [STRATIFY, "publish", commit, "--cache", successors.cache, "--to", _WORK / "publish", "--channel", channel,
               "--no-delta-file"]
    measure.run(f"travel-publish-{channel}", command, folder=PROJECT)


def _pulled(successors, commit, channel, *options):
    """Bytes of the bodies that a machine with the first version is sent: the channel's list, then libostree's pull, by
    the keys it trusts. The machine is a repository; what comes after the pull needs no line."""
    machine = _WORK / "machine"
    shutil.rmtree(machine, ignore_errors=True)

    def ostree(verb, *words):
        subprocess.check_call(["ostree", f"--repo={machine}", verb, *words], stdout=subprocess.DEVNULL)

    ostree("init", "--mode=bare")
    ostree("config", "set", "core.fsync", "false")
    ostree("pull-local", successors.repository, successors.first)
    with Server(_WORK / "publish") as server:
        ostree("remote", "add", "--set=gpg-verify-summary=true", f"--gpg-import={OUT}/keys/development/public.gpg",
               "releases", f"{server.url}/repo")
        urllib.request.urlopen(f"{server.url}/channels/{channel}.json").read()
        ostree("pull", "--depth=0", *options, "releases", commit)
        sent = server.sent()
        with_delta = server.count("/repo/deltas/*/0") > 0
    ostree("fsck", "--quiet")
    if with_delta == bool(options):
        raise SystemExit(f"travel: the delta was {'' if with_delta else 'not '}used")
    return sent


def _services(successors, commit):
    """The trees of all services, by name."""
    folder = _WORK / f"trees-{commit[:8]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    trees = storage.check_out(successors.repository, commit, folder)
    shutil.rmtree(trees.pop("os"))
    return trees
