"""Where the comparison reads and writes. All of it is on one file system."""

import pathlib

PROJECT = pathlib.Path(__file__).resolve().parents[2]
OUT = PROJECT / "out"
BENCH = OUT / "bench"
LOGS = BENCH / "logs"
STRATIFY = OUT / "build/image/stratify"
PROGRAMS = OUT / "appliance"
DEBS = OUT / "cache/debs"  # the downloads of `stratify build`
