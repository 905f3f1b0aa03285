from __future__ import annotations

import logging
import os

from mobilenet_cli.machine.native_logs import silenced


def test_what_native_code_writes_is_held_back_within_the_block_alone(capfd):
    os.write(2, b"before\n")
    with silenced():
        os.write(2, b"chatter\n")
        with silenced():
            os.write(2, b"more\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_it_shows_where_logs_are_asked_for(capfd):
    logger = logging.getLogger("mobilenet_cli")
    logger.setLevel(logging.DEBUG)
    try:
        with silenced():
            os.write(2, b"chatter\n")
    finally:
        logger.setLevel(logging.NOTSET)
    assert capfd.readouterr().err == "chatter\n"
