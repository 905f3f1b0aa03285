"""The model store's folder."""

from __future__ import annotations

import contextlib
import os
import stat
from functools import cache
from pathlib import Path

from mobilenet_cli.errors import StoreError, StoreWarning


def home() -> Path:
    """Return the model store's folder: $MNCLASSIFY_HOME, else mnclassify's folder in the user's cache.

    Where that folder is not there and cannot be made, as in a container with a read-only home, it is a folder of the
    user's own among the temporary files, with a StoreWarning, once a process.

    Raises:
        StoreError: The path is below the user's home folder, which does not exist.
    """
    with contextlib.suppress(RuntimeError):  # from pathlib and platformdirs, if there is no home folder
        if configured := os.environ.get("MNCLASSIFY_HOME"):
            return Path(configured).expanduser().absolute()
        from platformdirs import user_cache_path

        folder = user_cache_path("mnclassify")
        if folder.is_absolute():  # earlier versions of platformdirs leave "~" unexpanded
            return folder if _is_usable(folder) else _temporary(folder)
    raise StoreError("there is no home folder to keep models in: set MNCLASSIFY_HOME to the path of a folder")


def _is_usable(folder: Path) -> bool:
    """Return whether a folder is there, perhaps only to be read, or can be made."""
    if folder.is_dir():
        return _may_be_written(folder) or (folder / "models").is_dir()
    above = next((each for each in folder.parents if os.path.lexists(each)), None)
    return above is not None and _may_be_written(above)


def _may_be_written(folder: Path) -> bool:
    return folder.is_dir() and os.access(
        folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids
    )


@cache
def _temporary(folder: Path) -> Path:
    """Return a folder among the temporary files in place of one that cannot be made; another user's is not taken.

    Raises:
        StoreError: There is none that can be written.
    """
    import tempfile
    import warnings

    try:
        own = Path(tempfile.gettempdir()) / f"mnclassify-{os.geteuid()}"
        own.mkdir(mode=0o700, exist_ok=True)
        about = own.lstat()
    except OSError as error:
        raise StoreError(
            f"cannot make the model store {folder}, nor one among the temporary files: {error.strerror}; "
            "MNCLASSIFY_HOME sets another folder"
        ) from error
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise StoreError(
            f"cannot make the model store {folder}, and {own} is not a private folder of this user; "
            "MNCLASSIFY_HOME sets another folder"
        )
    message = f"cannot write to {folder}; models are kept in {own} (MNCLASSIFY_HOME sets another folder)"
    warnings.warn(StoreWarning(message), stacklevel=4)
    return own


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
