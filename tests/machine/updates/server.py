"""A web server for published versions: serves a folder, counts what it sends, and is broken by rule."""

import contextlib
import dataclasses
import fnmatch
import functools
import http.server
import pathlib
import re
import threading

from .. import lab

GUESTS_HOST = "10.0.2.2"  # where a machine in QEMU finds the loopback of its host


@dataclasses.dataclass
class Request:
    """One request as it is answered. sent: bytes of the body; whole: all of it goes out, without a fault. Both are said before
    the bytes are: who has them finds them counted."""

    path: str
    status: int
    sent: int
    whole: bool


class Server:
    """Serves a folder on loopback, in the lab's network. Use as a context."""

    def __init__(self, folder):
        lab.enter()
        self.folder = pathlib.Path(folder)
        self.requests = []
        self._faults = []
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), functools.partial(_Handler, self))
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.guests_url = f"http://{GUESTS_HOST}:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._http.shutdown()
        self._http.server_close()

    @contextlib.contextmanager
    def fault(self, pattern, fault, times=None):
        """Within it, requests whose path matches (as a shell would) are answered by the fault; at most so many times."""
        rule = _Rule(pattern, fault, times, threading.Event())
        self._faults.append(rule)
        try:
            yield fault
        finally:
            self._faults.remove(rule)
            rule.over.set()

    def forget(self):
        """Counts from nothing."""
        self.requests = []

    def sent(self, pattern="*"):
        """How many bytes of bodies went out for paths that match."""
        return sum(request.sent for request in self._asked(pattern))

    def count(self, pattern="*"):
        return len(self._asked(pattern))

    def sent_twice(self, pattern="*"):
        """Paths whose whole body went out more than once."""
        whole = [request.path for request in self._asked(pattern) if request.whole and request.status == 200]
        return {path for path in whole if whole.count(path) > 1}

    def _asked(self, pattern):
        return [request for request in self.requests if fnmatch.fnmatch(request.path, pattern)]

    def rule_for(self, path):
        """The rule that breaks this request, None when it is answered well. Counts it."""
        with self._lock:
            for rule in self._faults:
                if rule.times != 0 and fnmatch.fnmatch(path, rule.pattern):
                    rule.times = rule.times and rule.times - 1
                    return rule
        return None


@dataclasses.dataclass(eq=False)
class _Rule:
    pattern: str
    fault: object
    times: int | None
    over: threading.Event


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is what tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection, and towards a fault the line it speaks on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait for the client to answer the first

    def __init__(self, owner, *arguments):
        self.owner = owner
        super().__init__(*arguments)

    def do_GET(self):
        rule = self.owner.rule_for(self.path)
        self.over = rule.over if rule else self.owner._over
        self.file = self._find()
        self.status, self.first = self._status_and_first()
        self.noted = Request(self.path, self.status, 0, rule is None)
        self.owner.requests.append(self.noted)
        try:
            rule.fault.answer(self) if rule else self.send(self.status, self.body())
        except OSError:
            self.noted.whole = False
            raise

    do_HEAD = do_GET

    # What faults use

    def body(self):
        return self.file.read_bytes()[self.first:] if self.file else b""

    def begin(self, length=None, headers=None):
        """Sends the head of an answer with the body's length."""
        self.send_response(self.status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.status == 206:
            size = self.file.stat().st_size
            self.send_header("Content-Range", f"bytes {self.first}-{size - 1}/{size}")
        self.send_header("Content-Length", str(len(self.body()) if length is None else length))
        self.end_headers()

    def send(self, status, body, headers=None):
        self.status = self.noted.status = status
        self.begin(len(body), headers)
        self.write(body)

    def write(self, data):
        if self.command == "GET":
            self.noted.sent += len(data)
            self.wfile.write(data)

    def close(self):
        self.close_connection = True

    def wait(self, seconds=None):
        """Until the test takes the fault away, at most so long. Whether it did."""
        over = self.over.wait(seconds)
        if over or seconds is None:
            self.close()
        return over

    # Which file, from where

    def _find(self):
        path = (self.owner.folder / self.path.split("?")[0].lstrip("/")).resolve()
        return path if path.is_file() and path.is_relative_to(self.owner.folder.resolve()) else None

    def _status_and_first(self):
        if not self.file:
            return 404, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return (206, int(asked[1])) if asked and int(asked[1]) < self.file.stat().st_size else (200, 0)

    def log_message(self, *_):
        pass
