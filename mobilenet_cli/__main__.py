"""`python -m mobilenet_cli` is `mnclassify`: both begin here."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    # Until the command line is imported and handles it, Ctrl-C ends the process without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as after `nohup`
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mobilenet_cli.cli import main as run

    run()


if __name__ == "__main__":
    main()
