"""A deployment beside what it has to be, in plain folders."""

import os
import shutil

import pytest

from .boot import Entry, Violation
from .root import DEPLOYMENTS, VAR, Reference, check_deployment, check_kept

LINK = "/ostree/boot.1/openhaven/sum/0"
ENTRY = Entry("commit.0", "/ostree/openhaven-sum/vmlinuz", None, LINK)


@pytest.fixture
def reference(tmp_path):
    tree = tmp_path / "tree"
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/program").write_bytes(b"program")
    (tree / "usr/bin/link").symlink_to("program")
    return Reference(tree)


@pytest.fixture
def root(tmp_path, reference):
    """The root of a disk on which everything is as it should be."""
    root = tmp_path / "root"
    deployment = root / DEPLOYMENTS / "commit.0"
    shutil.copytree(tmp_path / "tree", deployment, symlinks=True)
    (deployment / "etc").mkdir()
    (deployment / "etc/passwd").write_text("root")
    (root / DEPLOYMENTS / "commit.0.origin").write_text("[origin]")
    (root / LINK[1:]).parent.mkdir(parents=True)
    (root / LINK[1:]).symlink_to("../../../../" + DEPLOYMENTS + "/commit.0")
    (root / VAR).mkdir(parents=True)
    (root / VAR / "note").write_text("kept")
    return root


def test_a_whole_deployment_is_accepted(root, reference):
    check_deployment(root, ENTRY, {"commit": reference})


@pytest.mark.parametrize(("path", "damage", "sentence"), [
    ("usr/bin/program", lambda path: path.unlink(), "is missing"),
    ("usr/bin/program", lambda path: path.write_bytes(b"progra\0"), "is not whole"),
    ("usr/bin/program", lambda path: path.write_bytes(b""), "is not whole"),
    ("usr/bin/program", lambda path: path.chmod(0o700), "is another kind of file"),
    ("usr/bin/link", lambda path: (path.unlink(), path.symlink_to("elsewhere")), "leads elsewhere"),
    ("etc/passwd", lambda path: path.write_text(""), "missing or empty"),
    ("../commit.0.origin", lambda path: path.unlink(), "missing or empty"),
    ("../commit.0", lambda path: path.rename(path.parent / "commit.1"), "does not lead to commit.0"),
])
def test_what_is_not_whole_is_named(root, reference, path, damage, sentence):
    damage(root / DEPLOYMENTS / "commit.0" / path)
    with pytest.raises(Violation, match=sentence):
        check_deployment(root, ENTRY, {"commit": reference})


def test_a_file_that_changed_since_it_was_whole_is_read_again(root, reference):
    check_deployment(root, ENTRY, {"commit": reference})
    program = root / DEPLOYMENTS / "commit.0/usr/bin/program"
    program.write_bytes(b"PROGRAM")
    os.utime(program)
    with pytest.raises(Violation, match="is not whole"):
        check_deployment(root, ENTRY, {"commit": reference})


def test_a_version_nobody_made_is_named(root):
    with pytest.raises(Violation, match="no such version was ever made"):
        check_deployment(root, ENTRY, {})


def test_acknowledged_data_is_there_as_it_was_written(root):
    check_kept(root, {"note": "kept"})
    for kept in ({"note": "other"}, {"gone": "x"}):
        with pytest.raises(Violation, match="was acknowledged"):
            check_kept(root, kept)
