"""The words for kinds of images that a user gives: checked before a model is fetched or loaded for them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    from mobilenet_cli.cli.model_options import ModelChoice


def check_words(words: Iterable[str], model: ModelChoice, labels: str | None = None) -> None:
    """Check that each word means something, if the model's classes are known to be ImageNet's.

    Another model's classes may have names of their own, which are known only once it is there.

    Args:
        words: Words and wnids.
        model: The model.
        labels: The file with the names of its classes, if there is one.

    Raises:
        UnknownWordError: A word means nothing; the message has words that are written like it.
        InputError: It is several words with commas between them.
    """
    words = tuple(words)
    if not words:
        return
    from mobilenet_cli.models import AUTO
    from mobilenet_cli.models.registry import ENTRIES
    from mobilenet_cli.taxonomy import UnknownWordError, load

    if labels is None and (model.model == AUTO or model.model in ENTRIES):
        for word in words:
            try:
                load().find(word)
            except UnknownWordError as error:
                if not error.parts:
                    raise
                each = " ".join(f"--kind {shlex.quote(part)}" for part in error.parts)
                raise InputError(f"{word!r} is several words; give --kind once for each: {each}") from error
