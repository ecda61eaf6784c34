"""A tiny MNIST, and servers on this machine that hand it out."""

import contextlib
import dataclasses
import functools
import gzip
import hashlib
import http.server
import threading
from pathlib import Path

import numpy as np

from skmnist._idx import format_idx
from skmnist.datasets import MNIST, Source


def make_source(where: Path, prefixes=MNIST.prefixes, **changes) -> Source:
    """Write a tiny MNIST of 5 + 3 images; give its source, without mirrors."""
    rng = np.random.default_rng(0)
    checksums = {}
    for prefix, n in zip(prefixes.values(), (5, 3), strict=True):
        arrays = {
            f"{prefix}-images-idx3-ubyte.gz": rng.integers(0, 256, (n, 28, 28), dtype=np.uint8),
            f"{prefix}-labels-idx1-ubyte.gz": rng.integers(0, 10, n, dtype=np.uint8),
        }
        for name, array in arrays.items():
            content = gzip.compress(format_idx(array), mtime=0)
            (where / name).write_bytes(content)
            checksums[name] = hashlib.sha256(content).hexdigest()
    return dataclasses.replace(MNIST, files=checksums, mirrors=(), prefixes=prefixes, **changes)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class RangesHandler(QuietHandler):
    """Gives the part of a file that is asked for, as servers of archives do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        start, stop = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        content = path.read_bytes()
        part = content[start : stop + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


@contextlib.contextmanager
def serving(folder: Path, handler=QuietHandler):
    handler = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def mirrored(source: Source, *mirrors: str, **changes) -> Source:
    """The same data set, from other mirrors."""
    return dataclasses.replace(source, mirrors=mirrors, **changes)
