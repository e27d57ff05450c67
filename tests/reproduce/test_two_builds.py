"""The version is built a second time, in another folder with an empty cache. Then single bits are flipped in what it is made of."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def built(there):
    code, told = there.build()
    assert code == 0, told


def test_they_are_the_same_commit(here, there):
    assert here.commit() == there.commit(), _difference(here, there)


def test_what_was_built_is_verified(there):
    code, told = there.stratify("verify")
    assert code == 0, told


def test_a_damaged_package_in_the_cache_is_named_and_never_used(there, flipped):
    package = sorted(there.path.glob("out/cache/debs/**/*.deb"))[0]
    with flipped(package):
        code, told = there.build()
        assert package.stem in told, told
        # It was fetched anew: whole again, and what is built of it the same.
        assert code == 0, told


@pytest.mark.parametrize("verb", ["build", "verify"])
def test_a_changed_lock_is_refused_by_its_name(there, flipped, verb):
    with flipped(there.path / "image/core.lock"):
        code, told = there.build() if verb == "build" else there.stratify(verb)
    assert code in (2, 3), told
    assert "image/core.lock:" in told


def test_a_damaged_object_is_refused_by_its_checksum(there, flipped):
    commit = there.commit()
    listed = there.run("ostree", "--repo=out/cache/repo", "ls", "-C", commit, "/usr/lib/os-release").split()
    checksum = listed[4]
    with flipped(there.path / f"out/cache/repo/objects/{checksum[:2]}/{checksum[2:]}.file"):
        code, told = there.stratify("verify")
    assert code == 3, told
    assert checksum in told
    assert "FAILED  objects" in told


def test_a_damaged_commit_is_refused_by_its_checksum(there, flipped):
    commit = there.commit()
    with flipped(there.path / f"out/cache/repo/objects/{commit[:2]}/{commit[2:]}.commit"):
        code, told = there.stratify("verify")
    assert code != 0, told
    assert commit in told


def _difference(here, there):
    lists = [set(folder.run("ostree", "--repo=out/cache/repo", "ls", "-RC", folder.commit()).splitlines()) for folder in (here, there)]
    return "only in one of them:\n" + "\n".join(sorted(lists[0] ^ lists[1])[:40])
