"""Read the tensors of a PyTorch `.pth` file without PyTorch, and without trusting it.

The format is the one that `torch.save` wrote before version 1.6: a few pickles one after the other, then the
tensors' bytes. Unpickling is what makes such files dangerous, so the unpickler here knows tensors and
nothing else.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mobilenet_cli.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of numbers that one or more tensors look at."""

    key: str
    dtype: str


@dataclass(frozen=True, slots=True)
class _TensorView:
    """A tensor before its bytes are read; offset and strides count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def load_state_dict(path: Path) -> dict[str, np.ndarray]:
    """Read the state dict that a `.pth` file holds.

    Args:
        path: A file of `torch.save`'s format before PyTorch 1.6 (not the zip format).

    Returns:
        Name to array, in the file's order and with the shapes that PyTorch shows; float32, or int64 for
        counters.

    Raises:
        ModelError: The file is missing, cut short, of another format, or asks for anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except Exception as error:
        # A damaged pickle can fail in almost any way: EOFError, KeyError, UnicodeDecodeError, …
        raise ModelError(f"{path} is damaged ({type(error).__name__}: {error}): install it again.") from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    header = [_TensorUnpickler(file).load() for _ in range(2)]
    if header != [_MAGIC_NUMBER, _PROTOCOL_VERSION]:
        raise ModelError("not a PyTorch file of the format before 1.6: install it again.")
    _TensorUnpickler(file).load()  # sizes of C types on the machine that wrote it
    views = _TensorUnpickler(file).load()
    keys = _TensorUnpickler(file).load()
    dtypes = {view.storage.key: view.storage.dtype for view in views.values()}
    data = {key: _read_storage(file, dtypes[key]) for key in keys}
    return {name: _resolve(view, data[view.storage.key]) for name, view in views.items()}


def _read_storage(file: BinaryIO, dtype: str) -> np.ndarray:
    (count,) = struct.unpack("<q", file.read(8))
    size = count * np.dtype(dtype).itemsize
    data = file.read(size) if size >= 0 else b""
    if len(data) != size:
        raise ModelError("the file is cut short: install it again.")
    return np.frombuffer(data, dtype)


def _resolve(view: _TensorView, data: np.ndarray) -> np.ndarray:
    last = view.offset + sum((n - 1) * stride for n, stride in zip(view.shape, view.strides, strict=True))
    # as_strided does not check its bounds: what lies outside would be read from other memory.
    if min(view.offset, *view.strides, *view.shape, 0) < 0 or last >= data.size:
        raise ModelError("a tensor reaches beyond its data: install the file again.")
    byte_strides = [stride * data.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(data[view.offset :], view.shape, byte_strides).copy()


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _TensorView:
    """Stand in for `torch._utils._rebuild_tensor_v2`; what follows the strides matters in training alone."""
    return _TensorView(storage, offset, shape, strides)


class _TensorUnpickler(pickle.Unpickler):
    """An unpickler that finds these four names and refuses every other."""

    _ALLOWED: dict[tuple[str, str], Any] = {  # noqa: RUF012 - never changed
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): "<f4",
        ("torch", "LongStorage"): "<i8",
    }

    def find_class(self, module: str, name: str) -> Any:
        """Look a global name up in the allow-list, and nowhere else."""
        try:
            return self._ALLOWED[module, name]
        except KeyError:
            raise ModelError(f"asks for {module}.{name}, which is no tensor: do not use this file.") from None

    def persistent_load(self, pid: Any) -> _Storage:
        """Make the record of a storage, whose bytes follow after the pickles."""
        tag, dtype, key, _device, _count, _view = pid
        if tag != "storage":
            raise ModelError(f"holds {tag!r}, which is no tensor: do not use this file.")
        return _Storage(key, dtype)
