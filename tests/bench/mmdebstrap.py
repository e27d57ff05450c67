"""mmdebstrap: the same packages as a root file system, without a kernel's initramfs, a boot loader or a disk."""

import subprocess

import archive
import measure
from places import BENCH

_ROOT = BENCH / "mmdebstrap"


def cold():
    subprocess.check_call(["rm", "-rf", _ROOT])
    _ROOT.mkdir(parents=True)
    packages = ",".join(package["name"] for package in archive.locked())
    command = ["mmdebstrap", "--mode=root", "--variant=essential", "--format=directory", f"--include={packages}",
               "--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount",
               "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
               "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/info/*",
               "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=force-unsafe-io",
               archive.SUITE, _ROOT / "tree",
               f"deb [signed-by={archive.KEYRING}] file://{archive.ROOT} {archive.SUITE} main"]
    # INITRD=No is how Debian's kernel hooks are told to make no initramfs.
    cost = measure.run("mmdebstrap-cold", command, environment={"INITRD": "No", "TMPDIR": str(BENCH)})
    archive.check_packages("mmdebstrap", _ROOT / "tree")
    return cost
