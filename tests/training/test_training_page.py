"""The page of a training as a browser shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mobilenet_cli.training.curve import Chart, Series, training_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BOXES = """() => [...document.querySelectorAll("svg")].map(svg => [...svg.querySelectorAll("text")].map(text => {
    const box = text.getBBox(); return [text.textContent, box.x, box.y, box.x + box.width, box.y + box.height];
}))"""


def charts(count: int, xs: list[str]) -> list[Chart]:
    """Charts whose lines end at the same height: at the bottom, in the middle, at the top."""
    names = ("training", "validation", "validation, top 5")
    ends = ((0.001, 0.002, 0.0), (0.5, 0.51, 0.5), (1.0, 1.0, 0.99))
    return [
        Chart(
            "Accuracy",
            "regularisation (C)",
            tuple(xs),
            tuple(
                Series(name, tuple(start + (end - start) * at / max(1, count - 1) for at in range(count)))
                for name, end in zip(names, some, strict=True)
            ),
            "percent",
            chosen,
        )
        for some in ends
        for start in (0.0, 1.0)
        for chosen in (0, count - 1)
    ]


@pytest.mark.parametrize(
    "xs",
    [
        [f"{10 ** (number / 2 - 5):.6g}" for number in range(15)],
        ["0.00001", "0.0001", "0.001"],
        [str(number) for number in range(1, 301)],
        ["1"],
    ],
    ids=["long", "few", "many", "one"],
)
def test_no_text_of_a_chart_is_over_another(browser: Browser, tmp_path: Path, xs: list[str]):
    (tmp_path / "training.html").write_text(training_page("t", [], charts(len(xs), xs)))
    page = browser.new_page()
    page.goto((tmp_path / "training.html").as_uri())
    drawn = page.evaluate(BOXES)
    page.close()
    assert len(drawn) == 12
    for boxes in drawn:
        for at, (name, left, top, right, bottom) in enumerate(boxes):
            for other, left_2, top_2, right_2, bottom_2 in boxes[at + 1 :]:
                apart = right <= left_2 or right_2 <= left or bottom <= top_2 + 1 or bottom_2 <= top + 1
                assert apart, (name, other)
