"""A folder whose files come as a flat list of whole paths, as from an object store or an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import IMAGE_ENDINGS
from mobilenet_cli.inputs.archives import is_archive
from mobilenet_cli.inputs.walk import Rules
from mobilenet_cli.records import Source
from mobilenet_cli.remote.store import ListedEntry


class FlatFolder:
    """A folder that is walked.

    Args:
        root: Its path or URL, which ends in "/".
        rules: Which of its files are wanted.
        begins_as_image: Whether a file with another ending, or none, is an image by its first bytes. None: those
            files are left out.
    """

    def __init__(self, root: str, rules: Rules, begins_as_image: Callable[[str], bool] | None = None) -> None:
        self._root, self._rules = root, rules
        self._begins_as_image = begins_as_image if rules.any_ending else None
        # The files of one folder mostly come together.
        self._is_entered = lru_cache(maxsize=256)(self._enters)

    def images(self, entries: Iterator[ListedEntry]) -> Iterator[Source]:
        """Yield a Source for each of the entries that is one of the folder's images."""
        try:
            for url, is_folder in entries:
                if is_folder:
                    continue
                if self.has(url):
                    yield Source(url)
                elif is_archive(url) and self.admits(url):
                    self._rules.passes_by(url)
        except ImageError as error:
            yield Source(self._root, error=f"cannot be listed to its end: {error}")

    def has(self, path: str) -> bool:
        """Return whether a file below the folder is one of its images, by its name or, where asked for, its content."""
        by_name = path.lower().endswith(IMAGE_ENDINGS)
        return (
            (by_name or self._begins_as_image is not None)
            and self.admits(path)
            and not self._rules.lacks_extra(path.rpartition("/")[2])
            and (by_name or (self._begins_as_image is not None and self._begins_as_image(path)))
        )

    def admits(self, path: str) -> bool:
        """Return whether the rules let a file below the folder in, whatever its ending."""
        folder, _, name = path.rpartition("/")
        return (
            not self._rules.hides(name, is_folder=False)
            and (self._rules.recursive or len(folder) < len(self._root))
            and self._is_entered(folder)
            and not self._rules.leaves_out(path, below=self._root, is_folder=False)
        )

    def _enters(self, folder: str) -> bool:
        end = len(self._root) - 1
        while end < len(folder):
            begin = end + 1
            end = folder.find("/", begin)
            end = len(folder) if end < 0 else end
            if self._rules.hides(folder[begin:end], is_folder=True) or self._rules.leaves_out(
                folder[:end], below=self._root, is_folder=True
            ):
                return False
        return True
