"""The model store's folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mobilenet_cli.errors import StoreError


def home() -> Path:
    """Return the model store's folder: $MNCLASSIFY_HOME, else mnclassify's folder in the user's cache.

    Raises:
        StoreError: The path is below the user's home folder, which does not exist.
    """
    with contextlib.suppress(RuntimeError):  # from pathlib and platformdirs, if there is no home folder
        if configured := os.environ.get("MNCLASSIFY_HOME"):
            return Path(configured).expanduser().absolute()
        from platformdirs import user_cache_path

        folder = user_cache_path("mnclassify")
        if folder.is_absolute():  # earlier versions of platformdirs leave "~" unexpanded
            return folder
    raise StoreError("there is no home folder to keep models in: set MNCLASSIFY_HOME to the path of a folder")


def cannot_write(reason: str) -> StoreError:
    """Return the error for a model store that cannot be written; `reason` is a few words."""
    return StoreError(f"cannot write to the model store {home()}: {reason}; MNCLASSIFY_HOME sets another folder")


def first_time(what: str) -> bool:
    """Return whether it is the first time for this model store that the user would read a note; remember that it was.

    A store that cannot be written does not remember.

    Args:
        what: The note, as a file's name.
    """
    try:
        folder = home() / "notes"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / what).touch(exist_ok=False)
    except FileExistsError:
        return False
    except (OSError, StoreError):
        return True
    return True
