"""The services as container images in a registry, and what a client with those of one version pulls for the next."""

import contextlib
import hashlib
import http.server
import json
import pathlib
import shutil
import subprocess
import threading

_IMAGE = "application/vnd.oci.image"
_CLIENT = ["skopeo", "--insecure-policy", "copy", "--quiet"]
# The list of packages would make every layer another one; images without it are smaller to update.
_LEFT_OUT = "var/lib/dpkg"


def pulled(before, after, folder):
    """Bytes of the bodies that a client is sent for the images after, when it has those before. Both are trees by name.

    Returns two figures: with one layer for each image, and with the files that all images have in a layer of their own.
    """
    figures = []
    for variant, layers_of in (("apart", _one_layer), ("shared", _layer_shared)):
        work = folder / variant
        for tag, trees in (("before", before), ("after", after)):
            layers = layers_of(trees)
            for name, tree in trees.items():
                _put(work / tag / name, tree, layers[name])
        figures.append(_pull_both(work, sorted(after)))
        shutil.rmtree(work)
    return figures


def _one_layer(trees):
    return {name: [_paths(tree)] for name, tree in trees.items()}


def _layer_shared(trees):
    """What is the same in all trees below, the rest of each above."""
    same = set.intersection(*({(path, _identity(tree / path)) for path in _paths(tree)} for tree in trees.values()))
    shared = {path for path, _ in same}
    return {name: [sorted(shared), [path for path in _paths(tree) if path not in shared]]
            for name, tree in trees.items()}


def _paths(tree):
    """Of everything in the tree, sorted."""
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*")
                  if not path.relative_to(tree).is_relative_to(_LEFT_OUT))


def _identity(path):
    """Equal for equal files: these are links to one object of a repository, unless they are empty."""
    status = path.lstat()
    if path.is_symlink():
        return path.readlink()
    return status.st_mode, status.st_size and not path.is_dir() and status.st_ino


def _put(place, tree, layers):
    """An image of the tree in the registry's folder, its layers compressed as skopeo does when it pushes."""
    layout = place.with_name(f"{place.name}.layout")
    (layout / "blobs/sha256").mkdir(parents=True)
    archives = [_archive(layout, tree, paths) for paths in layers]
    configuration = {"architecture": "amd64", "os": "linux",
                     "rootfs": {"type": "layers", "diff_ids": [archive["digest"] for archive in archives]}}
    manifest = {"schemaVersion": 2, "mediaType": f"{_IMAGE}.manifest.v1+json",
                "config": _blob(layout, f"{_IMAGE}.config.v1+json", configuration), "layers": archives}
    index = {"schemaVersion": 2, "manifests": [_blob(layout, f"{_IMAGE}.manifest.v1+json", manifest)]}
    (layout / "index.json").write_text(json.dumps(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    subprocess.check_call([*_CLIENT, "--dest-compress", "--dest-compress-format=gzip", f"oci:{layout}", f"dir:{place}"])
    shutil.rmtree(layout)


def _archive(layout, tree, paths):
    """A layer with these paths, uncompressed. What has not changed makes the same layer."""
    file = layout / "layer.tar"
    subprocess.run(["tar", "--create", "--file", file, "--directory", tree, "--numeric-owner", "--mtime=@0",
                    "--no-recursion", "--null", "--files-from=-"], input="\0".join(paths).encode(), check=True)
    with open(file, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    file.rename(layout / "blobs/sha256" / digest)
    return _descriptor(f"{_IMAGE}.layer.v1.tar", digest, (layout / "blobs/sha256" / digest).stat().st_size)


def _blob(layout, kind, document):
    content = json.dumps(document).encode()
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(content)
    return _descriptor(kind, digest, len(content))


def _descriptor(kind, digest, size):
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _pull_both(work, names):
    with _Registry(work) as registry:
        for tag in ("before", "after"):
            registry.sent = 0
            for name in names:
                subprocess.check_call([*_CLIENT, "--src-tls-verify=false", f"docker://{registry.address}/{name}:{tag}",
                                       f"oci:{work}/client:{name}"])
        return registry.sent


class _Registry(contextlib.AbstractContextManager):
    """Hands out folder/<tag>/<name>, as skopeo's dir: writes it (containers-transports(5)), by the part of OCI's
    distribution specification that pulling takes. Counts the bytes of bodies."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.sent = 0
        registry = self

        class Handler(_Handler):
            owner = registry

        self._http = _Http(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def find(self, path):
        """The content at a path, and its type."""
        if path == "/v2/":
            return b"{}", "application/json"
        name, kind, reference = path.removeprefix("/v2/").split("/")
        if kind == "manifests":
            content = (self.folder / reference / name / "manifest.json").read_bytes()
            return content, json.loads(content)["mediaType"]
        file = next(self.folder.glob(f"*/{name}/{reference.removeprefix('sha256:')}"))
        return file.read_bytes(), "application/octet-stream"


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away. One that misses something fails by itself."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Counted before it is sent: who has it finds it counted."""
        content, kind = self.owner.find(self.path)
        self.owner.sent += len(content)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass
