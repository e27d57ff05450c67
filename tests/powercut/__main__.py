"""python3 -m tests.powercut FOLDER [--from MARK] [--to MARK] [--torn N] [--keep NUMBER FILE]

Replays the recording in FOLDER. --torn: so many cuts by chance within each stretch between two flushes. --keep: writes the disk
after so many entries to a file, to boot it or to look at it, and checks nothing.
"""

import argparse
import pathlib
import sys
import tempfile

from .disk import run, workspace
from .recording import Recording
from .replay import Cut, Replay, cuts_of


def main():
    words = argparse.ArgumentParser(prog="tests.powercut")
    words.add_argument("folder", type=pathlib.Path)
    words.add_argument("--from", dest="first")
    words.add_argument("--to", dest="last")
    words.add_argument("--torn", type=int, default=0)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--keep", nargs=2, metavar=("NUMBER", "FILE"))
    given = words.parse_args()
    recording = Recording.load(given.folder)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, workspace(folder) as place:
        replay = Replay(recording, place)
        if given.keep:
            image, _ = replay.image_at(Cut(int(given.keep[0])))
            run("cp", "--sparse=always", image, given.keep[1])
            return 0
        number = {mark.name: replay.log.number_at(mark.at) for mark in recording.marks}
        cuts = cuts_of(replay.log, number.get(given.first, 0), number.get(given.last), given.torn, given.seed)
        outcome = replay.visit(cuts, lambda cut, sentence: print(f"{cut}: {sentence}", flush=True))
    print(f"{len(replay.log.entries)} entries; {outcome}")
    return bool(outcome.violations)


if __name__ == "__main__":
    sys.exit(main())
