"""Keys that versions are signed with: the development key that the composed version trusts, and others that it does not."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Key:
    """A GnuPG home with one secret key in it."""

    home: pathlib.Path
    fingerprint: str

    def public(self):
        """The public half, as a keyring file holds it."""
        return _gpg(self.home, "--export", self.fingerprint)

    def secret_file(self, path):
        """Writes the secret half to a file, as `stratify --key` takes it."""
        path.write_bytes(_gpg(self.home, "--export-secret-keys", self.fingerprint))
        return path


def development():
    """The key that `stratify build` made and signed the composed version with."""
    return _key_in(pathlib.Path("out/keys/development").resolve())


def new(home, expires="never"):
    """Another key. expires: as GnuPG says it, e.g. `seconds=1`. The path of home is short: sockets lie in it."""
    home.mkdir(mode=0o700, parents=True)
    _gpg(home, "--passphrase", "", "--quick-gen-key", "another key", "ed25519", "sign", expires)
    key = _key_in(home)
    (home / "public.gpg").write_bytes(key.public())  # libostree reads a folder's *.gpg
    return key


def _key_in(home):
    lines = _gpg(home, "--with-colons", "--list-secret-keys").decode().splitlines()
    return Key(home, next(line.split(":")[9] for line in lines if line.startswith("fpr:")))


def _gpg(home, *words):
    return subprocess.run(["gpg", "--homedir", home, "--batch", "--quiet", "--yes", *words], check=True, capture_output=True).stdout
