"""OpenVINO runs the compiled files, and its outputs are LiteRT's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mobilenet_cli.engines import ENGINES, openvino, passed_checks
from mobilenet_cli.engines.litert import LiteRTEngine
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.engines.openvino import OpenVINOEngine
from mobilenet_cli.errors import ModelError

IMAGES = np.random.default_rng(5).random((5, 224, 224, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def compiled(embedded_home: Path) -> Path:
    return embedded_home / "models" / "efficientnet_lite0" / "224.tflite"


@pytest.fixture(scope="module")
def engine(compiled: Path) -> OpenVINOEngine:
    return OpenVINOEngine(compiled)


def test_its_outputs_are_litert_s_at_any_batch_size(engine: OpenVINOEngine, compiled: Path):
    expected = LiteRTEngine(compiled).session()(IMAGES)
    session = engine.session()
    for part in (slice(0, 5), slice(0, 2), slice(4, 5)):
        np.testing.assert_allclose(session(IMAGES[part]), expected[part], atol=1e-3)


def test_sessions_of_several_threads_keep_apart(engine: OpenVINOEngine):
    sessions = [engine.session() for _ in range(3)]
    expected = [sessions[0](IMAGES[number : number + 1]) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            found = pool.map(lambda number: sessions[number](IMAGES[number : number + 1]), range(3))
            for each, known in zip(found, expected, strict=True):
                np.testing.assert_allclose(each, known, atol=1e-4)


def test_it_gives_numbers_as_the_file_takes_them(engine: OpenVINOEngine, compiled: Path):
    signed = OpenVINOEngine(compiled, SIGNED).session()(IMAGES[:1])
    np.testing.assert_allclose(signed, engine.session()(IMAGES[:1] * 2 - 1), atol=1e-4)


def test_an_output_that_is_not_litert_s_is_refused(compiled: Path, monkeypatch: pytest.MonkeyPatch):
    class Off:
        def __init__(self, *_: object) -> None:
            pass

        def session(self):
            right = LiteRTEngine(compiled).session()
            return lambda batch: right(batch) + 0.05

    monkeypatch.setattr(openvino, "LiteRTEngine", Off)
    with pytest.raises(ModelError, match=r"outputs of .* at float32 differ from LiteRT's by 0\.0"):
        ENGINES["openvino"].open(compiled, 224)
    assert ENGINES["openvino"].open(compiled, 224, None, "bfloat16")  # 0.05 is rounding there


def test_the_check_is_made_once_for_a_file_a_version_and_a_processor(compiled: Path, monkeypatch: pytest.MonkeyPatch):
    checks: list[int] = []
    check = OpenVINOEngine.check
    monkeypatch.setattr(OpenVINOEngine, "check", lambda self, size: (checks.append(size), check(self, size)))
    for _ in range(2):
        ENGINES["openvino"].open(compiled, 224)
    assert len(checks) == 1
    monkeypatch.setattr(passed_checks, "instructions", lambda: frozenset({"another"}))
    ENGINES["openvino"].open(compiled, 224)
    assert len(checks) == 2
    monkeypatch.setattr("openvino.__version__", "another")
    ENGINES["openvino"].open(compiled, 224)
    assert len(checks) == 3


def test_a_check_that_failed_is_made_again(compiled: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise ModelError("they differ")

    monkeypatch.setattr(OpenVINOEngine, "check", fail)
    for _ in range(2):
        with pytest.raises(ModelError, match="they differ"):
            ENGINES["openvino"].open(compiled, 224)


def test_another_file_is_another_check(tmp_path: Path):
    keys = set()
    for content in (b"one", b"two"):
        (tmp_path / "m.tflite").write_bytes(content)
        keys |= {
            passed_checks.key_of(tmp_path / "m.tflite", "1", 32),
            passed_checks.key_of(tmp_path / "m.tflite", "1", 64),
        }
    assert len(keys) == 4


def test_a_home_that_cannot_be_written_repeats_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MNCLASSIFY_HOME", str(tmp_path / "file" / "home"))
    passed_checks.note_passed("key")
    assert not passed_checks.has_passed("key")


def test_classes_in_a_map_of_one_pixel_are_a_row(tmp_path: Path):
    ov = pytest.importorskip("openvino")
    images = ov.opset13.parameter([-1, 8, 8, 3], ov.Type.f32)
    means = ov.opset13.reduce_mean(images, ov.opset13.constant([1, 2]), keep_dims=True)  # [N, 1, 1, 3]
    ov.save_model(ov.Model([means], [images]), tmp_path / "m.xml", compress_to_fp16=False)
    batch = IMAGES[:, :8, :8]
    found = OpenVINOEngine(tmp_path / "m.xml").session()(batch)
    np.testing.assert_allclose(found, batch.mean(axis=(1, 2)), atol=1e-5)


def test_a_damaged_file_is_refused(tmp_path: Path):
    (tmp_path / "m.tflite").write_bytes(b"\0" * 64)
    with pytest.raises(ModelError, match=r"OpenVINO cannot run .*m\.tflite"):
        OpenVINOEngine(tmp_path / "m.tflite")
