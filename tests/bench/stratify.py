"""Our own builder, used as a person would, in an output folder of its own."""

import json
import os
import pathlib
import shutil
import subprocess

import archive
import measure
import project
from places import BENCH, DEBS, OUT, PROJECT, STRATIFY

_OUT = BENCH / "stratify"
_WHOLE = BENCH / "stratify-whole"
_OS = ["--manifest", project.MANIFEST, "--output", _OUT]
_MIRROR = f"file://{archive.ROOT}"
_BUILD = [STRATIFY, "build", *_OS, "--locked", "--raw-only", "--programs", "programs", "--mirror", _MIRROR]


def prepare():
    """The lock, the packages in the cache and the signing key: what is there before a first build is measured."""
    _forget(_OUT)
    _lock("stratify-prepare")
    for folder in (_OUT, _WHOLE):
        _keep_downloads_alone(folder)
        shutil.copytree(OUT / "keys", folder / "keys", dirs_exist_ok=True, ignore=shutil.ignore_patterns("S.*"))


def cold():
    _keep_downloads_alone(_OUT)
    return measure.run("stratify-cold", _BUILD, folder=project.ROOT)


def cold_whole():
    """Everything a version is: the OS, the service images, the qcow2 disk."""
    _keep_downloads_alone(_WHOLE)
    return measure.run("stratify-cold-whole", [STRATIFY, "build", "--output", _WHOLE], folder=PROJECT)


def after_own_file():
    return measure.run("stratify-own-file", _BUILD, folder=project.ROOT)


def after_package():
    """With resolving anew, because the package's new version has to be found."""
    return _lock("stratify-lock") + measure.run("stratify-package", _BUILD, folder=project.ROOT)


def memory():
    """Of the whole cold build, which unpacks and composes most."""
    _keep_downloads_alone(_WHOLE)
    return measure.memory_of("stratify-memory", [STRATIFY, "build", "--output", _WHOLE], folder=PROJECT)


def check_disk_holds(path, text):
    """Raises unless the file at path of the version just built holds the text, and the disk is of that version."""
    images = json.loads((_OUT / f"{disk_name()}.json").read_text())
    head = (_OUT / "cache/repo/refs/heads" / images["ref"]).read_text().strip()
    content = subprocess.check_output(["ostree", f"--repo={_OUT}/cache/repo", "cat", head, path])
    if head != images["commit"] or text.encode() not in content:
        raise SystemExit(f"stratify: its disk is not made of the change {text}")


def disk_name():
    core = project.manifest()
    return f"openhaven-{core['version']}-{core['architecture']}"


def disk():
    return _OUT / f"{disk_name()}.raw"


def _lock(name):
    return measure.run(name, [STRATIFY, "lock", *_OS, "--mirror", _MIRROR], folder=project.ROOT)


def _keep_downloads_alone(folder):
    cache = folder / "cache"
    if cache.exists():
        for entry in cache.iterdir():
            if entry.name != "debs":
                _forget(entry)
    for entry in folder.glob("openhaven-*"):
        entry.unlink()
    debs = cache / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    for file in DEBS.iterdir():
        if not (debs / file.name).exists():
            os.link(file, debs / file.name)


def _forget(path: pathlib.Path):
    # Unfinished disks hold files with the immutable attribute.
    subprocess.run(["chattr", "-R", "-f", "-i", path], check=False, stderr=subprocess.DEVNULL)
    subprocess.check_call(["rm", "-rf", path])
