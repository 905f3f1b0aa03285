"""Kaggle Models, where TF Hub's modules have moved to, fetched by kagglehub."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess, report_progress
from mobilenet_cli.models import registry
from mobilenet_cli.models.sources import Question, http
from mobilenet_cli.records import NetworkKind

_CACHE = "KAGGLEHUB_CACHE"


@dataclass(frozen=True, slots=True)
class Kaggle:
    """A model variation on Kaggle.

    Attributes:
        handle: kagglehub's handle of the classification network, with its version.
    """

    title: ClassVar[str] = "Kaggle Models"
    handle: str

    @property
    def place(self) -> str:
        """The handle, and where it is asked for if that is not Kaggle."""
        url = registry.kaggle_url()
        return self.handle if url == registry.DEFAULT_KAGGLE else f"{self.handle} at {url}"

    def question(self, kind: NetworkKind) -> Question | None:
        """Ask whether Kaggle is there, unless the model is in the user's own cache of kagglehub."""
        cache = os.environ.get(_CACHE)
        if cache and Path(cache, "models", f"{self._variation(kind)}.complete").is_file():
            return None
        return partial(http.reason_against, registry.kaggle_url(), any_answer=True)

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Download the SavedModel's files into `destination`.

        Raises:
            ModelError: It failed, or what is there is not a SavedModel.
        """
        process.call("sources.kaggle:download", handle=self._variation(kind), destination=str(destination))
        return destination

    def _variation(self, kind: NetworkKind) -> str:
        return self.handle.replace("classification", kind.replace("_", "-"))


def download(handle: str, destination: str) -> None:
    """Resolve a handle with kagglehub, into $KAGGLEHUB_CACHE where that is set. Runs in the TensorFlow process.

    Raises:
        ModelError: It failed; the message is the reason.
    """
    import kagglehub

    private_cache = Path(f"{destination}.kagglehub")
    user_cache = os.environ.get(_CACHE, "")
    os.environ[_CACHE] = user_cache or str(private_cache)
    try:
        with _tamed(registry.kaggle_url(), f"downloading {handle}", Path(os.environ[_CACHE])):
            folder = Path(kagglehub.model_download(handle))
        if not (folder / "saved_model.pb").is_file():
            raise ModelError("it holds no SavedModel")
        if folder.is_relative_to(private_cache):
            folder.rename(destination)
        else:
            shutil.copytree(folder, destination)
    except ModelError:
        raise
    except Exception as error:  # kagglehub lets through what requests, json and kagglesdk raise
        raise ModelError(_describe(error)) from error
    finally:
        os.environ[_CACHE] = user_cache
        shutil.rmtree(private_cache, ignore_errors=True)


@contextmanager
def _tamed(url: str, text: str, cache: Path) -> Iterator[None]:
    """Have kagglehub ask at `url`, with a time-out, report the bytes, and write into `cache` and nowhere else.

    It has no settings for these, and it trusts the file names that the server lists.
    """
    import requests
    from kagglehub import clients, http_resolver
    from kagglesdk import kaggle_http_client

    send, save = requests.Session.send, http_resolver.download_file

    def send_in_time(session: Any, request: Any, **options: Any) -> Any:
        return send(session, request, **options | {"timeout": options.get("timeout") or http.STALL_SECONDS})

    def save_inside(response: Any, out_file: str, *rest: Any, **options: Any) -> Any:
        if not Path(out_file).resolve().is_relative_to(cache.resolve()):
            raise ModelError(f"it lists {Path(out_file).name!r}, which would land outside of its folder")
        return save(response, out_file, *rest, **options)

    with ExitStack() as stack:
        for owner, name, value in (
            (kaggle_http_client, "get_endpoint", lambda _: url),
            (requests.Session, "send", send_in_time),
            (http_resolver, "download_file", save_inside),
            (clients, "tqdm", partial(_Bar, _Total(text))),
        ):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield


class _Total:
    """The bytes of all the files, which kagglehub downloads in several threads."""

    def __init__(self, text: str) -> None:
        self._text, self._lock = text, threading.Lock()
        self._done = self._size = 0

    def add(self, *, done: int = 0, size: int = 0) -> None:
        with self._lock:
            self._done += done
            self._size += size
            report_progress(self._text, self._done, self._size)


class _Bar:
    """What kagglehub tells the progress of a file to, in the place of tqdm."""

    def __init__(self, total_of_all: _Total, *, total: int, initial: int, **_: Any) -> None:
        self._total = total_of_all
        self._total.add(done=initial, size=total)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, count: int) -> None:
        self._total.add(done=count)


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
