"""The claim as a person does it, at any machine: with its address and its console."""

import re
import socket

import requests

from .waiting import Patient

# Where tests cut the power: what the console says there.
SENT = "sent, not yet answered"
POINTS_OF_A_CLAIM = [SENT, "claim: 1/5 accepted", "claim: 2/5 secrets", "claim: 3/5 configured", "0/4 writing",
                     "1/4 reloading", "2/4 starting", "3/4 starting", "claim: 4/5 started", "claim: 5/5 live"]

class Claimable(Patient):
    """Verbs of the claim. Needs address and console."""

    def wait_for_console(self, pattern):
        """Waits until the console has written something since it was switched on; returns the match."""
        return self.wait_until(lambda: re.search(pattern, self.console.text()), f"the console says {pattern!r}")

    def wait_for_page(self):
        """Waits until the page of this machine answers at its address."""
        self.wait_until(lambda: requests.get(f"http://{self.address}/", timeout=30).ok, "the page answers")

    def claim_code(self):
        """The code as the console shows it."""
        return self.wait_for_console(r"claim code: (\S{4}-\S{4})")[1]

    def claim_over_web(self, domain, code=None):
        """Sends the claim form as its page does. Returns the claimer's session; .answer is the answer."""
        session = requests.Session()
        session.trust_env = False
        session.answer = session.post(
            f"http://{self.address}/claim", data={"domain": domain, "code": code or self.claim_code()},
            headers={"Origin": f"http://{self.address}"}, allow_redirects=False, timeout=60)
        return session

    def send_claim(self, domain, code):
        """Sends the claim form and does not wait for an answer. Returns the connection: who closes it takes the form back."""
        body = f"domain={domain}&code={code}"
        line = socket.create_connection((self.address, 80), timeout=60)
        line.sendall(f"POST /claim HTTP/1.1\r\nHost: {self.address}\r\nOrigin: http://{self.address}\r\n"
                     f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        return line

    def wait_until_live(self):
        """Waits until the claim that is under way is over."""
        self.wait_for_console(r"claim: 5/5 live")
