"""The table of a terminal: a line an image, whose path is whole, and beside it as much as has room."""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import replace

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.records import Result
from mobilenet_cli.writers import FORMATS, Layout

EGYPTIAN = prediction("Egyptian cat", 0.38, wnid="n02124075")
TIGER = prediction("tiger cat", 0.36, rank=2, wnid="n02123159")
TABBY = prediction("tabby", 0.18, rank=3, wnid="n02123045")
LYNX = prediction("lynx", 0.049, rank=4, wnid="n02127052")
CAT = result_of(
    "photos/cat.jpg",
    [EGYPTIAN, TIGER, TABBY, LYNX],
    label=name("cat", 0.921, wnid="n02121808"),
    kinds=[name("animal", 0.95), name("pet", 0.93)],
)
ESPRESSO = result_of(
    "photos/cup.jpg",
    [prediction("espresso", 0.92, wnid="n07920052"), prediction("cup", 0.06, rank=2)],
    label=name("espresso", 0.92, wnid="n07920052"),
    kinds=[name("drink")],
)
STAFFORD = prediction("American Staffordshire terrier", 0.999, wnid="n02093428")
DOG = result_of(
    "photos/dog.jpg", [STAFFORD], label=name(STAFFORD.label, 0.999, wnid=STAFFORD.wnid), kinds=[name("dog")]
)
UNSURE = replace(CAT, path="photos/fog.jpg", label=None, kinds=())
LOST = failed_result("photos/gone.jpg")


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def written(results: list[Result], stream: io.BytesIO) -> str:
    writer = FORMATS["table"].make(stream, Layout(5))
    for each in results:
        writer.write(each)
    writer.close()
    return stream.getvalue().decode()


def shown(results: list[Result], width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines below the header, on a terminal `width` columns wide, without colours."""
    monkeypatch.setenv("COLUMNS", str(width))
    return re.sub("\x1b\\[[0-9;]*m", "", written(results, Terminal())).splitlines()[2:]


def cells(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def test_an_image_has_one_line(monkeypatch: pytest.MonkeyPatch):
    assert shown([CAT, ESPRESSO, UNSURE, LOST], 100, monkeypatch) == [
        "photos/cat.jpg              92.1%  ██████████▏  cat  animal, pet  Egyptian cat 38%, tiger cat 36%",
        "photos/cup.jpg              92.0%  ██████████▏  espresso  drink  cup 6%",
        "photos/fog.jpg                  –               not sure  Egyptian cat 38%, tiger cat 36%, tabby 18%",
        "photos/gone.jpg            no such file",
    ]


def test_runners_up_score_at_least_5_per_cent_and_come_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch):
    assert shown([CAT], 200, monkeypatch)[0].endswith("  cat  animal, pet  Egyptian cat 38%, tiger cat 36%, tabby 18%")
    assert shown([CAT], 80, monkeypatch)[0].endswith("  cat  animal, pet  Egyptian cat 38%")


def test_where_nothing_is_sure_the_best_class_is_there_however_low_its_score(monkeypatch: pytest.MonkeyPatch):
    assert shown([replace(UNSURE, predictions=(LYNX,))], 80, monkeypatch)[0].endswith("not sure  lynx 5%")


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("result", [CAT, ESPRESSO, DOG, UNSURE, LOST], ids=lambda each: each.path)
def test_a_path_is_whole_and_gets_the_room_of_every_other_column(result: Result, width: int, monkeypatch):
    for length in range(5, width + 1):
        path = ("holiday photos/" * 20)[: length - 4] + ".jpg"
        lines = shown([replace(result, path=path)], width, monkeypatch)
        assert lines[0].startswith(path)
        assert max(map(cells, lines)) <= width
        least = cells(result.label.label) if result.label else cells("not sure  Egyptian cat 38%")
        if result.status == "ok":
            assert len(lines) == (1 if length + len("  100.0%  ") + least <= width else 2)
            assert (result.label.label if result.label else "Egyptian cat 38%") in "".join(lines)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_line_is_wider_than_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch):
    odd = [replace(CAT, path="猫" * 70 + ".jpg"), replace(DOG, path="x" * 300), failed_result("a.jpg", "because " * 20)]
    lines = shown([CAT, DOG, UNSURE, replace(CAT, warning="the file ends early " * 5), *odd], width, monkeypatch)
    assert max(map(cells, lines)) <= width
    assert "".join(lines).count("because") == 20
    assert "".join(lines).count("early") == 5
    assert "".join(lines).count("x") >= 300


def test_the_columns_stand_below_each_other_until_a_longer_path_comes(monkeypatch: pytest.MonkeyPatch):
    paths = ["a.jpg", "b/another.jpg", "photographs of the year/c.jpg", "d.jpg", "e" * 60 + ".jpg", "f.jpg"]
    lines = shown([replace(CAT, path=path) for path in paths], 120, monkeypatch)
    starts = [line.index("92.1%") for line in lines]
    assert starts[0] == starts[1] <= starts[2] == starts[3] == starts[5] < starts[4]


def test_a_pipe_has_every_name_on_the_images_line():
    long = replace(CAT, path="holiday/" * 30 + "cat.jpg")
    line = written([long], io.BytesIO()).splitlines()[2]
    assert line.startswith(long.path)
    assert line.endswith("cat  animal, pet  Egyptian cat 38%, tiger cat 36%, tabby 18%")


def test_the_sure_label_is_bold_what_is_not_sure_dimmed_and_a_failure_red():
    text = written([CAT, UNSURE, LOST, replace(CAT, warning="cut short")], Terminal())
    assert "\x1b[1mcat\x1b[0m  \x1b[2manimal, pet\x1b[0m" in text
    assert "\x1b[2mnot sure  Egyptian cat 38%\x1b[0m" in text
    assert "\x1b[31mno such file\x1b[0m" in text
    assert "\x1b[33mcut short\x1b[0m" in text
