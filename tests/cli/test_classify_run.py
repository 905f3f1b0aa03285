"""What a run of `classify` prints, and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import colour_model
import pytest
from colour_engine import IMAGES

from mobilenet_cli.cli import _run


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run the command in a folder with photos/red.png, green.png and blue.png, labelled by their colours."""
    (tmp_path / "photos").mkdir()
    for name, content in IMAGES.items():
        (tmp_path / "photos" / f"{name}.png").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    model = colour_model.install(monkeypatch)

    def run(*arguments: str) -> Done:
        code = _run([*arguments, "-m", model])
        return Done(code, *capfd.readouterr())

    return run


@pytest.mark.parametrize(
    ("options", "lines"), [([], 2 + 3), (["-k", "3"], 2 + 3 * 3 + 2), (["-k", "1"], 2 + 3), (["--top-k=2"], 2 + 8)]
)
def test_a_table_has_one_line_an_image_unless_the_number_of_labels_is_given(run, options: list[str], lines: int):
    done = run("photos", "-f", "table", *options)
    assert (done.code, len(done.out.splitlines())) == (0, lines)
