"""Publishes versions of a test with the real `stratify publish`, into a folder that a Server serves or a medium holds."""

import pathlib
import subprocess

STRATIFY = pathlib.Path("out/build/image/stratify").resolve()


def publish(versions, version, to, *options, channel="stable"):
    """Adds a version to a channel of the folder `to`. options: words of `stratify publish`."""
    command = [STRATIFY, "publish", version.commit, "--cache", versions.folder / "cache", "--to", to, "--channel", channel,
               *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}"
