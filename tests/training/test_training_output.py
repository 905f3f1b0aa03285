from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mobilenet_cli.errors import OutputError
from mobilenet_cli.training.output import check_output, new_model

HOST = os.uname().nodename


def write(target: Path, content: str, *, overwrite: bool = True) -> None:
    with new_model(target, overwrite=overwrite) as folder:
        (folder / "manifest.json").write_text(content)
        assert not (target / content).exists()


def content_of(folder: Path) -> str:
    return (folder / "manifest.json").read_text()


def ended_process() -> int:
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


def test_a_model_appears_when_it_is_complete_in_the_place_of_another(tmp_path: Path) -> None:
    target = check_output(tmp_path / "m", overwrite=False)
    write(target, "one")
    assert target.stat().st_mode & 0o777 == 0o777 & ~umask()
    with pytest.raises(OutputError, match="--overwrite"):
        check_output(tmp_path / "m", overwrite=False)
    write(check_output(tmp_path / "m", overwrite=True), "two")
    assert (tmp_path / "m" / "manifest.json").read_text() == "two"
    assert names(tmp_path) == ["m"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    write(tmp_path / "m", "one")

    def fail() -> None:
        with new_model(tmp_path / "m", overwrite=True) as folder:
            (folder / "half").write_text("x")
            raise error

    with pytest.raises((error, OutputError)):
        fail()
    assert names(tmp_path) == ["m"]
    assert (tmp_path / "m" / "manifest.json").read_text() == "one"


def test_nothing_but_a_model_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "a.jpg").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    for name in ("photographs", "file"):
        with pytest.raises(OutputError, match="no model"):
            check_output(tmp_path / name, overwrite=True)
    write(check_output(tmp_path / "empty", overwrite=True), "one")
    with pytest.raises(OutputError, match="there is no folder"):
        check_output(tmp_path / "no" / "where", overwrite=False)


def test_a_name_that_is_not_utf_8_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"m\\xff is not UTF-8"):
        check_output(tmp_path / os.fsdecode(b"m\xff"), overwrite=False)


def test_a_folder_that_may_not_be_written_to_is_told_before_the_work(unprivileged: Path) -> None:
    unprivileged.chmod(0o500)
    with pytest.raises(OutputError, match="may not be written"):
        check_output(unprivileged / "m", overwrite=False)
    unprivileged.chmod(0o700)


def test_what_a_killed_run_left_goes_and_what_another_makes_stays(tmp_path: Path) -> None:
    ended = ended_process()
    others = [f".m.{HOST}-{os.getppid()}.part", f".m.elsewhere-{ended}.part"]
    for left in (f".m.{HOST}-{ended}.part", *others):
        (tmp_path / left).mkdir()
    write(tmp_path / "m", "one")
    assert names(tmp_path) == sorted([*others, "m"])


def test_what_comes_into_being_during_a_training_is_not_replaced(tmp_path: Path) -> None:
    target = check_output(tmp_path / "m", overwrite=False)
    for overwrite, there in ((False, "manifest.json"), (True, "a.jpg")):
        with (  # noqa: PT012
            pytest.raises(OutputError, match="the new model is in") as raised,
            new_model(target, overwrite=overwrite) as folder,
        ):
            (folder / "manifest.json").write_text("ours")
            target.mkdir()
            (target / there).write_text("theirs")
        assert (target / there).read_text() == "theirs"
        kept = Path(str(raised.value).rpartition(" is in ")[2])
        assert content_of(kept) == "ours"
        shutil.rmtree(target)
        shutil.rmtree(kept)
    assert names(tmp_path) == []


@pytest.mark.parametrize("renames", [1, 2])
def test_ctrl_c_between_the_renames_leaves_one_of_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    write(tmp_path / "m", "one")
    done = []

    def rename(source: Path, target: Path) -> None:
        os.rename(source, target)  # noqa: PTH104 - Path's is this one here
        done.append(source)
        if len(done) == renames:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:  # noqa: PT012
        patch.setattr(Path, "rename", rename)
        write(tmp_path / "m", "two")
    assert content_of(tmp_path / "m") == ("one", "two")[renames - 1]
    assert names(tmp_path) == ["m"]


def test_a_model_that_a_killed_run_had_set_aside_comes_back(tmp_path: Path) -> None:
    left = tmp_path / f".m.{HOST}-{ended_process()}"
    write(left.with_name(f"{left.name}.old"), "one")
    write(left.with_name(f"{left.name}.part"), "half")
    with pytest.raises(OutputError, match="--overwrite"):
        check_output(tmp_path / "m", overwrite=False)
    assert content_of(tmp_path / "m") == "one"
    assert names(tmp_path) == ["m"]
    write(left.with_name(f"{left.name}.old"), "older")  # killed after the new one was there
    assert check_output(tmp_path / "m", overwrite=True) == tmp_path / "m"
    assert content_of(tmp_path / "m") == "one"
    assert names(tmp_path) == ["m"]
