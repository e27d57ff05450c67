"""The serial console of a machine in QEMU."""

import functools
import socket

from .. import console


class Console(console.Console):
    """Listens before the machine starts, so that not one byte is missed."""

    def __init__(self, folder):
        super().__init__(folder / "console.log")
        self.path = folder / "console"
        self._line = None

    def listen(self):
        """A cable for the next start of the machine."""
        self.begin_anew()
        self.path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(1)
        self._server.settimeout(30)

    def connect(self):
        self._line, _ = self._server.accept()
        self._line.setblocking(True)
        self._server.close()
        self.record(functools.partial(self._line.recv, 4096), self._line.close)

    def type(self, line):
        self._line.sendall(line.encode() + b"\r")
