"""Messages hold nothing that a terminal would obey, wherever their text comes from."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenet_cli.cli import _run
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.models import store

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj.exe\u061c"
OBEYED = set(EVIL) - set("]0;owned[2J31mgpj.exe")


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def said(capfd, *arguments: str) -> str:
    _run(list(arguments))
    out, err = capfd.readouterr()
    assert not OBEYED & set(out + err), (out, err)
    return out + err


@pytest.mark.parametrize(
    "arguments",
    [
        (f"--{EVIL}",),
        ("photos", "-f", EVIL),
        ("photos", "-k", EVIL),
        ("photos", "--kind", EVIL),
        ("photos", "-o", EVIL),
        ("photos", "-o", f"{EVIL}/labels.csv", "-m", "efficientnet_lite0"),
        ("photos", "-m", EVIL),
        ("photos", "-m", f"./{EVIL}"),
        ("photos", "--labels", EVIL),
        ("kinds", EVIL),
        ("models", "show", EVIL),
        ("models", "remove", EVIL),
        ("models", "verify", EVIL),
        ("models", "import", f"./{EVIL}", "--name", "mine"),
        ("models", "import", "./x.tflite", "--name", EVIL),
        ("report", EVIL),
        ("sort", EVIL, "--into", EVIL, "-m", f"./{EVIL}"),
        ("train", EVIL, "-o", EVIL),
        ("evaluate", "photos", "--truth", EVIL),
        ("--from-csv", EVIL),
        ("--from", EVIL),
    ],
)
def test_arguments_are_quoted_harmlessly(capfd, arguments):
    assert said(capfd, *arguments)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "L"]), min_size=1))
def test_any_name_is(capfd, text):
    said(capfd, "report", text.replace("\0", "") or "x", "-o", "x.html")


def test_a_manifest_is(capfd):
    folder = Path(store.home()) / "models" / "evil"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"name": EVIL, "license": EVIL, "origin": EVIL}))
    for command in (["list"], ["verify"], ["show", "evil"]):
        said(capfd, "models", *command)


def test_logs_notes_and_stages_are(capfd):
    terminal = Terminal(verbosity=1)
    logging.getLogger("mobilenet_cli").warning("fetched %s", EVIL)
    terminal.note(EVIL)
    terminal.error(EVIL)
    with terminal.waiting() as progress:
        progress(f"Fetching {EVIL}", None, None)
    out, err = capfd.readouterr()
    assert err.count("owned") >= 3
    assert not OBEYED & set(out + err)
