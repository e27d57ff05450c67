"""What an owner does about updates, by ssh on the machine."""

import json

SETTINGS = "/etc/openhaven/cloud.yaml"


def follow(machine, source, **settings):
    """Tells the machine where releases come from; it asks nobody by itself."""
    wanted = {"source": source, "automatic": "no", "trial": 5, **settings}
    lines = "updates:\n" + "".join(f"  {key}: {value}\n" for key, value in wanted.items())
    machine.run("sh", "-c", f"grep -v '^updates\\|^  ' {SETTINGS} > /tmp/new; printf %s '{lines}' >> /tmp/new; cat /tmp/new > {SETTINGS}")
    machine.run("systemctl", "restart", "haven-updater")


def record(machine):
    """What the machine remembers of updates."""
    return json.loads(machine.run("haven", "status", "--json"))


def ask_for_update(machine, *words):
    """`haven update`; the connection may end with the machine's restart."""
    return machine.run("haven", "update", *words, check=False)


def prepare(machine):
    """`haven update --prepare`: everything but the restart."""
    return ask_for_update(machine, "--prepare")


def kept_data(machine, record, path):
    """What the version that failed had made of a file."""
    below = path.removeprefix("/var/lib/openhaven/")
    return machine.run("cat", f"/var/lib/openhaven/data-sets/{record['outcome']['failed_data']}/{below}")


def wait_for_verdict(machine, kind):
    """Waits until the last update ended this way and nothing is under way; returns the record."""
    def ended():
        now = record(machine)
        return now if now["state"] in ("idle", "confirmed") and (now["outcome"] or {}).get("kind") == kind else None
    return machine.wait_until(ended, f"the update is {kind}")
