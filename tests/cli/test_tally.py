"""What a run says at its end."""

from __future__ import annotations

from types import SimpleNamespace

from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.images.formats import JXL, RAW
from mobilenet_cli.inputs.left_out import LeftOut


def concluded(left_out, done):
    said = []
    tally = Tally(SimpleNamespace(note=said.append), "classified", done, left_out=left_out)
    return tally.conclude(), said


def test_a_folder_of_files_that_need_an_extra_is_never_said_to_hold_no_images():
    left_out = LeftOut()
    for extra in (RAW, JXL, RAW):
        left_out.add(extra)
    for done, code in ((0, ExitCode.FAILED), (3, ExitCode.OK)):
        result, said = concluded(left_out, done)
        assert result == code
        assert [line.partition(":")[0] for line in said] == ["2 raw files left out", "1 JPEG XL file left out"]
        assert all("pip install" in line for line in said)
    assert concluded(LeftOut(), 0) == (ExitCode.FAILED, ["no images found"])
