"""What an actor of the cluster gets, once, before the first group of sources."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mobilenet_cli.images.allowance import Allowance
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models.packed import PackedModel
from mobilenet_cli.pipeline import Postprocessing
from mobilenet_cli.records import Source

Pair = tuple[Source, Any]


class Handling(Protocol):
    """What an actor does with the records of a group, if they do not go to whoever runs it all."""

    def __call__(self, number: int, sources: Iterable[Source], records: Records) -> Iterator[Pair]:
        """Yield what goes back.

        Args:
            number: The group's number, from 0.
            sources: Its sources; of an archive, the images in it.
            records: Yields each Source with its record, as `pipeline.run` does.
        """
        ...


class Records(Protocol):
    """`pipeline.run` with everything but the sources."""

    def __call__(self, sources: Iterable[Source], /) -> Generator[Pair, None, None]:
        """Yield each Source with its record."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """The steps of a run, for another machine.

    Attributes:
        version: This program's, which the machine's must equal: objects of the two pass between them.
        folder: The working folder, in which relative paths are meant.
        model: The model.
        preprocessing: How an image becomes the network's input.
        postprocessing: How the network's outputs become records.
        name: The model's name, for the records.
        allowance: What decoding images may take in an actor; the default memory is divided among a machine's.
        batch_size: Images a call of the engine at most; None: the engine's own choice.
        workers: Threads that decode and infer in an actor.
        handling: What is done with the records; None: they go back.
    """

    version: str
    folder: str
    model: PackedModel
    preprocessing: Preprocessing
    postprocessing: Postprocessing[Any]
    name: str
    allowance: Allowance
    batch_size: int | None
    workers: int
    handling: Handling | None = None
