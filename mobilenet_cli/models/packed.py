"""A model as bytes: what a machine needs to run it that has neither a model store nor a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobilenet_cli.models.acquire import Model

_SAVED_MODEL = "packed_saved_model"


@dataclass(frozen=True, slots=True)
class PackedModel:
    """A model and the files that its engine opens.

    Attributes:
        model: The model, whose manifest names the files.
        files: Their content, by the path relative to the model's folder.
    """

    model: Model
    files: dict[str, bytes]

    @classmethod
    def of(cls, model: Model) -> PackedModel:
        """Read the files of a model that is ready to run. Raises an OSError if they cannot be read."""
        opened = model.trial.path
        name = opened.name
        if opened.is_dir():
            # It may be used from where it is, by an absolute path.
            name = _SAVED_MODEL
            network = replace(model.network, saved_model=name)
            manifest = replace(model.manifest, networks={**model.manifest.networks, model.kind: network})
            model = replace(model, manifest=manifest)
        if opened.is_file():
            return cls(model, {name: opened.read_bytes()})
        inside = sorted(path for path in opened.rglob("*") if path.is_file())
        return cls(model, {f"{name}/{path.relative_to(opened).as_posix()}": path.read_bytes() for path in inside})

    def unpacked(self, folder: Path) -> Model:
        """Write the files to a folder, and return the model as it runs from there."""
        for name, content in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return replace(self.model, folder=folder)
