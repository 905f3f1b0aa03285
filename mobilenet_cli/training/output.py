"""A trained model's folder, which appears when it is complete."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mobilenet_cli.errors import OutputError
from mobilenet_cli.models.in_place import is_model
from mobilenet_cli.text import printable, valid_utf8

_HOST = os.uname().nodename


def check_output(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Check that a model can be written to `path`, and return that path made absolute.

    A model that a killed process had set aside in order to replace it is put back first.

    Raises:
        OutputError: Something that may not be replaced is there, or the folder above cannot be written to.
    """
    shown, target = printable(os.fspath(path)), Path(os.path.realpath(path))
    if valid_utf8(str(target)) != str(target):
        raise OutputError(f"{shown} is not UTF-8, and LiteRT opens no files there; give another name with -o")
    _tidy(target)
    if os.path.lexists(target) and not overwrite:
        raise OutputError(f"{shown} exists; give --overwrite to replace it, or another name with -o")
    if os.path.lexists(target) and not is_model(target) and not (target.is_dir() and not any(target.iterdir())):
        raise OutputError(f"{shown} is no model of mnclassify's, so it is not replaced; give another name with -o")
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {shown}: there is no folder {printable(str(target.parent))}")
    if not os.access(target.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise OutputError(f"cannot write {shown}: the folder {printable(str(target.parent))} may not be written to")
    return target


def check_summaries(folder: str) -> None:
    """Create the folder for TensorBoard's event files, so that an error comes before the training and not after it.

    Raises:
        OutputError: It cannot be created or written to.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write summaries to {printable(folder)}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write summaries to {printable(folder)}: it may not be written to")


@contextmanager
def new_model(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends, and replaces what is there.

    If the block raises, the folder is removed and `target` stays as it was. Since training takes long, `target` is
    checked again at the end. If it may not be replaced by then, the model is put beside it under another name.

    Raises:
        OutputError: The folder cannot be written, or the model is not at `target` but where the message says.
    """
    made, replaced = (target.with_name(f".{target.name}.{_HOST}-{os.getpid()}.{what}") for what in ("part", "old"))
    try:
        made.mkdir()
        yield made
        _check_again(target, made, overwrite=overwrite)
        if overwrite and os.path.lexists(target):
            target.rename(replaced)
        made.rename(target)
    except OSError as error:
        raise OutputError(f"cannot write {printable(str(target))}: {error.strerror or error}") from error
    finally:
        if os.path.lexists(replaced):
            with contextlib.suppress(OSError):  # a folder named .old is whole, and never removed as such
                replaced.rename(made if os.path.lexists(target) else target)
        shutil.rmtree(made, ignore_errors=True)


def _check_again(target: Path, made: Path, *, overwrite: bool) -> None:
    """Check that a new model can go to `target`; if not, put it beside `target` and raise OutputError."""
    try:
        check_output(target, overwrite=overwrite)
    except OutputError as error:
        kept = target.with_name(f"{target.name}.{_HOST}-{os.getpid()}")
        made.rename(kept)
        raise OutputError(f"{error}\nthe new model is in {printable(str(kept))}") from error


def _tidy(target: Path) -> None:
    """Clean up after killed processes of this machine: remove what they left, put back what they had set aside."""
    for folder in target.parent.glob(f".{glob.escape(target.name)}.{glob.escape(_HOST)}-*"):
        process, _, what = folder.name.rpartition("-")[2].partition(".")
        if what not in ("part", "old") or not process.isdecimal() or _is_running(int(process)):
            continue
        if what == "old" and not os.path.lexists(target):
            with contextlib.suppress(OSError):  # in that case it stays where it is
                folder.rename(target)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True
