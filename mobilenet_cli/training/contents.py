"""The contents of a dataset's files: their hashes, and which images cannot be learnt from because of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mobilenet_cli.machine.cores import usable_cores
from mobilenet_cli.machine.hashes import hash_of
from mobilenet_cli.records import Source
from mobilenet_cli.training.dataset import Dataset

_CONTRADICTORY = "the same image is in another class too"
_LEARNT = "the same image is among those to learn from"


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a dataset, by their places in it.

    Attributes:
        digests: SHA-256 of each file; "" where it cannot be read.
        errors: Why the images at some places cannot be learnt from.
    """

    digests: tuple[str, ...]
    errors: dict[int, str]

    @classmethod
    def of(cls, dataset: Dataset) -> Contents:
        """Hash the files, and find those that cannot be read or are in several classes."""
        with ThreadPoolExecutor(usable_cores()) as pool:
            hashed = list(pool.map(digest_of, dataset.sources))
        digests = tuple(digest for digest, _ in hashed)
        errors = {place: error for place, (_, error) in enumerate(hashed) if error is not None}
        errors |= dict.fromkeys(_learnt(digests, dataset), _LEARNT)
        return cls(digests, errors | dict.fromkeys(_contradictory(digests, dataset.labels), _CONTRADICTORY))

    def distinct(self, sources: Sequence[Source]) -> dict[str, Source]:
        """Return the first source of each content that can be learnt from, by digest."""
        found: dict[str, Source] = {}
        for place, (digest, source) in enumerate(zip(self.digests, sources, strict=True)):
            if place not in self.errors:
                found.setdefault(digest, source)
        return found

    def errors_with(self, failed: dict[str, str]) -> dict[int, str]:
        """Return all errors, with those of the contents that turned out to be unreadable."""
        return self.errors | {place: failed[digest] for place, digest in enumerate(self.digests) if digest in failed}


def digest_of(source: Source) -> tuple[str, str | None]:
    """Return the SHA-256 of an image's file and None, or "" and the reason that it cannot be read."""
    if source.error is not None:
        return "", source.error
    try:
        return hash_of(source.path), None
    except OSError as error:
        return "", f"cannot be opened: {error.strerror}"
    except ValueError as error:  # a table's path may have a NUL character
        return "", f"cannot be opened: {error}"


def _learnt(digests: Sequence[str], dataset: Dataset) -> list[int]:
    """Return the places of the images to validate with whose content is learnt from: they would prove nothing."""
    held = [source.path in dataset.validation for source in dataset.sources]
    learnt = {digest for digest, validates in zip(digests, held, strict=True) if not validates}
    return [place for place, digest in enumerate(digests) if held[place] and digest and digest in learnt]


def _contradictory(digests: Sequence[str], labels: Sequence[int]) -> list[int]:
    """Return the places of the images whose content is in several classes."""
    classes: dict[str, set[int]] = {}
    for digest, label in zip(digests, labels, strict=True):
        if digest:
            classes.setdefault(digest, set()).add(label)
    return [place for place, digest in enumerate(digests) if len(classes.get(digest, ())) > 1]
