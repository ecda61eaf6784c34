"""How long after a stroke the page of `skmnist draw` shows what the network reads, in Chromium.

python tests/benchmarks/draw.py
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import heading
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.pens import STROKES

from skmnist import load_digits28, make_dense_pipeline, recipes, save

WATCH = """() => {
  let up = 0;
  window.spent = [];
  addEventListener("pointerup", (event) => { up = event.timeStamp; }, true);
  const shown = () => {
    if (!up || !document.getElementById("spoken").textContent) return;
    const since = up;
    up = 0;
    requestAnimationFrame(() => window.spent.push(performance.now() - since));
  };
  new MutationObserver(shown).observe(document.getElementById("spent"), { childList: true });
}"""


def strokes(page, digit):
    """Draw a digit at the pace of a hand, some 80 positions a second."""
    box = page.locator("#paper").bounding_box()
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + box["width"] * (0.2 + 0.6 * x), box["y"] + box["height"] * (0.1 + 0.8 * y))
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=max(1, 12 // len(points)))
            time.sleep(0.012)
        page.mouse.up()
        page.wait_for_timeout(150)


def main() -> None:
    heading("The page to draw on, with the default network", "starlette", "uvicorn", "playwright")
    network = make_dense_pipeline(**recipes.DEFAULT | {"epochs": 1}, random_state=0)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.skops"
        save(network.fit(*load_digits28(return_X_y=True)), model)
        command = [sys.executable, "-m", "skmnist", "draw", model, "--port", "0", "--no-open"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            address = server.stdout.readline().split()[2]
            with sync_playwright() as playwright:
                switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=switches
                )
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(address)
                page.locator("#labels button").first.wait_for()
                page.evaluate(WATCH)
                for digit in [*STROKES] * 6:
                    strokes(page, digit)
                    page.keyboard.press("Escape")
                spent = sorted(page.evaluate("window.spent"))
                browser.close()
            server.terminate()
    late = spent[int(0.95 * len(spent))]
    print(
        f"From the end of a stroke to the next frame on the screen, {len(spent)} strokes: median "
        f"{statistics.median(spent):.0f} ms, 95% within {late:.0f} ms, at most {spent[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
