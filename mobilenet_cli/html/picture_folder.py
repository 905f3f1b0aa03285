"""Thumbnails in files beside a page, so that the page stays small: PAGE_thumbnails/RUN/000/12.webp.

Each run has a folder of its own, which only its page names: until the new page replaces the old one, the old one
keeps its pictures. The folders of runs before that are removed.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path

from mobilenet_cli.files.stream import explained

_PER_FOLDER = 1000
_RUN = re.compile(r"[0-9a-f]{8}")
_PICTURE = re.compile(r"\d+/\d+\.webp")
_HEAD = 4096
"""Bytes at a page's start that have its run's name."""


class PictureFolder:
    """The folder of one run's thumbnails.

    Args:
        page: The page's path, which need not exist.

    Attributes:
        run: The name of the run's folder, which the page has in its head.
        name: What the page calls the folder: its path from the page's folder.
    """

    def __init__(self, page: str) -> None:
        self._page = Path(page)
        self._all = self._page.with_name(f"{self._page.stem}_thumbnails")
        self.run = secrets.token_hex(4)
        self.name = f"{self._all.name}/{self.run}"

    def write(self, number: int, picture: bytes) -> None:
        """Write the picture of an image, as RUN/THOUSAND/NUMBER.webp.

        Raises:
            OutputError: It cannot be written.
        """
        folder = self._all / self.run / str(number // _PER_FOLDER)
        with explained(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.webp").write_bytes(picture)

    def remove_others(self) -> None:
        """Remove the pictures of runs whose page is gone; those of the page that is still there stay."""
        kept = {self.run, self._run_of_page()}
        with contextlib.suppress(OSError):
            for run in self._all.iterdir():
                if _RUN.fullmatch(run.name) and run.name not in kept:
                    _remove_pictures(run)

    def _run_of_page(self) -> str | None:
        try:
            with self._page.open("rb") as page:
                head = page.read(_HEAD).decode(errors="replace")
        except OSError:
            return None
        match = re.search(r'name="thumbnails" content="([0-9a-f]{8})"', head)
        return match and match[1]


def _remove_pictures(run: Path) -> None:
    """Remove a run's pictures and the folders that are empty then; what somebody else put there stays."""
    for folder in run.iterdir():
        if folder.is_dir() and not folder.is_symlink():
            for file in folder.iterdir():
                if _PICTURE.fullmatch(f"{folder.name}/{file.name}"):
                    file.unlink()
            with contextlib.suppress(OSError):
                folder.rmdir()
    with contextlib.suppress(OSError):
        run.rmdir()
