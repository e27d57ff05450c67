"""Waiting for what a machine is about to do: with a bound, and with its story when it does not happen."""

import contextlib
import subprocess
import time


class NotReached(AssertionError):
    """A condition was not met in time; the message holds what the machine wrote."""


class Patient:
    """Something a test waits for. Needs _is_on(), whether anything may still come, and story(), what it wrote."""

    pause = 0.05  # seconds between two looks
    patience = 120  # seconds; many times what an idle builder needs, because it is seldom idle

    def wait_until(self, condition, what, within=None):
        """Returns what the condition returns once that is true. A condition that cannot be looked at yet is not met."""
        within = within or self.patience
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError, OSError, subprocess.TimeoutExpired):
                if value := condition():
                    return value
            if not self._is_on():
                break
            time.sleep(self.pause)
        raise NotReached(f"not within {within} s: {what}\n{self.story()}")
