"""The pages of an unclaimed machine, as strangers meet them through the proxy."""

import concurrent.futures

import pytest
import requests

PIECE = b"x" * 5000


@pytest.fixture(scope="module")
def address(running):
    url = f"http://{running.address}"
    running.wait_until(lambda: requests.get(f"{url}/", timeout=60).ok, "the page answers")
    return url


@pytest.mark.parametrize("length", ["announced", "unknown"])
@pytest.mark.parametrize("size", [10_000_000, 15_000, 5_000], ids=["more than is read", "more than is passed on", "more than a form"])
def test_a_body_that_is_too_large_is_refused_each_time(address, size, length):
    def send(_):
        body = PIECE * (size // len(PIECE))
        data = body if length == "announced" else iter([PIECE] * (size // len(PIECE)))
        return requests.post(f"{address}/claim", data=data, headers={"Origin": address}, timeout=60).status_code

    with concurrent.futures.ThreadPoolExecutor(12) as strangers:
        assert set(strangers.map(send, range(60))) == {413}
    assert requests.get(f"{address}/", timeout=60).ok
