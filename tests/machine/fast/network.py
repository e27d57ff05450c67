"""What a test asks of a machine over the network."""

import contextlib
import errno
import socket
import struct

OPEN, REFUSED, SILENT = "open", "refused", "silent"


def knock(address, port, patience=1.0):
    """Whether a TCP port is open, refused, or silent (the packet was dropped)."""
    try:
        with socket.create_connection((address, port), timeout=patience):
            return OPEN
    except ConnectionRefusedError:
        return REFUSED
    except TimeoutError:
        return SILENT
    except OSError as error:
        if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return SILENT
        raise


def ask_mdns(name, interface_address, patience=3.0):
    """The IPv4 addresses that answer to a name in the link's multicast DNS (RFC 6762)."""
    question = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + _labels(name) + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind(("", 5353))
        membership = socket.inet_aton("224.0.0.251") + socket.inet_aton(interface_address)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface_address))
        link.settimeout(patience)
        link.sendto(question, ("224.0.0.251", 5353))
        with contextlib.suppress(TimeoutError):
            while True:
                if found := _addresses(link.recv(9000), _labels(name)):
                    return found
    return set()


def _labels(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _addresses(message, name):
    """A records of a response; they follow their name, or a pointer to it, as type 1 with four bytes."""
    if not message[2] & 0x80 or name not in message:
        return set()
    found, mark = set(), struct.pack(">H", 1)
    for start in range(12, len(message) - 13):
        kind, _, _, size = struct.unpack_from(">HHIH", message, start)
        if kind == 1 and size == 4 and message[start:start + 2] == mark and message[start + 2] & 0x7f == 0:
            found.add(socket.inet_ntoa(message[start + 10:start + 14]))
    return found
