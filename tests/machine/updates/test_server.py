"""The web server of update tests, as a client meets it."""

import contextlib
import time

import pytest
import requests

from .faults import Drop, FlipBit, GoneAfter, Instead, LogInFirst, Redirect, Slow, Stall, Status
from .server import Server

BODY = bytes(range(256)) * 40


@pytest.fixture
def server(tmp_path):
    (tmp_path / "objects").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "objects" / name).write_bytes(BODY)
    with Server(tmp_path) as server:
        yield server


@pytest.fixture
def get(server):
    session = requests.Session()
    session.trust_env = False
    return lambda path, **options: session.get(server.url + path, allow_redirects=False, **{"timeout": 30, **options})


def received(answer):
    """What of a streamed body comes before the connection ends."""
    data = b""
    with contextlib.suppress(requests.exceptions.RequestException):
        for piece in answer.iter_content(64):
            data += piece
    return data


def test_files_are_served_and_counted(server, get):
    assert get("/objects/a").content == get("/objects/a").content == get("/objects/b").content == BODY
    assert (server.count(), server.sent("/objects/a"), server.sent_twice()) == (3, 2 * len(BODY), {"/objects/a"})
    server.forget()
    assert server.sent() == 0


def test_a_file_is_served_from_where_it_is_asked_for(server, get):
    answer = get("/objects/a", headers={"Range": "bytes=10000-"})
    assert (answer.status_code, answer.content) == (206, BODY[10000:])


def test_nothing_outside_the_folder_is_served(server, get, tmp_path):
    (tmp_path.parent / "secret").write_text("no")
    assert get("/%2e%2e/secret").status_code == get("/../secret").status_code == get("/nothing").status_code == 404


def test_a_fault_strikes_as_often_as_it_is_told_and_only_where(server, get):
    with server.fault("/objects/*", Status(503), times=1):
        assert [get("/objects/a").status_code, get("/objects/a").status_code] == [503, 200]
    with server.fault("/objects/b", Status()):
        assert [get("/objects/a").status_code, get("/objects/b").status_code] == [200, 404]
    assert get("/objects/b").status_code == 200


def test_a_stalled_answer_begins_and_goes_on_no_more(server, get):
    with server.fault("*", Stall(after=100)):
        answer = get("/objects/a", stream=True, timeout=0.5)
        assert received(answer) == BODY[:64]  # a client that reads 64 bytes at a time waits for the second piece


def test_a_dropped_connection_ends_early(server, get):
    with server.fault("*", Drop(after=128)):
        assert received(get("/objects/a", stream=True)) == BODY[:128]
    assert server.sent() == 128 and server.sent_twice() == set()


def test_a_line_that_goes_after_a_share_of_the_whole_stays_gone(server, get):
    with server.fault("*", GoneAfter(total=len(BODY) + 128)):
        assert get("/objects/a").content == BODY
        assert received(get("/objects/b", stream=True)) == BODY[:128]
        with pytest.raises(requests.exceptions.ConnectionError):
            get("/objects/c")
    assert get("/objects/c").content == BODY


def test_a_flipped_bit_is_one_bit(server, get):
    with server.fault("*", FlipBit()):
        content = get("/objects/a").content
    assert [bin(a ^ b).count("1") for a, b in zip(content, BODY) if a != b] == [1]


def test_other_answers_come_instead(server, get):
    with server.fault("*", LogInFirst()):
        assert get("/objects/a").headers["Content-Type"] == "text/html"
    with server.fault("*", Redirect("http://elsewhere.example")):
        assert get("/objects/a").headers["Location"] == "http://elsewhere.example/objects/a"
    with server.fault("*", Instead(b"older")):
        assert get("/objects/a").content == b"older"


def test_a_slow_line_takes_its_time(server, get):
    with server.fault("*", Slow(bytes_per_second=40960)):
        begun = time.monotonic()
        assert get("/objects/a").content == BODY
    assert time.monotonic() - begun > 0.2
