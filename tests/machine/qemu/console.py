"""The serial console of a machine: everything it ever wrote, and a keyboard."""

import contextlib
import re
import socket
import threading

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Console:
    """Listens before the machine starts, so that not one byte is missed."""

    def __init__(self, folder):
        self.path = folder / "console"
        self.log = folder / "console.log"
        self._line = None
        self._power_on = 0

    def listen(self):
        """A cable for the next start of the machine. text() begins anew here; the log keeps all."""
        self._power_on = self.log.stat().st_size if self.log.exists() else 0
        self.path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(1)
        self._server.settimeout(30)

    def connect(self):
        self._line, _ = self._server.accept()
        self._line.setblocking(True)
        self._server.close()
        threading.Thread(target=self._record, args=(self._line,), daemon=True).start()

    def type(self, line):
        self._line.sendall(line.encode() + b"\r")

    def text(self):
        """What was written since the machine was switched on, without what only steers a terminal."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._power_on)
            return ESCAPES.sub("", log.read().decode(errors="replace"))

    def _record(self, line):
        with open(self.log, "ab", buffering=0) as log, contextlib.suppress(OSError):
            while data := line.recv(4096):
                log.write(data)
        line.close()
