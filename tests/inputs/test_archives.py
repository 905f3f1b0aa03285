"""Archives as sources: which rows they give, in which order, and what is refused."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import tarfile
import threading
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from colour_engine import IMAGES, ColourEngine, task
from runs import watch_held
from shards import ENTRIES, image_structs, parquet, tar_bytes, zip_bytes, zstd_bytes

from mobilenet_cli.errors import ImageError
from mobilenet_cli.inputs.archives import archive as limits
from mobilenet_cli.inputs.archives import forward, tars
from mobilenet_cli.inputs.find import count_sources, find_sources
from mobilenet_cli.inputs.left_out import LeftOut
from mobilenet_cli.pipeline import run
from mobilenet_cli.remote import ahead

BUILDERS = {
    "x.zip": zip_bytes,
    "x.tar": tar_bytes,
    "x.tar.gz": lambda *entries: tar_bytes(*entries, mode="w:gz"),
    "x.tgz": lambda *entries: tar_bytes(*entries, mode="w:gz"),
    "x.tar.bz2": lambda *entries: tar_bytes(*entries, mode="w:bz2"),
    "x.tar.xz": lambda *entries: tar_bytes(*entries, mode="w:xz"),
    "x.tar.zst": lambda *entries: zstd_bytes(tar_bytes(*entries)),
}
TARS = ("x.tar", "x.tar.gz", "x.tar.zst")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def outcomes(*arguments: str, **options) -> list[tuple[str, str]]:
    """Return the path of each row, and the colour of its image or why it has none."""
    return [
        (source.path, result.error or result.predictions[0].label)
        for source, result in run(find_sources(arguments, **options), task(ColourEngine()), workers=2)
    ]


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_images_of_an_archive_are_rows_in_the_order_of_the_file(name):
    others = [("readme.txt", b"words"), ("a/1.json", b"{}")]
    Path(name).write_bytes(BUILDERS[name]([*ENTRIES[:2], *others, ENTRIES[2], ENTRIES[0]]))
    rows = [(f"{name}/a/red.png", "red"), (f"{name}/a/green.png", "green"), (f"{name}/blue.PNG", "blue")]
    assert outcomes(name) == [*rows, rows[0]]
    assert [path.name for path in Path().iterdir()] == [name]  # nothing is unpacked


def test_a_compressed_tar_is_read_by_what_it_is_whatever_its_name():
    Path("x.tar").write_bytes(tar_bytes(mode="w:gz"))
    Path("y.tar.gz").write_bytes(tar_bytes())
    assert [found for _, found in outcomes("x.tar", "y.tar.gz")] == ["red", "green", "blue"] * 2


@pytest.mark.parametrize("name", ["x.zip", "x.tar"])
def test_rows_of_an_archive_lead_back_to_its_images(name):
    Path(name).write_bytes(BUILDERS[name]())
    rows = outcomes(name)
    assert outcomes(*(path for path, _ in rows)) == rows
    assert outcomes(listed=[path for path, _ in rows[::-1]]) == rows[::-1]
    assert count_sources([], listed=[path for path, _ in rows]) == len(rows)
    assert outcomes(f"{name}/a/none.png") == [(f"{name}/a/none.png", "the archive has no such image")]
    assert outcomes(rows[0][0], archives="none") == [(rows[0][0], "no such file or folder")]


@pytest.mark.parametrize(("name", "row"), [("x.tgz", "x.tgz/a/red.png"), ("x.parquet", "x.parquet#0")])
def test_what_is_only_streamed_has_no_images_that_are_named_alone(name, row):
    if name == "x.parquet":
        parquet(Path(name), {"image": image_structs([(IMAGES["red"], None)])})
    else:
        Path(name).write_bytes(BUILDERS[name]())
    ((path, error),) = outcomes(row)
    assert (path, "unpack it" in error) == (row, True)


def test_archives_are_named_by_patterns_ranges_and_lists():
    for number in range(8, 12):
        Path(f"s-{number:03}.tar").write_bytes(tar_bytes(ENTRIES[:1]))
    assert [path for path, _ in outcomes("s-*.tar")] == [f"s-{number:03}.tar/a/red.png" for number in range(8, 12)]
    assert [path for path, _ in outcomes("s-{009..010}.tar")] == ["s-009.tar/a/red.png", "s-010.tar/a/red.png"]
    assert outcomes("s-{010..012}.tar")[2] == ("s-012.tar", "no such file or folder")
    assert outcomes(listed=["s-008.tar"]) == [("s-008.tar/a/red.png", "red")]
    Path("s-{1..2}.png").write_bytes(IMAGES["blue"])
    assert outcomes("s-{1..2}.png") == [("s-{1..2}.png", "blue")]


def test_archives_of_a_folder_are_left_out_and_counted():
    Path("photos/.hidden").mkdir(parents=True)
    Path("photos/a.png").write_bytes(IMAGES["red"])
    for name in ("x.zip", "y.tar.gz", "z.parquet", ".h.zip", ".hidden/i.zip"):
        Path("photos", name).write_bytes(b"")
    left_out = LeftOut()
    assert outcomes("photos", left_out=left_out) == [("photos/a.png", "red")]
    assert left_out.lines() == ["3 archives in folders left out: name them to label the images in them"]


@pytest.mark.parametrize("name", ["x.zip", *TARS])
def test_the_rules_of_folders_hold_in_archives(name):
    names = ("a.png", ".b.png", "__MACOSX/c.png", "d/e.png", "d/.git/f.png", "g/h.png", "noending")
    Path(name).write_bytes(BUILDERS[name]([(each, IMAGES["red"]) for each in names]))

    def found(**options) -> list[str]:
        return [path.removeprefix(f"{name}/") for path, _ in outcomes(name, **options)]

    assert found() == ["a.png", "d/e.png", "g/h.png"]
    assert found(include_hidden=True) == list(names[:-1])
    assert found(recursive=False) == ["a.png"]
    assert found(exclude=["d/"]) == ["a.png", "g/h.png"]
    assert found(exclude=["g/*.png", "a.*"]) == ["d/e.png"]
    assert found(any_ending=True) == ["a.png", "d/e.png", "g/h.png", "noending"]


@pytest.mark.parametrize("name", ["x.zip", *TARS])
def test_tricks_with_names_are_rows_with_a_reason(name):
    names = ("../up.png", "a/../../up.png", "/etc/abs.png", "./here.png", "n.zip", "long/" * 1000 + "x.png", "b\\c.png")
    Path(name).write_bytes(BUILDERS[name]([(each, IMAGES["red"]) for each in names]))
    found = dict(outcomes(name))
    assert found.pop(f"{name}/../up.png") == found.pop(f"{name}/a/../../up.png") == "its name leads out of the archive"
    assert found.pop(f"{name}/etc/abs.png") == found.pop(f"{name}/here.png") == found.pop(f"{name}/b\\c.png") == "red"
    assert "an archive in an archive" in found.pop(f"{name}/n.zip")
    ((path, reason),) = found.items()
    assert reason == "its name is too long"
    assert len(path) < 300


@pytest.mark.parametrize("name", TARS)
def test_links_and_devices_in_a_tar_are_rows_with_a_reason(name):
    entries: list = [ENTRIES[0]]
    for kind, link in ((tarfile.SYMTYPE, "soft.png"), (tarfile.LNKTYPE, "hard.png"), (tarfile.FIFOTYPE, "fifo.png")):
        member = tarfile.TarInfo(link)
        member.type, member.linkname = kind, "/etc/passwd" if kind == tarfile.SYMTYPE else "a/red.png"
        entries.append(member)
    Path(name).write_bytes(BUILDERS[name](entries))
    assert outcomes(name) == [
        (f"{name}/a/red.png", "red"),
        (f"{name}/soft.png", "a link to /etc/passwd, which is not followed in an archive"),
        (f"{name}/hard.png", "a link to a/red.png, which is not followed in an archive"),
        (f"{name}/fifo.png", "not a regular file: a device or a FIFO"),
    ]


def test_links_encryption_and_rare_methods_in_a_zip_are_rows_with_a_reason():
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile("x.zip", "w") as written:
        written.writestr(link, b"/etc/passwd")
        written.writestr("secret.png", IMAGES["red"])
        written.writestr("rare.png", IMAGES["red"], zipfile.ZIP_BZIP2)
        written.writestr("good.png", IMAGES["red"])
    data = bytearray(Path("x.zip").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # set bit 0, as for ZipCrypto
        at = data.index(b"secret.png", data.index(signature)) if signature == b"PK\x03\x04" else data.rindex(b"secret")
        data[data.rindex(signature, 0, at) + flags] |= 1
    Path("x.zip").write_bytes(data)
    assert outcomes("x.zip") == [
        ("x.zip/link.png", "a link, which is not followed in an archive"),
        ("x.zip/secret.png", "encrypted"),
        ("x.zip/rare.png", "compressed by the method bzip2, which is not read: only deflate is"),
        ("x.zip/good.png", "red"),
    ]


def test_members_of_a_zip_with_one_name_are_each_themselves():
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zip_bytes([("a.png", IMAGES["red"]), ("a.png", IMAGES["blue"])])
    Path("x.zip").write_bytes(data)
    assert outcomes("x.zip") == [("x.zip/a.png", "red"), ("x.zip/a.png", "blue")]


def test_a_damaged_member_of_a_zip_is_a_row():
    data = bytearray(zip_bytes(ENTRIES, zipfile.ZIP_STORED))
    data[data.index(IMAGES["green"]) + 40] ^= 0xFF
    Path("x.zip").write_bytes(data)
    (first, second, third) = outcomes("x.zip")
    assert (first[1], third[1]) == ("red", "blue")
    assert second[0] == "x.zip/a/green.png"
    assert second[1].startswith("the archive is damaged here (Bad CRC-32")


def test_a_bomb_in_a_zip_does_not_fill_the_memory():
    data = bytearray(zip_bytes([("big.png", IMAGES["red"] + bytes(32 << 20))]))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 1000)  # the directory says that it is small
    Path("x.zip").write_bytes(data)
    tracemalloc.start()
    ((path, reason),) = outcomes("x.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path == "x.zip/big.png"
    assert "damaged" in reason
    assert peak < 8 << 20


@pytest.mark.parametrize("cut", [100, 600, 1200, 1536, 2000])
@pytest.mark.parametrize("name", TARS)
def test_a_torn_tar_gives_the_rows_before_the_tear_and_one_that_says_so(name, cut):
    Path(name).write_bytes(zstd_bytes(tar_bytes()[:cut]) if name.endswith("zst") else tar_bytes()[:cut])
    rows = outcomes(name)
    assert [found for _, found in rows[:-1]] == ["red", "green", "blue"][: len(rows) - 1]
    whole = [begin + 512 + len(data) <= cut for begin, (_, data) in zip((0, 1024, 2048), ENTRIES, strict=True)]
    assert len(rows) - 1 == sum(whole)
    assert rows[-1][0].startswith(name)
    assert "cut off" in rows[-1][1] or "damaged" in rows[-1][1]


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar.bz2", "x.tar.xz", "x.tar.zst"])
def test_a_torn_or_damaged_compression_is_a_row(name):
    noise = [(f"{number}.png", IMAGES["red"] + os.urandom(200_000)) for number in range(9)]
    whole = BUILDERS[name](noise)
    Path(name).write_bytes(whole[: len(whole) // 2])
    rows = outcomes(name)
    assert 1 < len(rows) < 9
    assert {found for _, found in rows[:-1]} == {"red"}
    assert rows[-1][1].startswith("damaged or cut off (")


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.zst", "x.parquet"])
@pytest.mark.parametrize("content", [b"", b"no archive", bytes(2000), os.urandom(5000)])
def test_what_is_no_archive_is_one_row(name, content):
    Path(name).write_bytes(content)
    rows = outcomes(name)
    if content == bytes(2000) and name == "x.tar":
        assert rows == []  # a tar without members
    else:
        ((path, reason),) = rows
        assert path == name
        assert "damaged" in reason or "cut off" in reason


@pytest.mark.parametrize("name", TARS)
def test_a_damaged_header_ends_a_tar_with_a_row(name):
    data = bytearray(tar_bytes())
    data[1024 + 10] ^= 0xFF  # within the name of the second member: its checksum is wrong
    Path(name).write_bytes(zstd_bytes(bytes(data)) if name.endswith("zst") else data)
    assert outcomes(name) == [
        (f"{name}/a/red.png", "red"),
        (name, "damaged: what follows the last member is no header"),
    ]


def test_a_second_tar_behind_the_first_is_not_passed_over_in_silence():
    Path("x.tar").write_bytes(tar_bytes(ENTRIES[:1]) + tar_bytes(ENTRIES[1:]))
    assert outcomes("x.tar")[1:] == [("x.tar", "behind its end there is more, which is not read: another archive?")]


def test_a_header_that_asks_for_gigabytes_gets_none():
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    Path("x.tar").write_bytes(header.tobuf() + bytes(10_000))
    assert outcomes("x.tar") == [("x.tar", "damaged: a header is too long")]


def test_a_negative_size_ends_a_tar():
    data = bytearray(tar_bytes())
    data[124:136] = b"\xff" * 11 + b"\x00"  # -256 in base 256
    data[148:156] = b"        "
    data[148:156] = b"%06o\0 " % sum(data[:512])
    Path("x.tar").write_bytes(data)
    rows = outcomes("x.tar")
    assert rows[-1][0] == "x.tar"
    assert "damaged" in rows[-1][1]


def test_a_bomb_in_a_compressed_tar_is_given_up(monkeypatch):
    monkeypatch.setattr(forward, "_FREE", 1 << 20)
    with gzip.open("x.tar.gz", "wb") as file:
        member = tarfile.TarInfo("zeros.bin")
        member.size = 64 << 20
        file.write(member.tobuf() + bytes(64 << 20))
    assert outcomes("x.tar.gz") == [("x.tar.gz", "it expands to more than 250 times its size: the rest is not read")]


@pytest.mark.parametrize("name", ["x.zip", *TARS])
def test_sizes_and_numbers_of_members_are_limited(name, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 1000)
    monkeypatch.setattr(limits, "MAX_MEMBERS", 3)
    big = ("big.png", IMAGES["red"] + bytes(1000))
    Path(name).write_bytes(BUILDERS[name]([ENTRIES[0], big, ("c.txt", b""), ENTRIES[2]]))
    assert outcomes(name) == [
        (f"{name}/a/red.png", "red"),
        (f"{name}/big.png", "too large: the limit is 256 MiB"),
        (name, "it has more than 3 members: the others are left out"),
    ]


def test_a_tar_that_changes_while_it_is_read_gives_no_wrong_label():
    Path("x.tar").write_bytes(tar_bytes())
    stream = find_sources(["x.tar"])
    first = next(stream)
    time.sleep(0.01)
    Path("x.tar").write_bytes(tar_bytes([(name, IMAGES["blue"]) for name, _ in ENTRIES]))
    ((_, result),) = run([first], task(ColourEngine()))
    assert result.error == "the archive was changed while it was read"


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar.zst"])
def test_what_a_stream_has_read_ahead_is_bounded(name, monkeypatch):
    size, limit = 300_000, 1 << 20
    monkeypatch.setattr(ahead, "MAX_HELD", limit)
    entries = [(f"{number}.png", IMAGES["red"] + os.urandom(size)) for number in range(60)]
    Path(name).write_bytes(BUILDERS[name](entries))
    held = watch_held(monkeypatch)
    rows = outcomes(name)
    assert [path for path, _ in rows] == [f"{name}/{number}.png" for number in range(60)]
    assert {found for _, found in rows} == {"red"}
    assert size < max(held) <= limit + 2 * size


def test_leaving_early_ends_the_thread_that_reads_a_stream(monkeypatch):
    monkeypatch.setattr(ahead, "MAX_HELD", 1)
    Path("x.tar.gz").write_bytes(BUILDERS["x.tar.gz"](ENTRIES * 50))
    before = threading.active_count()
    pairs = run(find_sources(["x.tar.gz"]), task(ColourEngine()), workers=1)
    next(pairs)
    pairs.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_counting_reads_no_image_and_gives_up_on_streams(monkeypatch):
    for name, build in BUILDERS.items():
        Path(name).write_bytes(build())
    monkeypatch.setattr(tars.FileSpan, "first", lambda *_: pytest.fail("a member was read"))
    assert count_sources(["x.zip", "x.tar"], finished={"x.tar/blue.PNG"}) == 5
    assert count_sources(["x.tar.gz"]) is None
    assert count_sources([], listed=["x.zip"]) is None


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_images_that_are_kept_hold_no_archive_open(kind):
    names = [f"{number}.{kind}" for number in range(30)]
    for name in names:
        Path(name).write_bytes(BUILDERS[f"x.{kind}"](ENTRIES[:1]))
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = list(find_sources(names))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert {source.content.read() for source in kept} == {ENTRIES[0][1]}
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_of_an_archive_that_was_changed_is_not_read(kind):
    file = Path(f"x.{kind}")
    file.write_bytes(BUILDERS[file.name]())
    (first, *_) = find_sources([file.name])
    file.write_bytes(BUILDERS[file.name]([("other.png", IMAGES["blue"])]))
    with pytest.raises(ImageError, match="the archive was changed while it was read"):
        first.content.read()


def test_only_archives_that_can_be_read_again_are_opened_in_place():
    for name in ("x.zip", *TARS):
        Path(name).write_bytes(BUILDERS[name]())
    again = list(find_sources(["x.zip", "x.tar"], archives="in_place"))
    for _ in range(2):
        assert [result.predictions[0].label for _, result in run(again, task(ColourEngine()))] == [
            "red", "green", "blue", "red", "green", "blue",
        ]  # fmt: skip
    (source,) = find_sources(["x.tar.gz"], archives="in_place")
    assert "from its beginning to its end, once" in source.error
    (source,) = find_sources(["x.zip"], archives="none")
    assert (source.path, source.error) == ("x.zip", None)


def test_no_descriptor_stays_open():
    for name in ("x.zip", "x.tar", "x.tar.gz"):
        Path(name).write_bytes(BUILDERS[name]())
    before = len(list(Path("/proc/self/fd").iterdir()))
    outcomes("x.zip", "x.tar", "x.tar.gz")
    stopped = find_sources(["x.tar.gz"])
    next(stopped)
    stopped.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_streams_in_several_pieces_are_read_to_their_end():
    data = tar_bytes()
    half = len(data) // 3
    Path("x.tar.gz").write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    Path("x.tar.zst").write_bytes(zstd_bytes(data[:half]) + zstd_bytes(data[half:]))
    assert [found for _, found in outcomes("x.tar.gz", "x.tar.zst")] == ["red", "green", "blue"] * 2


def test_zips_as_programs_write_them():
    Path("sfx.zip").write_bytes(b"#!/bin/sh\nexit 0\n" + zip_bytes())  # unpacks itself
    streamed = io.BytesIO()
    with zipfile.ZipFile(Unseekable(streamed), "w", zipfile.ZIP_DEFLATED) as written:  # sizes follow the data
        for name, data in ENTRIES:
            with written.open(name, "w", force_zip64=True) as member:
                member.write(data)
    Path("streamed.zip").write_bytes(streamed.getvalue())
    assert [found for _, found in outcomes("sfx.zip", "streamed.zip")] == ["red", "green", "blue"] * 2


class Unseekable(io.RawIOBase):
    """A pipe into which an archive is written."""

    def __init__(self, file: io.BytesIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        return self._file.write(data)


def test_long_names_of_gnu_and_posix_tars():
    long = "é" * 90 + "/" + "x" * 90 + ".png"
    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open("x.tar", "w", format=kind) as tar:
            member = tarfile.TarInfo(long)
            member.size = len(IMAGES["red"])
            tar.addfile(member, io.BytesIO(IMAGES["red"]))
        assert outcomes("x.tar") == [(f"x.tar/{long}", "red")]


def test_whatever_is_changed_in_an_archive_nothing_is_raised():
    choose = random.Random(0)
    entries = [(f"{number}.png", IMAGES["red"] + choose.randbytes(300)) for number in range(5)]
    table = io.BytesIO()
    parquet(table, {"image": pa.array([data for _, data in entries])}, row_group_size=2)
    whole = {"x.parquet": table.getvalue(), **{name: build(entries) for name, build in BUILDERS.items()}}
    for name, data in whole.items():
        for _ in range(40):
            changed = bytearray(data)
            for _ in range(choose.choice((1, 3, 20))):
                place = choose.randrange(len(changed))
                changed[place : place + choose.choice((0, 1, 1, 200))] = choose.randbytes(choose.choice((0, 1, 1, 100)))
            Path(name).write_bytes(changed)
            for source in find_sources([name]):
                if source.error is None and source.content is not None:
                    with suppress(ImageError):
                        source.content.read()


# Parquet


def test_the_rows_of_parquet_with_structs_of_bytes_and_path():
    Path("folder").mkdir()
    Path("folder/blue.png").write_bytes(IMAGES["blue"])
    values = [
        (IMAGES["red"], "x.png"),
        (IMAGES["green"], None),
        (None, "blue.png"),
        None,
        (None, "none.png"),
        (b"", ""),
    ]
    parquet(Path("folder/p.parquet"), {"image": image_structs(values), "label": pa.array(range(6))}, row_group_size=4)
    assert outcomes("folder/p.parquet") == [
        ("folder/p.parquet#0", "red"),
        ("folder/p.parquet#1", "green"),
        ("folder/p.parquet#2", "blue"),
        ("folder/p.parquet#3", "the row has no image"),
        ("folder/p.parquet#4", "folder/none.png: no such file or folder"),
        ("folder/p.parquet#5", "the file is empty (0 bytes)"),
    ]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_the_rows_of_parquet_with_bytes_or_paths(kind):
    columns = {"jpg": pa.array(IMAGES.values(), kind), "file": pa.array(["r.png"] * 3), "words": pa.array(["x"] * 3)}
    parquet(Path("p.parquet"), columns)
    Path("r.png").write_bytes(IMAGES["red"])
    assert [found for _, found in outcomes("p.parquet")] == list(IMAGES)
    assert [found for _, found in outcomes("p.parquet", column="file")] == ["red"] * 3
    (row,) = outcomes("p.parquet", column="none")
    assert row == ("p.parquet", "it has no column 'none' of images or paths; its columns are 'jpg', 'file', 'words'")
    parquet(Path("q.parquet"), {"file": columns["file"], "words": columns["words"]})
    assert [found for _, found in outcomes("q.parquet")] == ["red"] * 3


def test_parquet_with_two_columns_of_images_asks_which():
    parquet(Path("p.parquet"), {"a": pa.array(IMAGES.values()), "b": pa.array(IMAGES.values())})
    assert outcomes("p.parquet") == [
        ("p.parquet", "which column has the images? Give it with --column; they are 'a', 'b'")
    ]
    assert [found for _, found in outcomes("p.parquet", column="b")] == list(IMAGES)


def test_the_rows_of_a_damaged_row_group_are_rows_with_a_reason():
    images = [IMAGES["red"] + os.urandom(2000) for _ in range(30)]
    parquet(Path("p.parquet"), {"image": pa.array(images)}, row_group_size=10, compression="zstd", use_dictionary=False)
    data = bytearray(Path("p.parquet").read_bytes())
    data[26_000:30_000] = bytes(4000)  # in the second row group
    Path("p.parquet").write_bytes(data)
    rows = outcomes("p.parquet")
    assert [path for path, _ in rows] == [f"p.parquet#{number}" for number in range(30)]
    assert {found for _, found in (*rows[:10], *rows[20:])} == {"red"}
    assert rows[19][1].startswith("the table is damaged here (")


def test_a_batch_of_parquet_is_small_where_rows_are_large():
    value = IMAGES["red"] + os.urandom(3 << 20)
    parquet(Path("p.parquet"), {"image": pa.array([value] * 40)})  # with a dictionary, which hides their size
    sources = find_sources(["p.parquet"])
    before = pa.total_allocated_bytes()
    next(sources)
    assert pa.total_allocated_bytes() - before < 30 << 20
    sources.close()
