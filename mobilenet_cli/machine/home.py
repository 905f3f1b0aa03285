"""The model store's folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mobilenet_cli.errors import StoreError


def home() -> Path:
    """Return the model store's folder: $MNCLASSIFY_HOME, else mnclassify's folder in the user's cache.

    Raises:
        StoreError: It would be in a home folder, and the user has none.
    """
    with contextlib.suppress(RuntimeError):  # by pathlib and platformdirs, where the user has no home folder
        if configured := os.environ.get("MNCLASSIFY_HOME"):
            return Path(configured).expanduser().absolute()
        from platformdirs import user_cache_path

        folder = user_cache_path("mnclassify")
        if folder.is_absolute():  # earlier versions of platformdirs leave "~" as it is
            return folder
    raise StoreError("there is no home folder to keep models in: set MNCLASSIFY_HOME to the path of a folder")


def cannot_write(reason: str) -> StoreError:
    """Return the error that the model store cannot be written, with the reason in a few words."""
    return StoreError(f"cannot write to the model store {home()}: {reason}; MNCLASSIFY_HOME sets another place")
