"""Making a compiled network's variants: rounding it to another precision, in the TensorFlow process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_cli.errors import ModelError, NoTensorFlowError
from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models import store
from mobilenet_cli.models.manifest import SUFFIXES, Compiled, Manifest, Variant
from mobilenet_cli.models.wanted import Wanted

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.process import TensorFlowProcess


def with_variant(manifest: Manifest, wanted: Wanted, process: TensorFlowProcess) -> Manifest:
    """Make the file of another precision of a compiled network that the store has, and return the manifest with it.

    Args:
        manifest: The model's. Under its lock.
        wanted: Which of its networks and image sizes, and which precision: "bfloat16" or "int8".
        process: Where TensorFlow runs.

    Raises:
        ModelError: It has no such form, or does not bear it.
    """
    network, size = manifest.networks[wanted.kind], wanted.size_in(manifest)
    compiled = network.compiled[str(size)]
    wanted.progress(f"rounding {manifest.name} to {wanted.precision} (once)", None, None)
    with store.new_files(manifest.name) as folder:
        variant = _rounded(folder, manifest, compiled, wanted, process)
        variants = compiled.variants | {wanted.precision: variant}
        added = network.compiled | {str(size): replace(compiled, variants=variants)}
        networks = manifest.networks | {wanted.kind: replace(network, compiled=added)}
        return store.extend(folder, replace(manifest, networks=networks))


def _rounded(
    folder: Path, manifest: Manifest, compiled: Compiled, wanted: Wanted, process: TensorFlowProcess
) -> Variant:
    """Write the rounded file into a folder, and return the record of it."""
    from mobilenet_cli.in_tensorflow import quantizer, to_bfloat16
    from mobilenet_cli.in_tensorflow.limits import BUILDING

    assert compiled.file is not None  # noqa: S101 - `has_variant` has seen to it
    network, size, photographs = manifest.networks[wanted.kind], wanted.size_in(manifest), wanted.photographs
    make = quantizer.quantize if wanted.precision == "int8" else to_bfloat16.round_weights
    name = f"{size}-{wanted.precision}{SUFFIXES[wanted.kind]}"
    try:
        with process.within(BUILDING):
            made = process.call(
                make,
                store.folder_of(manifest.name) / compiled.file,
                folder / name,
                network.input if network.saved_model is None else None,
                Preprocessing(size, manifest.crop, manifest.interpolation),
                photographs.paths if photographs else (),
            )
    except NoTensorFlowError:
        raise
    except ModelError as error:
        raise type(error)(f"{manifest.name} has no {wanted.precision} form: {error}") from error
    return Variant(
        file=name,
        difference=made.difference,
        images=made.images,
        folder=photographs.folder if photographs else "",
        photographs=photographs.digest if photographs else "",
        in_float=made.in_float,
    )
