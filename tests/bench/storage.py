"""What OS and service images take together, as a version has them, and stored one by one."""

import dataclasses
import json
import pathlib
import shutil
import struct
import subprocess

import stratify
from places import BENCH, OUT

_WORK = BENCH / "storage"
_REPOSITORY = OUT / "cache/repo"  # of `stratify build`
_STORE = "usr/lib/containers/storage"
_COMPRESSION = "zstd:3"  # as stratify calls mkfs.btrfs


@dataclasses.dataclass(frozen=True)
class Stored:
    together: int  # bytes
    apart: dict  # bytes, by name of the image


def measure():
    """As files: in OSTree repositories. On the disk: in the compressed root file system."""
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    version = json.loads((OUT / f"{stratify.disk_name()}.json").read_text())["commit"]
    trees = check_out(_REPOSITORY, version, _WORK)
    together = _WORK / "together"
    subprocess.check_call(["ostree", f"--repo={together}", "init", "--mode=bare"])
    subprocess.check_call(["ostree", f"--repo={together}", "pull-local", _REPOSITORY, version],
                          stdout=subprocess.DEVNULL)
    files = Stored(_allocated(together), {name: _as_repository(name, tree) for name, tree in trees.items()})
    disk = Stored(_root_used(OUT / f"{stratify.disk_name()}.raw"), {
        name: _root_used(stratify.disk()) if name == "os" else _as_btrfs(name, tree) for name, tree in trees.items()})
    shutil.rmtree(_WORK)
    return files, disk


def check_out(repository, version, folder):
    """The tree of each image below folder, by name, as hard links to the repository's files: not to be written to."""
    whole = folder / "os"
    subprocess.check_call(["ostree", f"--repo={repository}", "checkout", "--require-hardlinks", version, whole])
    store = whole / _STORE
    trees = {"os": whole}
    for image in json.loads((store / "overlay-images/images.json").read_text()):
        name = image["names"][0].rpartition("/")[2].partition(":")[0]
        trees[name] = folder / name
        (store / "overlay" / image["layer"] / "diff").rename(trees[name])
    shutil.rmtree(store)
    return trees


def _as_repository(name, tree):
    repository = _WORK / f"{name}.repository"
    subprocess.check_call(["ostree", f"--repo={repository}", "init", "--mode=bare"])
    subprocess.check_call(["ostree", f"--repo={repository}", "commit", f"--branch={name}", f"--tree=dir={tree}"],
                          stdout=subprocess.DEVNULL)
    return _allocated(repository)


def _as_btrfs(name, tree):
    image = _WORK / f"{name}.btrfs"
    with open(image, "wb") as file:
        file.truncate(6 << 30)
    subprocess.check_call(["mkfs.btrfs", "--quiet", "--nodiscard", "--rootdir", tree, "--compress", _COMPRESSION,
                           image], stderr=subprocess.DEVNULL)
    used = _used(image, 0)
    image.unlink()
    return used


def _allocated(folder):
    """Bytes of the blocks that its files and folders take, each once."""
    nodes = {}
    for path in [folder, *pathlib.Path(folder).rglob("*")]:
        status = path.lstat()
        nodes[status.st_ino] = status.st_blocks * 512
    return sum(nodes.values())


def _root_used(disk):
    description = json.loads(disk.with_suffix(".json").read_text())
    root = next(part for part in description["disk"]["partitions"] if part["label"] == "openhaven-root")
    return _used(disk, root["offset"])


def _used(file, offset):
    """Bytes in use, from the superblock: btrfs-progs' kernel-shared/ctree.h, struct btrfs_super_block."""
    with open(file, "rb") as disk:
        disk.seek(offset + (64 << 10))
        block = disk.read(4096)
    if block[0x40:0x48] != b"_BHRfS_M":
        raise SystemExit(f"{file}: no btrfs at byte {offset}")
    return struct.unpack_from("<Q", block, 0x78)[0]
