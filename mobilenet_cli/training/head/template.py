"""A network with a linear head to fill in: made by TensorFlow once a network, filled in without it ever after.

Importing TensorFlow, loading a network and saving it with a head takes ten seconds and more, whatever the head.
So a SavedModel with a head of zeros is kept in the store, $MNCLASSIFY_HOME/heads/VERSION-NETWORK-SIZE:
  saved_model/   whose head is for a number of classes that is no other dimension in it
  protos.pb      see tensorflow_protos
  facts.json     that number
  expected.npy   the features that the network's SavedModel makes of engines.check.random_images
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.process import TensorFlowProcess
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import store
from mobilenet_cli.progress import Progress
from mobilenet_cli.tensorflow_files.protos import Protos, describe
from mobilenet_cli.tensorflow_files.tensor_bundle import Bundle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SAVED_MODEL, _PROTOS, _FACTS, _EXPECTED = "saved_model", "protos.pb", "facts.json", "expected.npy"
# To be raised with every change to `build`, to hub_module.save_function or to tensorflow_files.protos.
_VERSION = 1
_VARIABLES = Path("variables", "variables")
# Primes: the widths of networks are multiples of something.
_PLACEHOLDERS = (997, 1009, 1013, 1019)


@dataclass(frozen=True, slots=True)
class HeadTemplate:
    """The template in a folder."""

    folder: Path

    @property
    def protos(self) -> Protos:
        """TensorFlow's messages."""
        return Protos(self.folder / _PROTOS)

    def expected_features(self) -> NDArray[np.float32]:
        """Return what the network's SavedModel makes of engines.check.random_images, float32 [N, features]."""
        import numpy as np

        features: NDArray[np.float32] = np.load(self.folder / _EXPECTED)
        return features

    def fill_in(self, folder: Path, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Write a SavedModel of the hub's interface that puts out features @ kernel + bias.

        Args:
            folder: Where it goes; made here.
            kernel: float32 [features, classes].
            bias: float32 [classes].

        Raises:
            ModelError: The template is damaged.
        """
        template, protos = self.folder / _SAVED_MODEL, self.protos
        (folder / _VARIABLES.parent).mkdir(parents=True)
        bundle = Bundle(template / _VARIABLES, protos)
        placeholder: int = json.loads((self.folder / _FACTS).read_text())["classes"]
        heads = {name: [each.size for each in entry.shape.dim] for name, entry in bundle.entries.items()}
        tensors = {(*kernel.shape[:1], placeholder): kernel, (placeholder,): bias}
        filled = {name: tensors[shape] for name in heads if (shape := tuple(heads[name])) in tensors}
        if len(filled) != 2:
            raise ModelError(f"{self.folder} is damaged: remove it, and it is made anew")
        bundle.write(folder / _VARIABLES, filled)
        model = protos.parsed("SavedModel", (template / "saved_model.pb").read_bytes())
        for shape in _shapes(model):
            for dimension in shape.dim:
                if dimension.size == placeholder:
                    dimension.size = len(bias)
        (folder / "saved_model.pb").write_bytes(model.SerializeToString(deterministic=True))


def head_template(network: str, saved_model: Path, image_size: int, progress: Progress) -> HeadTemplate:
    """Return a network's template from the store, after putting it there where it is not.

    Args:
        network: What it is called in the store, a file's name that changes with its weights.
        saved_model: The network's SavedModel, which puts out features.
        image_size: The side of its images in pixels.
        progress: Called as long work proceeds.

    Raises:
        StoreError: The store cannot be written.
        ProcessError: TensorFlow's process died.
        ModelError: The network does not take a head.
    """
    name = f"v{_VERSION}-{network}-{image_size}"
    template = HeadTemplate(home() / "heads" / name)
    if template.folder.is_dir():
        return template
    with store.lock(f"head-{name}"):
        if template.folder.is_dir():  # another process has made it while we waited
            return template
        progress("preparing the network for a new head (once)", None, None)
        with store.writing(), store.staging(f"head-{name}") as folder:
            with TensorFlowProcess(progress, shielded=True) as process:
                process.call(
                    "mobilenet_cli.training.head.template:build",
                    saved_model=str(saved_model),
                    destination=str(folder),
                    image_size=image_size,
                )
            template.folder.parent.mkdir(exist_ok=True)
            folder.rename(template.folder)
    return template


def build(saved_model: str, destination: str, image_size: int) -> None:
    """Make the template of a network in a folder. Runs in the TensorFlow process.

    Raises:
        ModelError: The SavedModel does not map images to features, or cannot be saved anew.
    """
    import numpy as np

    from mobilenet_cli.engines import savedmodel
    from mobilenet_cli.engines.check import random_images

    module = savedmodel.load(Path(saved_model))
    tf = savedmodel.import_tensorflow()
    from mobilenet_cli.in_tensorflow import hub_module
    from mobilenet_cli.in_tensorflow.loaded_module import LoadedModule

    folder = Path(destination)
    expected = savedmodel.call(savedmodel.concrete_function(module, image_size), random_images(image_size))
    np.save(folder / _EXPECTED, expected)
    describe(folder / _PROTOS)
    graph = Protos(folder / _PROTOS).parsed("SavedModel", (Path(saved_model) / "saved_model.pb").read_bytes())
    taken = {dimension.size for shape in _shapes(graph) for dimension in shape.dim}
    classes = next((number for number in _PLACEHOLDERS if number not in taken), None)
    if classes is None:
        raise ModelError(f"{saved_model} has dimensions of {', '.join(map(str, _PLACEHOLDERS))}, all of them")
    (folder / _FACTS).write_text(json.dumps({"classes": classes}))

    network = LoadedModule(module)
    kernel = tf.Variable(tf.zeros([expected.shape[1], classes]), name="head/kernel")
    bias = tf.Variable(tf.zeros([classes]), name="head/bias")

    def logits(inputs: Any, training: bool, momentum: Any) -> Any:
        return tf.linalg.matmul(network(inputs, training, momentum), kernel) + bias

    hub_module.save_function(
        logits,
        folder / _SAVED_MODEL,
        "classification",
        variables=[*network.variables, kernel, bias],
        trainable_variables=[*network.trainable_variables, kernel, bias],
        regularization_losses=network.regularization_losses,
        image_size=None if network.takes_any_size() else image_size,
    )
    (folder / _SAVED_MODEL / "fingerprint.pb").unlink(missing_ok=True)  # of this one, not of those made of it


def _shapes(message: Any) -> Iterator[Any]:
    """Yield every TensorShapeProto in a message."""
    if message.DESCRIPTOR.full_name == "tensorflow.TensorShapeProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = list(value.values()) if field.message_type.fields_by_name["value"].message_type else []
        else:
            inner = value if hasattr(value, "extend") else [value]
        for each in inner:
            yield from _shapes(each)
