"""Results → one page that shows them: pictures, labels, and what there is of each class.

The page holds, in this order, the summary, a line of JSON an image, the script, and then the thumbnails: so a
browser shows the first images while it still reads the thumbnails of the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from mobilenet_cli._version import __version__
from mobilenet_cli.html.summary import Summary, class_of
from mobilenet_cli.html.templates import template
from mobilenet_cli.html.thumbnails import local_file, thumbnails
from mobilenet_cli.records import SCORE_DECIMALS, Result
from mobilenet_cli.text import printable

TITLE = "Image labels"
SIDE = 192
"""The default of the thumbnails' longer side, in pixels: about as wide as they are shown."""

_PIECES = 64  # of the template's output, that go into one write
_CLASSES_SHOWN = 12  # before "Show all"


def write(
    results: Callable[[], Iterable[Result]],
    stream: BinaryIO,
    *,
    title: str = TITLE,
    root: str = "",
    side: int | None = SIDE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Write the page, in memory that does not grow with the number of results; return what it summarises.

    An image that is not there any more, that is not on this machine or came from standard input has no
    thumbnail. The paths are shown, but no links are made of them: they would break when the page is moved.

    Args:
        results: Gives the results anew each time it is called: it is called three times. What has been
            appended after the first time is left out.
        stream: Gets the page, UTF-8.
        title: The page's title.
        root: The folder that relative paths begin in; "" is the current one.
        side: The longer side of the thumbnails in pixels; None makes none.
        progress: Called with the number of images that are done, and of all, after each.

    Raises:
        Exception: Whatever `results` and `stream` raise.
    """
    summary = Summary.of(results())

    def each() -> Iterator[Result]:
        return islice(results(), summary.images)

    page = template("report.html.jinja").stream(
        title=printable(title),
        version=__version__,
        summary=summary,
        found=summary.found(),
        shown=_CLASSES_SHOWN,
        classes=list(summary.classes),
        models=[printable(model) for model in summary.models],
        rows=(_row(result, summary) for result in each()),
        pictures=_pictures(each(), summary, root, side, progress),
    )
    page.enable_buffering(_PIECES)
    for piece in page:
        stream.write(piece.encode())
    return summary


def _row(result: Result, summary: Summary) -> dict[str, Any]:
    """Return what the page's script knows of a result: classes and models by number."""
    return {
        "path": printable(result.path),
        "predictions": [
            (summary.classes[class_of(each)], round(each.score, SCORE_DECIMALS)) for each in result.predictions
        ],
        "error": printable(result.error or "") if result.status == "error" else None,
        "size": [result.width, result.height] if result.width and result.height else None,
        "model": summary.models[result.model],
    }


def _pictures(
    results: Iterable[Result], summary: Summary, root: str, side: int | None, progress: Callable[[int, int], None]
) -> Iterator[tuple[int, str]]:
    """Yield the number and the thumbnail of each image that has one."""
    if side is None:
        return
    # What could not be read before is not read now.
    paths = (None if result.status == "error" else local_file(result.path, root) for result in results)
    for number, picture in enumerate(thumbnails(paths, side)):
        if picture is not None:
            summary.pictures += 1
            yield number, picture
        progress(number + 1, summary.images)
