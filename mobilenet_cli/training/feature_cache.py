"""Feature vectors, cached from one training to the next by the content of the images."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ModelWarning
from mobilenet_cli.machine.home import home

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.images.preprocess import Preprocessing

# Raise it with every change to decoding, resizing or running the network that changes the vectors.
_VERSION = 3
_SECONDS = 30.0  # of waiting for another process that writes
_AT_ONCE = 500  # below SQLite's limit of parameters per statement
_BETWEEN_COMMITS = 256


def cache_file(network: str, preprocessing: Preprocessing, engine: str) -> Path:
    """Return the path of the database with a network's vectors.

    Args:
        network: A key that changes with the network's weights, fit for a file name.
        preprocessing: How images become the network's input.
        engine: The engine that runs the network.
    """
    recipe = f"{preprocessing.image_size}-{preprocessing.crop}-{preprocessing.interpolation}"
    return home() / "features" / f"v{_VERSION}-{network}-{recipe}-{engine}.sqlite"


class FeatureCache:
    """One network's vectors in an SQLite database, which any number of processes may use at once.

    Where the database cannot be read or written, there is a warning, and the cache is empty from then on.
    """

    def __init__(self, file: Path, width: int) -> None:
        """Open the database, or create it.

        Args:
            file: The database: see `cache_file`.
            width: Features per vector.
        """
        self._file, self._width, self._pending = file, width, 0
        self._connection: sqlite3.Connection | None = None
        with self._usable():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=_SECONDS)
            self._connection.execute("CREATE TABLE IF NOT EXISTS features (digest TEXT PRIMARY KEY, vector BLOB)")

    def found(self, digests: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the cached vectors, float32 [width], by digest.

        Args:
            digests: SHA-256 of each image's file, in hexadecimal.
        """
        import numpy as np

        wanted = list(digests)
        vectors: dict[str, NDArray[np.float32]] = {}
        with self._usable():
            for begin in range(0, len(wanted), _AT_ONCE):
                if self._connection is None:
                    break
                some = wanted[begin : begin + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._connection.execute(
                    f"SELECT digest, vector FROM features WHERE digest IN ({marks})",  # noqa: S608 - question marks
                    some,
                )
                vectors |= {digest: np.frombuffer(vector, "<f4") for digest, vector in rows}
        return {digest: vector for digest, vector in vectors.items() if vector.shape == (self._width,)}

    def keep(self, digest: str, vector: NDArray[np.float32]) -> None:
        """Add the vector of an image."""
        with self._usable():
            if self._connection is not None:
                row = (digest, vector.astype("<f4").tobytes())
                self._connection.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", row)
                self._pending += 1
                if self._pending % _BETWEEN_COMMITS == 0:
                    self._connection.commit()

    def close(self) -> None:
        """Commit what was added, and close the database."""
        with self._usable():
            if self._connection is not None:
                self._connection.commit()
                self._connection.close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            passes = isinstance(error, sqlite3.OperationalError | OSError)  # such as a lock, or a full disk
            advice = "" if passes else "; remove it, and a new one is made"
            warnings.warn(f"features are not cached in {self._file}: {error}{advice}", ModelWarning, stacklevel=4)
