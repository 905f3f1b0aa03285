"""A pattern such as `photos/**/*.jpg` → the paths that match it, found lazily in sorted order."""
# Paths stay the strings that were typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH112

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mobilenet_cli.inputs.depth_first import Subtree, depth_first
from mobilenet_cli.inputs.patterns import literal_start
from mobilenet_cli.inputs.walk import Rules, is_hidden, scan


@dataclass(frozen=True, slots=True)
class PartialMatch:
    """How far the names of a path, taken one after another, have matched a pattern that is cut at its slashes.

    Attributes:
        parts: The pattern's parts.
        include_hidden: Whether wildcards match hidden names (`walk.is_hidden`).
        positions: How many parts may have been matched so far. `**` makes several numbers possible; where there
            are none, the path cannot match, whatever comes next.
    """

    parts: tuple[str, ...]
    include_hidden: bool
    positions: frozenset[int] = frozenset()

    @classmethod
    def start(cls, pattern: str, include_hidden: bool) -> PartialMatch:
        """Return the match of no names yet. "." and doubled slashes in the pattern mean nothing."""
        parts = tuple(part for part in pattern.split("/") if part not in {"", "."})
        return cls(parts, include_hidden)._at({0})

    @property
    def is_complete(self) -> bool:
        """Whether the names so far match the whole pattern."""
        return len(self.parts) in self.positions

    def after(self, name: str, *, is_folder: bool) -> PartialMatch:
        """Return the match with one more name. This one must not be complete."""
        visible = self.include_hidden or not is_hidden(name, is_folder=is_folder)
        reached = set()
        for position in self.positions:
            part = self.parts[position]
            if part == "**":
                if is_folder and visible:
                    reached.add(position)
            elif (visible or part == name or part.startswith(".")) and fnmatchcase(name, part):
                reached.add(position + 1)
        return self._at(reached)

    def names(self, name: str) -> bool:
        """Return whether the name that comes next is spelt out in the pattern."""
        return any(self.parts[position] == name for position in self.positions)

    def _at(self, positions: set[int]) -> PartialMatch:
        """Return the match at these positions, and at those behind each `**`, which also matches no folder at all."""
        reached = set(positions)
        for position in positions:
            behind = position
            while behind < len(self.parts) and self.parts[behind] == "**":
                behind += 1
                reached.add(behind)
        return PartialMatch(self.parts, self.include_hidden, frozenset(reached))


def expand(pattern: str, rules: Rules) -> Iterator[str]:
    """Yield the paths that match `pattern`, in the order of their sorted parts.

    `*`, `?` and `[…]` match within a name, `**` matches any number of folders, and a trailing "/" matches folders
    only. A name that begins with a dot needs a pattern that does, or `include_hidden`; the folders of other
    programs, and those with a `.nomedia`, must be spelt out. `**` does not follow links to folders.

    A folder that matches is yielded and not entered: the caller walks it, so nothing comes twice. A folder that
    cannot be listed is yielded too, so that the caller's walk reports why. A folder that `exclude` names is not
    entered, but `exclude` is not applied to the matches themselves: the caller does that.
    """
    start = literal_start(pattern).rfind("/") + 1
    root, rest = pattern[:start], pattern[start:]
    folders_only = rest.endswith("/")

    def visit(folder: tuple[str, PartialMatch]) -> Iterator[str | Subtree[tuple[str, PartialMatch]]]:
        prefix, so_far = folder
        if so_far.is_complete:  # only at the root, for a pattern such as "**"
            yield prefix or "."
            return
        try:
            listing = scan(prefix, lambda name, is_folder: bool(so_far.after(name, is_folder=is_folder).positions))
        except OSError:
            if os.path.isdir(prefix or "."):
                yield prefix or "."
            return
        for name in listing.names:
            path = prefix + name
            match = so_far.after(name, is_folder=name in listing.folders)
            is_folder_or_link = name in listing.folders or (name in listing.others and os.path.isdir(path))
            if is_folder_or_link and not so_far.names(name) and rules.hides_content(path + "/"):
                continue
            if match.is_complete:
                if is_folder_or_link or not folders_only:
                    yield path + "/" if folders_only else path
            elif is_folder_or_link and not rules.leaves_out(path, below=root, is_folder=True):
                yield Subtree((path + "/", match))

    return depth_first((root, PartialMatch.start(rest, rules.include_hidden)), visit)
