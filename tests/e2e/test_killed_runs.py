"""The installed command, killed at random moments and resumed: no row is lost and none comes twice, in any output.

`pytest tests/e2e/test_killed_runs.py --kills 50` kills the run of each output as often.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from killed_runs import SLOWLY, Photos, kill_at_random, make_photos, paths_in

pytestmark = pytest.mark.slow

KILLS = 4
"""How often the run of each of these outputs is killed, unless --kills is given."""
OUTPUTS = {
    "parquet": ["-o", "out.parquet"],
    "parts": ["-o", "out/", "-f", "jsonl", "--rows-per-file", "100"],
    "page": ["-o", "out.html"],
    "sidecars": ["-o", "out.jsonl", "--xmp", "--sure", "0"],
    "several": ["-o", "out.csv", "-o", "out.jsonl", "-o", "out.parquet"],
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return make_photos(tmp_path_factory.mktemp("work"))


@dataclass(frozen=True)
class Place:
    """A folder with the photographs, in which the command runs."""

    folder: Path
    photos: Photos

    @classmethod
    def make(cls, folder: Path, photos: Photos) -> Place:
        (folder / "photos").mkdir(parents=True)
        for file in photos.folder.iterdir():
            (folder / "photos" / file.name).hardlink_to(file)
        return cls(folder, replace(photos, sources=("photos",)))

    def written(self) -> Iterator[tuple[str, bytes]]:
        """What the runs left, by name."""
        for file in self.folder.rglob("*"):
            if file.is_file() and not file.name.endswith(".png"):
                yield str(file.relative_to(self.folder)), file.read_bytes()


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_run_that_is_killed_and_resumed_leaves_what_one_without_kills_does(
    photos: Photos, kills: int | None, tmp_path: Path, output: str
):
    whole, killed = (Place.make(tmp_path / name, photos) for name in ("whole", "killed"))
    whole.photos.run(*OUTPUTS[output], cwd=whole.folder)
    choose = random.Random(output)
    done = 0
    while done < (kills or KILLS):
        (killed.folder / "out.html").unlink(missing_ok=True)  # a complete page is refused
        process = killed.photos.start(*OUTPUTS[output], "--resume", *SLOWLY, cwd=killed.folder)
        done += kill_at_random(process, killed.folder, choose)
    (killed.folder / "out.html").unlink(missing_ok=True)
    killed.photos.run(*OUTPUTS[output], "--resume", cwd=killed.folder)
    expected = dict(whole.written())
    assert expected.keys() == dict(killed.written()).keys()
    assert {name for name, content in killed.written() if content != expected[name]} == set()


@pytest.mark.parametrize(("name", "usual"), [("csv", 50), ("jsonl", 10)])
def test_kills_lose_no_row_and_double_none(photos: Photos, kills: int | None, tmp_path: Path, name: str, usual: int):
    folder = tmp_path / "killed"
    folder.mkdir()
    file, part = folder / f"out.{name}", folder / f"out.{name}.part"
    photos.run("-o", tmp_path / f"whole.{name}")
    expected = (tmp_path / f"whole.{name}").read_bytes()
    choose = random.Random(name)
    kept: set[str] = set()
    killed = killed_while_writing = 0
    while killed < (kills or usual):
        killed += kill_at_random(photos.start("-o", file, "--resume", *SLOWLY), part, choose)
        assert not file.exists() or file.read_bytes() == expected
        there = part if part.exists() else file
        finished = set(paths_in(there.read_bytes(), name, ("ok",))) if there.exists() else set()
        assert kept <= finished
        killed_while_writing += kept < finished
        kept = finished
    assert killed_while_writing >= killed / 2
    photos.run("-o", file, "--resume")
    assert file.read_bytes() == expected
    assert sorted(folder.iterdir()) == [file, folder / f"out.{name}.meta"]


@pytest.mark.parametrize(("name", "usual"), [("csv", 5), ("parquet", 2)])
def test_kills_leave_one_row_for_each_of_a_table(
    photos: Photos, kills: int | None, tmp_path: Path, name: str, usual: int
):
    file, part = tmp_path / f"out.{name}", tmp_path / f"out.{name}.part"
    choose = random.Random(name)
    # A table is text in one encoding: a name that is no UTF-8 cannot stand in it.
    names = [each.name for each in sorted(photos.folder.iterdir())]
    images = [each for each in names if each.encode(errors="ignore").decode() == each]
    rows = [[str(number), 'two\nlines, "x"', choose.choice(images)] for number in range(800)]
    rows[::50] = rows[1::50]  # the same row twice
    with (photos.folder / "table").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerows([["id", "note", "image"], *rows])
    labelled = replace(photos, sources=("--from-csv", str(photos.folder / "table")))
    killed = 0
    while killed < (kills or usual):
        killed += kill_at_random(labelled.start("-o", file, "--resume", *SLOWLY), part, choose)
    labelled.run("-o", file, "--resume")
    labelled.run("-o", tmp_path / f"whole.{name}")
    assert file.read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
    if name == "csv":
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        assert [row[:3] for row in csv.reader(io.StringIO(text, newline=""))][1:] == rows
