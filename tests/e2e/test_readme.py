"""Every recipe of README and docs/recipes.md, run as it is written there."""

from __future__ import annotations

import csv
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest
from conftest import ROOT, SAMPLES, program
from views import save_views

from tools import terminal_picture

README = (ROOT / "README.md").read_text()
RECIPES = (ROOT / "docs" / "recipes.md").read_text()
CAT, ESPRESSO = SAMPLES / "cat.jpg", SAMPLES / "espresso.webp"


def recipes(text: str = RECIPES) -> list[str]:
    """Return the command lines of a text."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"\s{2,}#.*", "", line) for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a .curlrc that leads curl to a server on this machine, whatever host it is asked for."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(CAT, folder / "cat.jpg")
    names = ["-subj", "/CN=example.org", "-keyout", "key.pem", "-out", "certificate.pem"]
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / ".curlrc").write_text(f'insecure\nnoproxy = "*"\nconnect-to = "::127.0.0.1:{server.server_port}"\n')
    yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the recipes name; they run in it one after the other."""
    tmp_path = tmp_path_factory.mktemp("desk")
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("cat.jpg", "rocket.jpg", "espresso.webp"):
        shutil.copy(SAMPLES / name, photos)
    shutil.copy(CAT, tmp_path)
    (tmp_path / "photos.csv").write_text("image,who\nphotos/cat.jpg,Ann\nphotos/none.jpg,Ben\n")
    for label, picture in (("tiger cat", CAT), ("espresso", ESPRESSO)):
        save_views(picture, tmp_path / "labelled" / label, range(4))
    shutil.copytree(tmp_path / "labelled", tmp_path / "others")
    return tmp_path


def run(recipe: str, folder: Path, home: Path, curl: Path) -> str:
    for name in {"curl", "jq"} & set(recipe.split()):
        program(name)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MNCLASSIFY_HOME": str(home),
        "MNCLASSIFY_MODEL": "efficientnet_lite0",
        "CURL_HOME": str(curl),
    }
    command = [program("bash"), "-o", "pipefail", "-c", recipe]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    # One row of photos.csv names no file: exit code 1, as promised.
    assert done.returncode == ("photos.csv" in recipe), done.stderr
    return done.stdout


def best(jsonl: str) -> dict[str, str]:
    results = [json.loads(line) for line in jsonl.splitlines()]
    return {result["path"]: result["predictions"][0]["label"] for result in results}


# What comes of each recipe, found by a regular expression that one recipe (or its like) has.
EXPECTED: dict[str, Callable[[str, Path], bool]] = {
    "mnclassify photos/$": lambda out, _: len(list(csv.DictReader(out.splitlines()))) == 3,
    "-o labels.csv": lambda _, desk: len((desk / "labels.csv").read_text().splitlines()) == 4,
    "-o report.html": lambda _, desk: "Egyptian cat" in (desk / "report.html").read_text(),
    "-o labelled.csv": lambda _, desk: [row[1] for row in rows(desk / "labelled.csv")] == ["who", "Ann", "Ben"],
    "find photos": lambda out, _: sorted(best(out)) == ["photos/cat.jpg", "photos/rocket.jpg"],
    "curl -s": lambda out, _: rows(out)[1][:3] == ["-", "ok", "cat"],
    r"\.label\.label": lambda out, _: (
        sorted(" ".join(line.split()) for line in out.splitlines()) == ["1 cat", "1 espresso", "1 object"]
    ),
    r"predictions\[0\]": lambda out, _: out.splitlines()[:2] == ["Egyptian cat", "espresso"],
    "-o pets.csv": lambda _, desk: [row[0] for row in rows(desk / "pets.csv")[1:]] == ["photos/cat.jpg"],
    "sort photos/": lambda _, desk: (desk / "sorted" / "cat" / "cat.jpg").exists(),
    "xargs -0r cp": lambda _, desk: [path.name for path in (desk / "cats").iterdir()] == ["cat.jpg"],
    "--xmp": lambda _, desk: "espresso" in (desk / "photos" / "espresso.webp.xmp").read_text(),
    "--similar": lambda out, _: rows(out)[1][1] == "photos/cat.jpg" or rows(out)[1][0] == "photos/cat.jpg",
    "-o vectors.npz": lambda _, desk: numpy.load(desk / "vectors.npz")["vectors"].shape == (3, 1280),
    "train labelled/": lambda _, desk: (desk / "mine" / "labels.txt").read_text().split("\n")[0] == "espresso",
    "photos/ -m ./mine": lambda out, _: rows(out)[1][5] == "tiger cat",
    "evaluate others/": lambda out, desk: "Top-1" in out and (desk / "evaluation.html").exists(),
}


def rows(source: str | Path) -> list[list[str]]:
    return list(csv.reader((source.read_text() if isinstance(source, Path) else source).splitlines()))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", recipes())
def test_a_recipe_does_what_it_says(recipe: str, desk: Path, embedded_home: Path, web: Path):
    checks = [check for words, check in EXPECTED.items() if re.search(words, recipe)]
    assert len(checks) == 1, "it is not said, or said twice, what comes of this recipe"
    out = run(recipe, desk, embedded_home, web)
    assert checks[0](out, desk), out


def test_readmes_recipes_are_among_them():
    shown = recipes(README.split("\n## Recipes\n")[1].split("\n## ")[0])
    assert len(shown) == 5
    assert set(shown) <= set(recipes())


def test_every_expectation_is_of_a_recipe():
    assert len(recipes()) >= 5
    assert all(any(re.search(words, recipe) for recipe in recipes()) for words in EXPECTED)


@pytest.mark.slow
def test_the_picture_shows_what_the_command_prints(embedded_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal_picture.shown())
    lines = [line for line in shown.splitlines()[2:] if line.strip()]
    assert len(lines) == 5  # an image each
    drawn = terminal_picture.PICTURE.read_text()
    assert [word for line in lines for word in re.findall(r"[A-Za-z]{3,}", line) if word not in drawn] == []
