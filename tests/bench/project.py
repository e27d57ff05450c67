"""A copy of the project whose files may be changed, with a manifest of the OS alone."""

import shutil

import yaml

import archive
from places import BENCH, PROGRAMS, PROJECT

ROOT = BENCH / "project"
MANIFEST = ROOT / "image/os.yaml"
UNIT = ROOT / "units/system/haven-stack.service"


def create():
    shutil.rmtree(ROOT, ignore_errors=True)
    for folder in ("units", "cloud-init"):
        shutil.copytree(PROJECT / folder, ROOT / folder, symlinks=True)
    shutil.copytree(PROGRAMS, ROOT / "programs", symlinks=True)
    for file in ROOT.rglob("README.md"):  # left out of images
        file.unlink()
    MANIFEST.parent.mkdir()
    MANIFEST.write_text(yaml.safe_dump(_os_alone(manifest()), sort_keys=False))


def manifest():
    return yaml.safe_load((PROJECT / "image/core.yaml").read_text())


def change_unit(marker):
    """One of our own files becomes another: a comment more."""
    with open(UNIT, "a") as unit:
        unit.write(f"# {marker}\n")


def _os_alone(core):
    """The same OS, from the archive on this machine instead of the mirror."""
    suite = {"name": archive.SUITE, "archive": "debian", "keyring": str(archive.KEYRING)}
    return {**core, "name": "os", "suites": [suite], "services": []}
