"""The cable between the lab and one machine."""

import subprocess

from .. import lab


class Link:
    """A cable: on the lab's side 10.77.N.1 and 2001:db8:77:N::1, on the machine's 10.77.N.2 and 2001:db8:77:N::2.

    As at many a home: one address of its own that everybody could reach, and one behind a router. Names are looked up in
    the lab, where nobody answers unless a test says so.
    """

    def __init__(self, number):
        lab.enter()
        self._name = f"machine{number}"
        self.lab_address, self.machine_address = f"10.77.{number}.1", f"10.77.{number}.2"
        self.lab_address6, self.machine_address6 = f"2001:db8:77:{number}::1", f"2001:db8:77:{number}::2"

    def attach(self, pid):
        _ip("link", "add", self._name, "type", "veth", "peer", "name", "host0", "netns", str(pid))
        _ip("address", "add", f"{self.lab_address}/24", "dev", self._name)
        _ip("address", "add", f"{self.lab_address6}/64", "dev", self._name, "nodad")
        _ip("link", "set", self._name, "up")

    def route(self, destination):
        """Lets the lab send to a network behind the machine, as a neighbour on a LAN could."""
        _ip("route", "replace", destination, "via", self.machine_address)

    def detach(self):
        """The cable ends with the machine's namespace; this only hurries it."""
        subprocess.run(["ip", "link", "delete", self._name], capture_output=True, check=False)

    def network_file(self):
        """What systemd-networkd of the machine is told about its end: it has no DHCP server to ask."""
        return (f"[Match]\nName=host0\nKind=veth\n\n[Network]\nIPv6AcceptRA=no\nMulticastDNS=yes\n"
                f"Address={self.machine_address}/24\nAddress={self.machine_address6}/64\nGateway={self.lab_address}\n"
                f"Gateway={self.lab_address6}\nDNS={self.lab_address}\n")

    def network_config(self):
        """The same as cloud-init's network configuration, which goes before what networkd was told."""
        return (f"version: 2\nethernets:\n  host0:\n    addresses: [{self.machine_address}/24, '{self.machine_address6}/64']\n"
                f"    routes: [{{to: 0.0.0.0/0, via: {self.lab_address}}}, {{to: '::/0', via: '{self.lab_address6}'}}]\n"
                f"    nameservers: {{addresses: [{self.lab_address}]}}\n")


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)
