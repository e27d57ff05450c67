"""A second folder to build in: the project as it stands, the same packages and key, nothing else that was made here."""

import contextlib
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parents[2]
REF = "openhaven/amd64/core"


def pytest_addoption(parser):
    parser.addoption("--compile", action="store_true", help="compile the programs a second time, too")


class Folder:
    """A folder of the project and the `stratify` that works in it."""

    def __init__(self, path):
        self.path = path
        self.stratify_program = HERE / "out/build/image/stratify"
        self.programs = HERE / "out/appliance"

    def run(self, *command):
        done = subprocess.run(list(map(str, command)), cwd=self.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def stratify(self, *words):
        """Runs it and returns (exit code, everything it wrote)."""
        done = subprocess.run([self.stratify_program, *words], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.returncode, done.stdout

    def build(self):
        return self.stratify("build", "--locked", "--commit-only", "--programs", self.programs)

    def commit(self):
        return (self.path / "out/cache/repo/refs/heads" / REF).read_text().strip()

    def compile(self):
        build, self.programs = self.path / "out/build", self.path / "out/appliance"
        self.run("cmake", "-G", "Ninja", "-S", self.path, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "--log-level=WARNING")
        self.run("cmake", "--build", build, "--target", "stratify", "appliance")
        self.run("env", f"DESTDIR={self.programs}", "cmake", "--install", build, "--component", "appliance", "--prefix", "/", "--strip")
        self.stratify_program = build / "image/stratify"


@pytest.fixture(scope="session")
def here():
    return Folder(HERE)


@pytest.fixture(scope="session")
def there(here, request):
    """Packages are hard links: whoever changes one replaces it. The folder stays for a look until the next run."""
    path = HERE / "out/reproduce"
    here.run("rm", "-rf", path)
    listed = here.run("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (HERE / name).exists():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE / name, path / name, follow_symlinks=False)
    (path / "out/cache").mkdir(parents=True)
    here.run("cp", "-al", "out/cache/debs", path / "out/cache/debs")
    here.run("cp", "-a", "out/keys", path / "out/keys")
    folder = Folder(path)
    if request.config.getoption("--compile"):
        folder.compile()
    return folder


@pytest.fixture
def flipped():
    """flipped(file): within it one bit of the file's middle is the other way; afterwards the file is as it was."""

    @contextlib.contextmanager
    def flip(file):
        data = bytearray(file.read_bytes())
        aside = file.with_name(file.name + ".aside")
        file.rename(aside)
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
        shutil.copystat(aside, file)
        yield
        aside.replace(file)

    return flip
