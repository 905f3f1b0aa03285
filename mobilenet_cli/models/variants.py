"""A compiled network's variants: files of another precision, made of the float32 one and kept beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.engines.precision import DEFAULT, LEAST_PHOTOGRAPHS, Precision
from mobilenet_cli.errors import InputError, ModelError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models import store
from mobilenet_cli.models.manifest import SUFFIXES, Compiled, Manifest, Variant
from mobilenet_cli.progress import Progress
from mobilenet_cli.records import NetworkKind

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess

_MOST_PHOTOGRAPHS = 100  # more change nothing: MobileNet V1 keeps as many labels with 18 as with 102


@dataclass(frozen=True, slots=True)
class Photographs:
    """The user's photographs on which a network is rounded.

    Attributes:
        folder: Where they are.
        paths: At most 100 of the folder's, evenly spread.
        digest: The SHA-256 of their paths, sizes and times, in hexadecimal.
    """

    folder: str
    paths: tuple[str, ...]
    digest: str

    @classmethod
    def in_folder(cls, folder: str | os.PathLike[str]) -> Photographs:
        """Choose photographs of a folder, without opening them.

        Raises:
            InputError: It is no folder, or has too few of them.
        """
        import hashlib

        from mobilenet_cli.inputs.find import find_sources

        if not Path(folder).is_dir():
            raise InputError(f"{os.fspath(folder)} is not a folder of photographs")
        found = [source.path for source in find_sources([os.fspath(folder)]) if source.error is None]
        if len(found) < LEAST_PHOTOGRAPHS:
            raise InputError(
                f"{os.fspath(folder)} has {len(found)} photographs; to round a network on, at least "
                f"{LEAST_PHOTOGRAPHS} are needed"
            )
        chosen = tuple(found[:: -(-len(found) // _MOST_PHOTOGRAPHS)])
        states = repr([_state(Path(path).absolute()) for path in chosen])
        return cls(str(Path(folder).absolute()), chosen, hashlib.sha256(states.encode(errors="replace")).hexdigest())


def _state(path: Path) -> tuple[str, int, int]:
    try:
        state = path.stat()
    except OSError:  # gone since; reading it says so
        return str(path), 0, 0
    return str(path), state.st_size, state.st_mtime_ns


def has_variant(compiled: Compiled | None, precision: Precision, photographs: Photographs | None) -> bool:
    """Return whether a compiled network has the file of a precision.

    A network that does not compile lacks nothing: there is nothing to make it of.
    """
    if precision == DEFAULT or compiled is None or compiled.file is None:
        return True
    variant = compiled.variants.get(precision)
    return variant is not None and (photographs is None or variant.photographs == photographs.digest)


def with_variant(
    manifest: Manifest,
    kind: NetworkKind,
    image_size: int,
    precision: Precision,
    photographs: Photographs | None,
    *,
    process: TensorFlowProcess,
    progress: Progress,
) -> Manifest:
    """Make the file of another precision of a compiled network that the store has, and return the manifest with it.

    Args:
        manifest: The model's. Under its lock.
        kind: Which of its networks.
        image_size: The side in pixels of the images that it is compiled for.
        precision: Which: "bfloat16" or "int8".
        photographs: On which it is made; None: the photographs of this package.
        process: Where TensorFlow runs.
        progress: Called as long work proceeds.

    Raises:
        ModelError: It has no such form, or does not bear it.
    """
    from mobilenet_cli.in_tensorflow import quantizer, to_bfloat16

    network = manifest.networks[kind]
    compiled = network.compiled[str(image_size)]
    assert compiled.file is not None  # noqa: S101 - `has_variant` has seen to it
    make = quantizer.quantize if precision == "int8" else to_bfloat16.round_weights
    progress(f"rounding {manifest.name} to {precision} (once)", None, None)
    suffix = SUFFIXES[kind]
    with store.new_files(manifest.name) as folder:
        name = f"{image_size}-{precision}{suffix}"
        try:
            made = process.call(
                make,
                store.folder_of(manifest.name) / compiled.file,
                folder / name,
                network.input if network.saved_model is None else None,
                Preprocessing(image_size, manifest.crop, manifest.interpolation),
                photographs.paths if photographs else (),
            )
        except ModelError as error:
            raise type(error)(f"{manifest.name} has no {precision} form: {error}") from error
        variant = Variant(
            file=name,
            difference=made.difference,
            images=made.images,
            folder=photographs.folder if photographs else "",
            photographs=photographs.digest if photographs else "",
            in_float=made.in_float,
        )
        variants: dict[Precision, Variant] = {**compiled.variants, precision: variant}
        added = network.compiled | {str(image_size): replace(compiled, variants=variants)}
        networks = manifest.networks | {kind: replace(network, compiled=added)}
        return store.extend(folder, replace(manifest, networks=networks))
