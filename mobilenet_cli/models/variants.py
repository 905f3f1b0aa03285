"""A compiled network's variants: files of another precision, made of the float32 one and kept beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mobilenet_cli.engines.precision import DEFAULT, LEAST_PHOTOGRAPHS, Precision
from mobilenet_cli.errors import InputError
from mobilenet_cli.models.manifest import Compiled

_MOST_PHOTOGRAPHS = 100  # more change nothing: MobileNet V1 keeps as many labels with 18 as with 102


@dataclass(frozen=True, slots=True)
class Photographs:
    """The user's photographs on which a network is rounded.

    Attributes:
        folder: Where they are.
        paths: At most 100 of the folder's, evenly spread.
        digest: The SHA-256 of their paths, sizes and times, in hexadecimal.
    """

    folder: str
    paths: tuple[str, ...]
    digest: str

    @classmethod
    def in_folder(cls, folder: str | os.PathLike[str]) -> Photographs:
        """Choose photographs of a folder, without opening them.

        Raises:
            InputError: It is no folder, or has too few of them.
        """
        import hashlib

        from mobilenet_cli.inputs.find import find_sources

        if not Path(folder).is_dir():
            raise InputError(f"{os.fspath(folder)} is not a folder of photographs")
        found = [source.path for source in find_sources([os.fspath(folder)]) if source.error is None]
        if len(found) < LEAST_PHOTOGRAPHS:
            raise InputError(
                f"{os.fspath(folder)} has {len(found)} photographs; to round a network on, at least "
                f"{LEAST_PHOTOGRAPHS} are needed"
            )
        chosen = tuple(found[:: -(-len(found) // _MOST_PHOTOGRAPHS)])
        states = repr([_state(Path(path).absolute()) for path in chosen])
        return cls(str(Path(folder).absolute()), chosen, hashlib.sha256(states.encode(errors="replace")).hexdigest())


def _state(path: Path) -> tuple[str, int, int]:
    try:
        state = path.stat()
    except OSError:  # gone since; reading it says so
        return str(path), 0, 0
    return str(path), state.st_size, state.st_mtime_ns


def has_variant(compiled: Compiled | None, precision: Precision, photographs: Photographs | None) -> bool:
    """Return whether a compiled network has the file of a precision.

    A network that does not compile lacks nothing: there is nothing to make it of.
    """
    if precision == DEFAULT or compiled is None or compiled.file is None:
        return True
    variant = compiled.variants.get(precision)
    return variant is not None and (photographs is None or variant.photographs == photographs.digest)
