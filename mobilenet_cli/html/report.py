"""The report: a page of Results with their thumbnails, labels, and the classes found.

The page holds, in this order, the summary, one line of JSON per image, the script, and the thumbnails, so a
browser shows the first images while it still loads the last thumbnails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import isnan
from typing import Any, BinaryIO

from mobilenet_cli._version import __version__
from mobilenet_cli.html.kinds import name_of, names_of
from mobilenet_cli.html.summary import Summary, class_of
from mobilenet_cli.html.templates import template
from mobilenet_cli.html.thumbnails import local_file, thumbnails
from mobilenet_cli.records import SCORE_DECIMALS, Result
from mobilenet_cli.text import printable

TITLE = "Image labels"
SIDE = 192
"""The default longer side of the thumbnails in pixels: about the width at which they are shown."""

_PIECES = 64  # pieces of the template's output per write
_CLASSES_SHOWN = 12  # before "Show all"
_NAME_DECIMALS = 4  # as many as are shown; an image has up to seven names


def write(
    results: Callable[[], Iterable[Result]],
    stream: BinaryIO,
    *,
    title: str = TITLE,
    root: str = "",
    side: int | None = SIDE,
    fast_previews: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Write the page and return its summary. Memory does not grow with the number of results.

    An image that no longer exists, is not on this machine or came from standard input has no thumbnail. Paths are
    shown as text, not as links, which would break when the page is moved.

    Args:
        results: Returns an iterator over all results; called three times. Results appended after the first call
            are left out.
        stream: Receives the page in UTF-8.
        title: The page's title.
        root: The folder that relative paths start from; "" is the current one.
        side: The longer side of the thumbnails in pixels; None omits them.
        fast_previews: Whether they are made of the previews in JPEGs: see Preprocessing.
        progress: Called after each image with the number of images done and the total.

    Raises:
        Exception: Whatever `results` and `stream` raise.
    """
    summary = Summary.of(results())

    def each() -> Iterator[Result]:
        return islice(results(), summary.images)

    # Images that failed when they were classified are not read again.
    paths = (None if result.status == "error" else local_file(result.path, root) for result in each())
    pictures = () if side is None else thumbnails(paths, side, fast_previews=fast_previews)
    page = template("report.html.jinja").stream(
        title=printable(title),
        version=__version__,
        summary=summary,
        found=summary.found(),
        shown=_CLASSES_SHOWN,
        classes=list(summary.classes),
        names=summary.kinds.counted(),
        models=[printable(model) for model in summary.models],
        rows=(_row(result, summary) for result in each()),
        pictures=_numbered(pictures, summary, progress),
    )
    page.enable_buffering(_PIECES)
    for piece in page:
        stream.write(piece.encode())
    return summary


def _row(result: Result, summary: Summary) -> dict[str, Any]:
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
    return row


def _numbered(
    pictures: Iterable[str | None], summary: Summary, progress: Callable[[int, int], None]
) -> Iterator[tuple[int, str]]:
    """Yield the number and the thumbnail of each image that has one."""
    for number, picture in enumerate(pictures):
        if picture is not None:
            summary.pictures += 1
            yield number, picture
        progress(number + 1, summary.images)
