"""The command line: options, wiring and exit codes. The work is done by the library."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import os
import sys
from typing import Any, NoReturn

import click

from mobilenet_cli._version import __version__
from mobilenet_cli.cli import signals
from mobilenet_cli.cli.commands import Commands, ReaderLeftError
from mobilenet_cli.cli.exit_codes import ExitCode
from mobilenet_cli.errors import InputError, MnclassifyError, ModelError, OutputError
from mobilenet_cli.text import printable_lines

PROGRAM = "mnclassify"
own_stderr: int | None = None
"""The descriptor that messages go to where this program owns the process: 2 is then free to be redirected."""
_EXIT_CODES: dict[type[MnclassifyError], ExitCode] = {
    InputError: ExitCode.USAGE,
    ModelError: ExitCode.NO_MODEL,
    OutputError: ExitCode.NOT_WRITTEN,
}


class _Messages(io.FileIO):
    """Standard error whose write errors are ignored: a closed pipe or a full disk never ends a run."""

    def write(self, data: Any) -> int:
        with contextlib.suppress(OSError):
            return super().write(data)
        return len(data)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    options_metavar="",
    subcommand_metavar="[classify] SOURCES… [OPTIONS]",
    epilog="Exit codes: 0 success, 1 some images failed or none was found or matched, 2 usage error, "
    "3 model unavailable, 4 output not written, 130 interrupted, 143 terminated.",
)
@click.version_option(
    __version__,
    "-V",
    "--version",
    prog_name=PROGRAM,
    message="%(prog)s %(version)s (main model: mobilenet_v1_100_128)",
)
def cli() -> None:
    """Label images: files and folders in; a table, CSV, JSON or web page out.

    \b
      mnclassify photos/                      print a table
      mnclassify photos/ -o labels.csv        write a CSV, five labels per image
      mnclassify photos/ --kind dog -f path   print the paths of the dog pictures

    `classify` is the default command; `mnclassify classify --help` lists its options.
    """


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    gc.disable()  # until the command is imported: see Commands.get_command
    signals.handle()
    _open_standard_descriptors()
    _own_stderr()
    _own_stdout()
    # BLAS's threads would only spin beside the workers, which use it for small arrays alone.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _show_warnings()
    _exit(_run(sys.argv[1:]))


def _exit(code: int) -> NoReturn:
    """End the process; at once where a thread that was left behind is in a decoder, whose library must stay."""
    watch = sys.modules.get("mobilenet_cli.pipeline.watch")
    if watch is None or not watch.left_behind():
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, OutputError, AttributeError):  # said already, or closed
            stream.flush()
    os._exit(code)


def _show_warnings() -> None:
    """Print warnings that no command prints itself in a line, without where in the code they are."""
    import warnings

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        click.echo(printable_lines(f"{PROGRAM}: warning: {message}"), err=True)

    warnings.showwarning = show


def _open_standard_descriptors() -> None:
    """Open /dev/null as each of descriptors 0 to 2 that is closed: the next file opened would take its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - stays open until the process ends


def _own_stderr() -> None:
    """Write to standard error through a duplicate of descriptor 2, which native_logs redirects at times."""
    with contextlib.suppress(OSError, AttributeError):  # there is no standard error
        own = os.dup(sys.stderr.fileno())
        messages = io.BufferedWriter(_Messages(own, "w"))
        sys.stderr = io.TextIOWrapper(messages, sys.stderr.encoding, sys.stderr.errors, line_buffering=True)
        global own_stderr  # noqa: PLW0603 - one process, one standard error
        own_stderr = own


def _own_stdout() -> None:
    """Make Click's printing fail as records do: with an OutputError."""
    from mobilenet_cli.files.stream import OutputStream

    with contextlib.suppress(OSError, AttributeError):  # there is no standard output
        raw = OutputStream(sys.stdout.fileno(), "standard output", closefd=False)
        # Unbuffered: after a failure, a buffer would be written again at exit.
        sys.stdout = io.TextIOWrapper(raw, sys.stdout.encoding, sys.stdout.errors, write_through=True)


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        click.echo(printable_lines(message.getvalue()), err=True, nl=False)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{PROGRAM}: interrupted", err=True)
        return ExitCode.INTERRUPTED
    except signals.Terminated as error:
        click.echo(f"{PROGRAM}: terminated", err=True)
        return 128 + error.number
    except ReaderLeftError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the flush at exit succeeds
        return 0
    except Exception as error:  # the last line of defence between a bug and the user's terminal
        return _failure(error)
    return code if isinstance(code, int) else 0


def _failure(error: Exception) -> int:
    """Print an error and return its exit code."""
    if isinstance(error, MnclassifyError):
        _print_error(str(error))
        return next((code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)), ExitCode.FAILED)
    _print_error(f"internal error: {type(error).__name__}: {error}. Please report it; -vv shows a traceback.")
    return ExitCode.INTERNAL


def _print_error(message: str) -> None:
    if logging.getLogger("mobilenet_cli").isEnabledFor(logging.DEBUG):
        logging.getLogger("mobilenet_cli").debug("here", exc_info=True)
    from mobilenet_cli.cli.terminal import say

    say(f"{PROGRAM}: {message}", err=True)
