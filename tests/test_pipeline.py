"""The pipeline with an engine that any test can follow: it tells the mean colour of an image."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from colour_engine import COLOURS, IMAGES, ColourEngine, records_of, task

from mobilenet_cli.errors import ModelError
from mobilenet_cli.images.allowance import Allowance
from mobilenet_cli.pipeline import run, worker
from mobilenet_cli.pipeline.watch import left_behind
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


class HalfBlind(ColourEngine):
    """Gives no numbers for red images, or for any."""

    def __init__(self, *, at_all: bool = True) -> None:
        super().__init__()
        self.at_all = at_all

    def session(self):
        outputs_of = super().session()

        def run(batch: np.ndarray) -> np.ndarray:
            outputs = outputs_of(batch)
            outputs[(outputs[:, 0] > 0.9) & (outputs[:, 1] < 0.1) | (not self.at_all)] = np.nan
            return outputs

        return run


def test_an_image_without_finite_outputs_is_an_error_and_its_neighbours_keep_their_labels():
    results = list(records_of(sources(41), task(HalfBlind()), batch_size=4, workers=2))
    colours = itertools.cycle(COLOURS)
    for number, result in enumerate(results):
        colour = None if number % 5 == 4 else next(colours)
        if colour == "red":
            assert result.error == "the network's outputs for it are not finite numbers"
        elif colour is not None:
            assert result.predictions[0].label == colour


def test_a_network_that_gives_no_finite_numbers_for_photographs_either_is_damaged():
    with pytest.raises(ModelError, match="not finite"):
        list(records_of(sources(3), task(HalfBlind(at_all=False))))


def stuck(monkeypatch: pytest.MonkeyPatch, names: set[str]) -> threading.Event:
    """Have the decoder hang at images of these names, until the event is set."""
    load, release = worker.load_image, threading.Event()

    def loading(source, preprocessing, out):
        if source.path in names:
            release.wait(30)
            out[...] = 255  # as a decoder that was left behind writes late
        return load(source, preprocessing, out)

    monkeypatch.setattr(worker, "load_image", loading)
    return release


@pytest.mark.parametrize("batch_size", [1, 4])
def test_an_image_that_takes_too_long_is_an_error_and_every_other_keeps_its_own_label(monkeypatch, batch_size):
    release = stuck(monkeypatch, {"5", "6", "90"})
    limited = replace(task(ColourEngine()), allowance=Allowance(timeout=0.4))
    results = list(records_of(sources(120), limited, batch_size=batch_size, workers=2))
    release.set()
    colours = itertools.cycle(COLOURS)
    for number, result in enumerate(results):
        assert result.path == str(number)
        colour = None if number % 5 == 4 else next(colours)
        if number in (5, 6, 90):
            assert result.error == "decoding it took longer than 0.4 s (--timeout sets another limit)"
        elif colour is not None:
            assert result.predictions[0].label == colour


def test_the_others_go_on_while_one_image_takes_its_time(monkeypatch):
    release = stuck(monkeypatch, {"0"})
    engine = ColourEngine()
    results = records_of(sources(600), replace(task(engine), allowance=Allowance(timeout=20)), workers=2)
    first: list[object] = []
    reader = threading.Thread(target=lambda: first.append(next(results)), daemon=True)
    reader.start()
    for _ in range(200):
        if sum(engine.batches) >= 470:
            break
        time.sleep(0.05)
    assert sum(engine.batches) >= 470
    assert not first
    release.set()
    reader.join(10)
    assert len(first) == 1
    assert len(list(results)) == 599


def test_leaving_does_not_wait_for_an_image_that_was_left_behind(monkeypatch):
    release = stuck(monkeypatch, {"1"})
    limited = replace(task(ColourEngine()), allowance=Allowance(timeout=0.2))
    before = time.monotonic()
    assert len(list(records_of(sources(10), limited, workers=1))) == 10
    assert time.monotonic() - before < 4
    assert left_behind()
    release.set()


def test_a_batch_of_failures_alone_does_not_call_the_engine():
    engine = ColourEngine()
    results = list(records_of([Source("a", data=b""), Source("b", error="gone")], task(engine)))
    assert [result.error for result in results][1] == "gone"
    assert engine.batches == []
