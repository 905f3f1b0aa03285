"""Five people's main job, as each would type it after reading README: a session in a terminal, and what it leaves."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

import pytest
from conftest import SAMPLES, program
from unmeasured import unmeasured
from views import save_views

pytestmark = pytest.mark.slow

WIDTH = 100
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][A-Z0-9]?")

Session = Callable[[str], str]


@pytest.fixture
def session(tmp_path: Path, embedded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Types commands into bash on a terminal of 100 columns, in a folder `photos` of the user's, and returns the text.

    A command that fails ends the session, and the test.
    """
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("cat.jpg", "rocket.jpg", "espresso.webp"):
        shutil.copy(SAMPLES / name, photos)
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    monkeypatch.setenv("MNCLASSIFY_MODEL", "efficientnet_lite0")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("TERM", "xterm")

    def run(commands: str) -> str:
        master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
        bash = [program("bash"), "-e", "-o", "pipefail", "-c", commands]
        ends = {"stdin": slave, "stdout": slave, "stderr": slave}
        process = subprocess.Popen(bash, cwd=tmp_path, env=unmeasured(), start_new_session=True, **ends)
        os.close(slave)
        shown = b""
        while data := _read(master):
            shown += data
        os.close(master)
        text = _CODES.sub("", shown.decode()).replace("\r\n", "\n")
        text = "\n".join(line.rpartition("\r")[2].rstrip() for line in text.splitlines())
        print(text)
        assert process.wait(60) == 0, text
        assert "Traceback" not in text
        return text

    return run


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_a_photographer_finds_tags_and_sorts_photographs(session: Session, tmp_path: Path):
    photos = tmp_path / "photos"
    (photos / "notes.txt").write_text("Sunday")
    (photos / "clip.mp4").write_bytes(b"film")
    (photos / "broken.jpg").write_bytes((SAMPLES / "cat.jpg").read_bytes()[:900])
    text = session("mnclassify photos/ || test $? = 1")
    for name, label in (("cat.jpg", "cat +animal"), ("espresso.webp", "espresso +drink"), ("rocket.jpg", "object")):
        assert re.search(rf"photos/{name} +[\d.]+% +\S+ +{label}", text), name
    assert all(len(line) <= WIDTH for line in text.splitlines() if not line.startswith("mnclassify:"))
    assert re.search(r"1 of 4 images could not be classified", text)
    assert "2 files of other types skipped: 1 .mp4, 1 .txt" in text
    (photos / "broken.jpg").unlink()

    session("mnclassify photos/ -o report.html && mnclassify photos/ --xmp -o labels.jsonl")
    assert "Egyptian cat" in (tmp_path / "report.html").read_text()
    assert "<rdf:li>cat</rdf:li>" in (photos / "cat.jpg.xmp").read_text()

    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    session("mnclassify sort photos/ --into sorted/ --move")
    assert (tmp_path / "sorted" / "cat" / "cat.jpg").read_bytes() == before["cat.jpg"]
    assert (tmp_path / "sorted" / "cat" / "cat.jpg.xmp").exists()
    session("mnclassify sort --into sorted/ --undo")
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before


def test_a_data_scientist_labels_a_table_and_measures_a_model(session: Session, tmp_path: Path):
    (tmp_path / "photos.csv").write_text(
        "id,image,truth\n7,photos/cat.jpg,Egyptian cat\n8,photos/espresso.webp,espresso\n9,photos/gone.jpg,espresso\n"
    )
    text = session("mnclassify --from-csv photos.csv --column image -o labelled.csv || test $? = 1")
    assert "1 of 3 images could not be classified" in text
    labelled = rows(tmp_path / "labelled.csv")
    assert [(row["id"], row["truth"], row["label"]) for row in labelled] == [
        ("7", "Egyptian cat", "cat"),
        ("8", "espresso", "espresso"),
        ("9", "espresso", ""),
    ]
    assert labelled[2]["error"]

    session("mnclassify photos/ -o labels.parquet && mnclassify embed photos/ -o vectors.npz")
    text = session(
        "python -c '"
        'import duckdb, numpy; print(duckdb.sql("SELECT path FROM read_parquet(\\"labels.parquet\\") '
        'WHERE label.label = $$cat$$").fetchall()); print(numpy.load("vectors.npz")["vectors"].shape)'
        "'"
    )
    assert "[('photos/cat.jpg',)]" in text
    assert "(3, 1280)" in text

    text = session(
        "mnclassify evaluate photos/cat.jpg photos/espresso.webp --truth csv:photos.csv "
        "--predictions predictions.csv -o evaluation.html"
    )
    assert [row["truth"] for row in rows(tmp_path / "predictions.csv")] == ["Egyptian cat", "espresso"]
    assert (tmp_path / "evaluation.html").exists()


def test_a_shell_user_pipes_paths_and_records(session: Session, tmp_path: Path):
    program("jq")
    labels = 'jq -r \'.path + " " + (.label.label // "?")\''
    text = session(f"find photos -name '*.jpg' -print0 | mnclassify --from - -0 -f jsonl | {labels}")
    assert "photos/cat.jpg cat" in text
    session("mkdir cats; mnclassify photos/ --kind cat -f path --print0 | xargs -0r cp -t cats/")
    assert [path.name for path in (tmp_path / "cats").iterdir()] == ["cat.jpg"]
    # As with grep: nothing found is exit code 1, and `head` is no failure.
    session("! mnclassify photos/ --kind guitar -f path && mnclassify photos/ | head -n 1")
    session("cat photos/cat.jpg | mnclassify -")
    text = session("mnclassify phtos/ -o labels.csv || echo code $?")
    assert "phtos/: no such file or folder" in text
    assert "code 1" in text
    assert not (tmp_path / "labels.csv").exists()


def test_an_operator_runs_it_every_night_and_carries_a_model(session: Session, tmp_path: Path):
    nightly = "mnclassify photos/ -o labels.csv --resume --quiet --offline"
    text = session(
        f"""
        mkfifo feed
        mnclassify --from feed -o labels.csv --quiet --offline & run=$!
        exec 3> feed; echo photos/cat.jpg >&3
        until grep -q photos/cat.jpg labels.csv.part 2> /dev/null; do sleep 0.1; done
        kill -TERM $run; wait $run || echo ended with $?
        {nightly}; {nightly}
        """
    )
    assert "ended with 143" in text
    assert text.count("\n") <= 2  # --quiet: nothing to mail
    assert sorted(row["path"] for row in rows(tmp_path / "labels.csv")) == [
        "photos/cat.jpg",
        "photos/espresso.webp",
        "photos/rocket.jpg",
    ]
    assert not (tmp_path / "labels.csv.part").exists()

    (tmp_path / "photos" / "new.jpg").write_bytes((SAMPLES / "cat.jpg").read_bytes() + b"\0")
    before = (tmp_path / "labels.csv").read_text().splitlines()
    session(nightly)
    after = (tmp_path / "labels.csv").read_text().splitlines()
    assert len(after) == 5
    assert set(before) <= set(after)

    text = session(
        "mnclassify models verify && mnclassify models export efficientnet_lite0 -o model.zip && "
        "export MNCLASSIFY_HOME=$PWD/other && mnclassify models import model.zip && mnclassify photos/cat.jpg --offline"
    )
    assert "efficientnet_lite0: ok" in text
    assert "efficientnet_lite0 is ready" in text
    assert re.search(r"photos/cat\.jpg +[\d.]+% +\S+ +cat ", text)


def test_a_teacher_teaches_a_class_its_own_classes(session: Session, tmp_path: Path):
    for folder, pupils in (("labelled", range(6)), ("others", range(6, 8))):
        for label, name in (("our cat", "cat.jpg"), ("coffee cup", "espresso.webp")):
            save_views(SAMPLES / name, tmp_path / folder / label, pupils)
    text = session("mnclassify train labelled/ -o mine")
    assert "coffee cup" in text
    assert "our cat" in text
    assert (tmp_path / "mine" / "training.html").exists()
    text = session("mnclassify photos/cat.jpg photos/espresso.webp -m ./mine && mnclassify evaluate others/ -m ./mine")
    assert re.search(r"photos/cat\.jpg +[\d.]+% +\S+ +our cat", text)
    assert re.search(r"photos/espresso\.webp +[\d.]+% +\S+ +coffee cup", text)
    assert re.search(r"Top-1 accuracy +100\.0%", text)
    # For the computers of the class, which have no TensorFlow.
    session("mnclassify models export ./mine -o mine.zip")
    session(
        "export MNCLASSIFY_HOME=$PWD/pupil; mnclassify models import mine.zip && "
        "mnclassify photos/cat.jpg -m mine -f jsonl > answer.jsonl"
    )
    assert json.loads((tmp_path / "answer.jsonl").read_text())["label"]["label"] == "our cat"
