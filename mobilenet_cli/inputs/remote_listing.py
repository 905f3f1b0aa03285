"""What a URL stands for → Sources: one file, what lies below a prefix, or what a pattern matches.

Object stores are listed flat, a page of a thousand keys at a time, and the Sources come as the pages do: in the
order of their keys, in constant memory. The rules are those of folders on a disk (see `walk`): which names are
images, what is hidden, what is excluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import IMAGE_ENDINGS
from mobilenet_cli.inputs.globs import PatternParts, is_pattern, literal_start
from mobilenet_cli.inputs.walk import Rules
from mobilenet_cli.records import Source
from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.store import Entry, Store
from mobilenet_cli.remote.urls import is_url, is_web, refusal


def find_remote(url: str, rules: Rules) -> Iterator[Source]:
    """Yield the Sources that a URL stands for. Nothing is raised: what cannot be listed is a Source with an error.

    A URL of the web is one file, whatever it ends in and whatever characters it has. In an object store
    (`s3://bucket/key`, likewise any other protocol of fsspec's),
    - what ends as images do (`IMAGE_ENDINGS`) is one file, and the store is not asked before;
    - a bucket, or what has files below it, is a folder: its images;
    - a pattern, where no file has that very name: each match is as if it had been named. Below the part
      before its first `*`, `?` or `[` everything is listed, unless those are in its last part alone;
    - anything else is one file.
    """
    if is_web(url):
        yield from _file(url, rules)
    elif (reason := refusal(url)) is not None:
        yield Source(url, error=reason)
    elif not url.partition("://")[2].partition("/")[0]:
        yield Source(url, error="it names no bucket")
    elif is_pattern(url):
        yield from _matching(url, rules)
    elif url.lower().endswith(IMAGE_ENDINGS):
        yield from _file(url, rules)
    else:
        yield from _named(url, rules)


def _file(url: str, rules: Rules) -> Iterator[Source]:
    if not rules.leaves_out(url, is_folder=False):
        yield Source(url)


def _named(url: str, rules: Rules) -> Iterator[Source]:
    """Yield the images of what may be a folder; if it is none, itself."""
    root = url if url.endswith("/") else f"{url}/"
    is_bucket = root.count("/") == 3
    try:
        entries = store_of(url).entries(root, rules.recursive)
        first = next(entries, None)
    except ImageError as error:
        if is_bucket or url == root:
            yield Source(url, error=f"cannot be listed: {error}")
        else:  # it may well be a file that can be read but not listed
            yield from _file(url, rules)
        return
    if first is not None:
        if not rules.leaves_out(url, is_folder=True):
            yield from _Folder(root, rules).images(iter([first]))
            yield from _Folder(root, rules).images(entries)
    elif is_bucket:
        return
    elif url == root:
        yield Source(url, error="no such folder: there is nothing below it")
    else:
        yield from _file(url, rules)


class _Folder:
    """A folder that is walked.

    Args:
        root: Its URL, which ends in "/".
        rules: What is wanted of it.
    """

    def __init__(self, root: str, rules: Rules) -> None:
        self._root, self._rules = root, rules
        # The keys come sorted, so the folders of one are mostly those of the next.
        self._is_entered = lru_cache(maxsize=256)(self._enters)

    def images(self, entries: Iterator[Entry]) -> Iterator[Source]:
        """Yield those entries that are its images."""
        try:
            for url, is_folder in entries:
                if not is_folder and self.has(url):
                    yield Source(url)
        except ImageError as error:
            yield Source(self._root, error=f"cannot be listed to its end: {error}")

    def has(self, url: str) -> bool:
        """Tell whether a file below it is one of its images."""
        folder, _, name = url.rpartition("/")
        return (
            name.lower().endswith(IMAGE_ENDINGS)
            and (self._rules.include_hidden or not name.startswith("."))
            and (self._rules.recursive or len(folder) < len(self._root))
            and self._is_entered(folder)
            and not self._rules.leaves_out(url, below=self._root, is_folder=False)
            and not self._rules.lacks_extra(name)
        )

    def _enters(self, folder: str) -> bool:
        if len(folder) < len(self._root):
            return True
        above, _, name = folder.rpartition("/")
        return (
            self._is_entered(above)
            and (self._rules.include_hidden or not name.startswith("."))
            and not self._rules.leaves_out(folder, below=self._root, is_folder=True)
        )


def _matching(pattern: str, rules: Rules) -> Iterator[Source]:
    start = literal_start(pattern)
    if start.count("/") < 3:
        yield Source(pattern, error="the name of a bucket cannot be a pattern")
        return
    try:
        store = store_of(pattern)
        if next(store.entries(pattern, True), ("", False)) == (pattern, False):
            yield from _file(pattern, rules)
            return
        matched = False
        for source in _Matches(store, pattern, rules).sources():
            matched = True
            if source is not None:
                yield source
        if not matched:
            yield Source(pattern, error="no file matches this pattern")
    except ImageError as error:
        yield Source(pattern, error=f"cannot be listed: {error}")


class _Matches:
    """What a pattern matches in a store."""

    def __init__(self, store: Store, pattern: str, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._start = literal_start(pattern)
        self._root = self._start[: self._start.rfind("/") + 1]
        self._rest = pattern[len(self._root) :]
        self._parts = PatternParts.of(self._rest, rules.include_hidden)
        self._folder = lru_cache(maxsize=256)(lambda root: _Folder(root, rules))

    def sources(self) -> Iterator[Source | None]:
        """Yield a Source for each image, and None for each match that is not wanted."""
        below = len(self._parts.parts) > 1 or self._parts.parts == ["**"]
        for url, is_folder in self._store.entries(self._start, below):
            match = None if is_folder and below else self._match(url, is_folder)
            if match is None:
                continue
            if match != url:
                yield Source(url) if self._folder(f"{match}/").has(url) and self._is_wanted(match) else None
            elif not is_folder:
                yield None if self._rules.leaves_out(url, is_folder=False) else Source(url)
            elif self._is_wanted(match):
                yield None
                root = f"{url}/"
                yield from self._folder(root).images(self._store.entries(root, self._rules.recursive))

    def _is_wanted(self, folder: str) -> bool:
        return folder == self._root[:-1] or not self._rules.leaves_out(folder, is_folder=True)

    def _match(self, url: str, is_folder: bool) -> str | None:
        """Return the URL that the pattern matches: this one or that of a folder which it lies in."""
        goal = len(self._parts.parts)
        positions = self._parts.past_stars({0})
        reached = self._root[:-1]
        if goal in positions:
            return reached
        names = url[len(self._root) :].split("/")
        for number, name in enumerate(names, 1):
            in_folder = is_folder or number < len(names)
            reached = f"{reached}/{name}"
            positions = self._parts.after(positions, name, is_folder=in_folder)
            if goal in positions:
                return reached if in_folder or not self._rest.endswith("/") else None
            if not positions or (in_folder and self._rules.leaves_out(reached, below=self._root, is_folder=True)):
                return None
        return None


def must_be_listed(argument: str) -> bool:
    """Tell whether only a listing says which sources this argument stands for: a remote folder or pattern."""
    if not is_url(argument) or is_web(argument):
        return False
    return is_pattern(argument) or not argument.lower().endswith(IMAGE_ENDINGS)
