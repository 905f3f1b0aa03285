"""A network with a linear head to fill in: TensorFlow makes it once per network, and filling it in needs no TensorFlow.

Importing TensorFlow, loading a network and saving it with a head takes ten seconds or more, whatever the head. So a
SavedModel with a head of zeros is kept in the model store, in $MNCLASSIFY_HOME/heads/VERSION-NETWORK-SIZE:
  saved_model/   has a head for a placeholder number of classes, which is no other dimension in it
  facts.json     that number
  protos.pb      TensorFlow's messages: see tensorflow_files.protos
  expected.npy   the features that the network's SavedModel computes for engines.check.random_images
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.limits import BUILDING
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
# Raise it with every change to `build`, hub_module.save_function or tensorflow_files.protos.
_VERSION = 1
_GRAPH, _VARIABLES = "saved_model.pb", Path("variables", "variables")
# Primes, since the widths of networks are mostly not.
_PLACEHOLDERS = (997, 1009, 1013, 1019)


@dataclass(frozen=True, slots=True)
class HeadTemplate:
    """A template in its folder."""

    folder: Path

    @property
    def protos(self) -> Protos:
        """TensorFlow's messages."""
        return Protos(self.folder / _PROTOS)

    def expected_features(self) -> NDArray[np.float32]:
        """Return the SavedModel's features of engines.check.random_images, float32 [N, features]."""
        import numpy as np

        features: NDArray[np.float32] = np.load(self.folder / _EXPECTED)
        return features

    def fill_in(self, folder: Path, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Write a SavedModel with the hub's interface whose output is features @ kernel + bias.

        Args:
            folder: The SavedModel's folder, which is created.
            kernel: float32 [features, classes].
            bias: float32 [classes].

        Raises:
            ModelError: The template is damaged.
        """
        protos = self.protos
        placeholder: int = json.loads((self.folder / _FACTS).read_text())["classes"]
        (folder / _VARIABLES.parent).mkdir(parents=True)
        self._write_variables(protos, folder, {(len(kernel), placeholder): kernel, (placeholder,): bias})
        self._write_graph(protos, folder, placeholder, classes=len(bias))

    def _write_variables(self, protos: Protos, folder: Path, head: dict[tuple[int, ...], NDArray[np.float32]]) -> None:
        """Write the template's variables, those of its head replaced by others.

        Args:
            protos: TensorFlow's messages.
            folder: The folder of the new SavedModel.
            head: The new head's kernel and bias, by the shapes in the template of those that they replace.
        """
        bundle = Bundle(self.folder / _SAVED_MODEL / _VARIABLES, protos)
        replaced = {}
        for name, entry in bundle.entries.items():
            shape = tuple(dimension.size for dimension in entry.shape.dim)
            if shape in head:
                replaced[name] = head[shape]
        if len(replaced) != len(head):
            raise ModelError(f"{self.folder} is damaged: remove it, and a new one is made")
        bundle.write(folder / _VARIABLES, replaced)

    def _write_graph(self, protos: Protos, folder: Path, placeholder: int, *, classes: int) -> None:
        """Write the template's graph, with `classes` in place of each dimension of `placeholder`."""
        model = protos.parsed("SavedModel", (self.folder / _SAVED_MODEL / _GRAPH).read_bytes())
        for shape in _shapes(model):
            for dimension in shape.dim:
                if dimension.size == placeholder:
                    dimension.size = classes
        (folder / _GRAPH).write_bytes(model.SerializeToString(deterministic=True))


def head_template(network: str, saved_model: Path, image_size: int, progress: Progress) -> HeadTemplate:
    """Return a network's template from the model store, where it is made if it is missing.

    Args:
        network: A key that changes with the network's weights, fit for a file name.
        saved_model: The network's SavedModel, which puts out features.
        image_size: Side of its images in pixels.
        progress: Called with the progress of what takes long.

    Raises:
        StoreError: The model store cannot be written.
        ProcessError: The TensorFlow process died.
        ModelError: The network does not take a head.
    """
    name = f"v{_VERSION}-{network}-{image_size}"
    template = HeadTemplate(home() / "heads" / name)
    if template.folder.is_dir():
        return template
    with store.lock(f"head-{name}"):
        if template.folder.is_dir():  # another process made it meanwhile
            return template
        progress("preparing the network for a new head (once)", None, None)
        with store.writing(), store.staging(f"head-{name}") as folder:
            with TensorFlowProcess(progress, shielded=True) as process, process.within(BUILDING):
                process.call(build, saved_model, folder, image_size)
            template.folder.parent.mkdir(exist_ok=True)
            folder.rename(template.folder)
    return template


def build(saved_model: Path, folder: Path, image_size: int) -> None:
    """Make the template of a network in a folder. Called in the TensorFlow process.

    Raises:
        ModelError: The SavedModel does not map images to features, or cannot be saved again.
    """
    import numpy as np

    from mobilenet_cli.engines import loading, savedmodel, tracing
    from mobilenet_cli.engines.check import random_images

    module = loading.load(saved_model)
    tf = loading.import_tensorflow()
    from mobilenet_cli.in_tensorflow import hub_module

    expected = savedmodel.call(tracing.concrete_function(module, image_size), random_images(image_size))
    np.save(folder / _EXPECTED, expected)
    describe(folder / _PROTOS)
    graph = Protos(folder / _PROTOS).parsed("SavedModel", (saved_model / _GRAPH).read_bytes())
    taken = {dimension.size for shape in _shapes(graph) for dimension in shape.dim}
    classes = next((number for number in _PLACEHOLDERS if number not in taken), None)
    if classes is None:
        raise ModelError(f"{saved_model} has dimensions of {', '.join(map(str, _PLACEHOLDERS))}, all of them")
    (folder / _FACTS).write_text(json.dumps({"classes": classes}))

    network = hub_module.LoadedModule(module)
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
    (folder / _SAVED_MODEL / "fingerprint.pb").unlink(
        missing_ok=True
    )  # it identifies this SavedModel, not the copies with a filled-in head


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
