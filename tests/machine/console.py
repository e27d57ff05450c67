"""A machine's console: what it wrote since it was switched on, and everything before in a log."""

import contextlib
import re
import threading

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>c]|\r")


class Console:
    """The recording half. Who makes one plugs in a cable at each start, and knows how to type."""

    def __init__(self, log):
        self.log = log
        self._power_on = 0

    def begin_anew(self):
        """Call before the machine is switched on: text() starts here."""
        self._power_on = self.log.stat().st_size if self.log.exists() else 0

    def record(self, read, close):
        """Keeps what read() returns until it has nothing more, then calls close()."""
        threading.Thread(target=self._record, args=(read, close), daemon=True).start()

    def text(self):
        """What was written since the machine was switched on, without what only steers a terminal."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._power_on)
            return ESCAPES.sub("", log.read().decode(errors="replace"))

    def _record(self, read, close):
        with open(self.log, "ab", buffering=0) as log, contextlib.suppress(OSError):
            while data := read():
                log.write(data)
        close()
