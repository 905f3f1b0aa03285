"""The installed command on a Ray cluster of two machines of one CPU each, which this machine plays."""

from __future__ import annotations

import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from conftest import Run
from PIL import Image
from s3_server import serving_s3
from shards import tar_bytes, zip_bytes

pytestmark = pytest.mark.slow

COMMAND = str(Path(sys.executable).with_name("mnclassify"))
IMAGES = 160
BROKEN = 7
MEMBERS = 40
_MEMORY = 100 << 20


@dataclass
class Machines:
    """The cluster, one of whose machines can be lost."""

    cluster: Any
    home: Path  # of their model store
    temporary: Path  # where they have temporary files
    second: Any = None

    def lose_one(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)

    def add_one(self) -> None:
        self.second = self.cluster.add_node(num_cpus=1, object_store_memory=_MEMORY)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    from ray.cluster_utils import Cluster

    patch = pytest.MonkeyPatch()
    home, temporary = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("temporary")
    patch.setenv("MNCLASSIFY_HOME", str(home))
    patch.setenv("RAY_TMPDIR", tempfile.gettempdir())  # Ray's own files: paths of sockets are short
    patch.setenv("TMPDIR", str(temporary))
    patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # they are killed
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": _MEMORY}
    with serving_s3(patch):  # machines have the environment of their start
        cluster = Cluster(initialize_head=True, head_node_args=head)
        machines = Machines(cluster, home, temporary)
        machines.add_one()
        yield machines
        cluster.shutdown()
    patch.undo()


@pytest.fixture(autouse=True)
def _on_the_cluster(machines: Machines, embedded_home: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", machines.cluster.address)
    monkeypatch.setenv("MNCLASSIFY_HOME", str(embedded_home))
    monkeypatch.setenv("MNCLASSIFY_MODEL", "efficientnet_lite0")
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    monkeypatch.chdir(work)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos/, of which one is broken, s0.tar, s1.zip, and classes/."""
    work = tmp_path_factory.mktemp("work")
    choose = random.Random(1)
    encoded = []
    for _ in range(IMAGES):
        file = io.BytesIO()
        Image.frombytes("RGB", (8, 8), choose.randbytes(192)).resize((96, 96)).save(file, "JPEG")
        encoded.append(file.getvalue())
    encoded[BROKEN] = b"nothing"
    for number, data in enumerate(encoded):
        path = work / "photos" / f"{number:03}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    entries = [(f"{number:03}.jpg", encoded[number]) for number in range(MEMBERS)]
    (work / "s0.tar").write_bytes(tar_bytes(entries))
    (work / "s1.zip").write_bytes(zip_bytes(entries[::-1]))
    return work


@pytest.fixture(scope="module")
def local(work: Path, embedded_home: Path) -> dict[str, Any]:
    """The records of the run on this machine alone, by path."""
    command = [COMMAND, "photos", "s0.tar", "s1.zip", "-m", "efficientnet_lite0", "-o", "local.jsonl"]
    environment = os.environ | {"MNCLASSIFY_HOME": str(embedded_home)}
    subprocess.run(command, cwd=work, env=environment, check=False, timeout=300)
    return {row["path"]: row for row in rows(work / "local.jsonl")}


def rows(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def assert_equal(found: Any, expected: Any) -> None:
    """Compare records: exactly, but scores within 1e-4."""
    if isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-4)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_equal(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    else:
        assert found == expected


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *arguments, "--runner", "ray"], stderr=subprocess.PIPE, text=True, stdin=subprocess.PIPE, **options
    )


class Fed:
    """A run that gets the paths of its images through a pipe, and is held up when it has done half of them."""

    def __init__(self, output: str, *arguments: str) -> None:
        self.paths = [f"photos/{number:03}.jpg" for number in range(IMAGES)]
        self.process = start("--from", "-", "-o", output, *arguments)
        self.part = Path(f"{output}.part")
        self.feed(self.paths[: IMAGES // 2])

    def wait_for_rows(self) -> None:
        """Wait until a quarter of the images are done."""
        deadline = time.monotonic() + 300
        while not self.part.exists() or self.part.read_bytes().count(b"\n") < IMAGES // 4:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def wait(self, turn: int) -> None:
        """Wait for rows, the first time, and then for any moment after the start or after the first rows."""
        choose = random.Random(f"{self.part}{turn}")
        if turn == 0 or choose.random() < 0.6:
            self.wait_for_rows()
        if turn:
            time.sleep(choose.uniform(0, 8))

    def feed(self, paths: list[str]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{path}\n" for path in paths))
        self.process.stdin.flush()

    def end(self) -> str:
        """Give it the others, and return what it said."""
        return self.process.communicate("".join(f"{path}\n" for path in self.paths[IMAGES // 2 :]), timeout=300)[1]


def test_records_equal_those_of_this_machine_and_both_machines_work(mnclassify: Run, local: dict[str, Any]):
    done = mnclassify("photos", "s0.tar", "s1.zip", "--runner", "ray", "-v", "-o", "ray.jsonl", timeout=300)
    assert done.returncode == 1, done.stderr  # one image is broken, in each of them
    found = rows(Path("ray.jsonl"))
    assert [row["path"] for row in found] == list(local)
    assert_equal(found, list(local.values()))
    counts = re.search(r"images per machine: ([\d, ]+)", done.stderr)
    assert counts is not None
    assert (len(counts[1].split(", ")), sum(map(int, counts[1].split(", ")))) == (2, IMAGES + 2 * MEMBERS)


def test_logs_of_ray_and_of_the_machines_are_not_shown(mnclassify: Run, machines: Machines):
    done = mnclassify("photos/001.jpg", "--runner", "ray", "-f", "path", timeout=300)
    assert (done.stdout, done.stderr) == ("photos/001.jpg\n", "")
    assert list(machines.home.iterdir()) == []  # no machine made a model


def test_machines_write_a_folder_of_parts_which_is_resumed(mnclassify: Run, local: dict[str, Any]):
    arguments = ("s0.tar", "s1.zip", "--kind", "animal", "--sure", "0", "-f", "parquet", "-o")
    assert mnclassify(*arguments, "local-parts/", timeout=300).returncode == 1
    assert mnclassify(*arguments, "parts/", "--runner", "ray", timeout=300).returncode == 1
    folder = Path("parts")
    names = ["_SUCCESS", "_manifest.json", "_options.json", "part-00000.parquet", "part-00001.parquet"]
    assert sorted(path.name for path in folder.iterdir()) == names
    expected = ds.dataset("local-parts").to_table().to_pylist()
    assert len(expected) == 2 * (MEMBERS - 1)
    assert_equal(ds.dataset(folder).to_table().to_pylist(), expected)
    manifest = json.loads((folder / "_manifest.json").read_text())
    assert [(part["archive"], part["rows"]) for part in manifest["parts"]] == [("s0.tar", 39), ("s1.zip", 39)]
    (folder / names[0]).unlink()
    (folder / names[-1]).unlink()
    done = mnclassify(*arguments, "parts/", "--runner", "ray", "--resume", timeout=300)
    assert f"{MEMBERS - 1} images already done" in done.stderr
    assert_equal(ds.dataset(folder).to_table().to_pylist(), expected)


def test_shards_in_a_bucket_become_parts_in_a_bucket(mnclassify: Run, local: dict[str, Any]):
    import s3fs

    bucket = s3fs.S3FileSystem()
    bucket.mkdir("bucket")
    for name in ("s0.tar", "s1.zip"):
        bucket.put(name, f"bucket/{name}")
    arguments = "s3://bucket/s0.tar s3://bucket/s1.zip --runner ray -f jsonl -o s3://bucket/labels/"
    done = mnclassify(*arguments.split(), timeout=300)
    assert done.returncode == 1, done.stderr
    written = sorted(name.rpartition("/")[2] for name in bucket.ls("bucket/labels", detail=False, refresh=True))
    assert written == ["_SUCCESS", "_manifest.json", "_options.json", "part-00000.jsonl", "part-00001.jsonl"]
    lines = b"".join(bucket.cat_file(f"bucket/labels/part-0000{number}.jsonl") for number in range(2))
    expected = [row | {"path": f"s3://bucket/{path}"} for path, row in local.items() if path.startswith("s")]
    assert_equal([json.loads(line) for line in lines.splitlines()], expected)


def test_a_machine_is_lost_and_another_joins(machines: Machines, local: dict[str, Any], kills: int | None):
    for turn in range(kills or 1):
        run = Fed(f"lost{turn}.jsonl")
        run.wait(turn)
        machines.lose_one()
        said = run.end()
        machines.add_one()
        assert run.process.returncode == 1, said  # one image is broken
        found = rows(Path(f"lost{turn}.jsonl"))
        assert [row["path"] for row in found] == run.paths, said
        assert_equal(found, [local[path] for path in run.paths])
    assert list(machines.temporary.rglob("*.tflite")) == []  # killed, the machine's process has left nothing behind


def test_the_command_is_killed_and_resumed(mnclassify: Run, local: dict[str, Any], kills: int | None):
    for turn in range(kills or 1):
        output = Path(f"killed{turn}.jsonl")
        run = Fed(str(output))
        run.wait(turn)
        run.process.kill()
        run.process.wait()
        assert not output.exists()
        done = mnclassify("photos", "-o", str(output), "--resume", "--runner", "ray", timeout=300)
        assert turn or "already done" in done.stderr
        found = rows(output)
        assert [row["path"] for row in found] == run.paths
        assert_equal(found, [local[path] for path in run.paths])


def test_ctrl_c_ends_the_work_on_all_machines_and_leaves_a_file_to_resume():
    run = Fed("interrupted.jsonl")
    run.wait_for_rows()
    run.process.send_signal(signal.SIGINT)
    _, said = run.process.communicate(timeout=120)
    assert run.process.returncode == 130, said
    assert "--resume continues from there" in said
    assert len(rows(Path("interrupted.jsonl.part"))) >= IMAGES // 4
    deadline = time.monotonic() + 60
    while any("MapWorker" in command for command in commands()):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def commands() -> Iterator[str]:
    """The command lines of this machine's processes."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield file.read_text(errors="replace")


def test_vectors_and_an_evaluation_equal_those_of_this_machine(mnclassify: Run):
    few = [f"photos/{number:03}.jpg" for number in range(12)]
    for name, options in (("vectors-here", ()), ("vectors-ray", ("--runner", "ray"))):
        assert mnclassify("embed", *few, *options, "-o", f"{name}.jsonl", timeout=300).returncode == 1
    assert_equal(rows(Path("vectors-ray.jsonl")), rows(Path("vectors-here.jsonl")))
    Path("truth.csv").write_text("path,truth\n" + "".join(f"{path},dog\n" for path in few))
    evaluations = []
    for options in ((), ("--runner", "ray")):
        done = mnclassify("evaluate", *few, "--truth", "csv:truth.csv", "--json", *options, timeout=300)
        evaluations.append(json.loads(done.stdout))
        del evaluations[-1]["images_per_second"]
    assert_equal(*evaluations)
