"""A model on the disk, in one of the forms of `forms`."""

from __future__ import annotations

import errno
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from mobilenet_cli.errors import ModelError
from mobilenet_cli.models.sources.forms import TRAINED, Form, form_at
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess


@dataclass(frozen=True, slots=True)
class Local:
    """A model on this machine.

    Attributes:
        path: Its file or folder, absolute; of a checkpoint its prefix, which is no file's name, or its folder.
        form: Its form.
        is_trusted: Whether Python code in it may run.
    """

    title: ClassVar[str] = "this machine"
    path: Path
    form: Form
    is_trusted: bool = False

    @classmethod
    def find(cls, text: str) -> Self | None:
        """Return the model at the path `text`, None where there is nothing.

        Raises:
            ModelError: There is something that is no model, or cannot be looked at.
        """
        try:
            path = Path(text).expanduser().absolute()
            form = form_at(path)
        except RuntimeError:  # "~somebody" who is not known here
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise _unreadable(text, error) from error
        if form is None:
            return None
        if form.prefix_of and path.is_file():
            path = path.with_suffix("")
        # A file's own link is not followed: caches name what they link to by its hash.
        return cls(path.resolve() if path.is_dir() else path.parent.resolve() / path.name, form)

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def kinds(self) -> tuple[NetworkKind, ...]:
        """The networks that can be made of it."""
        return self.form.kinds

    @property
    def is_trained(self) -> bool:
        """Whether it is a folder laid out as in the store, as `train` writes it."""
        return self.form is TRAINED

    def question(self, kind: NetworkKind) -> None:
        """Ask nothing: no server is needed."""

    def fetch(self, kind: NetworkKind, destination: Path, process: TensorFlowProcess) -> Path:
        """Convert the model, or return the path of one that is used as it is.

        Raises:
            ModelError: It is damaged, or holds no model.
        """
        if self.form.convert is None:
            return self.path
        trust = {"is_trusted": True} if self.is_trusted and self.form.may_hold_code else {}
        from mobilenet_cli.in_tensorflow.limits import BUILDING

        with process.within(BUILDING):
            return process.call(self.form.convert, self.path, destination, kind, **trust)

    def store_name(self) -> str:
        """Return its name in the store, where the files compiled from it are kept.

        The name changes with the model's place and with each file's size and time of change, as in a build tool:
        hashing the weights would cost time at every start.

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


def _of_prefix(prefix: Path) -> list[Path]:
    return sorted(file for file in prefix.parent.iterdir() if file.name.startswith(f"{prefix.name}."))


def slug(text: str) -> str:
    """Return `text` with all but letters, digits, "_" and "-" replaced, for a file name; 60 characters at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60] or "model"
