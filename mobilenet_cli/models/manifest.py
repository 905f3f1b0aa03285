"""The manifest: a model's facts, and the hash of each of its files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Self

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.engines.precision import Precision
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.images.preprocess import Crop, Interpolation
from mobilenet_cli.models.labels import IMAGENET
from mobilenet_cli.models.manifest_form import check_form, check_inside
from mobilenet_cli.models.manifest_json import add_digest, check_digest, parsed_json, read_bytes
from mobilenet_cli.records import NetworkKind, OutputKind

MANIFEST = "manifest.json"
FOLDERS: dict[NetworkKind, str] = {"classification": "saved_model", "feature_vector": "feature_vector"}
"""Where each network's SavedModel is, in the model's folder."""
SUFFIXES: dict[NetworkKind, str] = {"classification": ".tflite", "feature_vector": "-feature_vector.tflite"}
"""How each network's compiled file is called, after its image size."""
# 2 added `training`; 3 `temperature`, `calibration`, and networks of other inputs and outputs; 4 `variants`; 5 hashes
# of files outside of the folder.
_VERSION = 5
_ADVICE = "a model of the store is made again once it is removed"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file's size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str

    @classmethod
    def of(cls, file: Path) -> Self:
        """Read the file and record it."""
        from mobilenet_cli.machine.hashes import hash_of

        return cls(file.stat().st_size, hash_of(file))


@dataclass(frozen=True, slots=True)
class Variant:
    """A compiled network in a file of another precision than float32.

    Attributes:
        file: The .tflite's name in the model's folder.
        difference: The root mean square of the differences between its outputs and the float32 network's, over the
            deviation of those, on the photographs that it was made on.
        images: How many photographs it was made on.
        folder: Their folder; "" for the photographs of this package.
        photographs: The SHA-256 of their names, sizes and times; "" for the photographs of this package.
        in_float: How many layers stayed in float32.
    """

    file: str
    difference: float
    images: int
    folder: str
    photographs: str
    in_float: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A network compiled for one image size, or the reason why it does not compile.

    Attributes:
        file: The .tflite's name in the model's folder, or None where the model does not compile.
        difference: Largest difference from the SavedModel's output, relative to its range.
        failure: Why it does not compile, or None.
        variants: Those of other precisions that were made of it.
    """

    file: str | None
    difference: float | None = None
    failure: str | None = None
    variants: dict[Precision, Variant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """One of a model's networks: the classifier, or the part of it that makes feature vectors.

    Attributes:
        source: Where it came from: a URL, a path, a package.
        saved_model: Its SavedModel: a folder in the model's folder, or the absolute path of one used where it
            is, or None where there is only a compiled file.
        width: How many classes (background included) or features it puts out.
        output: What kind of numbers they are.
        compiled: By image size.
        input: The numbers that its SavedModel takes or, where there is none, its compiled file; None: 0 to 1, or the
            pixels' bytes where they are integers. A file that was compiled from a SavedModel takes 0 to 1.
        guess: How a warning says why that input is taken, where nothing in the model shows it; "" where something does.
        is_size_guessed: Whether nothing says the side of the images that it was trained on.
    """

    source: str
    saved_model: str | None
    width: int
    output: OutputKind
    compiled: dict[str, Compiled] = field(default_factory=dict)
    input: Input | None = None
    guess: str = ""
    is_size_guessed: bool = False

    @property
    def files(self) -> list[str]:
        """Its compiled files, of every image size and precision."""
        compiled = list(self.compiled.values())
        variants = [variant.file for each in compiled for variant in each.variants.values()]
        return [each.file for each in compiled if each.file is not None] + variants

    @property
    def classes(self) -> int:
        """How many classes a classifier has: a single output stands for two."""
        return 2 if self.width == 1 else self.width


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a temperature was fitted to the user's photographs.

    Attributes:
        images: How many photographs it was fitted on.
        date: The day, as YYYY-MM-DD.
        before: The temperature until then.
    """

    images: int
    date: str
    before: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """A model's facts.

    Attributes:
        name: Its folder's name in the store.
        license: SPDX name of its licence, or "" where it is not known.
        image_size: Its input's side in pixels where the user asks for no other.
        crop: How the square is taken out of an image.
        interpolation: How an image is resized.
        labels: "imagenet", or the name of the label file in the folder, or "" where it came without names.
        networks: Those of the two kinds that it has.
        files: Each file in the folder but this one, by its path relative to the folder.
        training: How it was trained, where `train` made it (see training.record), else None.
        temperature: The divisor of its logits, finite and above 0. Of a model known by name, the registry's is used
            instead, unless the model was calibrated: see `temperature.temperature_of`.
        calibration: How the temperature was fitted to the user's photographs, or None if it was not.
    """

    name: str
    license: str
    image_size: int
    crop: Crop
    interpolation: Interpolation
    labels: str
    networks: dict[NetworkKind, Network] = field(default_factory=dict)
    files: dict[str, FileRecord] = field(default_factory=dict)
    training: dict[str, Any] | None = None
    temperature: float = 1.0
    calibration: Calibration | None = None

    @classmethod
    def read(cls, folder: Path, *, stored: bool = False) -> Self:
        """Read the manifest in a model's folder.

        Args:
            folder: The model's.
            stored: Whether the store made it, whose networks may be used from elsewhere, by an absolute path.

        Raises:
            FileNotFoundError: There is none.
            ModelError: It is damaged, names files outside of the folder, or is of a version that this program
                does not know.
        """
        file = folder / MANIFEST
        try:
            data = read_bytes(file)
        except ValueError as error:
            raise ModelError(f"{file} is damaged ({error}); {_ADVICE}") from error
        manifest = cls.parsed(data, str(file), stored=stored)
        # Where the store keeps a model is its name there, whatever its manifest says.
        return replace(manifest, name=folder.name) if stored else manifest

    @classmethod
    def parsed(cls, data: bytes, place: str, *, stored: bool = False) -> Self:
        """Parse a manifest, which may be a stranger's.

        Args:
            data: Its JSON.
            place: What error messages call it.
            stored: As `read`.

        Raises:
            ModelError: As `read`.
        """
        try:
            values = parsed_json(data)
            version = values.pop("version", 1)
            if type(version) is int and version > _VERSION:
                raise ModelError(
                    f"{place} was written by a later mnclassify: upgrade this one, or set "
                    "MNCLASSIFY_HOME to another place for its models"
                )
            check_digest(values)
            check_form(values)
            values["networks"] = {kind: _network(value) for kind, value in values["networks"].items()}
            values["files"] = {path: FileRecord(**value) for path, value in values["files"].items()}
            if (calibration := values.get("calibration")) is not None:
                values["calibration"] = Calibration(**calibration)
            manifest = cls(**values)
            manifest._check_paths(stored=stored)
        except (ValueError, InputError, RecursionError) as error:
            raise ModelError(f"{place} is damaged ({error}); {_ADVICE}") from error
        return manifest

    def _check_paths(self, *, stored: bool) -> None:
        """Check the paths of a manifest, which may be a stranger's.

        Raises:
            ValueError: A path leads out of the folder, or there is no hash of a file that is used.
        """
        used = [path for network in self.networks.values() for path in network.files]
        folders = [network.saved_model for network in self.networks.values() if network.saved_model is not None]
        own = [path for path in (*used, *folders, *self.files) if not (stored and PurePosixPath(path).is_absolute())]
        for path in (self.labels, *own):
            check_inside(path)
        used += [self.labels] if self.labels not in ("", IMAGENET) else []
        for path in used:
            if path not in self.files and not PurePosixPath(path).is_absolute():
                raise ValueError(f"it has no hash of {path}")

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder that nobody reads from yet."""
        (folder / MANIFEST).write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """Return the manifest as JSON."""
        values = asdict(self) | {"version": 4}
        for network in values["networks"].values():
            for key in ("input", "guess", "is_size_guessed"):
                if not network[key]:
                    del network[key]
            for compiled in network["compiled"].values():
                if not compiled["variants"]:
                    del compiled["variants"]
        # Of the lowest version that can say it, so that earlier versions of this program read it.
        if not any(each.variants for network in self.networks.values() for each in network.compiled.values()):
            values["version"] = 3
        if self.temperature == 1 and self.calibration is None:
            del values["temperature"], values["calibration"]
            if values["version"] == 3 and not any(map(_is_new, self.networks.values())):
                values["version"] = 2
        if any(PurePosixPath(path).is_absolute() for path in self.files):
            values["version"] = 5
        if self.training is None:
            del values["training"]
            if values["version"] == 2:
                values["version"] = 1
        else:
            add_digest(values)
        return json.dumps(values, indent=1, ensure_ascii=False) + "\n"

    def with_files_of(self, folder: Path) -> Self:
        """Return this manifest with a record of each file in `folder`, whose content is to be added to the model's.

        Records of other files stay as they are: hashing a file again would turn a damaged one into a good one.
        """
        added = {path.name for path in folder.iterdir()}
        kept = {path: record for path, record in self.files.items() if path.partition("/")[0] not in added}
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return replace(self, files=kept | {path.relative_to(folder).as_posix(): FileRecord.of(path) for path in files})


def _network(values: dict[str, Any]) -> Network:
    compiled = {size: _compiled(value) for size, value in values["compiled"].items()}
    taken = values.get("input")
    return Network(**values | {"compiled": compiled, "input": taken and Input.read(taken)})


def _compiled(values: dict[str, Any]) -> Compiled:
    variants = {precision: Variant(**value) for precision, value in values.get("variants", {}).items()}
    return Compiled(**values | {"variants": variants})


def _is_new(network: Network) -> bool:
    """Return whether earlier versions of this program would run a network wrongly: by its input or its output."""
    is_guessed = network.guess != "" or network.is_size_guessed
    return network.input is not None or is_guessed or network.output == "multilabel" or network.width == 1
