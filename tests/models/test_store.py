from __future__ import annotations

import json
import multiprocessing
import os
import pwd
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from stored_models import add, fill, leftovers, publish, put

from mobilenet_cli.errors import ModelError, StoreError
from mobilenet_cli.in_tensorflow.compiler import CompiledNetwork
from mobilenet_cli.machine.home import home
from mobilenet_cli.models import building, making, store
from mobilenet_cli.models.acquire import acquire
from mobilenet_cli.models.manifest import Compiled, FileRecord, Manifest, Network
from mobilenet_cli.models.origin import Origin
from mobilenet_cli.models.wanted import Wanted


def test_a_published_model_is_found_with_the_hash_of_each_file():
    assert store.find("tiny") is None
    published = publish()
    assert store.find("tiny") == published
    # sha256sum of "weights"
    digest = subprocess.run(["sha256sum"], input=b"weights", capture_output=True, check=True).stdout.split()[0].decode()
    assert published.files["saved_model/saved_model.pb"] == FileRecord(7, digest)
    assert store.names() == ["tiny"]
    assert store.problems("tiny") == []
    assert leftovers() == []


def test_a_failure_while_it_is_made_leaves_nothing():
    def fail(folder: Path) -> Manifest:
        fill(folder)
        raise ModelError("no")

    with store.lock("tiny"), pytest.raises(ModelError, match="no"):
        put("tiny", fail)
    assert store.find("tiny") is None
    assert leftovers() == []


def test_publishing_again_replaces_the_model():
    publish(b"old")
    publish(b"new")
    assert (store.folder_of("tiny") / "32.tflite").read_bytes() == b"new"
    assert store.problems("tiny") == []


def test_a_changed_byte_and_a_missing_file_are_found():
    publish()
    folder = store.folder_of("tiny")
    (folder / "32.tflite").write_bytes(b"Weights")
    assert store.problems("tiny") == ["32.tflite has changed since it was stored"]
    (folder / "saved_model" / "saved_model.pb").unlink()
    assert "saved_model/saved_model.pb is missing" in store.problems("tiny")


def test_a_savedmodel_that_is_used_where_it_is_must_be_there(tmp_path):
    network = Network("here", str(tmp_path / "model"), 2, "logits")
    with store.lock("tiny"):
        put("tiny", lambda folder: replace(fill(folder), networks={"classification": network}))
    assert store.problems("tiny") == [f"{tmp_path / 'model'}, which it is used from, is not there"]
    (tmp_path / "model").mkdir()
    assert store.problems("tiny") == []


def test_a_model_that_lost_a_file_or_bytes_counts_as_absent():
    publish()
    (store.folder_of("tiny") / "32.tflite").write_bytes(b"short")
    assert store.find("tiny") is None
    publish()
    (store.folder_of("tiny") / "32.tflite").unlink()
    assert store.find("tiny") is None


def add_file(folder: Path) -> None:
    (folder / "64.tflite").write_bytes(b"more")


def test_files_added_later_are_recorded_and_the_others_stay_as_they_were():
    published = publish()
    folder = store.folder_of("tiny")
    (folder / "32.tflite").write_bytes(b"Weights")
    (folder / "48.1234.tmp").write_bytes(b"of a process that was killed")
    extended = add("tiny", lambda folder: add_file(folder) or published)
    assert store.find("tiny") == extended
    assert extended.files == published.files | {"64.tflite": FileRecord.of(folder / "64.tflite")}
    assert store.problems("tiny") == ["32.tflite has changed since it was stored"]
    assert leftovers() == []


def test_what_is_replaced_leaves_no_records():
    published = publish()

    def other(folder: Path) -> Manifest:
        (folder / "saved_model").mkdir()
        (folder / "saved_model" / "other.pb").write_bytes(b"x")
        return published

    assert set(add("tiny", other).files) == {"32.tflite", "saved_model/other.pb"}
    assert store.problems("tiny") == []


def test_compiling_another_size_does_not_make_a_damaged_file_good(monkeypatch):
    publish()
    (store.folder_of("tiny") / "saved_model" / "saved_model.pb").write_bytes(b"Weights")
    compiled = Compiled("64.tflite", 1e-6)
    compiled_into = []

    def compile_network(process, saved_model, folder, *_, **__):
        compiled_into.append(folder)
        add_file(folder)
        return CompiledNetwork(64, 3, "logits", compiled.file, compiled.difference)

    monkeypatch.setattr(building, "compile_network", compile_network)
    extended = making.obtain(Origin("tiny", "tiny"), Wanted("classification", 64, True, True, lambda *_: None))
    assert extended.networks["classification"].compiled["64"] == compiled
    assert store.problems("tiny") == ["saved_model/saved_model.pb has changed since it was stored"]
    assert not compiled_into[0].is_relative_to(home() / "models")


def test_each_process_makes_a_model_in_a_folder_of_its_own():
    orphaned = []
    for _ in range(2):
        with store.lock("tiny"):
            # A process that outlived the one that held the lock writes on.
            put("tiny", lambda folder: (orphaned.append(folder), fill(folder))[1])
        orphaned[0].mkdir(parents=True)
        (orphaned[0] / "32.tflite").write_bytes(b"half")
    assert len(set(orphaned)) == 2
    assert store.problems("tiny") == []
    assert (store.folder_of("tiny") / "32.tflite").read_bytes() == b"weights"
    store.remove("tiny")
    assert leftovers() == []


def test_a_model_is_extended_as_a_whole_or_not_at_all():
    published = publish()

    def half(folder: Path) -> Manifest:
        (folder / "half").write_bytes(b"x")
        raise ModelError("no")

    with pytest.raises(ModelError, match="no"):
        add("tiny", half)
    assert not (store.folder_of("tiny") / "half").exists()

    def whole(folder: Path) -> Manifest:
        (folder / "more").mkdir()
        (folder / "more" / "file").write_bytes(b"x")
        return published

    for _ in range(2):  # again over what an earlier one left
        assert "more/file" in add("tiny", whole).files
    assert store.problems("tiny") == []
    assert leftovers() == []


def test_removing_a_model_leaves_no_trace_of_it():
    publish()
    store.remove("tiny")
    assert store.names() == []
    assert leftovers() == []
    with pytest.raises(ModelError, match="not in the store"):
        store.remove("tiny")


def test_a_damaged_manifest_is_an_error_that_says_what_to_do():
    publish()
    file = store.folder_of("tiny") / "manifest.json"
    for content in (b"{", json.dumps({"name": "tiny"}).encode(), b"[]", b"\xff"):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=r"damaged.*remove"):
            store.find("tiny")


def test_a_manifest_has_a_version_and_a_later_one_asks_for_an_upgrade():
    published = publish()
    file = store.folder_of("tiny") / "manifest.json"
    values = json.loads(file.read_text())
    assert values.pop("version") == 1
    file.write_text(json.dumps(values))
    assert store.find("tiny") == published
    file.write_text(json.dumps(values | {"version": 99, "something": "new"}))
    with pytest.raises(ModelError, match=r"later mnclassify: upgrade"):
        store.find("tiny")


def test_without_a_home_folder_the_variable_is_named(monkeypatch):
    def unknown(user: object) -> None:
        raise KeyError(user)

    monkeypatch.setenv("MNCLASSIFY_HOME", "~no-such-user/models")
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        store.names()
    for name in ("MNCLASSIFY_HOME", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        store.names()


def test_where_neither_the_home_folder_nor_temporary_files_can_be_written_likewise(monkeypatch, unprivileged):
    for name in ("MNCLASSIFY_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(unprivileged))
    monkeypatch.setattr("tempfile.tempdir", str(unprivileged))
    unprivileged.chmod(0o500)
    with pytest.raises(StoreError, match="MNCLASSIFY_HOME"):
        acquire("efficientnet_lite0")
    unprivileged.chmod(0o700)


def test_a_store_that_cannot_be_made_is_an_error_that_names_the_variable(monkeypatch):
    monkeypatch.setenv("MNCLASSIFY_HOME", "/dev/null/nowhere")
    with pytest.raises(ModelError, match="MNCLASSIFY_HOME"), store.lock("tiny"):
        pass


def test_the_users_cache_is_the_store_where_nothing_is_set(monkeypatch, tmp_path):
    monkeypatch.delenv("MNCLASSIFY_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert home() == tmp_path / "mnclassify"


def _publish_slowly(number: int, queue: multiprocessing.Queue[str]) -> None:
    waited = []
    with store.lock("tiny", waiting=lambda: waited.append(True)):
        if store.find("tiny") is None:
            put("tiny", lambda folder: (time.sleep(0.3), fill(folder))[1])
            queue.put("made")
        else:
            queue.put("found")


def test_of_several_processes_one_makes_the_model_and_the_others_find_it():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    processes = [context.Process(target=_publish_slowly, args=(number, queue)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
    assert sorted(queue.get(timeout=5) for _ in processes) == ["found", "found", "made"]


def test_a_process_killed_while_it_makes_a_model_leaves_none_and_frees_the_lock(tmp_path):
    script = (
        "import sys, time\n"
        "from mobilenet_cli.models import store\n"
        "with store.lock('tiny'), store.new_files('tiny') as folder:\n"
        "    (folder / 'half').write_bytes(b'x' * 1000)\n"
        "    print('building', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "building\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert store.find("tiny") is None
    publish()
    assert store.problems("tiny") == []
    assert leftovers() == []
