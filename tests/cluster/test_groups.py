"""Sources are cut into groups as they come, a bounded number at a time, and lost groups are handed over again."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from shards import tar_bytes

from mobilenet_cli.cluster.groups import Group, Groups
from mobilenet_cli.inputs.archives.whole import WholeArchive
from mobilenet_cli.inputs.find import find_sources
from mobilenet_cli.records import Source


def groups_of(sources: Iterable[Source], most: int = 1000, size: int = 3) -> Groups:
    return Groups(sources, lambda: most, size)


def paths(group: Group) -> list[str]:
    return [source.path for source in pickle.loads(group.sources)]


def taken(groups: Groups) -> list[list[str]]:
    """All groups that are handed over, up to the end of the sources."""
    found = []
    handover = groups.handed_over()
    deadline = time.monotonic() + 20
    while not handover.has_ended or handover.has_next():
        assert time.monotonic() < deadline
        if handover.has_next():
            found.append(paths(handover.next()))
        else:
            time.sleep(0.01)
    return found


def test_the_groups_have_all_sources_in_order():
    names = [str(number) for number in range(10)]
    found = taken(groups_of(map(Source, names)))
    assert [len(each) for each in found] == [3, 3, 3, 1]
    assert list(chain.from_iterable(found)) == names


def test_an_archive_is_a_group_of_its_own_and_is_not_read(tmp_path: Path):
    (tmp_path / "x.tar").write_bytes(b"no tar")
    names = ["a.jpg", str(tmp_path / "x.tar"), "b.jpg"]
    sources = [Source("a.jpg"), *find_sources([names[1]], archives="whole"), Source("b.jpg")]
    assert taken(groups_of(sources)) == [[each] for each in names]


def test_a_whole_archive_stands_for_the_images_in_it(tmp_path: Path):
    file = tmp_path / "x.tar"
    file.write_bytes(tar_bytes())
    (whole,) = find_sources([str(file)], archives="whole", exclude=["blue*"])
    content = pickle.loads(pickle.dumps(whole)).content
    assert isinstance(content, WholeArchive)
    assert [each.path for each in content.sources()] == [f"{file}/a/red.png", f"{file}/a/green.png"]


def test_no_more_sources_are_read_than_groups_may_be_open():
    read = 0

    def sources() -> Iterator[Source]:
        nonlocal read
        for number in range(10_000_000):
            read = number + 1
            yield Source(str(number))

    groups = groups_of(sources(), most=4)
    time.sleep(0.2)
    assert read <= 4 * 3 + 1
    handover = groups.handed_over()
    for number in range(4):
        assert handover.next().number == number
    assert not handover.has_next()
    groups.forget_before(2)  # the records of two groups have come
    deadline = time.monotonic() + 10
    while not handover.has_next():
        assert time.monotonic() < deadline
    assert paths(handover.next()) == ["12", "13", "14"]
    groups.stop()
    assert read <= 6 * 3 + 1


def test_what_was_lost_is_handed_over_again():
    groups = groups_of(map(Source, "abcdefghi"))
    assert taken(groups) == [list("abc"), list("def"), list("ghi")]
    groups.forget_before(1)
    lost = groups.handed_over()
    assert paths(lost.next()) == list("def")
    assert taken(groups) == [list("def"), list("ghi")]
    assert (lost.has_next(), lost.has_ended) == (False, True)  # it takes nothing from the others
    with pytest.raises(RuntimeError, match="another dataset"):
        lost.next()


def test_a_list_that_comes_slowly_is_not_waited_for():
    def sources() -> Iterator[Source]:
        yield Source("first")
        time.sleep(20)

    groups = groups_of(sources(), size=100)
    handover = groups.handed_over()
    deadline = time.monotonic() + 10
    while not handover.has_next():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert paths(handover.next()) == ["first"]
    groups.stop()


def test_images_without_a_file_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.cluster.groups.MOST_BYTES", 100)
    sources = [Source(str(number), data=b"x" * 60) for number in range(4)]
    assert taken(groups_of(sources, size=50)) == [["0", "1"], ["2", "3"]]


def test_the_error_of_a_list_is_kept_for_whoever_asked_for_the_records():
    def sources() -> Iterator[Source]:
        yield Source("a")
        raise ValueError("a broken list")

    groups = groups_of(sources())
    assert taken(groups) == [["a"]]
    assert str(groups.error) == "a broken list"


def test_a_part_is_full_however_slowly_its_images_come(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.cluster.groups._PATIENCE", 0.0)

    def sources() -> Iterator[Source]:
        for name in "abcdefg":
            yield Source(name)
            time.sleep(0.03)

    assert taken(Groups(sources(), lambda: 9, 3, are_parts=True)) == [list("abc"), list("def"), list("g")]
