"""The pipeline with an engine that any test can follow: it tells the mean colour of an image."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from colour_engine import COLOURS, IMAGES, ColourEngine, records_of, task

from mobilenet_cli.pipeline import run
from mobilenet_cli.records import RowSource, Source


def sources(count: int) -> list[Source]:
    """Images in turn, every fifth of them damaged."""
    colours = itertools.cycle(COLOURS)
    return [Source(f"{n}", data=b"junk" if n % 5 == 4 else IMAGES[next(colours)]) for n in range(count)]


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_one_result_a_source_in_order_with_its_own_label(workers, batch_size):
    many = sources(53)
    results = list(records_of(many, task(ColourEngine()), batch_size=batch_size, workers=workers))
    assert [result.path for result in results] == [str(n) for n in range(53)]
    expected = itertools.cycle(COLOURS)
    for n, result in enumerate(results):
        if n % 5 == 4:
            assert (result.status, result.predictions) == ("error", ())
            assert result.error
        else:
            assert (result.status, result.error) == ("ok", None)
            assert result.predictions[0].label == next(expected)
            assert (result.width, result.height) == (10, 12)
        assert result.model == "colours"


def test_each_result_comes_with_its_own_source_without_the_images_bytes():
    rows = [RowSource(each.path, each.data, cells=(each.path, "note")) for each in sources(23)]
    pairs = list(run(iter(rows), task(ColourEngine()), batch_size=3, workers=3))
    assert [source for source, _ in pairs] == [replace(row, data=None) for row in rows]
    assert all(source.path == result.path for source, result in pairs)
    file = Source("none.jpg")
    ((source, _),) = run([file], task(ColourEngine()))
    assert source is file


def test_no_sources_are_no_results():
    assert list(records_of([], task(ColourEngine()))) == []


def test_each_worker_has_a_session_of_its_own_and_batches_are_bounded():
    engine = ColourEngine()
    list(records_of(sources(200), task(engine), workers=3))
    assert 1 <= engine.sessions <= 3
    assert len(engine.threads) == engine.sessions
    assert max(engine.batches) <= 4
    assert sum(engine.batches) == 160


def test_a_result_comes_before_the_next_source_does():
    release = threading.Event()

    def slowly() -> Iterator[Source]:
        yield Source("first", data=IMAGES["red"])
        assert release.wait(10)
        yield Source("second", data=IMAGES["blue"])

    results = records_of(slowly(), task(ColourEngine()))
    assert next(results).path == "first"
    release.set()
    assert [result.path for result in results] == ["second"]


def test_sources_are_read_a_bounded_number_ahead():
    taken = 0

    def endless() -> Iterator[Source]:
        nonlocal taken
        while True:
            taken += 1
            yield Source("x", data=IMAGES["red"])

    results = records_of(endless(), task(ColourEngine()), batch_size=2, workers=2)
    for _ in range(10):
        next(results)
    time.sleep(0.3)
    settled = taken
    time.sleep(0.2)
    assert taken == settled < 100
    results.close()


def test_leaving_early_ends_the_threads():
    before = threading.active_count()
    results = records_of(sources(500), task(ColourEngine()), workers=4)
    next(results)
    results.close()
    for _ in range(50):
        if threading.active_count() == before:
            break
        time.sleep(0.05)
    assert threading.active_count() == before


def test_leaving_early_calls_the_engine_no_more():
    engine = ColourEngine()
    results = records_of(sources(500), task(engine), workers=1)
    next(results)
    results.close()
    called = len(engine.batches)
    time.sleep(0.2)
    assert len(engine.batches) == called
    assert called < 60


def test_an_error_of_the_sources_comes_after_the_results_before_it():
    def failing() -> Iterator[Source]:
        yield Source("fine", data=IMAGES["green"])
        raise LookupError("the list ends here")

    results = records_of(failing(), task(ColourEngine()))
    assert next(results).path == "fine"
    with pytest.raises(LookupError, match="the list ends here"):
        next(results)


def test_an_error_of_the_engine_reaches_the_caller():
    engine = ColourEngine()
    engine.session = lambda: (_ for _ in ()).throw(RuntimeError("no interpreter"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no interpreter"):
        list(records_of(sources(3), task(engine)))


def test_a_batch_of_failures_alone_does_not_call_the_engine():
    engine = ColourEngine()
    results = list(records_of([Source("a", data=b""), Source("b", error="gone")], task(engine)))
    assert [result.error for result in results][1] == "gone"
    assert engine.batches == []
