"""What a user reads where a package is missing."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec

import pytest

from mobilenet_cli.engines import ENGINES
from mobilenet_cli.errors import FallbackWarning, InputError, ModelError, NoTensorFlowError
from mobilenet_cli.in_tensorflow import child
from mobilenet_cli.machine import extras
from mobilenet_cli.models.acquire import acquire
from mobilenet_cli.training.trainer import Trainer

INSTALL = f"`{shlex.quote(sys.executable)} -m pip install mobilenet-cli`"


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without TensorFlow, as far as anybody asks before importing it."""

    def find(name: str) -> object:
        return None if name == "tensorflow" else find_spec(name)

    monkeypatch.setattr(extras, "find_spec", find)


@pytest.mark.usefixtures("no_tensorflow")
def test_a_model_that_has_to_be_made_is_refused_before_any_server_is_asked(hub, monkeypatch: pytest.MonkeyPatch):
    for name in ("HUB", "KAGGLE", "SLIM"):
        monkeypatch.setenv(f"MNCLASSIFY_{name}_URL", hub.url)
    for name in ("auto", "mobilenet_v1_100_128", "efficientnet_lite0", f"{hub.url}/some/model"):
        with pytest.raises(NoTensorFlowError) as refused:
            acquire(name)
        message = str(refused.value)
        assert INSTALL in message
        assert "models export" in message
        assert "\n" not in message
    assert hub.requests == []


@pytest.mark.usefixtures("no_tensorflow")
def test_auto_uses_the_embedded_model_that_the_store_has(embedded_home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    with pytest.warns(FallbackWarning) as caught:
        assert acquire("auto").name == "efficientnet_lite0"
    (warning,) = (each.message for each in caught)
    assert warning.short == "mobilenet_v1_100_128 is not in the store; using the embedded efficientnet_lite0"


@pytest.mark.usefixtures("no_tensorflow")
def test_training_and_the_reference_engine_say_what_to_install(tmp_path):
    with pytest.raises(NoTensorFlowError, match=r"training needs TensorFlow, which is not installed: .*pip install"):
        Trainer([str(tmp_path)], tmp_path / "model")
    with pytest.raises(InputError) as refused:
        ENGINES["tensorflow"].check_installed()
    assert INSTALL in str(refused.value)


@pytest.mark.usefixtures("no_tensorflow")
def test_an_extra_does_not_bring_tensorflow():
    assert extras.install_command("parquet").startswith(f"{shlex.quote(sys.executable)} -m pip install 'pyarrow>=")
    command = extras.install_command("remote")
    assert all(package in command for package in ("fsspec", "aiohttp", "s3fs", "gcsfs"))
    assert "mobilenet-cli" not in command


@pytest.mark.usefixtures("no_tensorflow")
def test_a_call_that_imports_a_missing_package_says_so():
    own = child._own_error(ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow"))
    assert isinstance(own, NoTensorFlowError)
    assert INSTALL in str(own)


def test_where_tensorflow_is_installed_another_missing_module_keeps_its_name():
    own = child._own_error(ModuleNotFoundError("No module named 'layers_of_mine'", name="layers_of_mine"))
    assert type(own) is ModelError
    assert "layers_of_mine" in str(own)
