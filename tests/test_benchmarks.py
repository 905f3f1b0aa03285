"""The benchmarks are part of the project: what they measure, compare and promise is tested like the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import cluster, material, tables
from benchmarks.contenders import OURS, TF_DATA, WEB_PAGE, contenders
from benchmarks.measure import FailedError, Usage, environment, run
from benchmarks.targets import share_of_bound, targets
from mobilenet_cli.inputs.find import find_sources

ROOT = Path(__file__).resolve().parents[1]


def python(code: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", code)


def test_a_process_is_measured_whole(tmp_path: Path):
    busy = "import time; x = bytearray(150 << 20); print('out')\nwhile time.process_time() < 0.3: pass\ntime.sleep(0.3)"
    # By a process of its own, since a process that measures must be small.
    measure = (
        "import sys, json, dataclasses; from pathlib import Path; from benchmarks.measure import run;"
        f"print(json.dumps(dataclasses.asdict(run((sys.executable, '-c', {busy!r}), {{}}, Path(sys.argv[1])))))"
    )
    output = tmp_path / "output"
    done = subprocess.run([*python(measure), str(output)], cwd=ROOT, capture_output=True, text=True, check=True)
    usage = Usage(**json.loads(done.stdout))
    assert output.read_text() == "out\n"
    assert usage.wall >= 0.6 > usage.cpu >= 0.3
    assert 150 <= usage.peak < 175


def test_a_process_that_fails_is_no_measurement(tmp_path: Path):
    with pytest.raises(FailedError, match=r"failed \(3\):\nno such luck"):
        run(python("import sys; print('no such luck', file=sys.stderr); sys.exit(3)"), {}, tmp_path / "output")


def test_each_measure_has_its_own_median():
    usages = [Usage(1, 30, 200), Usage(2, 10, 300), Usage(9, 20, 100)]
    assert Usage.median(usages) == Usage(2, 20, 200)


def test_contenders_run_as_installed_and_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = environment(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in variables
    assert variables["MNCLASSIFY_HOME"] == str(tmp_path)


def test_files_are_the_originals_over_and_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    originals = [tmp_path / "a.JPEG", tmp_path / "b.JPEG"]
    for path in originals:
        path.write_text(path.name)
    material.links(tmp_path / "links", originals, 3)

    def refuse(*_: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    material.links(tmp_path / "copies", originals, 3)
    for folder, links in ("links", 3), ("copies", 1):
        made = sorted((tmp_path / folder).iterdir())
        assert [path.name for path in made] == ["00000000.jpeg", "00000001.jpeg", "00000002.jpeg"]
        assert [path.read_text() for path in made] == ["a.JPEG", "b.JPEG", "a.JPEG"]
        assert made[2].stat().st_nlink == links


def test_a_tree_has_a_thousand_files_a_folder(tmp_path: Path):
    (tmp_path / "a.jpg").touch()
    material.tree(tmp_path / "tree", [tmp_path / "a.jpg"], 1002)
    assert [len(list(folder.iterdir())) for folder in sorted((tmp_path / "tree").iterdir())] == [1000, 2]


def test_made_up_photographs_weigh_what_photographs_weigh(tmp_path: Path):
    paths = material.make_up(tmp_path, 4)
    sizes = [Image.open(path).size for path in paths]
    assert sizes == [(500, 375), (375, 500), (500, 333), (500, 500)]
    # ImageNet's have about 110 kB: 4.7 bits a pixel.
    assert all(4 < path.stat().st_size * 8 / (w * h) < 6 for path, (w, h) in zip(paths, sizes, strict=True))


def figures(slower: float = 1.0) -> dict[str, Any]:
    """Return figures whose every target is just met, or missed where `slower` is above 1."""

    def usages(**walls: float) -> dict[str, list[dict[str, float]]]:
        return {name: [{"wall": wall, "cpu": wall, "peak": wall * 100}] for name, wall in walls.items()}

    one = usages(**{OURS: 1.0 * slower, WEB_PAGE: 12.0})
    photos = usages(**{OURS: 1.0 * slower, WEB_PAGE: 5.0, TF_DATA: 1.6})
    scale = usages(start=1.0, few=10.9, many=1.0 + 11.0 * slower)
    scale["few"][0]["peak"], scale["many"][0]["peak"] = 200, 220 * slower
    return {
        "one": {"images": 1, "usages": one},
        "photos": {
            "images": 1000,
            "usages": photos,
            "bound": {"decoding": [[4.0, 4.0]], "inference": [[5.0, 5.0]], "pipeline": [[10.0 * slower, 10.0]]},
        },
        "large": {
            "images": 40,
            "usages": usages(**{OURS: 1.0}),
            "decoding": {"full": [4.0], "scaled": [1.0 * slower]},
        },
        "formats": {
            "images": 1,
            "seconds": {
                name: {"decoder": 0.8, "ours": 1.0 * slower, "whole": gain}
                for name, gain in (
                    ("HEIC with a thumbnail", 15),
                    ("JPEG 2000", 6),
                    ("JPEG, progressive", 3),
                    ("HEIC", 1),
                )
            },
        },
        "scale": {
            "start": scale["start"],
            "few": {"images": 101, "usages": scale["few"]},
            "many": {"images": 101, "usages": scale["many"]},
            "first row": [1.0 * slower],
        },
    }


def test_what_just_meets_its_target_passes_and_what_is_slower_misses_it():
    # Memory of one image is far within its bound in both.
    assert [target.met for target in targets(figures())] == [True] * 18
    missed = [target.text for target in targets(figures(slower=1.15)) if not target.met]
    assert len(missed) == 17


def precisions(**suited: bool) -> dict[str, Any]:
    """Return figures of the precisions whose targets are just met."""
    inference = {
        "MobileNet V1 1.0/128": {"LiteRT float32": {"4": 3.0}, "OpenVINO bfloat16": {"4": 1.0}},
        "EfficientNet-Lite0": {"LiteRT float32": {"4": 10.0}, "LiteRT int8": {"4": 4.0}},
    }
    pipeline = {
        "MobileNet V1 1.0/128": {"LiteRT float32": 100.0, "OpenVINO bfloat16": 200.0},
        "EfficientNet-Lite0": {"LiteRT float32": 100.0, "LiteRT int8": 180.0},
    }
    precision = {"suited": {"float32": True, **suited}, "inference": inference, "pipeline": pipeline}
    return {"machine": {"processor": "Some (avx2)"}, "precision": precision}


def test_precisions_have_targets_where_the_processor_has_the_instructions():
    met = list(targets(precisions(bfloat16=True, int8=True)))
    assert [(target.least, target.met) for target in met] == [(3, True), (2, True), (2.5, True), (1.8, True)]
    assert [target.least for target in targets(precisions(bfloat16=False, int8=True))] == [2.5, 1.8]
    assert not list(targets(precisions(bfloat16=False, int8=False)))
    slower = precisions(bfloat16=True, int8=True)
    slower["precision"]["pipeline"]["EfficientNet-Lite0"]["LiteRT int8"] = 170.0
    assert [target.met for target in targets(slower)] == [True, True, True, False]


def test_the_table_of_precisions_names_the_processor():
    lines = list(tables.lines(precisions(bfloat16=False, int8=True)))
    assert "Precisions on Some (avx2); instructions for float32 yes, bfloat16 no, int8 yes" in lines
    assert any("LiteRT int8" in line and "4.00" in line and "180.0" in line for line in lines)


def test_only_the_suites_that_ran_have_targets():
    assert not list(targets({"machine": {}, "tiny": {}}))
    assert len(list(targets({"large": figures()["large"]}))) == 1


def test_the_bound_is_one_after_the_other():
    # 1,000 images: 500 and 250 images/s alone, so 1 / (1/500 + 1/250) = 166.7 at best; 150 were reached.
    bound = {"decoding": [[2.0, 0.0]], "inference": [[4.0, 0.0]], "pipeline": [[1000 / 150, 1.0]]}
    assert share_of_bound(bound) == pytest.approx(150 / (1 / (1 / 500 + 1 / 250)))


def test_tables_line_up_and_show_what_is_missed():
    lines = list(tables.lines(figures(slower=2.0)))
    assert any(line.startswith("| MISS |") and "tf.data" in line for line in lines)
    assert "One photograph, whole process" in lines
    run_of_lines: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            run_of_lines.append(line)
        else:
            assert len({len(row) for row in run_of_lines}) <= 1
            run_of_lines = []


@pytest.mark.slow
def test_a_quick_run_measures_every_contender(tmp_path: Path):
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "one", "--work", str(tmp_path), "--json", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    measured = json.loads(results.read_text())
    assert list(measured["one"]["usages"]) == [contender.name for contender in contenders(tmp_path)]
    assert all(usage[0]["peak"] > 30 for usage in measured["one"]["usages"].values())
    for name in measured["one"]["usages"]:
        assert f"| {name}" in done.stdout
    assert "peak memory of the web page's loop over ours" in done.stdout


def test_archives_have_the_images_of_the_folder_beside_them(tmp_path: Path):
    folder = tmp_path / material.FOLDER
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (8, 8), (number * 80, 0, 0)).save(folder / f"{number}.png")
    wanted = [file.read_bytes() for file in sorted(folder.iterdir())]
    for name in material.archives(tmp_path):
        sources = list(find_sources([str(tmp_path / name)]))
        found = [each.data if each.content is None else each.content.read() for each in sources]
        assert found == wanted, name


def test_shards_have_all_photographs(tmp_path: Path):
    originals = [tmp_path / f"{number}.jpg" for number in range(3)]
    for original in originals:
        original.write_bytes(original.name.encode())
    material.tars(tmp_path / "tars", originals, 40)
    sources = list(find_sources([str(path) for path in sorted((tmp_path / "tars").glob("*.tar"))]))
    assert [each.content.read() for each in sources if each.content] == [b"0.jpg", b"1.jpg", b"2.jpg"] * 13 + [b"0.jpg"]
    assert [path.name for path in sorted((tmp_path / "tars" / "start").iterdir())] == ["00.tar", "01.tar"]


def on_a_cluster(seconds: float) -> dict[str, Any]:
    start, whole = {"this machine": [1.0], "cluster": [9.0]}, {"this machine": [86.0], "cluster": [9.0 + seconds]}
    measured = {"start": start, "seconds": whole, "difference": 1e-6, "images per machine": [4, 6], "images": 1000}
    return {"cluster": measured}


def test_a_cluster_may_be_a_little_slower_after_its_start():
    assert [target.met for target in targets(on_a_cluster(99.9))] == [True, True, True]
    assert [target.met for target in targets(on_a_cluster(100.1))] == [False, True, True]
    assert any("| cluster      |" in line and "10.0" in line for line in tables.lines(on_a_cluster(100.0)))


def test_records_of_a_cluster_differ_in_nothing_but_their_scores(tmp_path: Path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_text('{"path": "a", "score": 0.5}\n{"path": "b", "score": null}\n')
    other.write_text('{"path": "a", "score": 0.25}\n{"path": "b", "score": null}\n')
    assert cluster.compared(one, other) == (2, 0.25)
    other.write_text('{"path": "a", "score": 0.25}\n')
    with pytest.raises(FailedError, match="records differ"):
        cluster.compared(one, other)


def test_archives_may_take_as_much_cpu_time_as_files():
    def figures(tar: float) -> dict[str, Any]:
        seconds = {"files": 0.002, "x.tar": tar, "stored.zip": 0.002, "x.parquet": 0.0021}
        decoding = {name: [each, 2 * each, each] for name, each in seconds.items()}
        usages = {name: [{"wall": 1.0, "cpu": 1.0, "peak": 100.0}] for name in seconds}  # 10 ms an image
        return {"shards": {"images": 100, "usages": usages, "decoding": decoding}}

    assert [target.met for target in targets(figures(0.0022))] == [True, True, True]
    assert [target.met for target in targets(figures(0.003))] == [False, True, True]
    assert any("1.100" in line for line in tables.lines(figures(0.003)))
