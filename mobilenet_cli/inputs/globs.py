"""A pattern such as `photos/**/*.jpg` → the paths that match it, found lazily in sorted order."""
# A path stays the string that was typed: a Path would rewrite "./a" and "a//b".
# ruff: noqa: PTH112

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mobilenet_cli.inputs.walk import Rules, scan

_MAGIC = re.compile(r"[*?[]")


def is_pattern(argument: str) -> bool:
    """Tell whether an argument has one of the characters that make it a pattern: `*`, `?` and `[`."""
    return _MAGIC.search(argument) is not None


def literal_start(pattern: str) -> str:
    """Return what comes before the first character that makes it a pattern."""
    magic = _MAGIC.search(pattern)
    return pattern[: magic.start()] if magic else pattern


@dataclass(frozen=True, slots=True)
class PatternParts:
    """A pattern cut at its slashes. A position is how many of the parts a path has matched so far."""

    parts: list[str]
    include_hidden: bool

    @classmethod
    def of(cls, pattern: str, include_hidden: bool) -> PatternParts:
        """Cut a pattern, where "." and doubled slashes mean nothing."""
        return cls([part for part in pattern.split("/") if part not in {"", "."}], include_hidden)

    def past_stars(self, positions: set[int]) -> frozenset[int]:
        """Add the positions that are reached because `**` also matches no folder at all."""
        reached = set(positions)
        for position in positions:
            after = position
            while after < len(self.parts) and self.parts[after] == "**":
                after += 1
                reached.add(after)
        return frozenset(reached)

    def after(self, positions: frozenset[int], name: str, *, is_folder: bool) -> frozenset[int]:
        """Return the positions after one more name of the path; none: no match can come of it."""
        visible = self.include_hidden or not name.startswith(".")
        reached = set()
        for position in positions:
            part = self.parts[position]
            if part == "**":
                if is_folder and visible:
                    reached.add(position)
            elif (visible or part.startswith(".")) and fnmatchcase(name, part):
                reached.add(position + 1)
        return self.past_stars(reached)


def expand(pattern: str, rules: Rules) -> Iterator[str]:
    """Yield the paths that match `pattern`, in the order of their sorted parts.

    `*`, `?` and `[…]` match within a name, `**` any number of folders, a "/" at the end folders only. Hidden
    names need a pattern that begins with a dot, or `include_hidden`. `**` does not follow links to folders.
    What lies in a folder that matches is not looked at: a caller that wants it walks that folder, so nothing
    comes twice. A folder that cannot be listed is yielded too: whoever walks it finds out why. A folder that
    `exclude` names is not entered; matches themselves are left to the caller to exclude.
    """
    start = literal_start(pattern).rfind("/") + 1
    root, rest = pattern[:start], pattern[start:]
    matcher = PatternParts.of(rest, rules.include_hidden)
    goal, folders_only = len(matcher.parts), rest.endswith("/")

    def entries(prefix: str, positions: frozenset[int]) -> Iterator[str | tuple[str, frozenset[int]]]:
        if goal in positions:
            yield prefix or "."
            return

        def leads_on(name: str, is_folder: bool) -> bool:
            return bool(matcher.after(positions, name, is_folder=is_folder))

        try:
            names, folders, others = scan(prefix, leads_on)
        except OSError:
            if os.path.isdir(prefix or "."):
                yield prefix or "."
            return
        for name in names:
            path = prefix + name
            reached = matcher.after(positions, name, is_folder=name in folders)
            if name in folders or (name in others and os.path.isdir(path)):
                if goal in reached:
                    yield path + "/" if folders_only else path
                elif not rules.leaves_out(path, below=root, is_folder=True):
                    yield path + "/", reached
            elif goal in reached and not folders_only:
                yield path

    stack = [entries(root, matcher.past_stars({0}))]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, str):
            yield entry
        else:
            stack.append(entries(*entry))
