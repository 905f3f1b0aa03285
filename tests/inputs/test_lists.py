"""Lists of paths: what a line means, that nothing waits for the end of the list, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import click
import pytest

from mobilenet_cli.cli.sources import NamedSources
from mobilenet_cli.errors import InputError
from mobilenet_cli.inputs.lists import can_be_read_twice, read_list


def listed(folder: Path, content: bytes, **options: bool) -> list[str]:
    file = folder / "list"
    file.write_bytes(content)
    return list(read_list(str(file), **options))


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"", []),
        (b"a.jpg\nb.jpg\n", ["a.jpg", "b.jpg"]),
        (b"a.jpg\nb.jpg", ["a.jpg", "b.jpg"]),
        (b"\n\na.jpg\n\n", ["a.jpg"]),
        (b' a.jpg \n"b".jpg\n*.jpg\n#c\n-\n\'\n', [" a.jpg ", '"b".jpg', "*.jpg", "#c", "-", "'"]),
        (b"a.jpg\r\nb\r.jpg\r\n\r\n", ["a.jpg", "b\r.jpg"]),
        (b"\xef\xbb\xbfa.jpg\r\n\xef\xbb\xbfb.jpg\n", ["a.jpg", "\ufeffb.jpg"]),
        (b"\xef\xbb\xbfa.jpg", ["a.jpg"]),
    ],
)
def test_a_path_a_line(tmp_path, content, paths):
    assert listed(tmp_path, content) == paths


def test_with_null_a_path_is_every_byte_between_two_nul_bytes(tmp_path):
    content = b"a\nb.jpg\0\0c.jpg\r\0\xef\xbb\xbfd.jpg\0last"
    assert listed(tmp_path, content, null=True) == ["a\nb.jpg", "c.jpg\r", "\ufeffd.jpg", "last"]


@pytest.mark.parametrize("null", [False, True])
def test_bytes_that_are_not_utf8_survive(tmp_path, null):
    name = b"caf\xe9/\xff.jpg"
    (path,) = listed(tmp_path, name, null=null)
    assert os.fsencode(path) == name


@pytest.mark.parametrize("null", [False, True])
def test_a_list_longer_than_any_buffer_is_read_in_little_memory(tmp_path, null):
    expected = [f"folder/{number:06}é.jpg" for number in range(100_000)]
    content = ("\0" if null else "\n").join(expected).encode()
    assert listed(tmp_path, content, null=null) == expected
    tracemalloc.start()
    count = sum(1 for _ in read_list(str(tmp_path / "list"), null=null))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == len(expected)
    assert peak < 2_000_000


@pytest.mark.parametrize("null", [False, True])
def test_a_path_comes_as_soon_as_it_is_written(tmp_path, null):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    end = b"\0" if null else b"\n"
    go_on = threading.Event()

    def write() -> None:
        with fifo.open("wb", buffering=0) as stream:
            for name in (b"first", b"second"):
                stream.write(name + end)
                assert go_on.wait(10)
                go_on.clear()

    writer = threading.Thread(target=write)
    writer.start()
    paths = read_list(str(fifo), null=null)
    assert next(paths) == "first"
    go_on.set()
    assert next(paths) == "second"
    go_on.set()
    assert list(paths) == []
    writer.join()


def test_standard_input_is_a_list_too():
    code = "from mobilenet_cli.inputs.lists import read_list; print(*read_list('-'))"
    done = subprocess.run([sys.executable, "-c", code], input=b"a.jpg\nb.jpg", capture_output=True)
    assert done.stdout == b"a.jpg b.jpg\n"


def test_a_process_without_standard_input_says_so(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input cannot be read"):
        list(read_list("-"))


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"a.jpg\0b.jpg\0", {}, "list has NUL bytes.* --null"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", {}, "NUL bytes"),
        ("a.jpg\n".encode("utf-16"), {}, "UTF-8"),
        (b"x" * 1_200_000, {}, "no list of paths"),
        (b"a.jpg\n" * 200_000, {"null": True}, r"no list of paths.*leave --null \(-0\) out"),
    ],
)
def test_what_is_no_such_list_is_refused_once(tmp_path, content, options, words):
    with pytest.raises(InputError, match=words):
        listed(tmp_path, content, **options)


def test_a_list_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(InputError, match="nowhere cannot be read: No such file or directory"):
        list(read_list(str(tmp_path / "nowhere")))


def test_only_a_regular_file_can_be_read_twice(tmp_path):
    (tmp_path / "list").touch()
    os.mkfifo(tmp_path / "fifo")
    assert can_be_read_twice(str(tmp_path / "list"))
    assert not can_be_read_twice(str(tmp_path / "fifo"))
    assert not can_be_read_twice("-")


# On the command line.


def test_arguments_come_before_the_list_and_both_are_counted(tmp_path):
    image = tmp_path / "a.jpg"
    image.touch()
    (tmp_path / "list").write_text(f"{image}\nnone.jpg\n")
    named = NamedSources([str(image)], str(tmp_path / "list"), False, exclude=())
    assert [source.path for source in named.find()] == [str(image), str(image), "none.jpg"]
    assert named.can_be_counted
    assert named.count(finished=()) == 3
    assert named.count(finished={str(image)}) == 1


@pytest.mark.parametrize(
    ("arguments", "file", "null", "words"),
    [
        ([], None, False, "--from"),
        (["a.jpg"], None, True, "--from"),
        (["a.jpg", "-"], "-", False, "not both"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(arguments, file, null, words):
    with pytest.raises(click.UsageError, match=words):
        NamedSources(arguments, file, null)
