"""Decoding in a process of its own, which a file may crash or bring to a stand: `child` is its program.

What comes back from it is taken for what a stranger says: lines of JSON, and pixels. A request is a line of JSON and
the encoded image, or the path of a file that the child opens. While it decodes, the child asks this process for memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mobilenet_cli.errors import CrashError, ImageError
from mobilenet_cli.images.allowance import guard
from mobilenet_cli.images.opening import Stream
from mobilenet_cli.images.preprocess import Loaded, Preprocessing
from mobilenet_cli.records import Elsewhere, Source
from mobilenet_cli.remote.urls import is_url
from mobilenet_cli.text import printable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]


class IsolatedDecoder:
    """One child, which is started when it is first needed, and again after a crash."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def load(self, source: Source, preprocessing: Preprocessing, out: Pixels) -> Loaded:
        """Load one image in the child; otherwise as `preprocess.load_image`.

        Raises:
            ImageError: The image cannot be read, or its decoder crashed.
        """
        if source.error is not None:
            raise ImageError(source.error)
        path, data = source.path, source.data
        if isinstance(source.content, Elsewhere):
            path = source.content.path
        if data is None and (is_url(path) or not isinstance(source.content, Elsewhere | None)):
            data = _content(source)
        try:
            return self._asked(path, data, preprocessing, out)
        except (OSError, EOFError) as error:
            raise CrashError(f"its decoder crashed ({self._how_it_ended()})") from error

    def kill(self) -> None:
        """End the child, whatever it is at. From any thread."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._how_it_ended()

    def _asked(self, path: str, data: bytes | None, preprocessing: Preprocessing, out: Pixels) -> Loaded:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type checker
        request = {
            "path": path,
            "bytes": None if data is None else len(data),
            "preprocessing": asdict(preprocessing),
            "max_pixels": guard().max_pixels,
        }
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.write(data or b"")
        process.stdin.flush()
        while "need" in (answer := _answer(process.stdout)):
            self._take_memory(process.stdin, answer["need"])
        if "error" in answer:
            raise ImageError(printable(str(answer["error"])))
        view = memoryview(out.data).cast("B")
        if process.stdout.readinto(view) != len(view):  # type: ignore[attr-defined]
            raise EOFError
        warning = answer["warning"]
        return Loaded(int(answer["width"]), int(answer["height"]), None if warning is None else printable(str(warning)))

    def _take_memory(self, stream: IO[bytes], count: object) -> None:
        try:
            if not isinstance(count, int):
                raise ImageError("its decoder crashed")
            guard().need(count)
            answer: dict[str, Any] = {}
        except ImageError as error:
            answer = {"error": str(error)}
        stream.write(json.dumps(answer).encode() + b"\n")
        stream.flush()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            package = str(Path(__file__).resolve().parents[2])
            paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{__package__}.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for this process
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            )
        return self._process

    def _how_it_ended(self) -> str:
        """Wait for the child's end, and say in a few words how it came."""
        process, self._process = self._process, None
        if process is None:
            return "it has ended"
        for stream in (process.stdin, process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass
        try:
            code = process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if code < 0:
            return f"signal {-code}, {signal.strsignal(-code)}"
        return f"exit code {code}"


def _content(source: Source) -> bytes:
    """Read an image that is no file of its own on this machine.

    Raises:
        ImageError: It cannot be read.
    """
    try:
        with closing(Stream(source)) as stream:
            return stream.file.read()
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"cannot be read: {printable(str(error))}") from error


def _answer(stream: IO[bytes]) -> dict[str, Any]:
    line = stream.readline()
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise EOFError from error
    if isinstance(answer, dict):
        return answer
    raise EOFError
