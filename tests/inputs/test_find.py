"""From arguments to Sources: what is found, in which order, under which path, and that nothing is lost or opened."""

from __future__ import annotations

import io
import itertools
import os
import socket
import sys
from pathlib import Path

import pytest
from conftest import SAMPLES

from mobilenet_cli.images import formats
from mobilenet_cli.inputs.find import count_sources, find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.records import Source


def paths(*arguments, **options):
    found = list(find_sources(arguments, **options))
    assert all(source.error is None for source in found), found
    assert count_sources(arguments, **options) == len(found)
    return [source.path for source in found]


def errors(*arguments, **options):
    found = list(find_sources(arguments, **options))
    assert count_sources(arguments, **options) == len(found)
    return {source.path: source.error for source in found if source.error}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder, and a function that makes files in it."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return tmp_path

    return make


# Arguments.


def test_arguments_keep_their_order_and_a_file_named_twice_comes_twice(here):
    here("b.jpg", "a.jpg", "notes.txt", ".hidden")
    assert paths("b.jpg", "notes.txt", "a.jpg", "b.jpg", ".hidden") == [
        "b.jpg",
        "notes.txt",
        "a.jpg",
        "b.jpg",
        ".hidden",
    ]


def test_what_does_not_exist_is_a_source_with_an_error(here):
    here("a.jpg")
    assert errors("a.jpg", "none.jpg", "", "a.jpg/b.jpg", "nul\0.jpg") == dict.fromkeys(
        ["none.jpg", "", "a.jpg/b.jpg", "nul\0.jpg"], "no such file or folder"
    )
    assert "cannot be opened" in errors("x" * 5000)["x" * 5000]


def test_what_is_no_file_is_named_for_what_it_is_and_not_opened(here):
    folder = here()
    os.mkfifo("pipe.jpg")
    (folder / "dangling.png").symlink_to("nowhere")
    (folder / "loop.png").symlink_to("loop.png")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket.gif")
        named = errors("/dev/null", "pipe.jpg", "socket.gif", "dangling.png", "loop.png")
        walked = errors(".")
    assert named["/dev/null"] == "not a regular file: a device"
    assert named["pipe.jpg"] == "not a regular file: a FIFO; pipe the image in with -"
    assert named["socket.gif"] == "not a regular file: a socket"
    assert named["dangling.png"] == "a symbolic link that points nowhere"
    assert named["loop.png"].startswith("cannot be opened: ")
    del named["/dev/null"]
    assert walked == {f"./{path}": error for path, error in named.items()}


def test_stdin_is_read_when_the_stream_gets_there_and_only_once(here):
    here("a.jpg")
    stdin = io.BytesIO(b"the image")
    stream = find_sources(["a.jpg", "-", "-"], stdin=stdin)
    assert next(stream) == Source("a.jpg")
    assert stdin.tell() == 0
    assert next(stream) == Source("-", data=b"the image")
    assert "already read" in next(stream).error


def test_counting_does_not_read_stdin(monkeypatch):
    class Unreadable:
        buffer = property(lambda self: pytest.fail("standard input was read"))

    monkeypatch.setattr("sys.stdin", Unreadable())
    assert count_sources(["-", "-"]) == 2


@pytest.mark.parametrize("stdin", [None, "closed"])
def test_a_process_without_stdin_gets_an_error(monkeypatch, stdin):
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    monkeypatch.setattr("sys.stdin", closed if stdin else None)
    assert "standard input cannot be read" in next(find_sources(["-"])).error


# Folders.


def test_a_folder_gives_its_images_in_the_order_of_the_sorted_parts(here):
    names = ["b.jpg", "b/z.png", "b/a/c.webp", "b-1.JPG", "a.b/x.TIFF", "a/y.heic", "a/y/z.avif", "Z.gif", "é.bmp"]
    here(*(f"photos/{name}" for name in names), "photos/readme.txt", "photos/a/jpg", "photos/x.mp4")
    expected = ["/".join(parts) for parts in sorted(["photos", *name.split("/")] for name in names)]
    assert paths("photos") == expected
    assert paths("photos/") == expected
    assert paths(".") == [f"./{path}" for path in expected]
    assert paths("photos", recursive=False) == ["photos/Z.gif", "photos/b-1.JPG", "photos/b.jpg", "photos/é.bmp"]


def test_a_folder_named_absolutely_or_through_a_link_shows_that_name(here):
    folder = here("real/a.jpg")
    (folder / "link").symlink_to("real")
    assert paths(str(folder / "real")) == [f"{folder}/real/a.jpg"]
    assert paths("link") == ["link/a.jpg"]


def test_hidden_files_and_folders_are_left_out_unless_wanted_or_named(here):
    here("p/.a.jpg", "p/.git/b.jpg", "p/c.jpg")
    assert paths("p") == ["p/c.jpg"]
    assert paths("p", include_hidden=True) == ["p/.a.jpg", "p/.git/b.jpg", "p/c.jpg"]
    assert paths("p/.git", "p/.a.jpg") == ["p/.git/b.jpg", "p/.a.jpg"]


OTHERS = ["@eaDir", "#recycle", "$RECYCLE.BIN", "$Recycle.Bin", ".thumbnails", "lost+found", "__MACOSX"]


@pytest.mark.parametrize("name", OTHERS)
def test_the_folders_of_other_programs_are_left_out_unless_wanted_or_named(here, name):
    here(f"p/{name}/x/a.jpg", f"p/q/{name}/b.jpg", "p/c.jpg")
    assert paths("p") == paths("p/**/*.jpg") == paths("p/*") == ["p/c.jpg"]
    assert sorted(paths("p", include_hidden=True)) == sorted([f"p/{name}/x/a.jpg", f"p/q/{name}/b.jpg", "p/c.jpg"])
    assert paths(f"p/{name}") == paths(f"p/{name}/*/*.jpg") == [f"p/{name}/x/a.jpg"]
    assert paths(f"p/*/{name}/*.jpg") == [f"p/q/{name}/b.jpg"]


def test_a_file_may_be_called_as_the_folder_of_another_program(here):
    here("__MACOSX.jpg", "p/lost+found.png", "lost+found2/a.jpg")
    assert paths(".") == ["./__MACOSX.jpg", "./lost+found2/a.jpg", "./p/lost+found.png"]


def test_a_folder_with_a_nomedia_in_it_is_left_out_unless_wanted_or_named(here):
    here("p/a/.nomedia", "p/a/1.jpg", "p/a/deep/2.jpg", "p/b/3.jpg")
    assert paths("p") == paths("p/**/*.jpg") == paths("p/*") == paths("*/*/") == ["p/b/3.jpg"]
    assert paths("p", include_hidden=True) == ["p/a/1.jpg", "p/a/deep/2.jpg", "p/b/3.jpg"]
    assert paths("p/a") == ["p/a/1.jpg", "p/a/deep/2.jpg"]
    assert paths("p/a/*.jpg") == paths("*/a/*.jpg") == ["p/a/1.jpg"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(here):
    folder = here("p/a.jpg", "other/b.jpg")
    (folder / "p/link.jpg").symlink_to("../other/b.jpg")
    (folder / "p/up").symlink_to("..")
    (folder / "p/folder.jpg").symlink_to("../other")
    assert paths("p") == ["p/a.jpg", "p/link.jpg"]


def test_names_that_are_not_utf8_survive(here):
    folder = here()
    raw = b"caf\xe9.jpg"
    (folder / os.fsdecode(raw)).touch()
    for argument in (".", "*.jpg", os.fsdecode(raw)):
        (path,) = paths(argument)
        assert os.fsencode(path).endswith(raw)
        assert Path(path).exists()


def test_a_folder_that_cannot_be_listed_is_a_source_with_an_error(here, monkeypatch):
    here("p/a.jpg", "p/locked/b.jpg", "p/z.jpg")
    scandir = os.scandir

    def locked(folder):
        if folder.rstrip("/").endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    # Permissions do not stop root, who may run the tests.
    monkeypatch.setattr(os, "scandir", locked)
    expected = [Source("p/a.jpg"), Source("p/locked", error="cannot list this folder: Permission denied")]
    assert list(find_sources(["p"])) == [*expected, Source("p/z.jpg")]
    assert "cannot list" in errors("p/locked")["p/locked"]
    assert "cannot list" in errors("p/*/b.jpg")["p/locked/"]


def test_a_tree_deeper_than_pythons_recursion_is_walked(here, monkeypatch):
    folder = here()
    for _ in range(1200):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.jpg").touch()
    monkeypatch.chdir(folder)
    deep = "d/" * 1200
    try:
        assert paths("d") == [deep + "a.jpg"]
        assert paths("**/a.*") == [deep + "a.jpg"]
    finally:
        # What clears temporary folders away does recurse.
        os.remove(deep + "a.jpg")  # noqa: PTH107
        os.removedirs(deep)


def test_folders_are_read_only_as_far_as_the_stream_is_consumed(here, monkeypatch):
    here(*(f"p/{folder}/{name}.jpg" for folder in "abcd" for name in "xyz"))
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listed.append(folder) or scandir(folder))
    stream = find_sources(["p", "p"])
    assert listed == []
    assert [source.path for source in itertools.islice(stream, 4)] == [
        "p/a/x.jpg",
        "p/a/y.jpg",
        "p/a/z.jpg",
        "p/b/x.jpg",
    ]
    assert listed == ["p/", "p/a/", "p/b/"]


# Patterns.


def test_patterns_match_as_in_a_shell(here):
    here("a.jpg", "b.txt", "c1.png", "c2.png", "cx.png", "p/d.jpg", "p/q/e.jpg", "p/q/.f.jpg", ".h/g.jpg")
    assert paths("*.jpg") == ["a.jpg"]
    assert paths("b*") == ["b.txt"]
    assert paths("c[0-9].png") == ["c1.png", "c2.png"]
    assert paths("c[!0-9].png") == ["cx.png"]
    assert paths("?.jpg") == ["a.jpg"]
    assert paths("*/*.jpg") == ["p/d.jpg"]
    assert paths("p/*/e.jpg") == ["p/q/e.jpg"]
    assert paths("./*.jpg") == ["./a.jpg"]
    assert paths("p/../*.jpg") == ["p/../a.jpg"]


def test_two_stars_match_any_number_of_folders_and_nothing_twice(here):
    folder = here("a.jpg", "p/d.jpg", "p/q/e.jpg", "p/q/r/f.jpg", "p/notes.txt", ".h/g.jpg")
    assert paths("**/*.jpg") == ["a.jpg", "p/d.jpg", "p/q/e.jpg", "p/q/r/f.jpg"]
    assert paths("**/q/**/*.jpg") == ["p/q/e.jpg", "p/q/r/f.jpg"]
    assert paths("**/**/e.jpg") == ["p/q/e.jpg"]
    assert paths("p/**") == ["p/d.jpg", "p/q/e.jpg", "p/q/r/f.jpg"]
    assert paths("p/**/") == paths("p/**")
    assert paths("**/g.jpg", include_hidden=True) == [".h/g.jpg"]
    assert paths(".*/g.jpg") == [".h/g.jpg"]
    (folder / "p/loop").symlink_to("..")
    assert paths("**/e.jpg") == ["p/q/e.jpg"]


def test_a_pattern_that_matches_a_folder_walks_it(here):
    folder = here("p1/a.jpg", "p1/x.txt", "p2/q/b.jpg", "p3", "other/c.jpg")
    (folder / "p4").symlink_to("other")
    assert paths("p*") == ["p1/a.jpg", "p2/q/b.jpg", "p3", "p4/c.jpg"]
    assert paths("p*/") == ["p1/a.jpg", "p2/q/b.jpg", "p4/c.jpg"]
    assert paths(f"{folder}/p[1]") == [f"{folder}/p1/a.jpg"]


def test_a_pattern_without_a_match_is_a_source_with_an_error(here):
    here("a.jpg", ".h.png", "p/b.jpg")
    nothing = ["*.png", "none/*.jpg", "a.jpg/*", "[", "q*/**"]
    assert errors(*nothing) == dict.fromkeys(nothing, "no file matches this pattern")


def test_an_existing_file_is_taken_literally_whatever_its_name(here):
    here("a[1].jpg", "a1.jpg", "what?.jpg", "*")
    assert paths("a[1].jpg", "what?.jpg", "*") == ["a[1].jpg", "what?.jpg", "*"]


# Exclusion.


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.png", ["p/a.jpg", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
        ("raw", ["p/a.jpg", "p/c.png"]),
        ("raw/", ["p/a.jpg", "p/c.png"]),
        ("a.jpg/", ["p/a.jpg", "p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
        ("raw/*", ["p/a.jpg", "p/c.png"]),
        ("raw/deep", ["p/a.jpg", "p/c.png", "p/raw/b.jpg"]),
        ("p/raw/deep", ["p/a.jpg", "p/c.png", "p/raw/b.jpg"]),
        ("./p/raw/deep/", ["p/a.jpg", "p/c.png", "p/raw/b.jpg"]),
        ("**/d.jpg", ["p/a.jpg", "p/c.png", "p/raw/b.jpg"]),
        ("**/a.jpg", ["p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
        ("deep/*", ["p/a.jpg", "p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
        ("A.JPG", ["p/a.jpg", "p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
        ("p", []),
        ("", ["p/a.jpg", "p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg"]),
    ],
)
def test_exclude_matches_names_or_with_a_slash_paths(here, pattern, left):
    here("p/a.jpg", "p/c.png", "p/raw/b.jpg", "p/raw/deep/d.jpg")
    assert paths("p", exclude=[pattern]) == left


def test_exclude_applies_to_named_files_and_patterns_and_folders_on_their_way(here):
    here("a.jpg", "b.jpg", "p/raw/b.jpg", "p/c.jpg")
    assert paths("a.jpg", "b.jpg", exclude=["b.*"]) == ["a.jpg"]
    assert paths("*.jpg", exclude=["b.*", "none"]) == ["a.jpg"]
    assert paths("*.jpg", exclude=["*.jpg"]) == []
    assert paths("**/*.jpg", exclude=["raw"]) == ["a.jpg", "b.jpg", "p/c.jpg"]
    assert paths(".", exclude=[".*"], include_hidden=True) == ["./a.jpg", "./b.jpg", "./p/c.jpg", "./p/raw/b.jpg"]


def test_an_excluded_folder_is_not_entered(here, monkeypatch):
    here("p/raw/b.jpg", "p/c.jpg")
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: listed.append(folder) or scandir(folder))
    assert paths("p", exclude=["raw"]) == ["p/c.jpg"]
    assert set(listed) == {"p/"}


# Lists.


def test_a_listed_path_is_a_file_of_that_very_name(here):
    here("a.jpg", "notes.txt", "*.jpg", "-", ".hidden", "p/b.jpg")
    names = ["a.jpg", "a.jpg", "notes.txt", "*.jpg", "-", ".hidden", "./p/b.jpg"]
    assert paths(listed=names) == names
    assert paths("p", listed=["a.jpg"]) == ["p/b.jpg", "a.jpg"]


def test_a_listed_path_that_is_no_file_is_a_source_with_an_error(here):
    here("p/a.jpg", "p/raw/b.jpg")
    found = errors(listed=["p", "none.jpg", "*.jpg", "-", "/dev/null"])
    assert found["p"] == "a folder, not an image; name it as an argument instead"
    assert found["none.jpg"] == found["*.jpg"] == found["-"] == "no such file or folder"
    assert found["/dev/null"] == "not a regular file: a device"


def test_exclude_applies_to_listed_paths(here):
    here("a.jpg", "p/b.jpg")
    assert paths(listed=["a.jpg", "p/b.jpg"], exclude=["a.*"]) == ["p/b.jpg"]


def test_a_list_is_read_only_as_far_as_the_stream_is_consumed():
    taken = []
    names = (taken.append(name) or name for name in ["a.jpg", "b.jpg", "c.jpg"])
    stream = find_sources([], listed=names)
    assert taken == []
    next(stream)
    assert taken == ["a.jpg"]


def test_what_is_finished_is_not_counted(here):
    here("a.jpg", "p/b.jpg", "p/c.jpg")
    assert count_sources(["p"], listed=["a.jpg", "d.jpg"], finished={"p/b.jpg", "d.jpg"}) == 2


PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


def test_any_ending_finds_images_by_their_first_bytes(here):
    root = here("p/a.jpg", "p/notes.txt", "p/empty")
    (root / "p/photo").write_bytes(PNG)
    (root / "p/sub").mkdir()
    (root / "p/sub/b.jpg_large").write_bytes(b"\xff\xd8\xff\xe0" + bytes(60))
    (root / "p/.hidden").write_bytes(PNG)
    os.mkfifo(root / "p/pipe")
    assert paths("p") == ["p/a.jpg"]
    assert paths("p", any_ending=True) == ["p/a.jpg", "p/photo", "p/sub/b.jpg_large"]
    assert paths("p", any_ending=True, exclude=["sub/"]) == ["p/a.jpg", "p/photo"]


def test_files_that_need_a_missing_extra_are_left_out_of_a_folder_and_counted(here, monkeypatch):
    monkeypatch.setattr(formats, "_is_missing", lambda library: library == "rawpy")
    here("p/a.jpg", "p/b.CR3", "p/c.nef", "p/sub/d.dng", "p/sub/e.jxl", "p/excluded.nef")
    left_out = LeftOut()
    found = [source.path for source in find_sources(["p"], exclude=["excluded*"], left_out=left_out)]
    assert found == ["p/a.jpg", "p/sub/e.jxl"] == paths("p")
    assert left_out.lines() == [f"3 raw files left out: {sys.executable} -m pip install 'mobilenet-cli[raw]'"]
    # A file that is named is tried, and says what is missing.
    assert [source.path for source in find_sources(["p/b.CR3"], left_out=left_out)] == ["p/b.CR3"]


def test_with_the_extras_nothing_is_left_out(here):
    here("p/a.jpg", "p/b.CR3", "p/e.jxl", "p/f.psd")
    assert paths("p") == ["p/a.jpg", "p/b.CR3", "p/e.jxl", "p/f.psd"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"photos/a.jpg\nphotos/b.jpg\n", "--from - reads"),
        (b"./caf\xc3\xa9.jpg\n" * 5000, "--from - reads"),
        (b"caf\xe9.jpg\n", "--from - reads"),
        (b"a.jpg\0b.jpg\0", "--from - -0 reads"),
    ],
)
def test_a_list_on_standard_input_is_not_taken_for_an_image(text: bytes, advice: str):
    (source,) = find_sources(["-"], stdin=io.BytesIO(text))
    assert "standard input is text, not an image" in (source.error or "")
    assert advice in (source.error or "")


@pytest.mark.parametrize(
    "data",
    [b"", b"P3\n1 1\n255\n1 2 3\n", b"\x89PNG\r\n\x1a\n", b"\0\0\0 ftypavif", bytes(range(256)), b"<html>\n</html>\n"],
)
def test_what_is_no_text_on_standard_input_is_read(data: bytes):
    (source,) = find_sources(["-"], stdin=io.BytesIO(data))
    assert (source.data, source.error) == (data, None)


@pytest.mark.parametrize("name", ["cat.jpg", "photographer.png", "espresso.webp", "astronaut.avif"])
def test_an_image_on_standard_input_is_not_taken_for_text(name: str):
    data = (SAMPLES / name).read_bytes()
    (source,) = find_sources(["-"], stdin=io.BytesIO(data))
    assert (source.data, source.error) == (data, None)
