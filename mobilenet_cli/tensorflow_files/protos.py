"""TensorFlow's protocol buffers without TensorFlow, which writes their descriptions to a file once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_MODULES = ("core.protobuf.saved_model_pb2", "core.protobuf.tensor_bundle_pb2")


def describe(file: Path) -> None:
    """Write the message descriptions of SavedModels and checkpoints. Runs in the TensorFlow process."""
    from importlib import import_module

    from google.protobuf import descriptor_pb2

    described: dict[str, Any] = {}

    def add(descriptor: Any) -> None:
        if descriptor.name not in described:
            for dependency in descriptor.dependencies:
                add(dependency)
            described[descriptor.name] = descriptor_pb2.FileDescriptorProto()
            descriptor.CopyToProto(described[descriptor.name])

    for module in _MODULES:
        add(import_module(f"tensorflow.{module}").DESCRIPTOR)
    file.write_bytes(descriptor_pb2.FileDescriptorSet(file=described.values()).SerializeToString())


class Protos:
    """The message types in a file that `describe` wrote."""

    def __init__(self, file: Path) -> None:
        from google.protobuf import descriptor_pb2, descriptor_pool

        self._pool = descriptor_pool.DescriptorPool()
        for description in descriptor_pb2.FileDescriptorSet.FromString(file.read_bytes()).file:
            self._pool.Add(description)

    def parsed(self, name: str, content: bytes) -> Any:
        """Return `content` decoded as a message of the type tensorflow.`name`."""
        from google.protobuf import message_factory

        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"tensorflow.{name}")).FromString(
            content
        )
