"""mkosi, configured for the same OS and for speed. README.md says what each setting is for."""

import subprocess

import archive
import measure
import project
from places import BENCH, LOGS

_ROOT = BENCH / "mkosi"
_PACKAGES = ["systemd-boot-efi"]  # its boot loader; stratify takes its own from the build root


def extra_packages():
    return _PACKAGES


def prepare():
    """Its configuration, its copy of the archive's metadata, and the cache of incremental builds."""
    subprocess.check_call(["rm", "-rf", _ROOT])
    for folder in ("cache", "no-cache", "packages", "workspace", "output", "repart"):
        (_ROOT / folder).mkdir(parents=True)
    (_ROOT / "mkosi.conf").write_text(_configuration())
    _partition("10-esp", "esp", "vfat", "128M", "/boot:/", "/efi:/")
    _partition("20-root", "root", "btrfs", "4G", "/")
    _script("mkosi.prepare", _PREPARE.format(excluded=_lines(_bash_globs(project.manifest()["os"]["exclude"]))))
    _script("mkosi.postinst", _POSTINST)
    _build("mkosi-prepare", "--incremental=yes", "--cache-only=never")
    archive.check_packages("mkosi", _ROOT / f"cache/debian~{archive.SUITE}~x86-64.cache", _PACKAGES)


def cold():
    # A build that is not incremental removes the cached tree, which the incremental ones need.
    return _build("mkosi-cold", "--incremental=no", "--cache-only=always", f"--cache-directory={_ROOT}/no-cache")


def after_own_file():
    return _build_on_cache("mkosi-own-file", "--cache-only=always")


def after_package(name):
    """The package is put over the cached tree: mkosi's way for what changes often. Metadata has to be read anew."""
    return _build_on_cache("mkosi-package", "--cache-only=never", f"--volatile-package={name}")


def after_any_package():
    """The cached tree is made anew, as it has to be unless one says which package changed."""
    return _build("mkosi-anew", "--force", "--incremental=yes", "--cache-only=never")


def disk():
    return _ROOT / "output/image.raw"


def check_disk_holds(text):
    """Raises unless the text is somewhere on the disk, whose file system is not compressed."""
    if subprocess.run(["grep", "-qaF", "-m1", text, disk()], check=False).returncode != 0:
        raise SystemExit(f"mkosi: its disk does not hold the change {text}")


def _build(name, *options):
    return measure.run(name, ["mkosi", "--force", *options, "build"], folder=_ROOT)


def _build_on_cache(name, *options):
    cost = _build(name, "--incremental=yes", *options)
    if "Installing Debian" in (LOGS / name).read_text():
        raise SystemExit(f"mkosi: its incremental build {name} did not begin with the cached tree")
    return cost


def _configuration():
    os = project.manifest()["os"]
    return f"""[Distribution]
Distribution=debian
Release={archive.SUITE}
LocalMirror=file://{archive.ROOT}

[Output]
Format=disk
Output=image
OutputDirectory={_ROOT}/output
CompressOutput=none
ManifestFormat=
SplitArtifacts=
RepartDirectories={_ROOT}/repart

[Content]
Packages={_lines([package["name"] for package in archive.locked()] + _PACKAGES)}
SkeletonTrees={project.ROOT}/units/dracut:/usr/lib/dracut/dracut.conf.d
ExtraTrees={_lines(_tree(rule) for rule in os["files"])}
WithDocs=no
Bootable=yes
Bootloader=systemd-boot
KernelModulesInitrd=no
KernelCommandLine={" ".join(project.manifest()["kernel_arguments"])}

[Validation]
Checksum=no
Sign=no

[Build]
BuildSources=
CacheDirectory={_ROOT}/cache
PackageCacheDirectory={_ROOT}/packages
WorkspaceDirectory={_ROOT}/workspace
WithNetwork=no
History=no
"""


def _partition(name, kind, file_system, size, *content):
    """repart.d(5)"""
    copies = "".join(f"CopyFiles={what}\n" for what in content)
    (_ROOT / f"repart/{name}.conf").write_text(f"[Partition]\nType={kind}\nFormat={file_system}\n{copies}"
                                               f"SizeMinBytes={size}\nSizeMaxBytes={size}\n")


def _lines(values):
    return "".join(f"\n        {value}" for value in values)


def _tree(rule):
    """A rule of the manifest's `files` as mkosi's SOURCE:TARGET."""
    _, colon, rest = rule["from"].rpartition(":")
    source = project.ROOT / ("programs" if colon else "") / rest
    target = rule["to"].rstrip("/") or "/"
    return f"{source}:{target + '/' + source.name if source.is_file() and rule['to'].endswith('/') else target}"


def _bash_globs(globs):
    """The manifest's `exclude` as bash has it: ** is a whole name there, and nothing can be kept after all."""
    documents = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/info/")  # WithDocs=no keeps these out
    for glob in globs:
        if not glob.startswith(("!", *documents)):
            yield '"$BUILDROOT"' + glob.removesuffix("/**").replace("/**", "/**/*")


def _script(name, text):
    path = _ROOT / name
    path.write_text(text)
    path.chmod(0o755)


# What is removed and made here is in the tree that incremental builds begin with.
_PREPARE = """#!/bin/bash
set -e
[ "$1" = final ] || exit 0
shopt -s globstar nullglob
excluded=({excluded}
)
rm -rf "${{excluded[@]}}"
release=$(ls "$BUILDROOT/usr/lib/modules")
mkosi-chroot dracut --quiet --force --no-hostonly --reproducible --kver "$release" /usr/lib/bench-initrd
"""

_POSTINST = """#!/bin/bash
set -e
mkdir -p "$ARTIFACTDIR/io.mkosi.initrd"
mv "$BUILDROOT/usr/lib/bench-initrd" "$ARTIFACTDIR/io.mkosi.initrd/initrd"
"""
