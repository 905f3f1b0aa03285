"""A model on the disk: a SavedModel, a TF-Slim checkpoint, an archive of either, a .tflite, or one that was trained."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.models.manifest import MANIFEST
from mobilenet_cli.models.sources import archive
from mobilenet_cli.records import NetworkKind

Form = Literal["SavedModel", "checkpoint", "archive", "compiled", "model"]
"""What it is; "model" is a folder laid out as in the store, as `train` writes it."""
_ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")


@dataclass(frozen=True, slots=True)
class Local:
    """A model on this machine.

    Attributes:
        path: Its file or folder, absolute; of a checkpoint its prefix, which is no file's name, or its folder.
        form: What it is.
    """

    title: ClassVar[str] = "this machine"
    path: Path
    form: Form

    @classmethod
    def find(cls, text: str) -> Self | None:
        """Return the model at the path `text`, None where there is nothing.

        Raises:
            ModelError: There is something that is no model, or cannot be looked at.
        """
        try:
            path = Path(text).expanduser().absolute()
            form = _form(path)
        except RuntimeError:  # "~somebody" who is not known here
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise _unreadable(text, error) from error
        if form is None:
            return None
        if form == "checkpoint" and path.is_file():
            path = path.with_suffix("")
        # A file's own link is not followed: caches name what they link to by its hash.
        return cls(path.resolve() if path.is_dir() else path.parent.resolve() / path.name, form)

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def kinds(self) -> tuple[NetworkKind, ...]:
        """The networks that can be made of it; all but a checkpoint are one network."""
        return ("classification", "feature_vector") if self.form == "checkpoint" else ("classification",)

    def question(self, kind: NetworkKind) -> None:
        """Ask nothing: the network is not needed."""

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Convert a checkpoint, unpack an archive, or return what is used where it is.

        Raises:
            ModelError: It is damaged, or holds no model.
        """
        if self.form == "checkpoint":
            arguments = {"path": str(self.path), "destination": str(destination), "kind": kind}
            return Path(process.call("sources.local:convert", **arguments))
        if self.form == "archive":
            arguments = {"path": str(self.path), "destination": str(destination), "kind": kind}
            return Path(process.call("sources.local:unpack", **arguments))
        return self.path

    def store_name(self) -> str:
        """Return the name under which what is compiled from it is kept.

        It changes with its place and with each file's size and time of change, as in a build tool: reading
        the weights to hash them would cost every start-up.

        Raises:
            ModelError: Its files cannot be looked at.
        """
        digest = hashlib.sha256(str(self.path).encode(errors="surrogateescape"))
        try:
            for file in self._files():
                facts = file.stat()
                name = file.relative_to(self.path.parent)
                digest.update(f"\0{name}\0{facts.st_size}\0{facts.st_mtime_ns}".encode(errors="replace"))
        except OSError as error:
            raise _unreadable(self.place, error) from error
        return f"local-{slug(self.path.name)}-{digest.hexdigest()[:12]}"

    def _files(self) -> list[Path]:
        if self.path.is_dir():
            return sorted(file for file in self.path.rglob("*") if file.is_file())
        return [self.path] if self.path.is_file() else _of_prefix(self.path)


def _unreadable(text: str, error: OSError) -> ModelError:
    return ModelError(f"no model is called {text!r}, and that path cannot be read: {error.strerror}")


def _form(path: Path) -> Form | None:
    name = path.name
    if path.is_dir():
        return _form_of_folder(path)
    if not path.is_file():
        return "checkpoint" if path.with_name(f"{name}.index").is_file() else None
    if name.endswith(_ARCHIVE_SUFFIXES):
        return "archive"
    if name.endswith(".tflite"):
        return "compiled"
    if path.suffix == ".index" or path.suffix.startswith(".data-"):
        return "checkpoint"
    raise ModelError(
        f"{path} is no model: that is a SavedModel folder, a TF-Slim checkpoint (its folder, prefix or .index file), "
        "a .tar.gz or .tgz of one of these, or a .tflite file"
    )


def _form_of_folder(path: Path) -> Form:
    if (path / "saved_model.pb").is_file():
        return "SavedModel"
    if (path / MANIFEST).is_file():
        return "model"
    if any(path.glob("*.index")):
        return "checkpoint"
    raise ModelError(
        f"{path} is a folder, but holds no SavedModel (saved_model.pb), no model of `mnclassify train` "
        f"({MANIFEST}) and no checkpoint (*.index)"
    )


def _of_prefix(prefix: Path) -> list[Path]:
    return sorted(file for file in prefix.parent.iterdir() if file.name.startswith(f"{prefix.name}."))


def convert(path: str, destination: str, kind: NetworkKind) -> str:
    """Convert a checkpoint to a SavedModel and return its folder. Runs in the TensorFlow process.

    Raises:
        ModelError: As slim_checkpoint.convert.
    """
    from mobilenet_cli.engines.savedmodel import import_tensorflow

    import_tensorflow()
    from mobilenet_cli.in_tensorflow.networks import slim_checkpoint

    slim_checkpoint.convert(path, destination, kind)
    return destination


def unpack(path: str, destination: str, kind: NetworkKind) -> str:
    """Unpack an archive and return the path of the model that is in it. Runs in the TensorFlow process.

    Of several, a SavedModel is taken before a checkpoint (TF-Slim's archives hold more than that), and that
    before a .tflite.

    Returns:
        A SavedModel's folder at `destination`, or a .tflite file beside it.

    Raises:
        ModelError: It is damaged, would write outside of its folder, or holds no model or several.
    """
    folder = Path(f"{destination}.unpacked")
    try:
        archive.unpack(Path(path), folder)
        if saved_model := _only(folder, "saved_model.pb"):
            saved_model.parent.rename(destination)
            return destination
        if index := _only(folder, "*.index"):
            return convert(str(index), destination, kind)
        if compiled := _only(folder, "*.tflite"):
            return str(compiled.rename(f"{destination}.tflite"))
        raise ModelError("the archive holds no SavedModel, no checkpoint and no .tflite")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _only(folder: Path, pattern: str) -> Path | None:
    found = sorted(folder.rglob(pattern))
    if len(found) > 1:
        names = ", ".join(file.relative_to(folder).as_posix() for file in found)
        raise ModelError(f"the archive holds several models: {names}; unpack it and name one")
    return found[0] if found else None


def slug(text: str) -> str:
    """Return `text` with all but letters, digits, "_" and "-" replaced, for a file name; 60 characters at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60] or "model"
