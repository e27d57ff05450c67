"""What must hold for data wherever the power is cut, as a rule of tests/powercut."""

import dataclasses
import json

from tests.powercut.boot import Violation

RECORD = "lib/openhaven/update/record.json"
SETS = "lib/openhaven/data-sets"
AT_REST = ("idle", "confirmed")


@dataclasses.dataclass(frozen=True)
class DataRule:
    """What a version would find is its own data, or what takes it back lies ready.

    note: a file of the data, which holds `before` until the version that is taken back makes it `after`.
    """

    note: str
    before: str
    after: str
    version: str

    def __call__(self, var, starts):
        """var: /var of the disk; starts: the deployment that would start. Raises Violation."""
        place = var / self.note.removeprefix("/var/")
        text = place.read_text().strip() if place.exists() else None
        if text not in (self.before, self.after):
            raise Violation(f"the note is {text!r}")
        if text == self.after:
            self._check_way_back(var, starts)

    def _check_way_back(self, var, starts):
        record = json.loads((var / RECORD).read_text())
        if record["state"] in AT_REST or not record["target"] or record["target"]["version"] != self.version:
            raise Violation(f"the data is that of {self.version}, and {starts} would keep it: the update is {record['state']}")
        kept = var / SETS / record["data_set"]
        copy = kept / self.note.removeprefix("/var/lib/openhaven/")
        if not (kept / "set.json").exists() or copy.read_text().strip() != self.before:
            raise Violation(f"the data is that of {self.version}, and the snapshots of before are not whole: {record['data_set']}")
