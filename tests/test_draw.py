"""The page to draw on: what its server answers and refuses, and the page in a real browser."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from starlette.testclient import TestClient
from support.pens import STROKES, draw
from typer.testing import CliRunner

from skmnist import center_digit, load, make_dense_pipeline, read_picture, save
from skmnist.cli import app
from skmnist.drawing import listen, make_app

OWN = "http://127.0.0.1:8000"
SIZE = {"width": 60, "height": 60}
SEVEN = 255 - draw(7, size=60, pen=6).astype(np.uint8)
CHROMIUM = shutil.which("chromium")


class Known:
    """A classifier whose answer is known beforehand."""

    def __init__(self, row, labels=None):
        self.row = np.array(row)
        self.classes_ = np.arange(len(row)) if labels is None else np.array(labels)
        self.seen = []

    def predict_proba(self, X):
        self.seen.append(X)
        return np.tile(self.row, (len(X), 1))


SURE = Known([0.01, 0.02, 0, 0, 0, 0, 0, 0.9, 0.03, 0.04])


def client(estimator, folder, **headers):
    headers = {"origin": OWN} | headers
    return TestClient(make_app(estimator, folder), base_url=OWN, headers=headers)


def test_a_drawing_is_read(tmp_path):
    done = client(SURE, tmp_path).post("/read", params=SIZE, content=SEVEN.tobytes())
    assert done.status_code == 200
    answer = done.json()
    assert answer["best"] == [["7", 0.9], ["9", 0.04], ["8", 0.03]]
    assert answer["sure"]
    assert (np.array(answer["image"]).reshape(28, 28) == center_digit(SEVEN)).all()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("probability", "sure"), [(0.69, False), (0.7, True)])
def test_an_unlikely_answer_is_unsure(probability, sure, tmp_path):
    asked = client(Known([1 - probability, probability], ["no", "yes"]), tmp_path)
    answer = asked.post("/read", params=SIZE, content=SEVEN.tobytes()).json()
    assert answer["best"][0] == ["yes", probability]
    assert answer["sure"] is sure


def test_an_empty_drawing_has_an_empty_answer(tmp_path):
    asked = client(SURE, tmp_path)
    empty, speck = bytes([255]) * 3600, bytes([255]) * 1830 + bytes(1) + bytes([255]) * 1769
    for nothing in (empty, speck):
        answer = asked.post("/read", params=SIZE, content=nothing).json()
        assert answer == {"image": [], "best": [], "sure": False}
    done = asked.post("/keep", params={**SIZE, "label": "7"}, content=empty)
    assert (done.status_code, done.text) == (400, "Nothing is drawn yet.")
    assert list(tmp_path.iterdir()) == []


def test_networks_get_what_they_were_fitted_on(tmp_path):
    bare, behind_steps = Known([0.5, 0.5]), Known([0.5, 0.5])
    behind_steps.steps = []
    for estimator in (bare, behind_steps):
        client(estimator, tmp_path).post("/read", params=SIZE, content=SEVEN.tobytes())
    assert (bare.seen[-1].shape, bare.seen[-1].dtype) == ((1, 784), np.float32)
    assert bare.seen[-1].max() == 1
    assert (behind_steps.seen[-1].shape, behind_steps.seen[-1].dtype) == ((1, 28, 28), np.uint8)


def test_a_drawing_is_kept_as_it_was_seen(tmp_path):
    folder = tmp_path / "drawings"
    asked = client(SURE, folder)
    for _ in range(2):
        done = asked.post("/keep", params={**SIZE, "label": "7"}, content=SEVEN.tobytes())
        assert done.status_code == 201
    files = sorted(folder.rglob("*.*"))
    assert len(files) == 2
    assert done.json() == {"file": str(files[-1])}
    assert all(file.parent == folder / "7" and file.suffix == ".png" for file in files)
    assert (read_picture(files[0])[1:-1, 1:-1] == SEVEN).all()
    assert (center_digit(read_picture(files[0])) == center_digit(SEVEN)).all()


@pytest.mark.parametrize("label", ["10", "../7", "7/..", "", None])
def test_other_labels_are_refused(label, tmp_path):
    params = SIZE if label is None else {**SIZE, "label": label}
    done = client(SURE, tmp_path).post("/keep", params=params, content=SEVEN.tobytes())
    assert done.status_code == 400
    assert done.text == "The labels are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9."
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "7").write_text("a file in the way")
    params = {**SIZE, "label": "7"}
    done = client(SURE, tmp_path).post("/keep", params=params, content=SEVEN.tobytes())
    assert done.status_code == 500
    assert done.text.startswith("The drawing is not kept: ")


def test_labels_may_be_words(tmp_path):
    asked = client(Known([0.8, 0.2], ["cat", "dog 2"]), tmp_path)
    assert asked.get("/labels").json() == ["cat", "dog 2"]
    asked.post("/keep", params={**SIZE, "label": "dog 2"}, content=SEVEN.tobytes())
    assert [path.name for path in tmp_path.iterdir()] == ["dog 2"]


@pytest.mark.parametrize("label", ["..", "a/b", "a\\b", "", " a", "con:", "a\n"])
def test_labels_that_name_no_folder_are_refused(label, tmp_path):
    with pytest.raises(ValueError, match="can't name a folder of drawings"):
        make_app(Known([0.5, 0.5], ["fine", label]), tmp_path)


def test_a_model_of_other_images_is_refused(blobs, tmp_path):
    from sklearn.naive_bayes import GaussianNB

    with pytest.raises(ValueError, match="does not take images of 28 x 28 pixels: X has 784"):
        make_app(GaussianNB().fit(*blobs), tmp_path)


@pytest.mark.parametrize(
    ("size", "body", "status"),
    [
        ({"width": 1025, "height": 1}, 1025, 400),
        ({"width": 0, "height": 1}, 0, 400),
        ({"width": "1e1", "height": 1}, 10, 400),
        ({"width": "9" * 5000, "height": 1}, 10, 400),
        ({"width": "0000000019999999", "height": 1}, 10, 400),
        ({"width": "\u0661", "height": 1}, 1, 400),
        ({"height": 1}, 10, 400),
        ({"width": 10, "height": 10}, 99, 400),
        ({"width": 10, "height": 10}, 101, 413),
        ({"width": 1024, "height": 1024}, 1024 * 1024 + 1, 413),
        ({"width": 1024, "height": 1024}, 1024 * 1024, 200),
        ({"width": 1, "height": 1}, 1, 200),
    ],
)
def test_sizes_are_limited(size, body, status, tmp_path):
    done = client(SURE, tmp_path).post("/read", params=size, content=bytes([255]) * body)
    assert done.status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "example.org"},
        {"host": "example.org:8000"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:8001"},
        {"origin": "http://example.org"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "null"},
    ],
)
def test_other_pages_and_names_are_refused(headers, tmp_path):
    asked = client(SURE, tmp_path, **headers)
    assert asked.get("/").status_code == 403
    done = asked.post("/keep", params={**SIZE, "label": "7"}, content=SEVEN.tobytes())
    assert done.status_code == 403
    assert done.text.endswith(" is answered.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"host": "localhost:8000", "origin": "http://localhost:8000"}, 200),
    ],
)
def test_a_drawing_comes_from_the_page_alone(headers, status, tmp_path):
    asked = TestClient(make_app(SURE, tmp_path), base_url=OWN, headers=headers)
    done = asked.post("/read", params=SIZE, content=SEVEN.tobytes())
    assert done.status_code == status
    assert asked.get("/labels").status_code == 200


@pytest.mark.parametrize("path", ["/", "/draw.css", "/draw.js", "/icon.svg", "/no/such/page"])
def test_the_page_asks_nothing_from_elsewhere(path, tmp_path):
    done = client(SURE, tmp_path).get(path)
    assert done.status_code == (404 if "such" in path else 200)
    assert done.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in done.headers["content-security-policy"]
    assert done.headers["x-content-type-options"] == "nosniff"
    text = done.text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//\w|@import|style=|\bon\w+=", text.replace("// ", ""))


def test_only_this_machine_is_listened_to():
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A file with a small network that knows the digits of pens."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 40)
    X = [
        center_digit(draw(digit, size=100, pen=rng.uniform(6, 12), slant=rng.uniform(-0.2, 0.2)))
        for digit in y
    ]
    path = tmp_path_factory.mktemp("models") / "pens.skops"
    save(make_dense_pipeline(hidden_layer_sizes=(64,), random_state=0).fit(np.array(X), y), path)
    return path


def test_a_busy_port_is_one_line_and_exit_code_2(tmp_path):
    with listen(0) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "skmnist", "draw", "none.skops", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"skmnist: Port {port} is in use. Choose another by --port, or any free one by --port 0.\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keep", "none.txt"], "none.txt is a file; drawings are kept in a folder"),
        (["--keep", "no/such"], "There is no folder no to make such in"),
        ([], "There is no model file none.skops"),
    ],
)
def test_mistakes_are_told_before_any_work(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none.txt").touch()
    done = CliRunner().invoke(app, ["draw", "none.skops", "--port", "0", *options])
    assert message in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["none.txt"]


def test_the_extra_is_named_where_it_is_missing():
    code = "import sys; sys.modules['uvicorn'] = None; sys.argv = ['skmnist', 'draw', 'm.skops']"
    command = [sys.executable, "-c", f"{code}; from skmnist.cli import main; main()"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        'skmnist: skmnist draw needs Starlette and uvicorn: pip install "skmnist[draw]"\n'
    )


@contextmanager
def drawing(model, folder, **variables):
    """Run the command as a user does, and end it by Ctrl-C, which is quiet."""
    command = [sys.executable, "-m", "skmnist", "draw", str(model), "--port", "0"]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": os.environ | variables}
    process = subprocess.Popen(command, cwd=folder, text=True, **settings)
    try:
        line = process.stdout.readline()
        assert line.startswith("Draw at http://127.0.0.1:"), process.stderr.read()
        yield line.split()[2]
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
    assert (*said, process.returncode) == ("", "", 0)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    if CHROMIUM is None:
        pytest.skip("needs Chromium in the path")
    switches = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=switches.split())
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    """The address of the page, and the folder that its command was started in."""
    folder = tmp_path_factory.mktemp("served")
    script = folder / "browser"
    script.write_text('#!/bin/sh\necho "$1" >opened.part && mv opened.part opened\n')
    script.chmod(0o755)
    with drawing(model, folder, BROWSER=f"{script} %s", DISPLAY=":0") as address:
        yield address, folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="$BROWSER names browsers on Linux")
def test_the_page_is_opened(served):
    address, folder = served
    for _ in range(200):
        if (folder / "opened").exists():
            break
        time.sleep(0.05)
    assert (folder / "opened").read_text() == f"{address}\n"


@pytest.mark.slow
def test_the_port_answers_its_own_page_alone(served):
    address, folder = served
    request = "POST /keep?width=1&height=1&label=1 HTTP/1.1\r\nHost: {}\r\nContent-Length: 1\r\n"
    host = address.removeprefix("http://")
    for named, origin, status in [
        (host, f"Origin: {address}\r\n", 201),
        (host, "Origin: http://example.org\r\n", 403),
        (host, "", 403),
        ("example.org", f"Origin: {address}\r\n", 403),
    ]:
        with socket.create_connection(("127.0.0.1", int(host.partition(":")[2])), 10) as asked:
            asked.sendall((request.format(named) + origin + "\r\n").encode() + b"\0")
            assert asked.recv(15).decode().split()[1] == str(status)
    (kept,) = (folder / "drawings" / "1").iterdir()
    kept.unlink()


@pytest.fixture
def page(browser, served):
    """The page, which must ask nothing from elsewhere and say no error."""
    address, _ = served
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    wrong, asked = [], []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(address)
    opened.get_by_role("button", name="It is a 9").wait_for()
    yield opened
    opened.close()
    assert wrong == []
    assert {url[: len(address) + 1] for url in asked} == {f"{address}/"}


def trace(page, digit, strokes=None):
    """Draw a digit with the mouse, or its first strokes."""
    box = page.locator("#paper").bounding_box()
    for stroke in STROKES[digit][:strokes]:
        points = [
            (box["x"] + box["width"] * (0.1 + 0.8 * x), box["y"] + box["height"] * (0.1 + 0.8 * y))
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def expect(page, digit):
    """Wait for an answer."""
    page.wait_for_function(
        "text => document.getElementById('spoken').textContent.startsWith(text)", arg=f"{digit}, "
    )
    assert page.locator("#label").inner_text() == str(digit)


def ink(page):
    """Count the pixels that are drawn on."""
    return page.evaluate(
        "() => { const c = document.getElementById('paper'); const all = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; return all.filter((v, i) => v && i % 4 == 3)"
        ".length; }"
    )


@pytest.mark.slow
def test_digits_are_read_as_they_are_drawn(page):
    for digit in (1, 0, 7, 4):
        trace(page, digit)
        expect(page, digit)
        best = page.locator("#best li")
        assert best.count() == 3
        assert re.fullmatch(rf"{digit}\s+\d+\.\d%", best.first.inner_text())
        assert re.fullmatch(r"in \d+ ms", page.locator("#spent").inner_text())
        seen = page.evaluate(
            "() => Array.from(document.getElementById('image').getContext('2d')"
            ".getImageData(0, 0, 28, 28).data.filter((v, i) => i % 4 == 0))"
        )
        assert max(seen) > 250
        assert sum(value == 0 for value in seen) > 400
        page.get_by_role("button", name="Clear").click()
        assert page.locator("#label").inner_text() == ""
        assert best.count() == ink(page) == 0


@pytest.mark.slow
@pytest.mark.parametrize("key", ["Escape", "Backspace", "Delete"])
def test_keys_clear_the_drawing(key, page):
    trace(page, 1)
    expect(page, 1)
    page.keyboard.press(key)
    assert ink(page) == 0
    assert page.locator("#hint").is_visible()


@pytest.mark.slow
def test_the_last_stroke_is_taken_back(page):
    trace(page, 4, strokes=1)
    one = ink(page)
    trace(page, 4)
    both = ink(page)
    page.keyboard.press("Control+z")
    assert one <= ink(page) < both
    for left in (True, False):
        page.get_by_role("button", name="Undo").click()
        assert bool(ink(page)) is left
    assert page.locator("#label").inner_text() == ""
    page.keyboard.press("Control+z")  # of nothing


@pytest.mark.slow
def test_drawings_are_kept_by_key_and_by_button(page, served):
    folder = served[1] / "drawings"
    page.keyboard.press("7")
    assert page.locator("#kept").inner_text() == "Nothing is drawn yet."
    for digit, keep in [
        (7, lambda: page.keyboard.press("7")),
        (0, lambda: page.get_by_role("button", name="It is a 0").click()),
    ]:
        trace(page, digit)
        keep()
        page.wait_for_function(
            "text => document.getElementById('kept').textContent.startsWith(text)",
            arg=f"Kept as drawings/{digit}/",
        )
        (file,) = (folder / str(digit)).iterdir()
        assert page.locator("#kept").inner_text() == f"Kept as drawings/{digit}/{file.name}"
        assert ink(page) == 0  # the next one is drawn on a blank page
        kept = center_digit(read_picture(file))
        assert abs(kept - center_digit(draw(digit, size=280, pen=30)).astype(float)).mean() < 30


@pytest.mark.slow
def test_what_is_kept_can_be_learnt_from(model, page, served):
    for digit in (2, 3):
        trace(page, digit)
        page.keyboard.press(str(digit))
        page.get_by_text(f"Kept as drawings/{digit}/").wait_for()
        (file,) = (served[1] / "drawings" / str(digit)).iterdir()
        assert load(model).predict(center_digit(read_picture(file))[None]) == digit


@pytest.mark.slow
def test_all_is_reached_by_tab_and_named(page):
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert names == ["undo", "clear", *(f"It is a {digit}" for digit in range(10))]
    assert page.locator("[role=status]").count() == 2


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_and_can_be_read(width, scheme, page):
    page.set_viewport_size({"width": width, "height": 740})
    page.emulate_media(color_scheme=scheme)
    trace(page, 1)
    expect(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    shades = page.evaluate(
        "() => { const style = getComputedStyle(document.body);"
        "return [style.backgroundColor, style.color].map(c => Number(c.match(/\\d+/)[0])); }"
    )
    assert abs(shades[0] - shades[1]) > 150
    assert (shades[0] > shades[1]) is (scheme == "light")


@pytest.mark.slow
def test_a_finger_draws(browser, served):
    with browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True) as context:
        opened = context.new_page()
        opened.goto(served[0])
        opened.get_by_role("button", name="It is a 9").wait_for()
        box = opened.locator("#paper").bounding_box()
        opened.touchscreen.tap(box["x"] + 100, box["y"] + 100)
        assert ink(opened) > 500
        opened.locator("#best li").first.wait_for()
