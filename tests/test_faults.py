"""What breaks the package elsewhere: full disks, dead servers, killed processes, forks, threads."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from support.mirrors import mirrored, serving
from support.numpy_blas import in_numpy

from skmnist import (
    DenseClassifier,
    compare,
    load,
    make_baseline,
    make_dense_pipeline,
    save,
)
from skmnist.datasets import fetch, fetching


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )


# Downloads


class Breaking(http.server.SimpleHTTPRequestHandler):
    """Promises a whole file and closes after some of its bytes."""

    share = 0.0

    def do_GET(self):
        content = (self.server.folder / self.path[1:]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: round(self.server.share * (len(content) - 1))])

    def log_message(self, *args):
        pass


@pytest.mark.parametrize(
    "share", [0.0, 0.001, 0.5, 1.0], ids=["none", "few", "half", "all but one"]
)
def test_a_download_that_breaks_leaves_nothing(share, origin, tiny, home):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        server.folder, server.share = origin, share
        threading.Thread(target=server.serve_forever).start()
        breaking = mirrored(tiny, f"http://127.0.0.1:{server.server_port}/")
        with pytest.raises(OSError, match="not available"):
            fetch(breaking, data_home=home, n_retries=0)
        server.shutdown()
    assert list(home.iterdir()) == []
    with serving(origin) as good:
        assert len(fetch(mirrored(tiny, good), data_home=home).data) == 5


class Slow(Breaking):
    """Sends half a file, and then no more for as long as the client lives."""

    def do_GET(self):
        self.send_response(200)
        content = (self.server.folder / self.path[1:]).read_bytes()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.server.going_on.wait(30)


FETCHING = """
from pathlib import Path
from skmnist.datasets import Source, fetch
fetch({source!r}, data_home=Path({home!r}))
"""


def test_a_kill_while_fetching_leaves_no_file_by_a_final_name(origin, tiny, home):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.folder, server.going_on = origin, threading.Event()
        threading.Thread(target=server.serve_forever).start()
        half = f"http://127.0.0.1:{server.server_port}/"
        code = FETCHING.format(source=mirrored(tiny, half), home=str(home))
        process = subprocess.Popen([sys.executable, "-c", code])
        deadline = time.monotonic() + 30
        while not list(home.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        server.going_on.set()
        server.shutdown()
    assert [path.suffix for path in home.iterdir()] == [".part"]
    with serving(origin) as good:
        assert len(fetch(mirrored(tiny, good), data_home=home).data) == 5


def test_a_server_that_never_answers_is_given_up(origin, tiny, home):
    with socket.create_server(("127.0.0.1", 0)) as silent, serving(origin) as good:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        source = mirrored(tiny, hanging, good, timeout=0.2)
        start = time.perf_counter()
        assert len(fetch(source, data_home=home).data) == 5
        assert time.perf_counter() - start < 10


def test_a_file_that_changes_after_it_was_verified_is_not_read(served, home, monkeypatch):
    verify = fetching.require

    def verify_then_change(*arguments):
        verify(*arguments)
        (home / "train-labels-idx1-ubyte.gz").write_bytes(b"other")

    monkeypatch.setattr(fetching, "require", verify_then_change)
    with pytest.raises(OSError, match=r"labels-idx1-ubyte\.gz changed while it was read"):
        fetch(served, data_home=home)


def test_a_folder_that_cannot_be_written_is_told_at_once(served, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        fetch(served, data_home=tmp_path / "file" / "home")


# Files


@pytest.fixture(scope="module")
def fitted(digits):
    return make_dense_pipeline(hidden_layer_sizes=(64,), epochs=2, random_state=0).fit(*digits)


FULL = """
import resource, signal
from skmnist import load, save
model = load({path!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
save(model, {path!r})
"""


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_file(fitted, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    before = path.read_bytes()
    done = run(FULL.format(path=str(path)))
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


SAVING = """
import sys
from skmnist import load, save
model = load({path!r})
print("ready", flush=True)
while True:
    save(model, {path!r})
"""


@pytest.mark.slow
def test_a_kill_while_saving_leaves_a_whole_file(fitted, digits, tmp_path):
    path = tmp_path / "model.skops"
    save(fitted, path)
    expected = fitted.predict_proba(digits[0][:5])
    process = subprocess.Popen(
        [sys.executable, "-c", SAVING.format(path=str(path))], stdout=subprocess.PIPE, text=True
    )
    with process:
        process.stdout.readline()
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    np.testing.assert_array_equal(load(path).predict_proba(digits[0][:5]), expected)


def test_a_compressed_model_file_is_refused_before_it_is_read(fitted, tmp_path):
    path, bomb = tmp_path / "model.skops", tmp_path / "bomb.skops"
    save(fitted, path)
    with (
        zipfile.ZipFile(path) as good,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for name in good.namelist():
            bad.writestr(name, good.read(name))
        bad.writestr("zeros.npy", bytes(10_000_000))
    with pytest.raises(ValueError, match="may be larger than memory"):
        load(bomb)


# Processes and threads

FORK = """
import os, signal
import keras
import numpy as np
from skmnist import DenseClassifier, KerasClassifier
def network(meta):
    last = keras.layers.Dense(4, "softmax")
    return keras.Sequential([keras.Input((4,)), keras.layers.LayerNormalization(), last])
X, y = np.eye(4, dtype=np.float32).repeat(5, axis=0), np.arange(4).repeat(5)
model = DenseClassifier((4,), epochs=1, random_state=0).fit(X, y)
normalized = KerasClassifier(network, epochs=1, random_state=0).fit(X, y)
expected = model.predict_proba(X)
child = os.fork()
if not child:
    signal.alarm(20)
    print("the same", np.array_equal(model.predict_proba(X), expected), flush=True)
    for work in (lambda: normalized.predict(X), lambda: model.fit(X, y)):
        try:
            work()
        except RuntimeError as error:
            print(error, flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.slow
@in_numpy
def test_a_fork_after_a_fit_predicts_by_dense_networks_alone():
    done = run(FORK)
    first, *refusals, last = done.stdout.splitlines()
    assert last == "0", done.stderr
    assert first == "the same True"
    assert len(refusals) == 2
    assert all("does not survive a fork" in refusal for refusal in refusals)


def test_eight_threads_share_an_estimator(fitted, digits):
    X = digits[0][:300]
    expected = fitted.predict_proba(X)
    found = [None] * 8

    def work(i):
        for _ in range(3):
            found[i] = fitted.predict_proba(X[i * 30 : i * 30 + 31])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(8):
        np.testing.assert_array_equal(found[i], expected[i * 30 : i * 30 + 31])


HASHED = """
import keras
import numpy as np
from skmnist import DenseClassifier, KerasClassifier
def network(meta):
    last = keras.layers.Dense(4, "softmax")
    return keras.Sequential([keras.Input((4,)), keras.layers.LayerNormalization(), last])
X, y = np.eye(4, dtype=np.float32).repeat(5, axis=0), np.arange(4).repeat(5)
model = DenseClassifier((8,), epochs=3, dropout=0.2, random_state=0).fit(X, y)
print(model.predict_proba(X).tobytes().hex())
"""


@pytest.mark.slow
def test_hash_seeds_change_nothing():
    found = {
        run(HASHED, env=os.environ | {"PYTHONHASHSEED": seed}).stdout for seed in ("0", "1", "2")
    }
    assert len(found) == 1


def test_a_failed_fit_leaves_the_estimator_as_it_was(fitted, digits):
    network = DenseClassifier((8,), epochs=1, random_state=0)
    X, y = fitted[0].transform(digits[0][:50]), digits[1][:50]
    before = network.fit(X, y).predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        network.fit(np.full_like(X, np.nan), y)
    np.testing.assert_array_equal(network.predict_proba(X), before)


def test_the_report_escapes_names_and_labels(digits, tmp_path):
    X, y = digits[0][:200], digits[1][:200]
    labels = np.array([f"<script>alert({label})</script>" for label in y])
    name = "<img src=x onerror=alert(1)>"
    models = {name: make_baseline("knn"), "<b>dummy</b>": make_baseline("dummy")}
    found = compare(models, X, labels, cv=2, random_state=0)
    found.to_html(tmp_path / "report.html", title="<i>title</i>", made_by="<u>me</u>")
    page = (tmp_path / "report.html").read_text()
    for raw in ("<script>alert", "<img src=x", "<b>dummy", "<i>title", "<u>me"):
        assert raw not in page
        assert raw not in found._repr_html_()
