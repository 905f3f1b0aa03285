"""What readers note about an image that they could not read in full: a warning, and how much of it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mobilenet_cli.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

# Keys of an image's `info`. No text of a PNG has such a name: its keywords hold no NUL.
_WARNING = "\0warning"
_ROWS = "\0rows"

ROWS_NEEDED = 0.5
"""The share of the rows in the crop that must be there: an image that is cut off before is refused."""


def add_warning(image: Image, warning: str) -> None:
    """Note on an image, in one line, that it may not look as it should."""
    image.info[_WARNING] = "; ".join(filter(None, (warning_of(image), warning)))


def warning_of(image: Image) -> str | None:
    """Return what was noted on the image, or None."""
    warning: str | None = image.info.get(_WARNING)
    return warning


def cut_off(image: Image, rows: float, flaw: str = "cut off") -> None:
    """Note on an image that only its first rows are there.

    Args:
        image: The image.
        rows: The share of its rows, 0 to 1, from the top as they are stored.
        flaw: What is wrong with the file.
    """
    image.info[_ROWS] = rows
    missing = f"; the last {max(1, round(100 * (1 - rows)))} % of its rows are missing" if rows < 1 else ""
    add_warning(image, f"the file is {flaw}{missing}")


def check_rows(image: Image, top: float, bottom: float) -> None:
    """Check that enough of the rows from `top` to `bottom` (in the decoded image) are there.

    Raises:
        ImageError: Fewer than `ROWS_NEEDED` are.
    """
    rows = image.info.get(_ROWS, 1.0) * image.height
    share = (min(rows, bottom) - top) / (bottom - top)
    if share < ROWS_NEEDED:
        raise ImageError(
            f"the image is truncated or damaged ({max(0, round(100 * share))} % of the rows that are used are there)"
        )
