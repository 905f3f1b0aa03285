from __future__ import annotations

import os
import signal
import time

import pytest

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.tensorflow_process import TensorFlowProcess


def ignore(text: str, done: int | None, total: int | None) -> None:
    pass


def test_an_error_of_the_package_comes_back_as_itself(tmp_path):
    with TensorFlowProcess(ignore) as process, pytest.raises(ModelError, match=r"no saved_model\.pb"):
        process.call(
            "compiler:compile_model",
            saved_model=str(tmp_path),
            folder=str(tmp_path),
            suffix=".tflite",
            image_size=None,
            default_size=8,
        )


def test_any_other_error_comes_back_with_its_kind():
    with TensorFlowProcess(ignore) as process, pytest.raises(ModelError, match="TypeError"):
        process.call("labels:imagenet_labels", nonsense=1)


def test_a_child_that_is_killed_is_an_error_that_says_so():
    with TensorFlowProcess(ignore) as process:
        child = process._started()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with pytest.raises(ModelError, match="killed by signal 9"):
            process.call("labels:imagenet_labels", classes=1000)


def test_the_child_ends_with_the_block():
    with TensorFlowProcess(ignore) as process:
        child = process._started()
    assert child.returncode == 0


def test_the_child_ends_at_once_when_the_block_fails():
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), TensorFlowProcess(ignore) as process:  # noqa: PT012
        child = process._started()
        raise KeyboardInterrupt
    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 5
