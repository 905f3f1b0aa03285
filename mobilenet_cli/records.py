"""The named, immutable records that pass from one part of the program to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Status = Literal["ok", "error"]
NetworkKind = Literal["classification", "feature_vector"]
"""Which of a model's two networks is meant: the whole classifier, or the part of it that makes feature vectors."""
OutputKind = Literal["logits", "probabilities", "multilabel", "features"]
"""What a network's outputs are; "multilabel": a probability a class, each for itself."""

SCORE_DECIMALS = 6
"""A float32 carries about seven significant digits: more decimals of a score would show rounding noise."""

SURE = 0.8
"""The score from which a name is given, where the user says nothing else."""


class Content(Protocol):
    """How the bytes of an image are read that is not the file at its Source's path: a member of an archive."""

    def read(self) -> bytes:
        """Return the encoded image. May be called from any thread, and again.

        Raises:
            Exception: It cannot be read. The message of an ImageError is one line for the image's record.
        """
        ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The Content of a Source whose image is a file of its own, but not at the Source's path.

    Attributes:
        path: The file's path or URL.
    """

    path: str

    def read(self) -> bytes:
        """Raise: a file is opened, and a URL fetched, by whoever opens files and fetches URLs."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Source:
    """One image to classify, before anything of it is read.

    Attributes:
        path: The path or URL as it is opened and as its Result shows it ("-" for standard input).
            Bytes that are not UTF-8 are kept as Python keeps them in file names (surrogateescape).
        data: The encoded image itself where it has no file (standard input), was fetched, or was read from a stream.
        error: Why this source cannot be read, where that is known before opening it
            (a folder without permission, a pattern that nothing matches).
        content: How the encoded image is read where it is not the file at `path`.
        archive: The path or URL of the archive that it is in, if it is in one.
    """

    path: str
    data: bytes | None = None
    error: str | None = None
    content: Content | None = field(default=None, kw_only=True)
    archive: str | None = field(default=None, kw_only=True)

    @property
    def key(self) -> str:
        """The key by which `--resume` finds this source's row."""
        return self.path


@dataclass(frozen=True, slots=True)
class RowSource(Source):
    """The image that a row of a table names.

    Attributes:
        cells: The row, all of it.
    """

    cells: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The whole row: a row that was changed is another."""
        return row_key(self.cells)


def row_key(cells: Iterable[str]) -> str:
    r"""Return a text that rows of a table share only if all of their cells are equal.

    It does not matter whether a byte that is not UTF-8 is a lone surrogate or, as in JSON and Parquet, the text \xff.
    """
    return repr(tuple(cells)).replace(r"\udc", r"\\x")


@dataclass(frozen=True, slots=True)
class Decoded:
    """An image that was read: the fields of its record that do not come from the network.

    Attributes:
        path: Its Source's path.
        width: Its width in pixels as a viewer shows it (EXIF orientation applied).
        height: Its height in pixels in the same way.
        warning: One line where it may not look as it should, else None: see `images.preprocess.Loaded`.
    """

    path: str
    width: int
    height: int
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class ClassName:
    """One output of a model: its WordNet id ("" where it has none) and its label."""

    wnid: str
    label: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """One of a Result's top-k classes.

    Attributes:
        rank: 1 for the highest score.
        index: The class's position in the model's output, from 0. With `wnid` it identifies the class:
            labels repeat (two ImageNet classes are called "crane").
        wnid: The WordNet id ("n02123045"), or "" where the class has none.
        label: The class's name.
        score: Softmax over all of the model's logits, 0 to 1.
    """

    rank: int
    index: int
    wnid: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Name:
    """A class, or an everyday word above classes, and its score.

    Attributes:
        wnid: Its WordNet id, or "" for a class that has none.
        label: The model's own label for a class, the everyday word for any other node.
        score: The sum of the scores of the classes at or below it, 0 to 1; NaN of a kind that was read from a CSV.
    """

    wnid: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Result:
    """The labels of one Source, or the reason why it has none: exactly one Result a Source, in their order.

    Attributes:
        path: The Source's path.
        status: "ok", or "error" where the image could not be read.
        label: The most specific name that is sure: its score is at least `sure`. None where no name's is.
        kinds: The everyday words above `label`, from general to specific.
        predictions: The top-k, highest score first; empty where status is "error".
        error: One line that says why, where status is "error", else None.
        warning: One line that says what is missing of the picture, where it could only be read in part, else None.
        width: The image's width in pixels as a viewer shows it (EXIF orientation applied), if known.
        height: The image's height in pixels, in the same way, if known.
        model: The name of the model that made the predictions.
    """

    path: str
    status: Status
    label: Name | None
    kinds: tuple[Name, ...]
    predictions: tuple[Prediction, ...]
    error: str | None
    warning: str | None
    width: int | None
    height: int | None
    model: str


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """The feature vector of one Source, or the reason why it has none: exactly one Embedding a Source, in their order.

    Attributes:
        path: The Source's path.
        status: "ok", or "error" where the image could not be read.
        vector: float32 [features], the network's globally pooled features; None where status is "error".
        error: One line that says why, where status is "error", else None.
        warning: One line that says what is missing of the picture, where it could only be read in part, else None.
        width: The image's width in pixels as a viewer shows it (EXIF orientation applied), if known.
        height: The image's height in pixels, in the same way, if known.
        model: The name of the model that made the vector.
    """

    path: str
    status: Status
    vector: NDArray[np.float32] | None
    error: str | None
    warning: str | None
    width: int | None
    height: int | None
    model: str
