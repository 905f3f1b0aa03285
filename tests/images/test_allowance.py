"""The memory that images take together, and their time."""

from __future__ import annotations

import threading
import time

import pytest

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.allowance import Allowance, Guard, MemoryBudget


def asking(guard: Guard, count: int) -> tuple[threading.Thread, threading.Event]:
    """Ask for memory in a thread; the event is set as soon as it is there."""
    there = threading.Event()

    def ask() -> None:
        guard.need(count)
        there.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread, there


def test_what_cannot_fit_alone_is_an_error_that_names_the_option():
    with pytest.raises(ImageError, match=r"takes about 2\.0 GB of memory \(the limit is 1\.0 GB; --memory"):
        Guard(0, MemoryBudget(10**9)).need(2 * 10**9)


@pytest.mark.parametrize(
    ("wanted", "total", "words"),
    [
        (70_000, 1024, r"about 70 kB of memory \(the limit is 1 kB;"),
        (600_000, 1024, r"about 600 kB of memory \(the limit is 1 kB;"),
        (1_400_000, 1 << 20, r"about 1\.4 MB of memory \(the limit is 1\.0 MB;"),
        (2_000_000, 999_000, r"about 2\.0 MB of memory \(the limit is 999 kB;"),
        (250_000_000, 12_000_000, r"about 250 MB of memory \(the limit is 12 MB;"),
        (300, 0, r"about 1 kB of memory"),
    ],
)
def test_what_is_needed_and_the_limit_are_told_apart(wanted: int, total: int, words: str):
    with pytest.raises(ImageError, match=words):
        Guard(0, MemoryBudget(total)).need(wanted)


def test_images_wait_for_each_other_and_never_take_more_than_the_limit():
    budget, most, lock = MemoryBudget(100), [0, 0], threading.Lock()

    def work(size: int) -> None:
        guard = Guard(0, budget)
        for _ in range(50):
            guard.begin()
            guard.need(size)
            with lock:
                most[0] += size
                most[1] = max(most)
            time.sleep(0)
            with lock:
                most[0] -= size
            assert guard.end()

    threads = [threading.Thread(target=work, args=(size,)) for size in (100, 60, 60, 30, 10, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert 60 < most[1] <= 100


def test_a_large_image_is_not_passed_by_for_ever():
    budget = MemoryBudget(100)
    first, large, small = (Guard(0, budget) for _ in range(3))
    first.need(50)
    _, large_is_in = asking(large, 100)
    time.sleep(0.05)
    _, small_is_in = asking(small, 10)
    assert not small_is_in.wait(0.1)  # though there is room for it
    first.end()
    assert large_is_in.wait(5)
    assert not small_is_in.is_set()
    large.end()
    assert small_is_in.wait(5)


def test_who_needs_more_gives_back_what_it_has_so_two_never_wait_for_each_other():
    budget = MemoryBudget(100)
    guards = [Guard(0, budget) for _ in range(2)]
    for guard in guards:
        guard.need(50)
    asked = [asking(guard, 90) for guard in guards]
    assert any(there.wait(5) for _, there in asked)
    next(guard for guard, (_, there) in zip(guards, asked, strict=True) if there.is_set()).end()
    assert all(there.wait(5) for _, there in asked)


def test_an_image_that_was_left_behind_holds_nobody_up():
    budget = MemoryBudget(100)
    behind, other = Guard(0, budget), Guard(0, budget)
    behind.begin()
    behind.need(100)
    _, there = asking(other, 80)
    assert not there.wait(0.1)
    assert behind.count(2, most=1)
    assert there.wait(5)
    assert not behind.end()
    assert other.end()
    _, there = asking(Guard(0, budget), 100)
    assert there.wait(5)


def test_time_counts_while_an_image_is_decoded_and_not_while_it_waits():
    guard = Guard()
    assert not guard.count(9, most=1)
    guard.begin()
    assert not guard.count(0.9, most=1)
    with guard.paused():
        assert not guard.count(9, most=1)
    assert guard.count(0.2, most=1)
    assert not guard.count(9, most=1)  # it was said once
    assert not guard.end()


def test_each_image_has_its_own_time():
    guard = Guard()
    for _ in range(3):
        guard.begin()
        assert not guard.count(0.9, most=1)
        assert guard.end()


def test_the_default_memory_is_divided_among_the_processes_of_a_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.machine.memory.usable_memory", lambda: 64 << 30)
    assert Allowance().budget().total == 32 << 30
    assert Allowance(timeout=3).beside(8) == Allowance(memory=4 << 30, timeout=3)
    assert Allowance(memory=1 << 30).beside(8).budget().total == 1 << 30
