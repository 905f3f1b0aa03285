"""Every recipe in README, run as it is written there."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLES, program

README = (ROOT / "README.md").read_text()
CAT, ESPRESSO = SAMPLES / "cat.jpg", SAMPLES / "espresso.webp"


def recipes() -> list[str]:
    """Return the command lines of README's section "Recipes"."""
    section = README.split("\n## Recipes\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
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


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with what the recipes name."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("cat.jpg", "rocket.jpg", "espresso.webp"):
        shutil.copy(SAMPLES / name, photos)
    shutil.copy(CAT, tmp_path)
    (tmp_path / "cats").mkdir()
    (tmp_path / "photos.csv").write_text("image,who\nphotos/cat.jpg,Ann\nphotos/none.jpg,Ben\n")
    for label, picture in (("tiger cat", CAT), ("espresso", ESPRESSO)):
        (tmp_path / "labelled" / label).mkdir(parents=True)
        for number in range(4):  # not the same file twice: one more byte after the picture's end
            copy = tmp_path / "labelled" / label / f"{number}{picture.suffix}"
            copy.write_bytes(picture.read_bytes() + bytes(number))
    return tmp_path


def run(recipe: str, folder: Path, home: Path, curl: Path) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "MNCLASSIFY_HOME": str(home),
        "MNCLASSIFY_MODEL": "efficientnet_lite0",
        "CURL_HOME": str(curl),
    }
    for name in ("curl", "jq"):
        if name in recipe:
            program(name)
    command = [program("bash"), "-o", "pipefail", "-c", recipe]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    # One row of photos.csv names no file: exit code 1, as promised.
    assert done.returncode == ("photos.csv" in recipe), done.stderr
    return done.stdout
