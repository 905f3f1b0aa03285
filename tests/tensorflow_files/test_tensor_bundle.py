from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from mobilenet_cli.errors import ModelError
from mobilenet_cli.tensorflow_files.protos import Protos, describe
from mobilenet_cli.tensorflow_files.tensor_bundle import Bundle, masked_crc32c


@pytest.fixture
def protos(tmp_path: Path) -> Protos:
    describe(tmp_path / "protos.pb")
    return Protos(tmp_path / "protos.pb")


def test_tensors_are_replaced_and_the_others_stay(tmp_path: Path, protos: Protos) -> None:
    checkpoint = tf.train.Checkpoint(
        **{f"layer_{n}": tf.Variable(np.full((n, 3), n, np.float32)) for n in range(1, 60)}
    )
    before = Path(checkpoint.write(str(tmp_path / "before")))
    name = "layer_7/.ATTRIBUTES/VARIABLE_VALUE"
    bundle = Bundle(before, protos)
    assert [each.size for each in bundle.entries[name].shape.dim] == [7, 3]
    new = np.random.default_rng(0).normal(size=(11, 5)).astype(np.float32)
    (tmp_path / "copy").mkdir()
    bundle.write(tmp_path / "copy" / "after", {name: new})

    read = tf.train.load_checkpoint(str(tmp_path / "copy" / "after"))  # which compares every checksum
    np.testing.assert_array_equal(read.get_tensor(name), new)
    for n in set(range(1, 60)) - {7}:
        np.testing.assert_array_equal(read.get_tensor(f"layer_{n}/.ATTRIBUTES/VARIABLE_VALUE"), np.full((n, 3), n))


def test_a_damaged_index_is_an_error(tmp_path: Path, protos: Protos) -> None:
    prefix = Path(tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(tmp_path / "c")))
    index = prefix.with_name("c.index")
    for content in (b"", b"no table", index.read_bytes()[:-1], bytes(40) + index.read_bytes()[-8:]):
        index.write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            Bundle(prefix, protos)


def test_the_checksum_is_the_one_of_a_library() -> None:
    import google_crc32c

    for content in (b"", b"123456789", bytes(range(256)) * 9):
        crc = google_crc32c.value(content)
        assert masked_crc32c(content) == (((crc >> 15) | (crc << 17 & 0xFFFFFFFF)) + 0xA282EAD8) % 2**32
    assert google_crc32c.value(b"123456789") == 0xE3069283  # RFC 3720
