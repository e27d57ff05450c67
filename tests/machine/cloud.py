"""A live cloud as its owner's devices see it: names, certificates, clients."""

import functools
import socket
import ssl

import requests

from . import lab

SERVICES = ("calendar", "files")


class Cloud:
    """The cloud a machine has become. Making one names it in the lab and trusts its authority."""

    def __init__(self, machine, domain):
        self.machine, self.domain = machine, domain
        self.names = [domain, *(f"{service}.{domain}" for service in SERVICES)]
        lab.name(machine.address, *self.names)
        self.authority = machine.wait_until(self._download, "the certificate can be downloaded")
        lab.trust(self.authority)

    def get(self, name, path="/", **options):
        return self.request("GET", name, path, **options)

    def request(self, method, name, path="/", **options):
        """One request over TLS, verified against the downloaded authority alone."""
        return requests.request(method, f"https://{name}{path}", timeout=60, allow_redirects=False,
                                **{"verify": str(lab.AUTHORITIES), **options})

    def certificate(self, name, authority=None):
        """The names in the certificate a name presents. Raises where it does not lead to the authority, by default its own."""
        context = ssl.create_default_context(cadata=authority or self.authority)
        with socket.create_connection((self.machine.address, 443), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure:
                return {value for kind, value in secure.getpeercert()["subjectAltName"] if kind == "DNS"}

    def wait_until_served(self):
        """Every name answers over TLS as it should: the pages to all, the services only to the owner."""
        expected = {self.domain: 200, f"files.{self.domain}": 401, f"calendar.{self.domain}": 302}
        for name, status in expected.items():
            self.machine.wait_until(functools.partial(self._answers, name, status), f"https://{name}/ answers {status}")

    def _answers(self, name, status):
        return self.get(name).status_code == status

    def _download(self):
        answer = requests.get(f"http://{self.domain}/openhaven-ca.crt", timeout=30)
        return answer.text if answer.ok and "BEGIN CERTIFICATE" in answer.text else None
