"""The title of a page of results: the name of the folder that has the images, and the date."""

from __future__ import annotations

import os
from datetime import date
from urllib.parse import urlsplit

from mobilenet_cli.remote.urls import is_url

TITLE = "Image labels"
"""The title without a folder's name."""


def common_folder(folder: str | None, path: str) -> str:
    """Return the folder that a path and all paths before it begin with, ending in "/", or "".

    Args:
        folder: That of the paths before it; None where it is the first.
        path: The path.
    """
    if folder is None:
        folder = path
    while not path.startswith(folder) or not folder.endswith("/"):
        folder = folder[: folder.rstrip("/").rfind("/") + 1]
        if not folder:
            break
    return folder


def title_of(folder: str | None, root: str, day: date) -> str:
    """Return a title such as "photos, 5 March 2026".

    Args:
        folder: The folder that all images are in; None where they are in none, as an image of standard input.
        root: The folder that relative paths start from; "" is the current one.
        day: The date.
    """
    name = TITLE
    if folder is not None:
        place = urlsplit(folder).path.strip("/") or urlsplit(folder).netloc if is_url(folder) else None
        whole = os.path.abspath(os.path.join(root, folder)) if place is None else place  # noqa: PTH100, PTH118
        name = whole.rpartition("/")[2] or TITLE
    return f"{name}, {day.day} {day:%B %Y}"
