"""The catalogue: the models known by name and those in the store, with their facts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from mobilenet_cli.errors import InputError, ModelError, StoreError
from mobilenet_cli.models import AUTO, in_place, registry, store
from mobilenet_cli.models.manifest import Manifest
from mobilenet_cli.models.origin import Origin, origin_of
from mobilenet_cli.models.sources.hub import Hub
from mobilenet_cli.models.sources.kaggle import Kaggle
from mobilenet_cli.models.sources.slim import Slim

State = Literal["stored", "embedded", "remote", "damaged", "folder"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in short. What is not known is None.

    Attributes:
        name: The name that `--model` takes.
        state: "stored": in the store. "embedded": its weights are installed with this package, and it is built
            at its first use. "remote": fetched at its first use. "damaged": in the store, but not whole.
            "folder": used where it is.
        image_size: The side of its input in pixels.
        top_1: Published ImageNet top-1 accuracy in percent.
        top_5: Published ImageNet top-5 accuracy in percent.
        million_parameters: Published count of parameters, in millions.
        million_multiply_adds: Published count of multiply-adds for one image, in millions.
        bytes_on_disk: The size of its files in the store.
    """

    name: str
    state: State
    image_size: int | None
    top_1: float | None = None
    top_5: float | None = None
    million_parameters: float | None = None
    million_multiply_adds: int | None = None
    bytes_on_disk: int | None = None


def listed() -> list[Listed]:
    """Return the known models in the order of the registry, then the others that are in the store, by name.

    Raises:
        StoreError: The store cannot be read.
    """
    return [_listed(name) for name in names()]


def names() -> list[str]:
    """Return the names of the known models in the order of the registry, then of the others in the store.

    Raises:
        StoreError: The store cannot be read.
    """
    return [*registry.ENTRIES, *(name for name in store.names() if name not in registry.ENTRIES)]


def described(model: str) -> dict[str, Any]:
    """Return everything that is known of a model: its line in `listed`, its entry, sources, manifest and path.

    Raises:
        InputError: `model` is "auto", which is no model.
        ModelError: There is no such model, or the store cannot be read.
    """
    origin = resolved(model)
    if origin.local is not None and origin.local.is_trained:
        return _of_folder(origin.name, origin.local.path)
    entry = registry.ENTRIES.get(origin.key)
    facts = (_published(entry) if entry else {}) | asdict(_listed(origin.key)) | {"name": origin.name}
    sources = [*origin.sources, *filter(None, [origin.local])]
    facts["sources"] = [{"title": source.title, "place": source.place} for source in sources]
    folder = store.folder_of(origin.key)
    manifest = _manifest(origin.key)
    facts["path"] = str(folder) if folder.is_dir() else None
    known = origin.temperature if origin.sources else None  # what is on the disk shows it once it is in the store
    facts["temperature"] = registry.temperature_of(manifest) if manifest else known
    facts["manifest"] = asdict(manifest) if manifest else None
    return facts


def _published(entry: registry.Entry) -> dict[str, Any]:
    """Return a registry entry as `models show --json` has it: each published source in a field of its own, or ""."""
    facts: dict[str, Any] = {}
    for field in fields(entry):
        facts |= _source_fields(entry) if field.name == "sources" else {field.name: getattr(entry, field.name)}
    return facts


def _source_fields(entry: registry.Entry) -> dict[str, str]:
    found = dict.fromkeys(("hub_path", "kaggle_handle", "slim_path", "slim_sha256"), "")
    for source in entry.sources:
        match source:
            case Hub(handle):
                found["hub_path"] = handle
            case Kaggle(handle):
                found["kaggle_handle"] = handle
            case Slim(path, sha256):
                found |= {"slim_path": path, "slim_sha256": sha256}
    return found


def _of_folder(name: str, folder: Path) -> dict[str, Any]:
    manifest = in_place.read(folder)
    size = sum(record.size for record in manifest.files.values())
    facts = asdict(Listed(name, "folder", manifest.image_size, bytes_on_disk=size))
    facts |= {"sources": [], "path": str(folder), "temperature": registry.temperature_of(manifest)}
    return facts | {"manifest": asdict(manifest)}


def resolved(model: str) -> Origin:
    """Return the one model that a name stands for.

    Raises:
        InputError: It is "auto".
        ModelError: It names nothing.
    """
    if model == AUTO:
        raise InputError(
            f"{model} is no model: it stands for {registry.MAIN} or, where that is unavailable, {registry.EMBEDDED}"
        )
    return origin_of(model)


def _listed(key: str) -> Listed:
    entry, manifest = registry.ENTRIES.get(key), _manifest(key)
    size = manifest.image_size if manifest else entry.image_size if entry else None
    published = ("top_1", "top_5", "million_parameters", "million_multiply_adds")
    facts = {name: getattr(entry, name) for name in published} if entry else {}
    return Listed(key, _state(key, manifest), size, bytes_on_disk=store.bytes_of(key), **facts)


def _state(key: str, manifest: Manifest | None) -> State:
    if manifest is not None:
        return "stored"
    if store.folder_of(key).is_dir():
        return "damaged"
    return "embedded" if key == registry.EMBEDDED else "remote"


def _manifest(key: str) -> Manifest | None:
    try:
        return store.find(key)
    except StoreError:
        raise
    except ModelError:
        return None  # `verify` says what is wrong with it
