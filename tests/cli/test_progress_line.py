"""The status line on a real (pseudo-)terminal: what is seen while it runs, and that nothing of it stays."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager

import pytest

from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.status_line import Spinner


@pytest.fixture(autouse=True)
def _ordinary_terminal(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class Screen:
    """A pseudo-terminal `columns` wide, and a reader that obeys as many controls as the status line uses."""

    def __init__(self, columns: int, encoding: str = "utf-8") -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self.stream = os.fdopen(slave, "w", encoding=encoding, errors="backslashreplace")
        self._received = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._master, 65536):
                self._received += data
        except OSError:  # the other end is closed
            pass

    @property
    def raw(self) -> str:
        return self._received.decode(errors="replace")

    def lines(self) -> list[str]:
        """The lines as they now stand, without colours."""
        return self.history()[-1]

    def history(self) -> list[list[str]]:
        """The lines as they stood after each control."""
        lines, column, states = [""], 0, []
        for piece in re.findall("\x1b\\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.raw):
            if piece == "\r":
                column = 0
            elif piece == "\n":
                lines.append("")
            elif piece == "\x1b[2K":
                lines[-1] = ""
            elif piece == "\x1b[K":
                lines[-1] = lines[-1][:column]
            elif piece.startswith("\x1b["):
                assert piece.endswith("m"), f"an unexpected control: {piece!r}"
            else:
                lines[-1] = lines[-1][:column].ljust(column) + piece + lines[-1][column + len(piece) :]
                column += len(piece)
            states.append(list(lines))
        return states or [[""]]

    def wait_for(self, pattern: str) -> str:
        """Return the last line once it matches."""
        deadline = time.monotonic() + 5
        while not re.search(pattern, self.lines()[-1]):
            assert time.monotonic() < deadline, f"{pattern!r} is not in {self.lines()[-1]!r}"
            time.sleep(0.02)
        return self.lines()[-1]

    def close(self) -> None:
        self.stream.close()
        self._reader.join(5)
        os.close(self._master)


@contextmanager
def screen(columns: int = 80, **options):
    it = Screen(columns, **options)
    try:
        yield it
    finally:
        it.close()


def test_the_line_counts_images_and_failures_and_tells_the_time_left():
    with screen() as terminal:
        with ProgressLine(terminal.stream, enabled=True) as progress:
            for number in range(50):
                progress.advance(failed=number % 10 == 0)
            terminal.wait_for(r"^Classifying  50  [\d,]+ images/s  5 failed$")
            progress.set_total(1200)
            line = terminal.wait_for(r" 50/1,200  [\d,]+ images/s  5 failed  \d+:\d\d left$")
            assert re.match("Classifying  [━╸]{18}", line)
        terminal.wait_for("^$")
        assert terminal.lines() == [""]


def test_images_per_second_are_those_of_the_clock():
    start = time.monotonic()
    with screen() as terminal, ProgressLine(terminal.stream, enabled=True) as progress:
        for _ in range(30):
            progress.advance(failed=False)
            time.sleep(0.02)
        line = terminal.wait_for(" 30 ")
        shown = int(re.search(r"(\d+) images/s", line)[1])
        assert 30 / (time.monotonic() - start) - 1 <= shown <= 30 / (29 * 0.02) + 1


@pytest.mark.parametrize("columns", [1, 5, 10, 20, 40, 80, 200])
def test_the_line_never_wraps(columns):
    with screen(columns) as terminal:
        with ProgressLine(terminal.stream, enabled=True) as progress:
            progress.set_total(123456)
            for number in range(12345):
                progress.advance(failed=number % 2 == 0)
            time.sleep(0.35)
        terminal.wait_for("^$")
        assert max(len(line) for lines in terminal.history() for line in lines) in range(columns)


@pytest.mark.parametrize("columns", [10, 20, 40, 80, 200])
@pytest.mark.parametrize("kind", [ProgressLine, lambda *args, **options: Spinner(*args, "x" * 300, **options)])
def test_what_the_terminal_prints_at_ctrl_c_has_room_behind_the_line(columns, kind):
    with screen(columns) as terminal:
        with kind(terminal.stream, enabled=True) as line:
            if isinstance(line, ProgressLine):
                line.set_total(123456)
            time.sleep(0.35)
        terminal.wait_for("^$")
        widest = max(len(line) for lines in terminal.history() for line in lines)
        assert 0 < widest + len("^C") < columns


def test_a_narrow_terminal_shows_what_matters_most():
    with screen(20) as terminal, ProgressLine(terminal.stream, enabled=True) as progress:
        progress.set_total(1000)
        progress.advance(failed=True)
        assert terminal.wait_for("1/1,000").split() == ["1/1,000", "1", "failed"]


def test_rows_and_messages_stand_above_the_line():
    with screen() as terminal:
        with ProgressLine(terminal.stream, enabled=True) as progress:
            terminal.wait_for("Classifying")
            for number in range(3):
                with progress.hidden():
                    terminal.stream.write(f"row {number}\n")
                    terminal.stream.flush()
                progress.advance(failed=False)
            progress.message("a warning")
            terminal.wait_for("Classifying  3")
            assert terminal.lines()[:-1] == ["row 0", "row 1", "row 2", "a warning"]
        terminal.wait_for("^$")
        assert terminal.lines() == ["row 0", "row 1", "row 2", "a warning", ""]
        whole = {line for lines in terminal.history() for line in lines[:-1]}
        assert whole == {"row 0", "row 1", "row 2", "a warning"}


def test_the_line_stays_away_while_something_is_printed():
    with screen() as terminal, ProgressLine(terminal.stream, enabled=True) as progress:
        terminal.wait_for("Classifying")
        with progress.hidden():
            terminal.wait_for("^$")
            time.sleep(0.25)
            assert terminal.lines() == [""]
        terminal.wait_for("Classifying")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_a_clean_terminal(error):
    def fail(terminal):
        with ProgressLine(terminal.stream, enabled=True):
            terminal.wait_for("Classifying")
            raise error

    with screen() as terminal:
        threads = threading.active_count()
        with pytest.raises(error):
            fail(terminal)
        terminal.wait_for("^$")
        assert terminal.lines() == [""]
        assert threading.active_count() == threads


def test_a_run_too_short_to_follow_shows_nothing():
    with screen() as terminal:
        with ProgressLine(terminal.stream, enabled=True) as progress, progress.hidden():
            progress.advance(failed=False)
        assert terminal.raw == ""


def test_a_spinner_says_what_is_awaited_and_is_gone_afterwards():
    with screen() as terminal:
        with Spinner(terminal.stream, "compiling the model", enabled=True) as spinner:
            first = terminal.wait_for("compiling the model 0:00")
            terminal.wait_for(f"^[^{first[0]}] compiling")
            spinner.message("a warning")
        terminal.wait_for("^$")
        assert terminal.lines() == ["a warning", ""]


def test_a_terminal_that_is_not_utf_8_gets_ascii():
    with screen(encoding="ascii") as terminal:
        with Spinner(terminal.stream, "compiling", enabled=True):
            terminal.wait_for(r"^[-|/\\] compiling")
        with ProgressLine(terminal.stream, enabled=True) as progress:
            progress.set_total(10)
            terminal.wait_for("---")
        assert terminal.raw.isascii()
        assert "\\u" not in terminal.raw


def test_no_color_is_heeded(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with screen() as terminal, ProgressLine(terminal.stream, enabled=True) as progress:
        progress.advance(failed=True)
        terminal.wait_for("1 failed")
        assert not re.search("\x1b\\[[0-9;]*3[0-9]", terminal.raw)


@pytest.mark.parametrize("kind", [ProgressLine, lambda *args, **options: Spinner(*args, "waiting", **options)])
def test_nothing_is_drawn_where_it_is_not_enabled(kind):
    stream = io.StringIO()
    with kind(stream, enabled=False) as line:
        with line.hidden():
            time.sleep(0.25)
        assert stream.getvalue() == ""
        line.message("a warning")
    assert stream.getvalue() == "a warning\n"


def test_a_terminal_that_cannot_erase_gets_no_line(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    with screen() as terminal:
        with ProgressLine(terminal.stream, enabled=True):
            time.sleep(0.25)
        assert terminal.raw == ""


def test_a_run_without_the_line_does_not_import_rich():
    code = """
import sys
from mobilenet_cli.cli.progress_line import ProgressLine
with ProgressLine(sys.stderr, enabled=False) as progress: progress.advance(failed=False)
print("rich" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_a_terminal_that_goes_away_does_not_end_the_run():
    master, slave = pty.openpty()
    stream = os.fdopen(slave, "w")
    with ProgressLine(stream, enabled=True) as progress:
        os.close(master)
        time.sleep(0.25)
        progress.advance(failed=False)
        progress.message("nobody reads this")
    with pytest.raises(OSError, match="Input/output error"):
        stream.close()
