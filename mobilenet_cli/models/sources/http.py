"""Asking servers whether they have something, in time whatever the network does."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator

from mobilenet_cli.in_tensorflow.downloads import routes
from mobilenet_cli.in_tensorflow.downloads.http import describe, web_page
from mobilenet_cli.models.sources import Question

PROBE_SECONDS = 4.0
"""How long a server may take to say whether it has something."""
HEAD_START = 1.0
"""How long a server may be silent before the ones after it are asked too."""


def answers(questions: Iterable[Question | None]) -> Iterator[str | None]:
    """Yield the answer to each question, in their order; None at once for those that are None.

    A question is asked when the one before it has been answered, or has gone without an answer for
    HEAD_START seconds: so that no server is troubled while another delivers, and that all of them together
    take no more than HEAD_START + PROBE_SECONDS to find out that there is no network.
    """
    coming = iter(questions)
    early: deque[_Asked | None] = deque()  # asked before their turn
    for question in coming:
        early.append(_asked(question))
        while early:
            asked = early.popleft()
            if asked is not None and not asked.answered_within(HEAD_START):
                early.extend(map(_asked, coming))
            yield None if asked is None else asked.answer()


class _Asked:
    """A question that is being asked in a thread: looking a host's name up has no time-out of its own."""

    def __init__(self, question: Question) -> None:
        self._deadline = time.monotonic() + PROBE_SECONDS
        self._answers: list[str | None] = []
        self._thread = threading.Thread(target=lambda: self._answers.append(question()), daemon=True)
        self._thread.start()

    def answered_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return bool(self._answers)

    def answer(self) -> str | None:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._answers[0] if self._answers else f"no answer within {PROBE_SECONDS:g} s"


def _asked(question: Question | None) -> _Asked | None:
    return None if question is None else _Asked(question)


def reason_against(url: str, *, any_answer: bool = False) -> str | None:
    """Ask for `url` and return why it is of no use, or None. Of the answer only the head is read.

    Args:
        url: What to ask for.
        any_answer: The server need only be there, whatever it answers.
    """
    from urllib.error import HTTPError

    try:
        with routes.opener().open(url, timeout=PROBE_SECONDS) as answer:
            return None if any_answer else web_page(answer)
    except HTTPError as error:
        return None if any_answer else describe(error)
    except Exception as error:  # urllib lets through OSErrors, ValueErrors and http.client's own
        return describe(error)
