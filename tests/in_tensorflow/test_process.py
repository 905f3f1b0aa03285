from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest
from model_server import ModelServer, Reply

from mobilenet_cli.errors import ModelError, ProcessError, StoreError
from mobilenet_cli.in_tensorflow.compiler import compile_model
from mobilenet_cli.in_tensorflow.downloads import slim
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.labels import imagenet_labels, numbered_labels
from mobilenet_cli.records import ClassName


def ignore(text: str, done: int | None, total: int | None) -> None:
    pass


def test_an_error_of_the_package_comes_back_as_itself(tmp_path):
    with TensorFlowProcess(ignore) as process, pytest.raises(ModelError, match=r"no saved_model\.pb"):
        process.call(compile_model, tmp_path, tmp_path, ".tflite", None, 8)


def test_records_cross_as_what_they_are():
    with TensorFlowProcess(ignore) as process:
        assert process.call(numbered_labels, 2) == (ClassName("", "class 0"), ClassName("", "class 1"))


def test_only_a_function_of_a_module_can_be_called():
    with TensorFlowProcess(ignore) as process, pytest.raises((AttributeError, pickle.PicklingError)):
        process.call(lambda: 1)


def test_any_other_error_comes_back_with_its_kind():
    with TensorFlowProcess(ignore) as process, pytest.raises(ModelError, match="TypeError"):
        process.call(imagenet_labels, nonsense=1)


def test_a_child_that_is_killed_is_an_error_that_says_so():
    with TensorFlowProcess(ignore) as process:
        child = process._started()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with pytest.raises(ProcessError, match="killed by signal 9"):
            process.call(imagenet_labels, classes=1000)


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


def test_the_child_ends_with_a_parent_that_is_killed_in_the_middle_of_a_call(tmp_path):
    script = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from mobilenet_cli.in_tensorflow.downloads import slim\n"
        "from mobilenet_cli.in_tensorflow.process import TensorFlowProcess\n"
        "logging.getLogger('mobilenet_cli').setLevel('DEBUG')  # the child has our standard error\n"
        "with TensorFlowProcess(lambda *_: None) as process:\n"
        "    process.call(slim.download, sys.argv[1], '', Path(sys.argv[2]), 'classification')\n"
    )
    server = ModelServer()
    server.default = Reply(b"x" * 100, stalls=60)
    command = [sys.executable, "-c", script, server.url, str(tmp_path / "model")]
    parent = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        while not server.requests:
            assert parent.poll() is None
            time.sleep(0.02)
        parent.kill()
        parent.communicate(timeout=5)  # until the last process that has our pipe ends
    finally:
        server.close()


def test_ctrl_c_that_a_child_does_not_handle_is_an_interruption_and_no_failure(tmp_path):
    server = ModelServer()
    server.default = Reply(b"x" * 100, stalls=60)

    def interrupt():
        while not server.requests:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)  # this process alone: it is to pass it on

    thread = threading.Thread(target=interrupt)
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(KeyboardInterrupt), TensorFlowProcess(ignore) as process, process.interruptible():  # noqa: PT012
            thread.start()
            process.call(slim.download, server.url, "", tmp_path / "model", "classification")
    finally:
        thread.join()
        server.close()
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_full_disk_is_an_error_of_the_store_whatever_was_under_way(tmp_path):
    server = ModelServer()
    server.default = Reply(b"x" * 200_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with TensorFlowProcess(ignore) as process, pytest.raises(StoreError, match=r"too large; MNCLASSIFY_HOME"):
            process.call(slim.download, server.url, "", tmp_path / "model", "classification")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        server.close()
