"""The start of the program."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, mobilenet_cli.cli as program
from mobilenet_cli.cli import kinds
listing = kinds.command.callback
def watched(*args, **kwargs):
    print(gc.isenabled(), gc.get_freeze_count() > 10_000)
    return listing(*args, **kwargs)
kinds.command.callback = watched
program.main()
"""


def test_a_command_runs_with_the_garbage_collector_which_passes_over_what_was_imported():
    done = subprocess.run([sys.executable, "-c", PROGRAM, "kinds", "dog"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "True True"
