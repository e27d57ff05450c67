"""What can be wrong with a server or with the way to it: each fault answers one request in its own manner.

A fault gets a Line: .file (Path or None), .send(status, body, headers), .write(bytes), .wait() until the test is over with it.
"""

import dataclasses


@dataclasses.dataclass
class Stall:
    """Sends so many bytes of the body, then nothing more, and keeps the connection."""

    after: int = 0

    def answer(self, line):
        line.begin()
        line.write(line.body()[:self.after])
        line.wait()


@dataclasses.dataclass
class Drop:
    """Sends so many bytes of the body, then closes the connection."""

    after: int = 0

    def answer(self, line):
        line.begin()
        line.write(line.body()[:self.after])
        line.close()


@dataclasses.dataclass
class GoneAfter:
    """Serves so many bytes in all, over as many requests as it takes; from then on every connection is closed."""

    total: int
    served: int = 0

    def answer(self, line):
        body = line.body()
        left = max(0, self.total - self.served)
        self.served += min(left, len(body))
        if not left:
            return line.close()
        if len(body) <= left:
            return line.send(line.status, body)
        line.begin()
        line.write(body[:left])
        return line.close()


@dataclasses.dataclass
class FlipBit:
    """One bit in the middle is the other way."""

    def answer(self, line):
        body = bytearray(line.body())
        if body:
            body[len(body) // 2] ^= 1
        line.send(line.status, bytes(body))


@dataclasses.dataclass
class LogInFirst:
    """A captive portal: every request gets its page, as if that were what was asked for."""

    def answer(self, line):
        line.send(200, b"<!DOCTYPE html><title>Welcome to the Wi-Fi</title><p>Please log in.</p>\n", {"Content-Type": "text/html"})


@dataclasses.dataclass
class Redirect:
    """Another address is said to have it; the path is added."""

    to: str

    def answer(self, line):
        line.send(302, b"", {"Location": self.to + line.path})


@dataclasses.dataclass
class Status:
    """An error of the server."""

    status: int = 404

    def answer(self, line):
        line.send(self.status, b"")


@dataclasses.dataclass
class Slow:
    """Sends the body in pieces, as a thin line would."""

    bytes_per_second: int
    piece: int = 4096

    def answer(self, line):
        body = line.body()
        line.begin()
        for start in range(0, len(body), self.piece):
            line.write(body[start:start + self.piece])
            if line.wait(self.piece / self.bytes_per_second):
                return


@dataclasses.dataclass
class Instead:
    """Other bytes than the file's, such as those of an older list."""

    body: bytes

    def answer(self, line):
        line.send(200, self.body)
