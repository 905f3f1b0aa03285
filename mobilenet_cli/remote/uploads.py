"""Files that are written to a URL: whole, so that each of them is there or not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mobilenet_cli.errors import InputError
from mobilenet_cli.remote.patience import Patience
from mobilenet_cli.remote.retries import TRIES, attempt
from mobilenet_cli.remote.urls import check_installed, is_web, refusal, scheme_of

_WHOLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")
"""Protocols of object stores, where an object appears when all of it has arrived."""

_Found = TypeVar("_Found")


def check_writable(url: str) -> None:
    """Check that a URL may be written to.

    Raises:
        InputError: It is of the web, refused, or a package that it needs is not installed.
    """
    if is_web(url):
        raise InputError("records cannot be written to the web: give a file, or a URL of an object store")
    if (reason := refusal(url)) is not None:
        raise InputError(reason)
    check_installed(url, "outputs")


class RemoteFolder:
    """The files whose URLs begin with a folder's. All methods raise an ImageError where the store does not answer.

    Args:
        url: The folder's URL, without a "/" at its end.
        beside: Another folder of the same store, whose connections it shares.
    """

    def __init__(self, url: str, beside: RemoteFolder | None = None) -> None:
        import fsspec

        def connected() -> Any:
            return fsspec.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)

        self._is_whole = scheme_of(url) in _WHOLE
        if beside is None:
            self._files, self._root = attempt(connected, Patience(), TRIES)
        else:
            self._files, self._root = beside._files, beside._files._strip_protocol(url)

    def names(self) -> list[str]:
        """Return the names of the files in it, sorted."""

        def listed() -> list[str]:
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            names = {path.removeprefix(self._root).strip("/") for path in found if path.startswith(self._root)}
            return sorted(name for name in names if name and "/" not in name)

        return self._tried(listed)

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return self._tried(lambda: bool(self._files.exists(self._place(name))))

    def download(self, name: str, file: Path) -> None:
        """Copy a file to this machine, with the time at which it was written, where the store knows that."""

        def received() -> None:
            self._files.get_file(self._place(name), str(file))
            with contextlib.suppress(NotImplementedError):
                written = self._files.modified(self._place(name)).timestamp()
                os.utime(file, (written, written))

        self._tried(received)

    def upload(self, file: Path, name: str) -> None:
        """Copy a file from this machine; it appears when it is complete."""

        def sent() -> None:
            if self._is_whole:
                self._files.put_file(str(file), self._place(name))
                return
            self._files.makedirs(self._root, exist_ok=True)
            self._files.put_file(str(file), self._place(f"{name}.part"))
            self._files.mv(self._place(f"{name}.part"), self._place(name))

        self._tried(sent)

    def write(self, name: str, data: bytes) -> None:
        """Write a small file."""
        self._tried(lambda: self._files.pipe_file(self._place(name), data))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

        def removed() -> None:
            try:
                self._files.rm_file(self._place(name))
            except FileNotFoundError:
                return

        self._tried(removed)

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _tried(self, action: Callable[[], _Found]) -> _Found:
        return attempt(action, Patience(), TRIES)


def folder_and_name(url: str) -> tuple[str, str]:
    """Return the URL of a file's folder, and the file's name.

    Raises:
        InputError: It is no file's.
    """
    folder, _, name = url.rpartition("/")
    if not name or folder.count("/") < 2 or folder.endswith(":/"):
        raise InputError(f"{url} names no file")
    return folder, name
