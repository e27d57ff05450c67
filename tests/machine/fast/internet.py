"""What the internet has for a cloud with a public name: a DNS and a certificate authority. Both stand in the lab."""

import contextlib
import datetime
import functools
import json
import subprocess

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .. import lab
from ..waiting import Patient

AUTHORITY_NAME = "acme.example.net"


class _Server(Patient):
    """A program in the lab's network, until stop()."""

    def __init__(self, folder, *command, **options):
        self._log = folder / f"{command[0]}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)

    def stop(self):
        self._process.kill()
        self._process.wait(self.patience)

    def story(self):
        return f"--- {self._log.name}\n{self._log.read_text(errors='replace')}"

    def _is_on(self):
        return self._process.poll() is None


class Dns(_Server):
    """The public DNS. Knows no name until it is told."""

    def __init__(self, folder):
        super().__init__(folder, "pebble-challtestsrv", "-dns01", ":53", "-management", "127.0.0.1:8055", "-http01", "",
                         "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv4", "", "-defaultIPv6", "")
        self.wait_until(lambda: self._tell("clear-a", host=AUTHORITY_NAME), "the DNS can be told names")

    def point(self, name, ipv4, ipv6):
        """Sets the records of a name."""
        self._tell("add-a", host=name, addresses=[ipv4])
        self._tell("add-aaaa", host=name, addresses=[ipv6])

    @staticmethod
    def _tell(what, **record):
        requests.post(f"http://127.0.0.1:8055/{what}", json=record, timeout=10).raise_for_status()
        return True


class AcmeAuthority(_Server):
    """An ACME authority (RFC 8555) that looks names up in the DNS and asks the machine itself to prove them.

    directory: the URL to ask; site_root: the certificate by which its site is trusted; root: the one its certificates lead to.
    """

    directory = f"https://{AUTHORITY_NAME}:14000/dir"

    def __init__(self, folder, dns, ipv4, ipv6):
        dns.point(AUTHORITY_NAME, ipv4, ipv6)
        certificate, key = _self_signed(folder, AUTHORITY_NAME)
        self.site_root = certificate.read_text()
        settings = folder / "pebble.json"
        settings.write_text(json.dumps({"pebble": {
            "listenAddress": "[::]:14000", "managementListenAddress": "127.0.0.1:15000", "certificate": str(certificate),
            "privateKey": str(key), "httpPort": 80, "tlsPort": 443, "externalAccountBindingRequired": False}}))
        super().__init__(folder, "pebble", "-config", settings, "-dnsserver", "127.0.0.1:53", "-strict",
                         env={"PEBBLE_VA_NOSLEEP": "1"})
        lab.name("127.0.0.1", AUTHORITY_NAME)
        ask = functools.partial(requests.get, f"https://{AUTHORITY_NAME}:15000/roots/0", verify=str(certificate), timeout=10)
        self.root = self.wait_until(lambda: ask().text, "the authority shows its root")


@contextlib.contextmanager
def internet(folder, ipv4, ipv6):
    """A DNS and an authority, found at these addresses of the lab."""
    with contextlib.ExitStack() as running:
        dns = Dns(folder)
        running.callback(dns.stop)
        authority = AcmeAuthority(folder, dns, ipv4, ipv6)
        running.callback(authority.stop)
        yield dns, authority


def _self_signed(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(today - datetime.timedelta(1))
                   .not_valid_after(today + datetime.timedelta(2))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    paths = folder / "site.pem", folder / "site.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return paths
