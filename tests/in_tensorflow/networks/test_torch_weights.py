"""Reading PyTorch's weights: tensors come out as they went in, and nothing else comes out at all."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.networks.torch_weights import load_state_dict

HEADER = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]


def ints(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(b"I%d\n" % value for value in values) + b"t"


def tensor(
    key: str, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, storage: str = "FloatStorage"
) -> bytes:
    """Return the pickle opcodes with which torch.save writes one tensor."""
    persistent_id = f"(S'storage'\nctorch\n{storage}\nS'{key}'\nS'cpu'\nI0\nNtQ".encode()
    extent = b"I%d\n" % offset + ints(shape) + ints(strides)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent_id + extent + b"I00\nccollections\nOrderedDict\n)RtR"


def legacy_file(path: Path, tensors: dict[str, bytes], storages: dict[str, np.ndarray]) -> Path:
    items = b"".join(f"S'{name}'\n".encode() + opcodes for name, opcodes in tensors.items())
    state = b"ccollections\nOrderedDict\n)R(" + items + b"u."
    data = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in storages.values())
    path.write_bytes(b"".join(HEADER) + state + pickle.dumps(list(storages), 2) + data)
    return path


def test_reads_values_shapes_and_types(tmp_path: Path) -> None:
    floats, counter = np.arange(6, dtype="<f4") / 7, np.array([41], "<i8")
    tensors = {"a.weight": tensor("0", (2, 3), (3, 1)), "a.count": tensor("1", (), (), storage="LongStorage")}
    state = load_state_dict(legacy_file(tmp_path / "x.pth", tensors, {"0": floats, "1": counter}))
    assert list(state) == ["a.weight", "a.count"]
    np.testing.assert_array_equal(state["a.weight"], floats.reshape(2, 3))
    assert state["a.weight"].dtype == np.float32
    assert state["a.count"].shape == ()
    assert state["a.count"] == 41


def test_follows_strides_and_offsets_into_a_shared_storage(tmp_path: Path) -> None:
    data = np.arange(10, dtype="<f4")
    tensors = {"turned": tensor("0", (3, 2), (1, 3)), "tail": tensor("0", (4,), (1,), offset=6)}
    state = load_state_dict(legacy_file(tmp_path / "x.pth", tensors, {"0": data}))
    np.testing.assert_array_equal(state["turned"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(state["tail"], [6, 7, 8, 9])


@pytest.mark.parametrize("before", range(5), ids=["first", "second", "third", "state dict", "keys"])
def test_a_pickle_that_runs_a_command_is_refused_and_not_run(tmp_path: Path, before: int) -> None:
    ran = tmp_path / "ran"
    attack = f"cos\nsystem\n(S'touch {ran}'\ntR.".encode()
    pickle.loads(attack)
    assert ran.exists(), "the attack should work on an ordinary unpickler"
    ran.unlink()
    path = tmp_path / "x.pth"
    path.write_bytes(b"".join([*HEADER, b"}."][:before]) + attack)
    with pytest.raises(ModelError, match=r"os\.system"):
        load_state_dict(path)
    assert not ran.exists()


@pytest.mark.parametrize("name", ["builtins\neval", "torch\nload", "numpy\nload", "collections\nCounter"])
def test_other_names_are_refused_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(f"c{name}\n.".encode())
    with pytest.raises(ModelError, match=name.replace("\n", r"\.")):
        load_state_dict(path)


def test_a_file_cut_short_anywhere_is_an_error(tmp_path: Path) -> None:
    tensors = {"a": tensor("0", (2, 3), (3, 1))}
    whole = legacy_file(tmp_path / "x.pth", tensors, {"0": np.ones(6, "<f4")}).read_bytes()
    cut = tmp_path / "cut.pth"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"cut\.pth"):
            load_state_dict(cut)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"), [((7,), (1,), 0), ((2, 3), (6, 1), 0), ((1,), (1,), 6), ((2,), (-1,), 1)]
)
def test_a_tensor_that_reaches_outside_its_data_is_an_error(
    tmp_path: Path, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    tensors = {"a": tensor("0", shape, strides, offset)}
    with pytest.raises(ModelError, match="beyond its data"):
        load_state_dict(legacy_file(tmp_path / "x.pth", tensors, {"0": np.ones(6, "<f4")}))


def test_other_formats_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_state_dict(tmp_path / "missing.pth")
    with zipfile.ZipFile(tmp_path / "zip.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"}.")
    with pytest.raises(ModelError, match=r"zip\.pth"):
        load_state_dict(tmp_path / "zip.pth")
    (tmp_path / "other.pth").write_bytes(pickle.dumps(1) * 5)
    with pytest.raises(ModelError, match="format before"):
        load_state_dict(tmp_path / "other.pth")
