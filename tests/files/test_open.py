"""Where records go: FILE is never torn, FILE.part keeps what was finished, and a failure says why."""

from __future__ import annotations

import errno
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from unmeasured import unmeasured

from mobilenet_cli.errors import OutputError
from mobilenet_cli.files.open import open_output
from mobilenet_cli.files.part_file import part_path

PROJECT = Path(__file__).parents[2]


def write(path: Path | str, data: bytes = b"a,b\n", *, overwrite: bool = False, fail: type | None = None) -> None:
    with open_output(str(path), overwrite=overwrite) as stream:
        stream.write(data)
        if fail:
            raise fail


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def run(code: str, *arguments: object, **options) -> subprocess.Popen:
    """Start Python on `code`, which has open_output, os and sys, and its arguments in sys.argv[1:]."""
    head = "import os, sys\nfrom mobilenet_cli.files.open import open_output\n"
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, text=True, **options)


WRITE_FOR_EVER = """
with open_output(sys.argv[1], overwrite=False) as stream:
    for number in range(10**9):
        stream.write(b"%d,%s\\n" % (number, b"x" * 100))
        if number == 1000:
            print("under way", flush=True)
"""


def test_a_file_appears_complete_and_its_part_is_gone(tmp_path):
    path = tmp_path / "out.csv"
    with open_output(str(path), overwrite=False) as stream:
        stream.write(b"first\n")
        assert not path.exists()
        assert part_path(str(path)).read_bytes() == b"first\n"
        stream.write(b"second\n")
    assert path.read_bytes() == b"first\nsecond\n"
    assert names(tmp_path) == ["out.csv"]


def test_the_part_is_beside_the_file():
    assert part_path("folder/out.csv") == Path("folder/out.csv.part")


def test_a_new_file_has_the_permissions_that_the_user_s_umask_gives(tmp_path):
    write(tmp_path / "ours.csv")
    (tmp_path / "theirs.csv").touch()
    assert (tmp_path / "ours.csv").stat().st_mode == (tmp_path / "theirs.csv").stat().st_mode


def test_who_cannot_resume_is_not_told_to(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"page\.html exists; give --overwrite to replace it$"):
        open_output(str(path), resumable=False).__enter__()
    path.rename(tmp_path / "page.html.part")
    with pytest.raises(OutputError, match=r"page\.html\.part exists: .*; give --overwrite to replace it$"):
        open_output(str(path), resumable=False).__enter__()
    with open_output(str(path), overwrite=True, resumable=False) as stream:
        stream.write(b"new")
    assert names(tmp_path) == ["page.html"]


# --- files that exist


def test_an_existing_file_is_refused_and_kept(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"out\.csv exists; give --overwrite .* --resume"):
        write(path)
    assert path.read_bytes() == b"precious"
    assert names(tmp_path) == ["out.csv"]


def test_overwrite_replaces_the_file_at_the_end_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with open_output(str(path), overwrite=True) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_failed_overwrite_keeps_the_old_file(tmp_path):
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write(path, b"new\n", overwrite=True, fail=RuntimeError)
    assert path.read_bytes() == b"old"
    assert part_path(str(path)).read_bytes() == b"new\n"


def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "out.csv"
    link.symlink_to("far/real.csv")
    write(link)
    write(link, b"again", overwrite=True)
    assert link.is_symlink()
    assert (tmp_path / "far" / "real.csv").read_bytes() == b"again"


# --- runs that are interrupted


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_its_rows_in_the_part(tmp_path, error):
    path = tmp_path / "out.csv"
    with pytest.raises(error):
        write(path, b"first\n", fail=error)
    assert names(tmp_path) == ["out.csv.part"]
    assert part_path(str(path)).read_bytes() == b"first\n"


def test_an_interrupted_run_that_wrote_nothing_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out.csv", b"", fail=KeyboardInterrupt)
    assert names(tmp_path) == []


def test_the_rows_of_an_interrupted_run_are_refused_and_kept(tmp_path):
    part = tmp_path / "out.csv.part"
    part.write_bytes(b"finished\n")
    with pytest.raises(OutputError, match=r"out\.csv\.part exists: .*interrupted.* --resume .* --overwrite"):
        write(tmp_path / "out.csv")
    assert part.read_bytes() == b"finished\n"
    write(tmp_path / "out.csv", b"x\n", overwrite=True)
    assert (tmp_path / "out.csv").read_bytes() == b"x\n"
    assert not part.exists()


def test_an_empty_part_holds_nothing_and_is_no_obstacle(tmp_path):
    (tmp_path / "out.csv.part").touch()
    write(tmp_path / "out.csv", b"x\n")
    assert (tmp_path / "out.csv").read_bytes() == b"x\n"


def test_kill_9_loses_no_finished_row_and_blocks_no_later_run(tmp_path):
    path = tmp_path / "out.csv"
    process = run(WRITE_FOR_EVER, path, stdout=subprocess.PIPE, env=unmeasured())
    assert process.stdout.readline() == "under way\n"
    process.kill()
    process.communicate()
    assert not path.exists()
    *rows, torn = part_path(str(path)).read_bytes().split(b"\n")
    assert len(rows) > 1000
    assert rows == [b"%d,%s" % (number, b"x" * 100) for number in range(len(rows))]
    assert (b"%d," % len(rows) + b"x" * 100).startswith(torn)
    write(path, b"anew\n", overwrite=True)
    assert path.read_bytes() == b"anew\n"


def test_ctrl_c_leaves_whole_rows(tmp_path):
    path = tmp_path / "out.csv"
    process = run(WRITE_FOR_EVER, path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=unmeasured())
    assert process.stdout.readline() == "under way\n"
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert not path.exists()
    assert part_path(str(path)).read_bytes().endswith(b"x\n")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_second_run_to_the_same_file_is_refused(tmp_path, overwrite):
    path = tmp_path / "out.csv"
    code = """
try:
    with open_output(sys.argv[1], overwrite=bool(int(sys.argv[2]))): pass
except Exception as error: print(type(error).__name__, error)
"""
    with open_output(str(path), overwrite=False) as stream:
        stream.write(b"first\n")
        second = run(code, path, int(overwrite), stdout=subprocess.PIPE)
        assert second.communicate()[0].startswith(f"OutputError another run is writing {path}.part")
        stream.write(b"second\n")
    assert path.read_bytes() == b"first\nsecond\n"


# --- places that cannot be written


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing/out.csv", "its folder does not exist"),
        (".", "it is a folder"),
        ("new/", "it is a folder"),
        ("file/out.csv", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("/proc/out.csv", "its folder does not exist|Permission denied|No such file"),
    ],
)
def test_an_unwritable_place_is_named_with_the_reason(tmp_path, monkeypatch, path, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"cannot write .*{path[:20]}.*({reason})"):
        write(path)
    assert names(tmp_path) == ["file"]


def test_a_read_only_folder_is_named_with_the_reason(unprivileged):
    unprivileged.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write(unprivileged / "out.csv")


def test_a_full_device_is_an_output_error():
    with pytest.raises(OutputError, match="cannot write /dev/full: No space left on device"):
        write("/dev/full")


def test_a_disk_that_fills_up_keeps_the_rows_and_says_where(tmp_path):
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with open_output(sys.argv[1], overwrite=False) as stream:
        for number in range(100): stream.write(b"%099d\\n" % number)
except Exception as error: print(type(error).__name__, error)
"""
    path = tmp_path / "out.csv"
    said = run(code, path, stdout=subprocess.PIPE).communicate()[0]
    reason = os.strerror(errno.EFBIG)
    assert said == (f"OutputError cannot write {path}: {reason}; the rows finished so far are in {path}.part\n")
    assert part_path(str(path)).read_bytes() == b"".join(b"%099d\n" % number for number in range(10))


# --- standard output, devices and pipes

REPORT = "\nexcept Exception as error: print(repr(error), file=sys.stderr)"
TO_STDOUT = """
with open_output(sys.argv[1] if sys.argv[1:] else None, overwrite=False) as stream:
    stream.write(b"record\\n")
"""


@pytest.mark.parametrize("arguments", [[], ["-"], ["/dev/stdout"], ["/dev/fd/1"], ["/proc/self/fd/1"]])
def test_standard_output_has_several_names(arguments):
    assert run(TO_STDOUT, *arguments, stdout=subprocess.PIPE).communicate()[0] == "record\n"


@pytest.mark.parametrize("arguments", [[], ["/dev/stdout"]])
def test_standard_output_appends_where_the_shell_appends(tmp_path, arguments):
    path = tmp_path / "log"
    path.write_bytes(b"before\n")
    with path.open("ab") as log:
        run(TO_STDOUT, *arguments, stdout=log).communicate()
    assert path.read_bytes() == b"before\nrecord\n"
    assert names(tmp_path) == ["log"]


def test_standard_output_keeps_its_order_with_print():
    code = "print('before', end=' ')" + TO_STDOUT + "print('after')"
    assert run(code, stdout=subprocess.PIPE).communicate()[0] == "before record\nafter\n"


def test_a_reader_gets_each_record_as_it_is_written():
    code = TO_STDOUT.rstrip() + "; input()"
    process = run(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "record\n"
    process.communicate("\n")


def test_a_closed_pipe_is_not_an_output_error():
    code = """
try:
    with open_output(None, overwrite=False) as stream:
        while True: stream.write(b"record\\n")
except BaseException as error: os.write(2, type(error).__name__.encode())
"""
    process = run(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == "BrokenPipeError"
    assert process.wait() == 0


def test_a_full_disk_under_standard_output_is_an_output_error():
    code = (
        "\ntry:"
        + TO_STDOUT.replace("\n", "\n    ")
        + "\nexcept Exception as error: print(repr(error), file=sys.stderr)"
    )
    with Path("/dev/full").open("wb") as full:
        said = run(code, stdout=full, stderr=subprocess.PIPE).communicate()[1]
    assert said == "OutputError('cannot write standard output: No space left on device')\n"


def test_closed_standard_output_is_an_output_error():
    code = "\ntry: open_output(None, overwrite=False)" + REPORT
    head = "from mobilenet_cli.files.open import open_output; import sys"
    command = ["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, head + code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "OutputError('cannot write the results: standard output is closed" in done.stderr


def test_a_non_blocking_pipe_gets_every_byte():
    code = """
os.set_blocking(1, False)
with open_output(None, overwrite=False) as stream:
    for _ in range(5): stream.write(b"x" * 100_000)
"""
    process = run(code, stdout=subprocess.PIPE)
    time.sleep(0.3)
    assert len(process.communicate()[0]) == 500_000


def test_an_output_in_memory_is_used_as_it_is(capsysbinary):
    with open_output(None, overwrite=False) as stream:
        stream.write(b"record\n")
    assert capsysbinary.readouterr().out == b"record\n"


def test_a_fifo_is_written_directly(tmp_path):
    path = tmp_path / "fifo.csv"
    os.mkfifo(path)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write(path, b"through\n")
    reader.join(5)
    assert read == [b"through\n"]
    assert names(tmp_path) == ["fifo.csv"]


def test_dev_null_is_written_directly():
    write("/dev/null")
    assert not Path("/dev/null.part").exists()


def test_the_stream_knows_whether_it_is_a_terminal():
    master, slave = pty.openpty()
    with open_output(f"/dev/fd/{slave}", overwrite=False) as stream:
        assert stream.isatty()
    os.close(master)
    os.close(slave)
