"""A machine's recorded writes, and what was known when: what a replay needs."""

import dataclasses
import json
import pathlib


@dataclasses.dataclass
class Mark:
    """Something that had happened when the log was so many bytes long. kept: path below /var to text that is durable from here."""

    name: str
    at: int
    kept: dict


class Recording:
    """folder/writes.log and folder/recording.json. base: the image the disk began as; size: of the disk, in bytes; repository:
    where every version lies that the machine may run; commits: those versions."""

    def __init__(self, folder, base, size, repository, commits, marks=()):
        self.folder, self.log = pathlib.Path(folder), pathlib.Path(folder) / "writes.log"
        self.base, self.size, self.repository = pathlib.Path(base).resolve(), size, pathlib.Path(repository).resolve()
        self.commits, self.marks = list(commits), list(marks)

    def mark(self, name, kept=None):
        """Notes that this has happened now. The machine has flushed what `kept` names."""
        self.marks.append(Mark(name, self.log.stat().st_size, kept or {}))

    def save(self):
        facts = {"base": str(self.base), "size": self.size, "repository": str(self.repository), "commits": self.commits,
                 "marks": [dataclasses.asdict(mark) for mark in self.marks]}
        (self.folder / "recording.json").write_text(json.dumps(facts, indent=2))

    @staticmethod
    def load(folder):
        facts = json.loads((pathlib.Path(folder) / "recording.json").read_text())
        marks = [Mark(**mark) for mark in facts.pop("marks")]
        return Recording(folder, **facts, marks=marks)
