"""A model in one file: what is in it, and that nothing of it is believed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stored_models
from colour_engine import IMAGES
from conftest import SAMPLES, Run
from in_this_process import InThisProcess
from model_server import tar_of
from views import save_views

from mobilenet_cli import Classifier
from mobilenet_cli.cli import _run
from mobilenet_cli.engines.network_input import SIGNED
from mobilenet_cli.errors import InputError, MnclassifyError, ModelError
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import store
from mobilenet_cli.models.exported import import_exported, is_exported
from mobilenet_cli.models.exporting import export_model
from mobilenet_cli.models.manifest import Compiled, FileRecord, Manifest, Network, Variant


def export(model: str, file: Path) -> Path:
    with file.open("wb") as stream:
        export_model(model, stream)
    return file


def richer(folder: Path) -> Manifest:
    """A model with everything: two kinds, two sizes, a size that does not compile, a variant, SavedModels, labels."""
    tiny = stored_models.fill(folder)
    for name in ("48.tflite", "32-int8.tflite", "32-feature_vector.tflite", "labels.txt", "split.csv"):
        (folder / name).write_text(name)
    variant = Variant("32-int8.tflite", 0.1, 20, "", "", 0)
    compiled = {
        "32": Compiled("32.tflite", 1e-6, variants={"int8": variant}),
        "48": Compiled("48.tflite", 1e-6),
        "64": Compiled(None, None, "it has an operation that LiteRT does not"),
    }
    return replace(
        tiny,
        labels="labels.txt",
        temperature=1.5,
        networks={
            "classification": replace(tiny.networks["classification"], compiled=compiled, input=SIGNED),
            "feature_vector": Network(
                "a test", "/elsewhere/saved_model", 4, "features", {"32": Compiled("32-feature_vector.tflite", 1e-6)}
            ),
        },
    )


def test_a_file_has_the_manifest_the_labels_and_every_compiled_network(tmp_path: Path):
    stored_models.put("tiny", richer)
    with zipfile.ZipFile(export("tiny", tmp_path / "tiny.zip")) as archive:
        assert archive.namelist()[0] == "manifest.json"
        names = {"32.tflite", "48.tflite", "32-int8.tflite", "32-feature_vector.tflite", "labels.txt"}
        assert set(archive.namelist()) == {"manifest.json", *names}
        for name in names:
            assert archive.read(name) == (store.folder_of("tiny") / name).read_bytes()
        manifest = Manifest.parsed(archive.read("manifest.json"), "it")
    assert manifest.temperature == 1.5
    for network in manifest.networks.values():
        assert network.saved_model is None
        assert network.input is None  # its SavedModel takes −1 to 1, and what was compiled from that 0 to 1
    assert manifest.networks["classification"].compiled.keys() == {"32", "48"}
    assert manifest.networks["classification"].compiled["32"].variants.keys() == {"int8"}


def test_a_file_is_the_same_whenever_it_is_written(tmp_path: Path):
    stored_models.put("tiny", richer)
    assert export("tiny", tmp_path / "1.zip").read_bytes() == export("tiny", tmp_path / "2.zip").read_bytes()


def test_a_damaged_model_is_not_exported():
    stored_models.publish()
    (store.folder_of("tiny") / "32.tflite").write_bytes(b"WEIGHTS")  # of the same length
    with pytest.raises(ModelError, match="models verify"):
        export_model("tiny", io.BytesIO())
    with pytest.raises(ModelError, match="models pull mobilenet_v1_100_128"):
        export_model("mobilenet_v1_100_128", io.BytesIO())


def test_a_model_that_only_tensorflow_runs_is_not_exported():
    def build(folder: Path) -> Manifest:
        tiny = stored_models.fill(folder)
        network = replace(tiny.networks["classification"], compiled={"32": Compiled(None, None, "no")})
        return replace(tiny, networks={"classification": network})

    stored_models.put("tiny", build)
    with pytest.raises(ModelError, match="no compiled network"):
        export_model("tiny", io.BytesIO())


# Importing


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """The file of a model that is no longer in the store, whose network is no network."""
    stored_models.publish()
    file = export("tiny", tmp_path / "tiny.zip")
    store.remove("tiny")
    return file


def changed(file: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """Write a file again after a change to its manifest and its members."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def renamed(to: str) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    """Call the network's file otherwise, in the manifest and among the members."""

    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["networks"]["classification"]["compiled"]["32"]["file"] = to
        manifest["files"] = {to: manifest["files"]["32.tflite"]}
        members[to] = members.pop("32.tflite")

    return change


def to_value(**values: Any) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda manifest, members: manifest.update(values)


def network_to_value(**values: Any) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    return lambda manifest, members: manifest["networks"]["classification"].update(values)


CHANGES: dict[str, Callable[[dict[str, Any], dict[str, bytes]], None]] = {
    "a path above": renamed("../../evil.tflite"),
    "an absolute path": renamed("/tmp/evil.tflite"),
    "another system's path": renamed("..\\evil.tflite"),
    "a folder": renamed("folder/32.tflite"),
    "the manifest's own name": renamed("./manifest.json"),
    "other bytes": lambda manifest, members: members.update({"32.tflite": b"WEIGHTS"}),
    "more bytes": lambda manifest, members: members.update({"32.tflite": b"weights" * 1000}),
    "fewer bytes": lambda manifest, members: members.update({"32.tflite": b"weigh"}),
    "another member": lambda manifest, members: members.update({"evil.py": b""}),
    "a missing member": lambda manifest, members: members.clear(),
    "a file that is not listed": lambda manifest, members: manifest.update(files={}),
    "a SavedModel elsewhere": network_to_value(saved_model="/etc"),
    "a SavedModel": network_to_value(saved_model="saved_model"),
    "another kind of output": network_to_value(output="magic"),
    "a width that is no number": network_to_value(width="many"),
    "no size": network_to_value(compiled={}),
    "no networks": to_value(networks={}),
    "another kind of network": to_value(networks={"magic": {}}),
    "labels elsewhere": to_value(labels="../../labels.txt"),
    "labels that are not there": to_value(labels="labels.txt"),
    "another crop": to_value(crop="magic"),
    "another size": to_value(image_size=10**9),
    "a later version": to_value(version=99),
    "a name above": to_value(name="../tiny"),
    "a name that is none": to_value(name=["tiny"]),
    "a reserved name": to_value(name="auto"),
    "a name that leads out of the store": to_value(name="hub-/../../evil"),
    "a value that is not known": to_value(magic=1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_that_was_changed_is_refused_and_leaves_nothing(
    change: Callable[[dict[str, Any], dict[str, bytes]], None], exported: Path, monkeypatch: pytest.MonkeyPatch
):
    # Were it not refused, it would be taken: its network runs.
    monkeypatch.setattr("mobilenet_cli.models.exported._check_runs", lambda *_: None)
    before = everything_below(home().parent)
    with pytest.raises(MnclassifyError) as refused:
        import_exported(changed(exported, change))
    assert "\n" not in str(refused.value)
    assert store.names() == []
    assert everything_below(home().parent) - before <= {home() / "locks" / "tiny.lock"}
    assert not Path("/tmp/evil.tflite").exists()


def everything_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_the_same_file_without_a_change_is_taken(exported: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.models.exported._check_runs", lambda *_: None)
    import_exported(changed(exported, lambda manifest, members: None))
    assert store.problems("tiny") == []


def test_a_file_that_is_cut_is_refused(exported: Path):
    data = exported.read_bytes()
    exported.write_bytes(data[: len(data) // 2])
    assert not is_exported(exported)
    with pytest.raises(ModelError, match="is damaged"):
        import_exported(exported)


def test_an_exported_model_that_is_used_as_it_is_gets_the_command_that_imports_it(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    exported.rename("my tiny.zip")
    Path("red.png").write_bytes(IMAGES["red"])
    for words in (["red.png", "-m"], ["models", "show"]):
        assert _run([*words, "my tiny.zip"]) == 3
        assert "is an exported model" in (said := capfd.readouterr().err)
        assert "`mnclassify models import 'my tiny.zip'`" in said


@pytest.mark.parametrize("name", ["nope.zip", "nope.tflite", "nope"])
def test_a_missing_file_is_missing_before_its_name_is(name: str, capfd: pytest.CaptureFixture[str]):
    assert _run(["models", "import", name]) == 2
    assert capfd.readouterr().err == f"mnclassify: {name} does not exist\n"


def test_a_model_that_does_not_say_its_name_needs_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "net.tflite").write_bytes(b"x")
    assert _run(["models", "import", str(tmp_path / "net.tflite")]) == 2
    assert "Missing option '--name'" in capfd.readouterr().err


def test_a_network_that_does_not_run_here_is_refused(exported: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.models.making.TensorFlowProcess", InThisProcess)
    with pytest.raises(ModelError, match="LiteRT cannot run"):
        import_exported(exported)
    assert store.names() == []
    assert stored_models.leftovers() == []


def test_a_model_is_replaced_only_where_that_is_asked_for(exported: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mobilenet_cli.models.exported._check_runs", lambda *_: None)
    stored_models.publish(b"older")
    with pytest.raises(InputError, match="in the store already; --overwrite"):
        import_exported(exported)
    assert (store.folder_of("tiny") / "32.tflite").read_bytes() == b"older"
    import_exported(exported, overwrite=True)
    assert store.find("tiny").files == {"32.tflite": FileRecord.of(store.folder_of("tiny") / "32.tflite")}
    assert (store.folder_of("tiny") / "32.tflite").read_bytes() == b"weights"
    assert import_exported(exported, "another").name == "another"
    assert store.names() == ["another", "tiny"]
    for name in ("auto", "efficientnet_lite0", "../tiny"):
        with pytest.raises(InputError):
            import_exported(exported, name)


@pytest.mark.parametrize("inside", ["", "mine/"])
def test_a_packed_folder_of_a_model_is_not_taken_for_a_bare_network(exported: Path, tmp_path: Path, inside: str):
    from mobilenet_cli.in_tensorflow.packaged import convert_packaged

    with zipfile.ZipFile(exported) as archive:
        members = {inside + name: archive.read(name) for name in archive.namelist()}
    packed = tmp_path / "mine.tgz"
    packed.write_bytes(tar_of(members=members))
    with pytest.raises(ModelError, match="unpack it, and give that"):
        convert_packaged(packed, tmp_path / "converted", "classification")


def test_a_manifest_of_somebody_else_is_no_obstacle(tmp_path: Path):
    from mobilenet_cli.in_tensorflow.packaged import convert_packaged

    packed = tmp_path / "theirs.tgz"
    for content in (b"{}", b"[]", b"\xff", b"[" * 100_000):
        packed.write_bytes(tar_of(members={"manifest.json": content}))
        with pytest.raises(ModelError, match="it holds no SavedModel"):
            convert_packaged(packed, tmp_path / "converted", "classification")


# The command


@pytest.mark.slow
def test_a_model_gives_the_same_records_after_it_was_carried(mnclassify: Run, tmp_path: Path, embedded_home: Path):
    file = str(tmp_path / "model.zip")
    done = mnclassify("models", "export", "efficientnet_lite0", "-o", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert "classification at 224 pixels (float32)" in done.stderr
    again = mnclassify("models", "export", "efficientnet_lite0", "-o", file)
    assert again.returncode == 4
    assert "--overwrite" in again.stderr

    elsewhere = {"MNCLASSIFY_HOME": str(tmp_path / "elsewhere")}
    assert mnclassify("models", "import", file, env=elsewhere).returncode == 0
    assert mnclassify("models", "import", file, env=elsewhere).returncode == 2
    assert mnclassify("models", "import", file, "--name", "mine", env=elsewhere).returncode == 0
    assert mnclassify("models", "export", "efficientnet_lite0", "-o", f"{file}.2", env=elsewhere).returncode == 0
    assert Path(f"{file}.2").read_bytes() == Path(file).read_bytes()
    images = [str(SAMPLES / "cat.jpg"), "-f", "jsonl"]
    (here,) = mnclassify("-m", "efficientnet_lite0", *images).stdout.splitlines()
    (there,) = mnclassify("-m", "efficientnet_lite0", *images, env=elsewhere).stdout.splitlines()
    (named,) = mnclassify("-m", "mine", *images, env=elsewhere).stdout.splitlines()
    assert json.loads(there) == json.loads(here)
    assert json.loads(named) == json.loads(here) | {"model": "mine"}


@pytest.mark.slow
def test_a_trained_model_is_carried_in_a_file_without_its_training_images(mnclassify: Run, tmp_path: Path):
    for label, name in (("cat", "cat.jpg"), ("espresso", "espresso.webp")):
        save_views(SAMPLES / name, tmp_path / "labelled" / label, range(4), prefix="secret-")
    mine, file = tmp_path / "mine", tmp_path / "mine.zip"
    trained = mnclassify("train", str(tmp_path / "labelled"), "-o", str(mine), "-m", "efficientnet_lite0", timeout=300)
    assert trained.returncode == 0, trained.stderr
    assert mnclassify("models", "export", str(mine), "-o", str(file)).returncode == 0
    with zipfile.ZipFile(file) as archive:
        assert all(b"secret" not in archive.read(name) for name in archive.namelist())
    elsewhere = {"MNCLASSIFY_HOME": str(tmp_path / "elsewhere")}
    done = mnclassify("models", "import", str(file), env=elsewhere)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("mnclassify: mine is ready")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNCLASSIFY_HOME", elsewhere["MNCLASSIFY_HOME"])
        there = next(iter(Classifier("mine").classify([SAMPLES / "cat.jpg"])))
    here = next(iter(Classifier(mine).classify([SAMPLES / "cat.jpg"])))
    assert there.predictions == here.predictions
    assert there.predictions[0].label == "cat"
