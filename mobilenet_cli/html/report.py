"""The report: a page of Results with their thumbnails, labels, and the classes found.

The page holds, in this order, the summary, one line of JSON per image, the script, and the thumbnails, so a
browser shows the first images while it still loads the last thumbnails. Or the thumbnails are files beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from math import isnan
from typing import Any, BinaryIO

from mobilenet_cli._version import __version__
from mobilenet_cli.html.kinds import name_of, names_of
from mobilenet_cli.html.links import Links, escaped, exact_path
from mobilenet_cli.html.picture_folder import PictureFolder
from mobilenet_cli.html.summary import Summary, class_of
from mobilenet_cli.html.templates import template
from mobilenet_cli.html.thumbnails import data_uri, local_file, thumbnails
from mobilenet_cli.html.title import title_of
from mobilenet_cli.records import SCORE_DECIMALS, Result
from mobilenet_cli.text import printable

SIDE = 192
"""The default longer side of the thumbnails in pixels: about the width at which they are shown."""

_PIECES = 64  # pieces of the template's output per write
_NAME_DECIMALS = 4  # as many as are shown; an image has up to seven names


def write(
    results: Callable[[], Iterable[Result]],
    stream: BinaryIO,
    *,
    file: str | None = "",
    title: str | None = None,
    root: str = "",
    side: int | None = SIDE,
    beside: bool = False,
    link_base: str | None = None,
    fast_previews: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Write the page and return its summary. Memory does not grow with the number of results.

    An image that no longer exists, is not on this machine or came from standard input has no thumbnail.

    Args:
        results: Returns an iterator over all results; called three times. Results appended after the first call
            are left out.
        stream: Receives the page in UTF-8.
        file: The page's path, from which its links lead to the images; "" is a page in the current folder, None
            one that is not on this machine, and so has no links to files.
        title: The page's title; None: the name of the folder that has the images, and the date.
        root: The folder that relative paths start from; "" is the current one.
        side: The longer side of the thumbnails in pixels; None omits them.
        beside: Whether the thumbnails are files in a folder beside the page.
        link_base: The URL that links begin with, and that stands for `root`; see `links.is_link_base`. None: links
            are relative paths.
        fast_previews: Whether they are made of the previews in JPEGs: see Preprocessing.
        progress: Called after each image with the number of images done and the total.

    Raises:
        OutputError: A thumbnail cannot be written beside the page.
        Exception: Whatever `results` and `stream` raise.
    """

    def exact() -> Iterator[Result]:
        for result in results():
            path = exact_path(result.path, root)
            yield result if path == result.path else replace(result, path=path)

    summary = Summary.of(exact())

    def each() -> Iterator[Result]:
        return islice(exact(), summary.images)

    folder = PictureFolder(file) if beside and file else None
    links = Links(None if file is None else os.path.dirname(file), root, link_base, summary.folder or "")  # noqa: PTH120
    # Images that failed when they were classified are not read again.
    paths = (None if result.status == "error" else local_file(result.path, root) for result in each())
    pictures = () if side is None else thumbnails(paths, side, fast_previews=fast_previews)
    page = template("report.html.jinja").stream(
        title=printable(title_of(summary.folder, root, date.today()) if title is None else title),
        version=__version__,
        summary=summary,
        found=summary.found(),
        classes=list(summary.classes),
        names=summary.kinds.counted(),
        models=[printable(model) for model in summary.models],
        origin=links.origin,
        thumbnails_run=folder and folder.run,
        page=_page(links, summary, side, folder),
        rows=(_row(result, summary, links) for result in each()),
        pictures=_pictures(pictures, folder, summary, progress),
    )
    page.enable_buffering(_PIECES)
    for piece in page:
        stream.write(piece.encode())
    if folder is not None:
        folder.remove_others()
    return summary


def _page(links: Links, summary: Summary, side: int | None, folder: PictureFolder | None) -> dict[str, Any]:
    """Return what the page's script has to know beside the images.

    The start of its links, the folder that they lead to, as it is shown and escaped; the protocols that links may
    have beside the page's own; where the thumbnails are: a folder, "" for the page itself, or None.
    """
    schemes = summary.schemes | ({links.scheme} if links.scheme else set())
    return {
        "start": links.start,
        "folder": printable(links.common),
        "escapedFolder": escaped(links.common),
        "schemes": sorted(schemes),
        "thumbnails": None if side is None else "" if folder is None else escaped(folder.name),
    }


def _row(result: Result, summary: Summary, links: Links) -> dict[str, Any]:
    """Return a result as the page's script reads it, with classes, names and models by number.

    What most results have not is left out: a page without pictures has 0.2 kB per image.
    """
    row: dict[str, Any] = {
        "path": printable(result.path),
        "predictions": [
            (summary.classes[class_of(each)], round(each.score, SCORE_DECIMALS)) for each in result.predictions
        ],
        "error": printable(result.error or "") if result.status == "error" else None,
        "size": [result.width, result.height] if result.width and result.height else None,
        "model": summary.models[result.model],
    }
    if result.label is not None:
        row["names"] = [
            (summary.kinds.numbers[name_of(each)], None if isnan(each.score) else round(each.score, _NAME_DECIMALS))
            for each in names_of(result)
        ]
    if result.warning is not None:
        row["warning"] = printable(result.warning)
    if row["path"] != result.path:
        row["escaped"] = escaped(result.path)  # its exact bytes, which cannot be shown
    link = links.link(result.path)
    if link is None or link != links.by_rule(result.path):
        row["link"] = link
    return row


def _pictures(
    pictures: Iterable[bytes | None],
    folder: PictureFolder | None,
    summary: Summary,
    progress: Callable[[int, int], None],
) -> Iterator[tuple[int, str | None]]:
    """Write each thumbnail to the folder, or yield its image's number and its data: URI where there is no folder.

    With a folder, the numbers of the images that have no thumbnail are yielded, with None.
    """
    for number, picture in enumerate(pictures):
        if picture is not None:
            summary.pictures += 1
            if folder is None:
                yield number, data_uri(picture)
            else:
                folder.write(number, picture)
        elif folder is not None:
            yield number, None
        progress(number + 1, summary.images)
