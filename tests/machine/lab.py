"""The place the test looks from: a network, a hosts file and a list of trusted authorities of the test process alone.

So no machine can meet the host or another test run, machines get the real ports, and every client resolves the names of a
cloud. Nothing leaves or enters the host.
"""

import functools
import os
import pathlib
import subprocess
import tempfile

HOSTS = pathlib.Path("/etc/hosts")
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
LOCAL = "127.0.0.1 localhost\n::1 localhost\n"

addresses = {}  # of names


@functools.cache
def enter():
    """Moves the test process into namespaces of its own. Every function below does it first."""
    os.unshare(os.CLONE_NEWNET | os.CLONE_NEWNS)
    _system("mount", "--make-rprivate", "/")
    _system("ip", "link", "set", "lo", "up")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="openhaven-lab-"))
    for path, text in ((HOSTS, LOCAL), (AUTHORITIES, "")):
        own = folder / path.name
        own.write_text(text)
        _system("mount", "--bind", own, path)
    os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = str(AUTHORITIES)


def name(address, *names):
    """Makes names resolve to an address, and to no other any more, as records in the home's DNS would."""
    enter()
    addresses.update(dict.fromkeys(names, address))
    HOSTS.write_text(LOCAL + "".join(f"{address} {name}\n" for name, address in addresses.items()))


def trust(certificate):
    """Installs an authority's certificate (PEM), as an owner does once on every device."""
    enter()
    with AUTHORITIES.open("a") as authorities:
        authorities.write(certificate)


def _system(*command):
    subprocess.run(command, check=True)
