"""An archive on this machine with exactly the packages of the lock: everybody builds from the same files, offline."""

import functools
import hashlib
import os
import shutil
import subprocess

import yaml

from places import BENCH, DEBS, PROJECT

SUITE = "trixie"
ROOT = BENCH / "archive/debian"
KEYRING = BENCH / "archive/keyring.gpg"
_HOME = BENCH / "archive/gnupg"


class Archive:
    def __init__(self):
        self._paragraphs = {}  # by file name in the pool

    def create(self, extra):
        """The OS packages of the lock and the packages extra, fetched by the build root's own apt."""
        shutil.rmtree(ROOT.parent, ignore_errors=True)
        (ROOT / "pool").mkdir(parents=True)
        for package in locked():
            _link(DEBS / f"{package['sha256']}.deb", ROOT / package["path"])
            self._index(ROOT / package["path"])
        for file in _download(extra):
            self.add(file)
        self._make_key()
        self.publish()

    def add(self, file):
        """Takes the package file in, in place of others of its name. publish() makes it known."""
        name = _field(file, "Package")
        for other in [path for path, text in self._paragraphs.items() if f"Package: {name}\n" in text]:
            del self._paragraphs[other]
        path = ROOT / "pool" / file.name
        path.unlink(missing_ok=True)
        _link(file, path)
        self._index(path)

    def publish(self):
        suite = ROOT / "dists" / SUITE
        index = suite / "main/binary-amd64/Packages"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text("\n".join(text for _, text in sorted(self._paragraphs.items())))
        content = index.read_bytes()
        release = suite / "Release"
        date = subprocess.check_output(["date", "-Ru"], text=True).strip().replace("+0000", "UTC")
        release.write_text(
            f"Suite: {SUITE}\nCodename: {SUITE}\nDate: {date}\nArchitectures: amd64\nComponents: main\nSHA256:\n"
            f" {hashlib.sha256(content).hexdigest()} {len(content)} {index.relative_to(suite)}\n")
        _gpg("--yes", "--clearsign", "--output", suite / "InRelease", release)

    def _index(self, file):
        control = subprocess.check_output(["dpkg-deb", "--field", file], text=True).rstrip("\n")
        path = file.relative_to(ROOT)
        with open(file, "rb") as content:
            checksum = hashlib.file_digest(content, "sha256").hexdigest()
        self._paragraphs[path] = (f"{control}\nFilename: {path}\nSize: {file.stat().st_size}\nSHA256: {checksum}\n")

    @staticmethod
    def _make_key():
        _HOME.mkdir(mode=0o700)
        _gpg("--passphrase", "", "--quick-generate-key", "archive of the comparison", "ed25519", "sign", "never")
        _gpg("--output", KEYRING, "--export")


def locked():
    """The packages of the lock that make the OS."""
    return [package for package in _lock() if "os" in package["images"]]


def package(name):
    """One of the lock, of whichever image."""
    return next(package for package in _lock() if package["name"] == name)


@functools.cache
def _lock():
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((PROJECT / "image/core.lock").read_text(), loader)["packages"]


def check_packages(who, tree, extra=()):
    """Raises unless exactly the packages of the lock, and extra, are installed in the tree, in the locked versions."""
    wanted = {package["name"]: package["version"] for package in locked()}
    listed = subprocess.check_output(["dpkg-query", f"--admindir={tree}/var/lib/dpkg", "--show",
                                      "--showformat=${Package} ${Version} ${db:Status-Status}\n"], text=True)
    found = {name: version for name, version, state in map(str.split, listed.splitlines())
             if state == "installed" and name not in extra}
    if found != wanted:
        different = sorted(dict(found.items() ^ wanted.items()))
        raise SystemExit(f"{who}: not the packages of the lock; these differ: {' '.join(different)}")


def rebuilt(name, number, folder, change):
    """The locked package, built anew as a later version; change is called with the tree of its files."""
    before = package(name)
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.check_call(["dpkg-deb", "--raw-extract", DEBS / f"{before['sha256']}.deb", tree])
    version = f"{before['version']}+bench{number}"
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"\nVersion: {before['version']}\n", f"\nVersion: {version}\n"))
    change(tree)
    file = folder / f"{name}_{version.partition(':')[2] or version}_{before['architecture']}.deb"
    subprocess.check_call(["dpkg-deb", "--root-owner-group", "--build", tree, file], stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return file


def _download(names):
    """With what these packages need, as apt chooses where nothing is installed; without what the lock has."""
    known = {package["name"] for package in locked()}
    folder = BENCH / "extra"
    folder.mkdir(parents=True, exist_ok=True)
    listed = subprocess.check_output(["apt-get", "-o", "Dir::State::Status=/dev/null", "install", "--print-uris", "-qq",
                                      "--no-install-recommends", *names], text=True)
    wanted = {}
    for line in listed.splitlines():
        file = line.split()[1]
        name = file.partition("_")[0]
        if name not in known:
            wanted[name] = file
    missing = [name for name, file in wanted.items() if not (folder / file).exists()]
    if missing:
        subprocess.check_call(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *missing], cwd=folder)
    return [folder / file for file in wanted.values()]


def _field(file, name):
    return subprocess.check_output(["dpkg-deb", "--field", file, name], text=True).strip()


def _link(file, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(file, path)


def _gpg(*arguments):
    subprocess.check_call(["gpg", "--homedir", _HOME, "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments],
                          stderr=subprocess.DEVNULL)
