"""Feature vectors by the content of their images, kept from one training to the next."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.machine.home import home
from mobilenet_cli.models.acquire import ModelWarning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_cli.images.preprocess import Preprocessing

# To be raised with every change to how images are decoded, resized or run that changes what is computed.
_VERSION = 1
_SECONDS = 30.0  # to wait for another process that writes
_AT_ONCE = 500  # below SQLite's limit of parameters in a statement
_BETWEEN_COMMITS = 256


def cache_file(network: str, preprocessing: Preprocessing, engine: str) -> Path:
    """Return where a network's vectors are kept.

    Args:
        network: What it is called, a file's name that changes with its weights.
        preprocessing: How images become its input.
        engine: What runs it.
    """
    recipe = f"{preprocessing.image_size}-{preprocessing.crop}-{preprocessing.interpolation}"
    return home() / "features" / f"v{_VERSION}-{network}-{recipe}-{engine}.sqlite"


class FeatureCache:
    """One network's vectors in a database of SQLite, which any number of processes may use at once.

    It is a cache: where it cannot be read or written there is a warning, and no vectors in it.
    """

    def __init__(self, file: Path, width: int) -> None:
        """Open it, or make it.

        Args:
            file: Whose name changes with the network and with how images are prepared for it.
            width: Of a vector.
        """
        self._file, self._width, self._pending = file, width, 0
        self._connection: sqlite3.Connection | None = None
        with self._usable():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=_SECONDS)
            self._connection.execute("CREATE TABLE IF NOT EXISTS features (digest TEXT PRIMARY KEY, vector BLOB)")

    def found(self, digests: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, float32 [width], of those images that it has.

        Args:
            digests: The SHA-256 of each image's content.
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
        """Add an image's vector."""
        with self._usable():
            if self._connection is not None:
                row = (digest, vector.astype("<f4").tobytes())
                self._connection.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", row)
                self._pending += 1
                if self._pending % _BETWEEN_COMMITS == 0:
                    self._connection.commit()

    def close(self) -> None:
        """Write what was added."""
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
            advice = "" if passes else "; remove it, and it is made anew"
            warnings.warn(f"features are not cached in {self._file}: {error}{advice}", ModelWarning, stacklevel=4)
