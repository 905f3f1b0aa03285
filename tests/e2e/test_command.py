"""The installed command on real images with the embedded model: what a user is promised."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SAMPLES, Run
from imports import imported
from unmeasured import unmeasured

pytestmark = pytest.mark.slow

CAT, ESPRESSO = str(SAMPLES / "cat.jpg"), str(SAMPLES / "espresso.webp")
COMMAND = str(Path(sys.executable).with_name("mnclassify"))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_samples_get_right_labels(mnclassify: Run):
    done = mnclassify(str(SAMPLES), "-f", "jsonl")
    assert done.returncode == 0
    results = {Path(each["path"]).name: each for each in map(json.loads, done.stdout.splitlines())}
    labels = {name: [p["label"] for p in each["predictions"]] for name, each in results.items()}
    assert {"Egyptian cat", "tabby", "tiger cat"} & set(labels["cat.jpg"])
    assert labels["espresso.webp"][0] in ("espresso", "cup")
    assert labels["photographer.png"][0] == "tripod"
    assert labels["rocket.jpg"][0] in ("missile", "projectile")
    # The cat's photograph is stored on its side: its size is what a viewer shows.
    assert (results["cat.jpg"]["width"], results["cat.jpg"]["height"]) == (451, 300)


def test_in_a_pipe_it_is_csv_with_the_columns_of_the_contract(mnclassify: Run):
    done = mnclassify(CAT, "-k", "2")
    header = "path,status,label,score,kinds,label_1,score_1,label_2,score_2,error,warning,model"
    assert done.stdout.splitlines()[0] == header
    (row,) = rows(done.stdout)
    assert (row["path"], row["status"], row["error"], row["warning"]) == (CAT, "ok", "", "")
    assert (row["label"], row["kinds"]) == ("cat", "animal")
    assert float(row["score"]) == pytest.approx(0.9208, abs=1e-4)
    assert 1 >= float(row["score_1"]) >= float(row["score_2"]) >= 0


def test_long_rows(mnclassify: Run, tmp_path: Path):
    (tmp_path / "empty.jpg").touch()
    done = mnclassify(CAT, str(tmp_path / "empty.jpg"), "-k", "2", "--long")
    assert done.returncode == 1
    sure, first, second, failed = rows(done.stdout)
    columns = ["path", "rank", "index", "wnid", "label", "score", "kinds", "error", "warning", "model"]
    assert list(sure) == columns
    assert [row["rank"] for row in (sure, first, second, failed)] == ["0", "1", "2", ""]
    assert (sure["index"], sure["label"], sure["kinds"]) == ("", "cat", "animal")
    assert sure["wnid"].startswith("n0")
    assert first["wnid"].startswith("n0")
    assert failed["error"] == "the file is empty (0 bytes)"


def test_one_good_and_six_bad_files_are_seven_rows_in_order(mnclassify: Run, tmp_path: Path):
    whole = Path(CAT).read_bytes()
    (tmp_path / "a_empty.jpg").touch()
    (tmp_path / "b_truncated.jpg").write_bytes(whole[: len(whole) // 4])
    (tmp_path / "c_text.png").write_text("this is no image\n")
    shutil.copy(CAT, tmp_path / "d_good.jpg")
    (tmp_path / "e_nowhere.jpg").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "f_fifo.jpg")
    (tmp_path / "g_bomb.png").write_bytes(_bomb())
    done = mnclassify(str(tmp_path))
    assert done.returncode == 1
    found = rows(done.stdout)
    assert [Path(row["path"]).name[0] for row in found] == list("abcdefg")
    assert [row["status"] for row in found] == ["error"] * 3 + ["ok"] + ["error"] * 3
    for row in found:
        assert (row["error"] == "") == (row["status"] == "ok")
        assert "Traceback" not in row["error"]
        assert "\n" not in row["error"]
    assert "6 of 7 images could not be classified" in done.stderr


def _bomb() -> bytes:
    """A PNG's head that promises 60,000 × 60,000 pixels."""
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, data, b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_name_that_is_not_utf8_is_classified_and_its_bytes_are_shown(mnclassify: Run, tmp_path: Path):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    shutil.copy(CAT, name)
    done = mnclassify(str(tmp_path))
    assert done.returncode == 0
    assert rows(done.stdout)[0]["path"] == f"{tmp_path}/caf\\xe9.jpg"
    done = subprocess.run([COMMAND, tmp_path, "-f", "path", "--print0"], capture_output=True, check=True)
    assert done.stdout == name + b"\0"
    done = subprocess.run([COMMAND, tmp_path, "-f", "json"], capture_output=True, check=True)
    assert json.loads(done.stdout)[0]["path"] == f"{tmp_path}/caf\\xe9.jpg"


def test_an_image_on_standard_input(mnclassify: Run):
    done = subprocess.run([COMMAND, "-", "-f", "json"], input=Path(ESPRESSO).read_bytes(), capture_output=True)
    (result,) = json.loads(done.stdout)
    assert (result["path"], result["predictions"][0]["label"]) == ("-", "espresso")


def test_the_same_file_twice_is_two_rows_and_a_missing_one_a_row(mnclassify: Run):
    done = mnclassify(CAT, "no/such.jpg", CAT)
    assert [row["status"] for row in rows(done.stdout)] == ["ok", "error", "ok"]
    assert rows(done.stdout)[1]["error"] == "no such file or folder"


def test_match_keeps_images_that_show_it_and_path_prints_their_paths(mnclassify: Run):
    done = mnclassify(str(SAMPLES), "--match", "*cat", "-f", "path")
    assert done.stdout == f"{CAT}\n"
    assert done.returncode == 0


def test_the_samples_are_called_what_they_are(mnclassify: Run):
    done = mnclassify(str(SAMPLES), "-f", "jsonl")
    named = {Path(each["path"]).name: each for each in map(json.loads, done.stdout.splitlines())}
    assert named["astronaut.avif"]["label"] is None
    assert named["cat.jpg"]["label"]["label"] == "cat"
    assert [kind["label"] for kind in named["cat.jpg"]["kinds"]] == ["animal"]
    assert named["espresso.webp"]["label"]["label"] in ("espresso", "coffee", "drink")
    certain = mnclassify(CAT, ESPRESSO, "--sure", "0.93", "-f", "jsonl").stdout.splitlines()
    assert [json.loads(line)["label"]["label"] for line in certain] == ["animal", "drink"]


def test_kind_keeps_images_of_it_by_word_wnid_or_class(mnclassify: Run):
    for kind, found in (("cats", [CAT]), ("n02121808", [CAT]), ("drink", [ESPRESSO]), ("espresso", [ESPRESSO])):
        done = mnclassify(str(SAMPLES), "--kind", kind, "-f", "path", "--threshold", "0.99")
        assert (done.returncode, done.stdout.splitlines()) == (0, found)
    done = mnclassify(str(SAMPLES), "no.jpg", "--kind", "drink", "--kind", "cat")
    assert [row["path"] for row in rows(done.stdout)] == [CAT, ESPRESSO]
    assert "no.jpg: no such file or folder" in done.stderr
    assert done.returncode == 1
    # No class of cats alone scores 0.8, and with --match a kind is as good as a label.
    assert mnclassify(CAT, ESPRESSO, "--match", "animal", "-f", "path").stdout == f"{CAT}\n"
    done = mnclassify(CAT, "--kind", "dog")
    assert (done.returncode, rows(done.stdout)) == (1, [])
    assert "no image matches" in done.stderr


@pytest.mark.parametrize("arguments", [["--kind", "dogg"], ["--kind", "cat", "--kind", "dogg"]])
def test_an_unknown_kind_is_2_with_near_words_before_a_model_is_looked_for(
    mnclassify: Run, arguments: list[str], tmp_path: Path
):
    home = tmp_path / "home"
    done = mnclassify(CAT, *arguments, env={"MNCLASSIFY_HOME": str(home)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "'dogg' is no word or wnid that is known here; did you mean dog" in done.stderr
    assert not home.exists()


def test_an_unknown_kind_is_2_too_where_only_the_model_knows_its_classes(mnclassify: Run, tmp_path: Path):
    (tmp_path / "labels").write_text("".join(f"my {number}\n" for number in range(1000)))
    options = [CAT, "--labels", str(tmp_path / "labels"), "-f", "path"]
    assert "'yours' is no word" in mnclassify(*options, "--kind", "yours", "-o", str(tmp_path / "out")).stderr
    assert sorted(tmp_path.iterdir()) == [tmp_path / "labels"]
    assert mnclassify(*options, "--kind", "dog").returncode == 2
    assert mnclassify(*options, "--kind", "My 281", "--sure", "0.1").stdout == f"{CAT}\n"


def test_kinds_are_printed_as_a_tree(mnclassify: Run):
    lines = mnclassify("kinds").stdout.splitlines()
    assert lines[0] == "animal (398)"
    assert {"  dog (118)", "    hound (19)"} <= set(lines)
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize("word", ["dog", "Dogs", "n02084071"])
def test_one_kind_is_printed_with_its_classes(mnclassify: Run, word: str):
    lines = mnclassify("kinds", word).stdout.splitlines()
    assert lines[:2] == ["dog, n02084071", "a kind of: animal"]
    assert {"  hound (19)", "118 classes:", "  n02088364  beagle"} <= set(lines)
    (tree,) = json.loads(mnclassify("kinds", word, "--json").stdout)
    assert (tree["word"], tree["count"], len(tree["classes"])) == ("dog", 118, 118)
    assert {"wnid": "n02088364", "label": "beagle"} in tree["classes"]
    assert "hound" in [kind["word"] for kind in tree["kinds"]]


def test_a_word_of_two_meanings_is_printed_with_both_and_an_unknown_one_is_2(mnclassify: Run):
    done = mnclassify("kinds", "crane")
    assert [line for line in done.stdout.splitlines() if line.startswith("crane")] == [
        "crane, n02012849",
        "crane, n03126707",
    ]
    done = mnclassify("kinds", "dogg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean dog" in done.stderr
    trees = json.loads(mnclassify("kinds", "--json").stdout)
    assert [tree["word"] for tree in trees][:2] == ["animal", "armor"]


def test_a_file_appears_under_its_name_when_it_is_complete(mnclassify: Run, tmp_path: Path):
    file = tmp_path / "out.csv"
    done = mnclassify(str(SAMPLES), "-o", str(file))
    assert done.returncode == 0
    assert len(rows(file.read_text())) == 5
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.csv", "out.csv.meta"]
    assert done.stdout == ""
    again = mnclassify(CAT, "-o", str(file))
    assert again.returncode == 4
    assert "--overwrite" in again.stderr
    assert mnclassify(CAT, "-o", str(file), "--overwrite").returncode == 0
    assert len(rows(file.read_text())) == 1


@pytest.mark.parametrize(("name", "first"), [("o.json", "["), ("o.jsonl", "{"), ("o.tsv", "path\t")])
def test_the_files_ending_chooses_the_format(mnclassify: Run, tmp_path: Path, name: str, first: str):
    assert mnclassify(CAT, "-o", str(tmp_path / name)).returncode == 0
    assert (tmp_path / name).read_text().startswith(first)


def test_a_closed_pipe_ends_quietly(mnclassify: Run):
    script = f"set -o pipefail; '{COMMAND}' {' '.join([CAT] * 60)} -f csv -q | head -3"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3


def test_ctrl_c_is_130_and_keeps_the_finished_rows(mnclassify: Run, tmp_path: Path):
    file = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [COMMAND, *[CAT] * 5000, "-o", str(file)], stderr=subprocess.PIPE, text=True, env=unmeasured()
    )
    part = tmp_path / "out.jsonl.part"
    while not (part.exists() and part.stat().st_size > 1000):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not file.exists()
    assert all(json.loads(line)["status"] == "ok" for line in part.read_text().splitlines())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Usage"),
        (["--nonsense"], 2, "No such option"),
        ([CAT, "-k", "0"], 2, "top-k"),
        ([CAT, "-f", "xml"], 2, "'table', 'csv'"),
        ([CAT, "-o", "labels.txt"], 2, "--format"),
        ([CAT, "-f", "json", "--long"], 2, "--long needs"),
        ([CAT, "-f", "csv", "--print0"], 2, "--print0 needs"),
        ([CAT, "--image-size", "9999"], 2, "out of range"),
        ([CAT, "-m", "nonsense"], 3, "no model is called"),
        ([CAT, "-m", "mobilenet_v1_100_128"], 3, "Tried:"),
        ([CAT, "-o", "/no/folder/out.csv"], 4, "folder does not exist"),
        ([CAT, "-o", "/dev/full", "-f", "csv"], 4, "No space left"),
        (["/var/empty-or-not-there/*.jpg"], 1, "no file matches"),
    ],
)
def test_exit_codes_and_their_words(mnclassify: Run, arguments: list[str], code: int, words: str):
    done = mnclassify(*arguments)
    assert done.returncode == code
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_images_says_so(mnclassify: Run, tmp_path: Path):
    done = mnclassify(str(tmp_path), "-f", "csv")
    assert done.returncode == 1
    assert done.stdout.startswith("path,status")
    assert "no images found" in done.stderr


def test_no_log_line_of_native_code_shows_unless_asked_for(mnclassify: Run):
    for engine in ("litert", "tensorflow"):
        assert mnclassify(CAT, "-m", "efficientnet_lite0", "--engine", engine).stderr == ""
    assert "XNNPACK" in mnclassify(CAT, "-m", "efficientnet_lite0", "-vv").stderr


def test_a_traceback_shows_with_vv_alone(mnclassify: Run):
    assert "Traceback" not in mnclassify(CAT, "-m", "nonsense").stderr
    assert "Traceback" in mnclassify(CAT, "-m", "nonsense", "-vv").stderr


def test_help_and_classifying_import_only_what_they_need(mnclassify: Run):
    heavy = {"numpy", "PIL", "rich.progress", "rich.table", "tensorflow", "ai_edge_litert"}
    assert not heavy & imported("--version")
    assert not heavy & imported("classify", "--help")
    assert not heavy & imported("kinds", "dog")
    classifying = imported(CAT, "-m", "efficientnet_lite0", "-f", "csv")
    assert {"numpy", "PIL", "ai_edge_litert"} <= classifying
    assert (
        not {"tensorflow", "tensorflow_hub", "tf_keras", "openvino", "pandas", "rich.console", "filelock", "lxml"}
        & classifying
    )


def test_help_imports_no_command():
    ours = {name for name in imported("--help") if name.startswith("mobilenet_cli.") and name.count(".") == 2}
    assert ours == {
        "mobilenet_cli.cli.commands",
        "mobilenet_cli.cli.completion",
        "mobilenet_cli.cli.exit_codes",
        "mobilenet_cli.cli.signals",
        "mobilenet_cli.files.stream",
    }


def test_one_image_imports_nothing_that_it_does_not_use(mnclassify: Run):
    classifying = imported(CAT, "-m", "efficientnet_lite0", "-f", "csv")
    assert not {"hashlib", "http", "tarfile", "tempfile"} & classifying
    packages = {name.split(".")[1] for name in classifying if name.startswith("mobilenet_cli.")}
    assert not {"evaluation", "html", "sidecars", "sorting", "tensorflow_files", "training", "vectors"} & packages
    assert not classifying & {
        f"mobilenet_cli.{module}"
        for module in (
            *("files.earlier_rows", "files.interrupted_run", "files.part_file", "files.resume"),  # -o and --resume
            *("inputs.csv_table", "inputs.encodings", "inputs.globs", "inputs.lists", "inputs.remote_listing"),
            *("models.sources.forms", "models.sources.http", "models.sources.local"),
            *("postprocess.naming_at_each", "postprocess.outputs", "postprocess.searching"),
            *("remote.failures", "remote.fetch", "remote.object_stores"),
            *("taxonomy.nouns", "writers.json_reading", "writers.parquet"),
            *("writers.lines", "writers.one_line", "writers.table"),
        )
    }


def test_on_a_terminal_it_is_a_table_with_progress_below(mnclassify: Run):
    main, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(
        [COMMAND, *[CAT] * 30, "-m", "efficientnet_lite0"], stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    shown = b""
    try:
        while data := os.read(main, 65536):
            shown += data
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(main)
    assert process.wait() == 0
    text = shown.decode()
    assert "\x1b[1mcat\x1b[0m" in text  # the sure label, bold
    assert "/30" in text
    assert "images/s" in text


def test_both_engines_agree_with_the_truth_and_each_other(mnclassify: Run, shared_images: Path):
    labels = {}
    for engine in ("litert", "tensorflow"):
        done = mnclassify(
            str(shared_images), "-m", "efficientnet_lite0", "--engine", engine, "-f", "jsonl", timeout=300
        )
        results = [json.loads(line) for line in done.stdout.splitlines()]
        truth = [Path(each["path"]).name.split("_")[0] for each in results]
        wnids = [[p["wnid"] for p in each["predictions"]] for each in results]
        assert len(results) == 200
        assert sum(true == found[0] for true, found in zip(truth, wnids, strict=True)) >= 178
        assert sum(true in found for true, found in zip(truth, wnids, strict=True)) >= 196
        labels[engine] = [found[0] for found in wnids]
    assert sum(a == b for a, b in zip(*labels.values(), strict=True)) >= 199


@pytest.mark.parametrize("options", ["--help", "--version", "classify --help", "models list"])
def test_any_output_into_a_closed_pipe_ends_quietly(mnclassify: Run, options: str):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, *options.split()], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def closed(*descriptors: int):
    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


def test_closed_standard_streams_are_no_internal_error(mnclassify: Run, tmp_path: Path):
    file = tmp_path / "out.csv"
    arguments = [COMMAND, CAT, "-m", "efficientnet_lite0"]
    assert subprocess.run([*arguments, "-o", file], preexec_fn=closed(0, 1, 2)).returncode == 0
    assert len(rows(file.read_text())) == 1
    done = subprocess.run(arguments, preexec_fn=closed(1), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 4
    assert "standard output is closed" in done.stderr
    done = subprocess.run([COMMAND, "-"], preexec_fn=closed(0), capture_output=True, text=True)
    assert done.returncode == 1
    assert "standard input cannot be read" in done.stdout


def test_a_full_disk_behind_any_command_is_exit_code_4(mnclassify: Run):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([COMMAND, "models", "list"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 4
    assert "No space left" in done.stderr


def test_a_run_goes_on_where_nobody_reads_its_messages(mnclassify: Run, tmp_path: Path):
    for number, closed_pipe in enumerate((True, False)):
        read, write = os.pipe()
        stderr = write if closed_pipe else os.open("/dev/full", os.O_WRONLY)
        os.close(read)
        file = tmp_path / f"{number}.csv"
        command = [COMMAND, CAT, "missing.jpg", "-m", "efficientnet_lite0", "-v", "-o", str(file)]
        done = subprocess.run(command, stderr=stderr)
        os.close(stderr)
        assert done.returncode == 1  # for what is missing
        assert len(file.read_text().splitlines()) == 3


def test_ctrl_c_while_it_waits_for_an_image_on_standard_input(mnclassify: Run):
    process = subprocess.Popen(
        [COMMAND, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=unmeasured(),
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Fatal" not in errors


def test_an_unfinished_file_survives_a_run_that_fails_before_its_first_row(mnclassify: Run, tmp_path: Path):
    part = tmp_path / "out.csv.part"
    part.write_text("the rows of another day\n")
    assert mnclassify(CAT, "-m", "nonsense", "-o", str(tmp_path / "out.csv"), "--overwrite").returncode == 3
    assert part.read_text() == "the rows of another day\n"
    assert mnclassify(CAT, "-o", str(tmp_path / "out.csv"), "--overwrite").returncode == 0
    assert "another day" not in (tmp_path / "out.csv").read_text()


def test_a_link_that_leads_to_itself_is_replaced(mnclassify: Run, tmp_path: Path):
    (tmp_path / "out.csv").symlink_to("out.csv")
    assert mnclassify(CAT, "-o", str(tmp_path / "out.csv")).returncode == 0
    assert len(rows((tmp_path / "out.csv").read_text())) == 1


def test_which_files_of_a_folder_are_taken(mnclassify: Run, tmp_path: Path):
    for name in ("a.jpg", ".hidden.jpg", "b_skip.jpg", "sub/c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CAT, tmp_path / name)

    def taken(*options: str) -> list[str]:
        done = mnclassify(str(tmp_path), "-f", "path", *options)
        return [str(Path(line).relative_to(tmp_path)) for line in done.stdout.splitlines()]

    assert taken() == ["a.jpg", "b_skip.jpg", "sub/c.jpg"]
    assert taken("--include-hidden") == [".hidden.jpg", "a.jpg", "b_skip.jpg", "sub/c.jpg"]
    assert taken("--no-recursive") == ["a.jpg", "b_skip.jpg"]
    assert taken("--exclude", "*skip*", "--exclude", "sub") == ["a.jpg"]


def test_a_threshold_leaves_lower_labels_out_but_no_row(mnclassify: Run):
    certain, none = (rows(mnclassify(CAT, ESPRESSO, "-t", value).stdout) for value in ("0.9", "1"))
    assert [(row["status"], row["label_1"]) for row in certain] == [("ok", ""), ("ok", "espresso")]
    assert [(row["status"], row["label_1"]) for row in none] == [("ok", ""), ("ok", "")]


def test_how_an_image_becomes_a_square_changes_its_scores(mnclassify: Run):
    scores = {rows(mnclassify(ESPRESSO, "--crop", crop).stdout)[0]["score_1"] for crop in ("center", "squash", "pad")}
    assert len(scores) == 3


def test_a_photograph_is_not_overwritten_by_records(mnclassify: Run, tmp_path: Path):
    photograph = tmp_path / "me.jpg"
    shutil.copy(CAT, photograph)
    done = mnclassify(str(photograph), "-o", str(photograph), "-f", "csv", "--overwrite")
    assert done.returncode == 4
    assert photograph.read_bytes() == Path(CAT).read_bytes()


def test_more_labels_than_there_are_classes_are_as_many_as_there_are(mnclassify: Run):
    done = mnclassify(CAT, "-k", "99999999999999999999")
    assert done.returncode == 0
    assert "label_1000,score_1000,error,warning,model" in done.stdout.splitlines()[0]


def test_that_nothing_matches_is_told(mnclassify: Run, tmp_path: Path):
    done = mnclassify(CAT, "--match", "zeppelin", "-f", "path")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no image matches" in done.stderr
    done = mnclassify(CAT, "--match", "zeppelin", "-o", str(tmp_path / "none.csv"))
    assert done.stderr.splitlines()[-2] == "mnclassify: no image matches"
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1


def test_the_last_words_count_the_rows_with_labels(mnclassify: Run, tmp_path: Path):
    file, broken = tmp_path / "cats.csv", tmp_path / "broken.jpg"
    broken.write_text("no image")
    done = mnclassify(CAT, ESPRESSO, str(broken), "--match", "*cat*", "-o", str(file))
    assert f"mnclassify: 1 image labelled in {file}\n" in done.stderr
    done = mnclassify(ESPRESSO, CAT, "--match", "*cat*", "-o", str(file), "--resume")
    assert [line.removeprefix("mnclassify: ") for line in done.stderr.splitlines()[-3:-1]] == [
        "1 image already done",
        f"1 image labelled in {file}",
    ]
    done = mnclassify(ESPRESSO, "--match", "*cat*", "-o", str(file), "--resume")
    assert "kept the rows of 1 image that SOURCES does not name" in done.stderr
    assert [row["label_1"] for row in rows(file.read_text())] == ["Egyptian cat"]


def test_a_mistyped_command_is_told_what_was_meant(mnclassify: Run, tmp_path: Path):
    done = mnclassify("evalute", "photos", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean evaluate?" in done.stderr
    (tmp_path / "trian").mkdir()
    assert "no images found" in mnclassify("trian", "-m", "efficientnet_lite0", "--offline", cwd=tmp_path).stderr


def test_a_mistyped_folder_costs_no_table(mnclassify: Run, tmp_path: Path):
    table, empty = tmp_path / "labels.csv", tmp_path / "empty"
    empty.mkdir()
    assert mnclassify(CAT, "-o", str(table)).returncode == 0
    before = table.read_bytes()
    for named, words in ((tmp_path / "phtos", "no such file or folder"), (empty, "labels.csv is left as it was")):
        done = mnclassify(str(named), "-o", str(table), "--overwrite")
        assert (done.returncode, table.read_bytes()) == (1, before)
        assert words in done.stderr
        assert sorted(tmp_path.iterdir()) == [
            empty,
            table,
            tmp_path / "labels.csv.meta",
        ]  # no .part


def test_resume_is_advised_where_it_is_possible(mnclassify: Run, tmp_path: Path):
    for name, advised in (("a.csv", True), ("a.json", False)):
        (tmp_path / f"{name}.part").write_text("[\n")
        done = mnclassify(CAT, "-o", str(tmp_path / name))
        assert done.returncode == 4
        assert ("--resume" in done.stderr) == advised


@pytest.mark.parametrize("command", [[], ["embed"], ["evaluate"], ["sort", "--into", "sorted"]], ids=str)
def test_a_mistyped_folder_is_said_and_no_file_is_written_or_replaced(tmp_path: Path, command: list[str]):
    (tmp_path / "photos").mkdir()
    for file in ("new.jsonl", "old.jsonl"):
        (tmp_path / "old.jsonl").write_text("kept")
        options = [] if "sort" in command else ["-o", file, "--overwrite"]
        arguments = [COMMAND, *command, "phtos/", *([] if "evaluate" in command else options)]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr == "mnclassify: phtos/: no such file or folder; did you mean photos?\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["old.jsonl", "photos"]
        assert (tmp_path / "old.jsonl").read_text() == "kept"


def test_what_is_missing_is_said_first_where_there_are_others(mnclassify: Run, tmp_path: Path):
    done = mnclassify(str(tmp_path / "*.png"), CAT, str(tmp_path / "gone.jpg"), "-f", "csv")
    assert done.returncode == 1
    first, second, *_ = done.stderr.splitlines()
    assert "no file matches this pattern" in first
    assert "gone.jpg: no such file or folder" in second
    assert [row["status"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["error", "ok", "error"]
