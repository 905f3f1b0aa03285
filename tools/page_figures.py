"""Measure a page of many images in Chromium: `python -m tools.page_figures [IMAGES]`.

It writes a page of made-up results to a temporary folder, opens it a few times, and prints the medians: how long the
page takes until its first images are there, and how long each filter and search takes until the page is new.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from mobilenet_cli.html import report
from mobilenet_cli.records import Name, Prediction, Result

_IMAGES = 100_000
_OPENINGS = 3
_CLASSES = 1000
_KINDS = ("animal", "vehicle", "food", "musical instrument", "clothing", "building", "plant", "furniture")
_STEPS = {
    "search a label": "q.value = 'class 77'; q.dispatchEvent(new Event('input'))",
    "search a path": "q.value = 'img_0123'; q.dispatchEvent(new Event('input'))",
    "clear": "document.getElementById('reset').click()",
    "filter by a kind": "document.querySelector('#kinds [data-kind]').click()",
    "filter by a label": "document.querySelector('#found [data-class]').click()",
    "confidence": "const min = document.getElementById('min'); min.value = 70; min.dispatchEvent(new Event('input'))",
    "only failed": "document.querySelector('[name=status][value=error]').click()",
    "clear again": "document.getElementById('reset').click()",
    "sort by path": "const sort = document.getElementById('sort'); sort.value = 'path'; "
    "sort.dispatchEvent(new Event('change'))",
}
# A search waits for more keystrokes, which is not the page's work: its time counts from when the timer fires.
_MEASURE = """step => new Promise(done => {
  const q = document.getElementById("q"), timers = window.setTimeout;
  let begun = performance.now();
  const timed = (work) => () => { begun = performance.now(); work(); };
  window.setTimeout = (work, delay) => timers(delay === 120 ? timed(work) : work, delay);
  new MutationObserver((_, observer) => {
    observer.disconnect();
    window.setTimeout = timers;
    document.body.getBoundingClientRect();
    done(performance.now() - begun);
  }).observe(document.getElementById("cards"), { childList: true, attributes: true });
  STEP;
})"""


def results(images: int) -> Iterator[Result]:
    """Yield made-up results, the same at each call: five classes an image, two thirds with a sure label."""
    chance = random.Random(0)  # noqa: S311
    for number in range(images):
        path = f"photos/{number // 1000:03}/IMG_{number:06}.jpg"
        if number % 97 == 0:
            yield Result(
                path, "error", None, (), (), "not an image in a format that can be read", None, None, None, "m"
            )
            continue
        score = chance.random()
        places = chance.sample(range(_CLASSES), 5)
        predictions = tuple(
            Prediction(rank + 1, place, f"n{place:08}", f"class {place}", round(score / 2**rank, 6))
            for rank, place in enumerate(places)
        )
        kinds = (Name("", _KINDS[places[0] % len(_KINDS)], 0.95),)
        label = Name(f"n{places[0]:08}", f"class {places[0]}", score)
        sure = score > 1 / 3
        yield Result(
            path, "ok", label if sure else None, kinds if sure else (), predictions, None, None, 4000, 3000, "m"
        )


def opening(page: Page, file: Path) -> float:
    """Return the milliseconds until the page is laid out with its first images."""
    page.goto(file.as_uri())
    page.wait_for_selector(".card")
    return float(
        page.evaluate(
            "document.body.getBoundingClientRect(), performance.getEntriesByType('navigation')[0].loadEventEnd"
        )
    )


def main() -> None:
    """Print the figures."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else _IMAGES
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder, "page.html")
        with file.open("wb") as stream:
            report.write(partial(results, images), stream, file=str(file), side=None)
        print(f"{images:,} images, {file.stat().st_size / 1e6:.1f} MB")
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(_OPENINGS):
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            times.setdefault("open", []).append(opening(page, file))
            metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
            times.setdefault("open, CPU time", []).append(1000 * metrics["TaskDuration"])
            for name, step in _STEPS.items():
                times.setdefault(name, []).append(float(page.evaluate(_MEASURE.replace("STEP", step))))
            page.close()
        chromium.close()
    for name, taken in times.items():
        print(f"{name:20} {statistics.median(taken):7.0f} ms (best {min(taken):.0f})")


if __name__ == "__main__":
    main()
