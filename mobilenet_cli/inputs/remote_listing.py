"""A URL → the Sources it stands for: one file, the images below a prefix, or the matches of a pattern.

Object stores are listed flat, in pages of a thousand keys. The Sources come as the pages arrive: in the order of
their keys, in constant memory. As for folders on disk (see `walk`), the rules say which names are images, which
are hidden and which are excluded; only a `.nomedia` is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from mobilenet_cli.errors import ImageError
from mobilenet_cli.images.formats import HEAD_BYTES, IMAGE_ENDINGS, format_of
from mobilenet_cli.inputs.archives import find_in_archive
from mobilenet_cli.inputs.flat_folder import FlatFolder
from mobilenet_cli.inputs.globs import PartialMatch
from mobilenet_cli.inputs.patterns import is_pattern, literal_start
from mobilenet_cli.inputs.walk import Rules
from mobilenet_cli.records import Source
from mobilenet_cli.remote.fetch import fetch_head
from mobilenet_cli.remote.object_stores import store_of
from mobilenet_cli.remote.store import ListedEntry, ObjectStore
from mobilenet_cli.remote.urls import is_url, is_web, refusal


def must_be_listed(argument: str) -> bool:
    """Return whether finding this argument's Sources takes a remote listing: a remote folder or pattern."""
    if not is_url(argument) or is_web(argument):
        return False
    return is_pattern(argument) or not argument.lower().endswith(IMAGE_ENDINGS)


def find_remote(url: str, rules: Rules) -> Iterator[Source]:
    """Yield the Sources that a URL stands for. Nothing is raised: what cannot be listed is a Source with an error.

    A file that is an archive stands for the images in it. An `https://` or `http://` URL is one file, whatever its
    ending and characters. In an object store (`s3://bucket/key`, or any other protocol that fsspec knows), a URL is
    - one file, if it has the ending of an image (`IMAGE_ENDINGS`) or an archive: the store is not asked first;
    - a pattern, if it has a `*`, `?` or `[` and is no file's exact name: each match counts as if it had been named.
      Everything below the part before the first of those characters is listed, unless they are all in the last part;
    - a folder, if it is a bucket or there are files below it: the images in it;
    - otherwise one file.
    """
    if is_web(url):
        yield from _file(url, rules)
    elif (reason := refusal(url)) is not None:
        yield Source(url, error=reason)
    elif not url.partition("://")[2].partition("/")[0]:
        yield Source(url, error="it names no bucket")
    elif is_pattern(url):
        yield from _matching(url, rules)
    elif url.lower().endswith(IMAGE_ENDINGS) or rules.opens(url):
        yield from _file(url, rules)
    else:
        yield from _named(url, rules)


def _file(url: str, rules: Rules) -> Iterator[Source]:
    if rules.leaves_out(url, is_folder=False):
        return
    if rules.opens(url):
        yield from find_in_archive(url, rules)
    else:
        yield Source(url)


def _named(url: str, rules: Rules) -> Iterator[Source]:
    """Yield the images in a folder; a URL with nothing below it is one file."""
    root = url if url.endswith("/") else f"{url}/"
    is_bucket = root.count("/") == 3
    try:
        entries = store_of(url).entries(root, rules.recursive)
        first = next(entries, None)
    except ImageError as error:
        if is_bucket or url == root:
            yield Source(url, error=f"cannot be listed: {error}")
        else:  # it may be a file that can be read but not listed
            yield from _file(url, rules)
        return
    if first is not None:
        if not rules.leaves_out(url, is_folder=True):
            yield from FlatFolder(root, rules, _begins_as_image).images(chain([first], entries))
    elif is_bucket:
        return
    elif url == root:
        yield Source(url, error="no such folder: there is nothing below it")
    else:
        yield from _file(url, rules)


def _begins_as_image(url: str) -> bool:
    """Return whether a file begins as an image does. One that cannot be read is taken for one, to get a row."""
    try:
        return format_of(fetch_head(url, HEAD_BYTES)) is not None
    except ImageError:
        return True


def _matching(pattern: str, rules: Rules) -> Iterator[Source]:
    if literal_start(pattern).count("/") < 3:
        yield Source(pattern, error="the name of a bucket cannot be a pattern")
        return
    try:
        store = store_of(pattern)
        if next(store.entries(pattern, True), None) == (pattern, False):
            yield from _file(pattern, rules)
            return
        remote_pattern = _RemotePattern(store, pattern, rules)
        entry = None
        for entry, matched in remote_pattern.matches():
            yield from remote_pattern.sources(entry, matched)
        if entry is None:
            yield Source(pattern, error="no file matches this pattern")
    except ImageError as error:
        yield Source(pattern, error=f"cannot be listed: {error}")


class _RemotePattern:
    """A pattern in an object store."""

    def __init__(self, store: ObjectStore, pattern: str, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._literal = literal_start(pattern)
        self._root = self._literal[: self._literal.rfind("/") + 1]
        rest = pattern[len(self._root) :]
        self._folders_only = rest.endswith("/")
        self._start = PartialMatch.start(rest, rules.include_hidden)
        self._folder = lru_cache(maxsize=256)(lambda url: FlatFolder(f"{url}/", rules, _begins_as_image))

    def matches(self) -> Iterator[tuple[ListedEntry, str]]:
        """Yield each entry that matches or lies in a folder that does, with the URL that matches.

        The entries are files, and folders where the pattern has wildcards in its last part alone.
        """
        all_below = len(self._start.parts) > 1 or self._start.parts == ("**",)
        for entry in self._store.entries(self._literal, all_below):
            if entry.is_folder and all_below:
                continue
            matched = self._matched(entry)
            # An excluded folder that is an entry itself counts as no match.
            if matched is None or (entry == (matched, True) and self._is_excluded(matched)):
                continue
            yield entry, matched

    def sources(self, entry: ListedEntry, matched: str) -> Iterator[Source]:
        """Yield the Sources that one of the `matches` stands for; none where the rules do not want it."""
        url = entry.url
        if matched != url:
            if self._folder(matched).has(url) and not self._is_excluded(matched):
                yield Source(url)
        elif entry.is_folder:
            yield from self._folder(url).images(self._store.entries(f"{url}/", self._rules.recursive))
        else:
            yield from _file(url, self._rules)

    def _is_excluded(self, folder: str) -> bool:
        return folder != self._root[:-1] and self._rules.leaves_out(folder, is_folder=True)

    def _matched(self, entry: ListedEntry) -> str | None:
        """Return the URL that matches: the entry's or that of a folder it lies in; None if none does."""
        match, reached = self._start, self._root[:-1]
        if match.is_complete:
            return reached
        names = entry.url[len(self._root) :].split("/")
        for number, name in enumerate(names, 1):
            in_folder = entry.is_folder or number < len(names)
            reached = f"{reached}/{name}"
            match = match.after(name, is_folder=in_folder)
            if match.is_complete:
                return reached if in_folder or not self._folders_only else None
            if not match.positions or (in_folder and self._rules.leaves_out(reached, below=self._root, is_folder=True)):
                return None
        return None
