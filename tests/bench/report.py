"""The figures as a table, the targets beside them."""

import os
import pathlib
import statistics

from places import PROJECT

_DOCUMENT = PROJECT / "docs/benchmarks.md"
_END = "<!-- end of figures -->\n"


class Report:
    """One table. name: of its place in docs/benchmarks.md."""

    def __init__(self, name):
        self.name = name
        self._lines = []
        self.missed = []

    def heading(self, *columns):
        self._lines += ["", _row(columns), _row(["-" * len(column) for column in columns])]

    def note(self, text):
        self._lines.append(text)

    def speed(self, what, ours, theirs, *, least=None):
        """Costs of the same work. least: how many times faster ours has to be by the clock."""
        mine, other = _median(ours), _median(theirs)
        ratio = other[0] / mine[0]
        self._judge([what, _costs(ours), _costs(theirs), f"{ratio:.1f}x", f"{other[1] / mine[1]:.1f}x"],
                    least and f"at least {least}x", least is None or ratio >= least)

    def share(self, what, stored, *, most):
        apart = sum(stored.apart.values())
        share = stored.together / apart
        self._judge([what, f"{stored.together / 1e6:.0f} MB", f"{apart / 1e6:.0f} MB", f"{share:.1%}", ""],
                    f"at most {most:.0%}", share <= most)
        self.note("  one by one: " + " + ".join(f"{name} {size / 1e6:.0f}" for name, size in stored.apart.items()))

    def amount(self, what, size, *, below=None):
        self._judge([what, f"{size / 1e6:.0f} MB", "", "", ""], below and f"below {below / 1e6:.0f} MB",
                    below is None or size < below)

    def seconds(self, what, times, *, below=None):
        middle = statistics.median(times)
        self._judge([what, f"{middle:.1f} s ({min(times):.1f}-{max(times):.1f})", "", "", ""], below and f"below {below} s",
                    below is None or middle < below)

    def travel(self, what, ours, theirs, *, most=None):
        """Bytes on a line. most: how many times as many ours may be."""
        ratio = ours / theirs
        self._judge([what, f"{ours / 1e6:.2f} MB", f"{theirs / 1e6:.2f} MB", f"{ratio:.2f}x", ""],
                    most and f"at most {most}x", most is None or ratio <= most)

    def cost(self, what, costs):
        self.note(_row([what, _costs(costs)]))

    def text(self):
        return "\n".join(self._lines).strip("\n") + "\n"

    def keep(self):
        """Into docs/benchmarks.md, in place of the figures there."""
        begin = f"<!-- figures: {self.name} -->\n"
        before, _, rest = _DOCUMENT.read_text().partition(begin)
        after = rest.partition(_END)[2]
        _DOCUMENT.write_text(f"{before}{begin}```\n{self.text()}```\n{_END}{after}")

    def _judge(self, cells, target, is_met):
        if not is_met:
            self.missed.append(f"{cells[0].strip()}: {cells[3] or cells[1]}, wanted {target}")
        self.note(_row([*cells, (target or "") + ("" if is_met else ", MISSED")]))


def machine():
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GiB of memory, {_file_system()}"


def load():
    """Processes that ran or wanted to, as averages of 1, 5 and 15 minutes."""
    return "load " + " ".join(f"{value:.1f}" for value in os.getloadavg())


def _file_system():
    """Of the output folder."""
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    return next(kind for _, path, kind, *_ in reversed(mounts) if path == str(PROJECT / "out"))


def _median(costs):
    return statistics.median(cost.seconds for cost in costs), statistics.median(cost.cpu for cost in costs)


def _costs(costs):
    """Median, range, processor time."""
    clock, cpu = _median(costs)
    seconds = [cost.seconds for cost in costs]
    return f"{clock:.1f} s ({min(seconds):.1f}-{max(seconds):.1f}; cpu {cpu:.1f})"


def _row(cells):
    widths = [44, 30, 30, 6, 6, 20]
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths)).rstrip()
