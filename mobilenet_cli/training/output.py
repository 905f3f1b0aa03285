"""The folder that a trained model appears in when it is complete."""

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
    """Return where the model is to go, absolute, after seeing to it that it can.

    A model that a killed process had set aside, to replace it, is put back there first.

    Raises:
        OutputError: There is something already that may not be replaced, or no folder to write to.
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
    """Make a folder for TensorBoard's event files where there is none, before a training and not after it.

    Raises:
        OutputError: It cannot be made or written to.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write summaries to {printable(folder)}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write summaries to {printable(folder)}: it may not be written to")


@contextmanager
def new_model(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Make an empty folder that becomes `target` when the block ends, in the place of what may be replaced there.

    If the block is left by an exception, it is removed, and `target` is as it was. What is at `target` is
    looked at again when the block ends, since training takes long. If it may not be replaced by then, the model
    gets another name beside it.

    Raises:
        OutputError: It cannot be written, or is not at `target`, but where the message says.
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
            with contextlib.suppress(OSError):  # what is called .old is whole: it is not removed under that name
                replaced.rename(made if os.path.lexists(target) else target)
        shutil.rmtree(made, ignore_errors=True)


def _check_again(target: Path, made: Path, *, overwrite: bool) -> None:
    """See to it that a model that was made can go to `target`, or put it beside that and raise OutputError."""
    try:
        check_output(target, overwrite=overwrite)
    except OutputError as error:
        kept = target.with_name(f"{target.name}.{_HOST}-{os.getpid()}")
        made.rename(kept)
        raise OutputError(f"{error}\nthe new model is in {printable(str(kept))}") from error


def _tidy(target: Path) -> None:
    """Remove what processes of this machine have left that were killed; put back what they had set aside."""
    for folder in target.parent.glob(f".{glob.escape(target.name)}.{glob.escape(_HOST)}-*"):
        process, _, what = folder.name.rpartition("-")[2].partition(".")
        if what not in ("part", "old") or not process.isdecimal() or _is_running(int(process)):
            continue
        if what == "old" and not os.path.lexists(target):
            with contextlib.suppress(OSError):  # then it stays where it is
                folder.rename(target)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
