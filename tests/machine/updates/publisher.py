"""Publishes versions as a release engineer does, with `stratify publish`, into a folder for the server."""

import json
import os
import pathlib
import subprocess

STRATIFY = pathlib.Path(os.environ.get("OPENHAVEN_STRATIFY", "out/build/image/stratify")).resolve()


class Publisher:
    """A folder of releases. folder: what a server hands out."""

    def __init__(self, versions, folder=None):
        self.versions = versions
        self.folder = folder or versions.folder / "publish"

    def publish(self, version, channel="stable", *, keys=(), for_usb=False, **terms):
        """Lists a version as the newest of a channel, and returns what `--json` says.

        keys: secret key files, by default the development key. terms: options of `stratify publish`, such as barrier=True,
        rollout_hours=48, keep=2, deltas_from=0, notes="...". for_usb: with the file for USB, which takes minutes.
        """
        words = [word for key in keys for word in ("--key", key)]
        words += [] if for_usb else ["--no-delta-file"]
        for name, value in terms.items():
            option = "--" + name.replace("_", "-")
            words += [option] if value is True else [option, value]
        done = subprocess.run(
            [STRATIFY, "publish", version.commit, "--json", "--cache", self.versions.folder / "cache", "--to", self.folder,
             "--channel", channel, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{version}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def read(self, path):
        """A published file, e.g. channels/stable.json: to have the server send it later, as an older state."""
        return (self.folder / path).read_bytes()

    def delta_file(self, facts):
        """The file for USB of a release that was published for_usb; facts as publish() returned them."""
        return self.folder / facts["delta_file"]
