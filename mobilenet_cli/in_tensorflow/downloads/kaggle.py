"""A model on Kaggle, downloaded by kagglehub."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.channel import report_progress
from mobilenet_cli.in_tensorflow.downloads import caps, http, routes
from mobilenet_cli.in_tensorflow.downloads.expected import NOTHING, Expected
from mobilenet_cli.machine.hashes import hash_of, hash_of_folder

_CHUNK = 1 << 16
CACHE = "KAGGLEHUB_CACHE"
"""The variable that names the folder where the user has kagglehub keep models."""


def download(handle: str, url: str, destination: Path, expected: Expected = NOTHING) -> str:
    """Download a SavedModel's files into `destination`, by way of $KAGGLEHUB_CACHE where that is set.

    Args:
        handle: kagglehub's handle of the model variation, with its version.
        url: The base URL of Kaggle's API.
        destination: A folder that does not exist yet.
        expected: What was first downloaded from there.

    Returns:
        The SHA-256 of the files' names and hashes, in hexadecimal, or "" where the model was in the cache.

    Raises:
        ModelError: It failed; the message is the reason.
    """
    import kagglehub

    private_cache = Path(f"{destination}.kagglehub")
    user_cache = os.environ.get(CACHE, "")
    os.environ[CACHE] = user_cache or str(private_cache)
    digest = ""
    try:
        with _kagglehub_adapted(url, Path(os.environ[CACHE]), f"downloading {handle}"):
            folder = Path(kagglehub.model_download(handle))
        if not (folder / "saved_model.pb").is_file():
            raise ModelError("it holds no SavedModel")
        if folder.is_relative_to(private_cache):
            digest = _digest(folder)
            expected.check(digest)
            folder.rename(destination)
        else:
            shutil.copytree(folder, destination)
    except ModelError:
        raise
    except Exception as error:  # kagglehub lets through what requests, json and kagglesdk raise
        raise ModelError(_describe(error)) from error
    finally:
        os.environ[CACHE] = user_cache
        shutil.rmtree(private_cache, ignore_errors=True)
    return digest


@contextmanager
def _kagglehub_adapted(url: str, cache: Path, text: str) -> Iterator[None]:
    """Replace the five functions of kagglehub that have no settings for what is needed here.

    Within the block it asks at `url`, every request has a time-out and goes where `routes` lets it, an answer that is
    too long or too slow ends, no file is written outside of `cache`, whatever name the server gives it, and progress in
    bytes is reported as `text`.
    """
    import requests
    from kagglehub import clients, http_resolver
    from kagglesdk import kaggle_http_client

    replacements: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
        (kaggle_http_client, "get_endpoint", lambda env: url),
        (requests.Session, "send", _in_time(url, requests.Session.send)),
        (requests.Response, "iter_content", _in_pieces),
        (http_resolver, "download_file", _inside(cache, http_resolver.download_file)),
        (clients, "tqdm", partial(_FileProgress, _TotalProgress(text))),
    )
    with ExitStack() as restored:
        for owner, name, replacement in replacements:
            restored.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, replacement)
        yield


def _in_time(url: str, send: Callable[..., Any]) -> Callable[..., Any]:
    """Return requests.Session.send, which each redirection passes too, with a time-out unless the caller gives one."""

    def send_in_time(session: Any, request: Any, **options: Any) -> Any:
        if request.url and not request.url.startswith(f"{url}/"):
            routes.check_step(url, request.url)
        return send(session, request, **options | {"timeout": options.get("timeout") or http.STALL_SECONDS})

    return send_in_time


def _in_pieces(response: Any, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
    """Yield an answer's content as it comes: requests waits for whole chunks, which a slow server never fills."""
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    done, pace = 0, caps.Pace()
    try:
        while data := response.raw.read1(chunk_size or _CHUNK, decode_content=True):
            done += len(data)
            caps.check_bytes(done)
            pace.came(len(data))
            yield data.decode(response.encoding or "utf-8", "replace") if decode_unicode else data
    except ReadTimeoutError as error:
        raise requests.ConnectionError(error) from error
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    response._content_consumed = True


def _digest(folder: Path) -> str:
    files = (path for path in folder.rglob("*") if path.is_file())
    return hash_of_folder({file.relative_to(folder).as_posix(): hash_of(file) for file in files})


def _inside(folder: Path, save: Callable[..., Any]) -> Callable[..., Any]:
    """Return http_resolver.download_file, which trusts the server's file names, confined to `folder`."""

    def save_inside(response: Any, out_file: str, *rest: Any, **options: Any) -> Any:
        if not Path(out_file).resolve().is_relative_to(folder.resolve()):
            raise ModelError(f"it lists {Path(out_file).name!r}, which would land outside of its folder")
        return save(response, out_file, *rest, **options)

    return save_inside


class _TotalProgress:
    """The bytes of all the files together: kagglehub downloads them in several threads."""

    def __init__(self, text: str) -> None:
        self._text, self._lock = text, threading.Lock()
        self._done = self._size = self._files = 0

    def add(self, *, done: int = 0, size: int = 0) -> None:
        with self._lock:
            self._done += done
            self._size += size
            self._files += size > 0
            caps.check_bytes(self._size)
            caps.check_files(self._files)
            report_progress(self._text, self._done, self._size)


class _FileProgress:
    """Takes tqdm's place in kagglehub: one file's progress, added to that of all."""

    def __init__(self, all_files: _TotalProgress, *, total: int, initial: int, **_: Any) -> None:
        self._all_files = all_files
        self._all_files.add(done=initial, size=total)

    def __enter__(self) -> _FileProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        self._all_files.add(done=count)


def _describe(error: Exception) -> str:
    import requests

    if isinstance(error, json.JSONDecodeError):
        return "a web page instead of a model"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return http.status(error.response.status_code)
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return "the connection broke off"
    return http.describe(error)
