"""A program or library as a security fix leaves it: compiled anew, it runs as before, and most of its pages are others.

Something has grown, so addresses differ all over the file. That is imitated where no processor looks: the padding
between functions is instructions that do nothing, whose addresses may be any. Behind the end comes what the fix adds:
pieces of the file itself in another order, so that it compresses somewhat as code does.

Two updates of Debian 13 were differences (bsdiff, then xz) of 11% (libxml2, 2.9.14-2.1+deb13u1 to u3) and 15%
(libssl3t64, 3.5.7-1~deb13u3 to 3.5.9-1~deb13u1) of what their changed files take compressed whole; this is made to be
no smaller.
"""

import random
import re

# nopl and nopw with an address of four bytes (Intel, Software Developer's Manual, volume 2, NOP), which is zero.
_PADDING = re.compile(rb"(?<=\x0f\x1f\x84\x00)\x00{4}|(?<=\x0f\x1f\x80)\x00{4}")
# The note's head: sizes of name and content, its type, its name.
_BUILD_ID = re.compile(rb"(?<=\x04\x00\x00\x00\x14\x00\x00\x00\x03\x00\x00\x00GNU\x00).{20}", re.DOTALL)
_ADDED = 0.12  # of the file: it also stands for what is different in the code itself
_PIECE = 16  # bytes


def recompiled(program):
    """The bytes of an ELF file of amd64, changed; the same each time."""
    chance = random.Random(program[:4096])

    def other(found):
        return chance.randbytes(len(found[0]))

    changed = _PADDING.sub(other, _BUILD_ID.sub(other, program, count=1))
    places = chance.choices(range(len(program) - _PIECE), k=int(len(program) * _ADDED) // _PIECE)
    return changed + b"".join(program[place:place + _PIECE] for place in places)


def recompile(tree):
    """Every ELF file below the folder. Raises when there is none."""
    programs = [path for path in sorted(tree.rglob("*")) if _is_program(path)]
    if not programs:
        raise SystemExit(f"{tree}: nothing in it is compiled")
    for path in programs:
        path.write_bytes(recompiled(path.read_bytes()))


def _is_program(path):
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"
