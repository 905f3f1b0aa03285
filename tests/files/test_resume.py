"""Going on after an interruption: whatever was left, the file that comes of it is an uninterrupted run's."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.errors import InputError, OutputError
from mobilenet_cli.files.document import Document
from mobilenet_cli.files.open import open_output
from mobilenet_cli.records import Result, Source
from mobilenet_cli.writers import FORMATS, Layout, check_resumable

MODEL = "mobilenet_v1_100_128"
# A format and its layout each.
DOCUMENTS = [("csv", False), ("csv", True), ("tsv", False), ("tsv", True), ("jsonl", False)]
PATHS = [
    "a.jpg",
    "new\nline.jpg",
    'say "x", y.jpg',
    "a.jpg",
    "tab\there\r.jpg",
    "caf\udce9.jpg",
    "猫.jpg",
    '"\n"\n".jpg',
    "z.jpg",
]


def labelled(path: str, predictions: int = 2) -> Result:
    ranks = range(1, predictions + 1)
    made = [prediction(f"label, {rank}", 1 / (rank + 1), rank=rank, index=rank * 7, wnid=f"n0{rank}") for rank in ranks]
    # Of some images the sure label is known, in different numbers of kinds.
    label, kinds = (name("label, 0"), [name("a|b"), name('"c"')][: len(path) % 3]) if len(path) % 4 else (None, [])
    return result_of(path, made, label=label, kinds=kinds, warning="cut, short" if kinds else None, model=MODEL)


def failed(path: str) -> Result:
    return failed_result(path, 'cannot be read: "x", y', model=MODEL)


def whole(paths: Sequence[str], name: str, long: bool, make: Callable[[str], Result] = labelled) -> bytes:
    """The document of a run that nothing interrupts, made by the writer alone."""
    stream = io.BytesIO()
    writer = FORMATS[name].make(stream, Layout(2, long=long))
    for path in paths:
        writer.write(make(path))
    writer.close()
    return stream.getvalue()


def resume(
    file: Path,
    paths: Sequence[str],
    name: str,
    long: bool = False,
    make: Callable[[str], Result] = labelled,
    **options,
) -> list[str]:
    """Do what the command does with --resume, and return the paths that it classified."""
    layout = Layout(**({"top_k": 2, "long": long, "model": MODEL} | options))
    classified = []
    with open_output(str(file), resume=True) as stream:
        document = Document(stream, FORMATS[name], layout, resume=True)
        for source in document.pending(Source(path) for path in paths):
            result = make(source.path)
            classified.append(result.path)
            document.write(source, result)
        document.close()
    return classified


def part_of(file: Path) -> Path:
    return file.with_name(file.name + ".part")


def fails_on(*names: str) -> Callable[[str], Result]:
    return lambda path: failed(path) if path in names else labelled(path)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)  # no test cuts the power
    return tmp_path / "out"


# --- what is kept


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_wherever_a_document_is_cut_it_is_completed_byte_for_byte(file, name, long):
    document = whole(PATHS, name, long)
    rows_before = None
    for cut in range(len(document) + 1):
        part_of(file).write_bytes(document[:cut])
        classified = resume(file, PATHS, name, long)
        assert file.read_bytes() == document
        assert list(file.parent.iterdir()) == [file]
        file.unlink()
        # Only what was not finished is classified, in its order: ever less as the cut moves on.
        assert classified == PATHS[len(PATHS) - len(classified) :]
        assert rows_before is None or len(classified) <= rows_before
        rows_before = len(classified)
    assert rows_before == 0


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_failed_rows_are_tried_again_and_replaced_in_their_place(file, name, long):
    before = whole(PATHS[:7], name, long, fails_on("a.jpg", "猫.jpg"))
    part_of(file).write_bytes(before[:-3])
    classified = resume(file, PATHS, name, long, fails_on("猫.jpg"))
    assert classified == ["a.jpg", "a.jpg", "猫.jpg", *PATHS[7:]]
    assert file.read_bytes() == whole(PATHS, name, long, fails_on("猫.jpg"))


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_images_without_predictions_are_finished(file, name, long):
    def unsure(path: str) -> Result:
        return labelled(path, predictions=len(path) % 3)

    document = whole(PATHS, name, long, unsure)
    half = document[: document.index("猫".encode())]
    part_of(file).write_bytes(half)
    assert len(resume(file, PATHS, name, long, unsure, threshold=0.1)) < len(PATHS) - 4
    assert file.read_bytes() == document


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_a_run_that_left_nothing_starts_anew(file, name, long):
    assert resume(file, PATHS, name, long) == PATHS
    assert file.read_bytes() == whole(PATHS, name, long)


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_no_sources_and_nothing_before_give_an_empty_document(file, name, long):
    assert resume(file, [], name, long) == []
    assert file.read_bytes() == whole([], name, long)


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_a_complete_file_is_kept_but_for_failed_and_new_images(file, name, long):
    file.write_bytes(whole(PATHS[:6], name, long, fails_on("a.jpg")))
    file.chmod(0o640)
    assert resume(file, PATHS, name, long) == ["a.jpg", "a.jpg", *PATHS[6:]]
    assert file.read_bytes() == whole(PATHS, name, long)
    assert resume(file, PATHS, name, long) == []
    assert file.read_bytes() == whole(PATHS, name, long)
    assert file.stat().st_mode & 0o777 == 0o640


def test_the_rows_of_an_interrupted_run_count_and_not_the_file_it_would_have_replaced(file):
    file.write_bytes(whole(["old.jpg"], "csv", False))
    part_of(file).write_bytes(whole(["a.jpg"], "csv", False))
    assert resume(file, ["a.jpg", "b.jpg"], "csv") == ["b.jpg"]
    assert file.read_bytes() == whole(["a.jpg", "b.jpg"], "csv", False)


# --- the order of the rows


def test_rows_follow_the_sources_even_if_those_are_others_in_another_order(file):
    part_of(file).write_bytes(whole(["a", "b", "gone", "c", "d"], "jsonl", False, fails_on("b")))
    assert resume(file, ["d", "new", "b", "a", "c"], "jsonl") == ["new", "b"]
    assert file.read_bytes() == whole(["gone", "d", "new", "b", "a", "c"], "jsonl", False)


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_rows_of_images_that_are_no_longer_named_stay_whether_they_failed_or_not(file, name, long):
    before, fails = ["a", "bad", "b", "worse", "猫", "bad"], fails_on("bad", "worse", "猫")
    file.write_bytes(whole(before, name, long, fails))
    assert resume(file, ["new"], name, long) == ["new"]
    assert file.read_bytes() == whole([*before, "new"], name, long, fails)
    # A failed row that was kept is tried again as soon as its image is named, and its place is among the sources.
    assert resume(file, ["猫", "new"], name, long) == ["猫"]
    after = ["a", "bad", "b", "worse", "bad", "猫", "new"]
    assert file.read_bytes() == whole(after, name, long, fails_on("bad", "worse"))


def test_a_failed_row_goes_once_another_try_has_its_row(file):
    # As a run leaves it that was killed after it had tried "bad" again.
    rows = whole(["bad", "a"], "csv", False, fails_on("bad")) + whole(["bad"], "csv", False).partition(b"\n")[2]
    part_of(file).write_bytes(rows)
    assert resume(file, ["new"], "csv") == ["new"]
    assert file.read_bytes() == whole(["a", "bad", "new"], "csv", False)


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_a_failed_row_is_no_part_of_the_next_try_that_follows_it(file, name, long):
    retried = whole(["bad"], name, long)
    rows = retried if name == "jsonl" else retried.partition(b"\n")[2]
    part_of(file).write_bytes(whole(["a", "bad"], name, long, fails_on("bad")) + rows)
    assert resume(file, ["a", "bad"], name, long) == []
    assert file.read_bytes() == whole(["a", "bad"], name, long)


def test_a_folder_that_was_not_there_has_no_row_once_its_images_have(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    before = ["photos", "photos/*.jpg", "s3://bucket/", "s3://bucket/*", "a[1].jpg", "s3://bucket/a.jpg"]
    file.write_bytes(whole(before, "csv", False, failed))
    Path("photos").mkdir()
    Path("a[1].jpg").touch()
    resume(file, ["photos/1.jpg"], "csv")
    assert file.read_bytes() == whole([*before[4:], "photos/1.jpg"], "csv", False, fails_on(*before))


def test_a_path_has_as_many_rows_as_sources(file):
    part_of(file).write_bytes(whole(["a", "b", "a"], "csv", False))
    assert resume(file, ["a"] * 4 + ["b"], "csv") == ["a", "a"]
    assert file.read_bytes() == whole(["a"] * 4 + ["b"], "csv", False)


def test_the_same_path_many_times_is_no_slower_than_many_paths(file):
    paths = ["same.jpg"] * 20_000
    part_of(file).write_bytes(whole(paths[:-1], "csv", False))
    assert resume(file, paths, "csv") == ["same.jpg"]


def test_unmatched_results_have_no_row_and_leave_the_others_in_order(file):
    paths = ["a", "b", "c", "d"]
    part_of(file).write_bytes(whole(["a", "c"], "jsonl", False, fails_on("a")))
    with open_output(str(file), resume=True) as stream:
        document = Document(stream, FORMATS["jsonl"], Layout(2, model=MODEL), resume=True)
        for source in list(document.pending(map(Source, paths))):
            if source.path == "b":
                document.leave_out()
            else:
                document.write(source, labelled(source.path))
        document.close()
    assert file.read_bytes() == whole(["a", "c", "d"], "jsonl", False)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_any_number_of_interruptions_leave_one_row_a_source(file, name, long, seed):
    choose = random.Random(seed)
    paths = [choose.choice(PATHS) + choice for choice in choose.choices("123456", k=30)]
    best: Counter[str] = Counter()

    class KillError(BaseException):
        pass

    def sometimes(path: str) -> Result:
        if choose.random() < 0.15:
            raise KillError
        return failed(path) if choose.random() < 0.3 else labelled(path)

    while True:
        try:
            resume(file, paths, name, long, sometimes)
            break
        except KillError:
            if part_of(file).exists():
                document = part_of(file).read_bytes()
                part_of(file).write_bytes(document[: len(document) - choose.choice([0, 0, 1])])
                rows = FORMATS[name].rows(part_of(file).open("rb"), Layout(2, long=long, model=MODEL))
                finished = Counter(row.key for row in rows if row.ok)
                # None but the last one, which was cut or, in a long document, may lack rows.
                assert sum((best - finished).values()) <= 1
                best = finished
    resume(file, paths, name, long)
    assert file.read_bytes() == whole(paths, name, long)


# --- interruptions at the worst moment: while the rows are put in order


@pytest.mark.parametrize("moment", ["mobilenet_cli.files.part_file._copy", "os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("complete", [False, True])
def test_a_stop_while_rows_are_copied_loses_none(file, monkeypatch, moment, complete):
    document = whole(PATHS, "csv", False, fails_on("a.jpg"))
    (file if complete else part_of(file)).write_bytes(document)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(moment, stop)
        with pytest.raises(KeyboardInterrupt):
            resume(file, PATHS, "csv")
    if complete:
        assert file.read_bytes() == document
    assert len(resume(file, PATHS, "csv")) <= 2
    assert file.read_bytes() == whole(PATHS, "csv", False)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_what_a_power_cut_left_after_the_last_row_is_torn_whatever_it_is(file, name):
    part_of(file).write_bytes(whole(PATHS[:4], name, False) + bytes(300))
    resume(file, PATHS, name)
    assert file.read_bytes() == whole(PATHS, name, False)


def test_what_a_kill_left_of_a_copy_is_of_no_account_and_is_cleared_away(file):
    part_of(file).write_bytes(whole(PATHS[:4], "csv", False))
    part_of(file).with_name("out.part.new").write_bytes(b"half a copy")
    resume(file, PATHS, "csv")
    assert file.read_bytes() == whole(PATHS, "csv", False)
    assert list(file.parent.iterdir()) == [file]


def test_the_file_stays_locked_after_its_rows_were_replaced(file):
    file.write_bytes(whole(["a"], "csv", False))
    with open_output(str(file), resume=True) as stream:
        Document(stream, FORMATS["csv"], Layout(2, model=MODEL), resume=True)
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(OutputError, match="another run is writing"), open_output(str(file), **options):
                pass


# --- what is refused


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("csv", {"top_k": 3}, "columns"),
        ("csv", {"long": True}, "columns"),
        ("tsv", {}, "columns"),
        ("jsonl", {}, "JSONL"),
        ("csv", {"model": "efficientnet_lite0"}, "by the model mobilenet_v1_100_128, not efficientnet_lite0"),
    ],
)
@pytest.mark.parametrize("complete", [False, True])
def test_rows_of_other_options_are_refused_and_left_as_they_are(file, name, options, words, complete):
    document = whole(PATHS, "csv", False)
    there = file if complete else part_of(file)
    there.write_bytes(document)
    with pytest.raises(OutputError, match=f"cannot resume .*out.*{words}.*--overwrite"):
        resume(file, PATHS, name, **options)
    assert there.read_bytes() == document
    assert list(file.parent.iterdir()) == [there]


@pytest.mark.parametrize(("name", "long"), [("jsonl", False), ("csv", True)])
@pytest.mark.parametrize("top_k", [1, 3])
def test_rows_of_another_number_of_labels_are_refused(file, name, long, top_k):
    part_of(file).write_bytes(whole(PATHS, name, long))
    with pytest.raises(OutputError, match=r"has 2 labels.*--top-k"):
        resume(file, PATHS, name, long, top_k=top_k)


@pytest.mark.parametrize(("name", "long"), DOCUMENTS)
def test_labels_that_are_not_sure_any_more_are_refused_and_others_kept(file, name, long):
    part_of(file).write_bytes(whole(PATHS, name, long))
    with pytest.raises(OutputError, match=r"a label that scores 0\.9, less than the present --sure"):
        resume(file, PATHS, name, long, sure=0.91)
    assert resume(file, PATHS, name, long, sure=0.9) == []
    assert file.read_bytes() == whole(PATHS, name, long)


def test_a_label_is_as_sure_as_its_rounded_score_shows(file):
    def barely(path: str) -> Result:
        return result_of(path, label=name("x", 0.12345642), model=MODEL)

    part_of(file).write_bytes(whole(["a"], "csv", False, barely))
    assert resume(file, ["a"], "csv", sure=0.1234564, threshold=0.5) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("csv", b"path,status,label_1,score_1,label_2,score_2,error,model\na,ok,b,0.5,c,0.2,,m\n"),
        (
            "jsonl",
            b'{"path": "a", "status": "ok", "predictions": [], "error": null, "model": "m"}\n',
        ),
    ],
)
def test_rows_of_a_version_without_sure_labels_are_refused_and_left_as_they_are(file, name, content):
    file.write_bytes(content)
    with pytest.raises(OutputError, match=r"its (columns|fields) are .*--overwrite"):
        resume(file, ["a"], name)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("csv", b"precious notes", "columns"),
        ("csv", b"precious\nnotes\n", "columns"),
        ("jsonl", b"precious", "line 1"),
        ("jsonl", b'{"path": "a"}\n', "damaged"),
        ("jsonl", b'{"path": "a", "sta\n{"path": "b"', "line 1 is damaged"),
        ("csv", whole(["a", "b"], "csv", False).replace(b"a,ok,", b"a,"), "11 columns instead of 12"),
        ("csv", whole(["a", "b"], "csv", False).replace(b"a,ok", b'"a"b,ok'), "damaged at byte"),
        ("csv", whole(["a", "b"], "csv", False).replace(b"0.9", b"x0.9"), r"the score 'x0\.900000', at byte 82"),
    ],
)
def test_what_this_program_did_not_write_is_refused_and_left_as_it_is(file, name, content, words):
    file.write_bytes(content)
    with pytest.raises(OutputError, match=words):
        resume(file, PATHS, name)
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


def test_a_long_document_without_its_first_ranks_is_refused(file):
    document = whole(["a", "b"], "csv", True)
    part_of(file).write_bytes(document.replace(b"b,1,", b"b,3,"))
    with pytest.raises(OutputError, match="rank 3"):
        resume(file, ["a", "b"], "csv", long=True)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_that_cannot_be_gone_on_with_are_refused_with_those_that_can(name):
    able = ("csv", "tsv", "jsonl", "parquet", "html")
    if name in able:
        check_resumable(FORMATS[name])
    else:
        with pytest.raises(InputError, match=f"{', '.join(able)}, not with {name}"):
            check_resumable(FORMATS[name])


@pytest.mark.parametrize("path", ["/dev/null", "/dev/stdout"])
def test_what_is_no_regular_file_is_refused(path):
    with pytest.raises(OutputError, match="not a regular file"):
        open_output(path, resume=True)


# --- what is counted


def test_it_tells_what_is_finished_and_what_was_found(file):
    part_of(file).write_bytes(whole(["a", "b", "c", "gone"], "csv", False, fails_on("b", "gone")))
    with suppress(KeyboardInterrupt), open_output(str(file), resume=True) as stream:
        earlier = Document(stream, FORMATS["csv"], Layout(2, model=MODEL), resume=True).earlier
        assert earlier.kept == 2
        assert [path in earlier for path in ("a", "b", "gone", "x")] == [True, False, False, False]
        assert [source.path for source in filter(earlier.wants, map(Source, "abcd"))] == ["b", "d"]
        assert earlier.found == 2
        assert earlier.others == 1
        raise KeyboardInterrupt
