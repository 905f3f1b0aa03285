from __future__ import annotations

from pathlib import Path

import pytest

from mobilenet_cli.files.in_hand import ImagesInHand, images_in_hand

CRASHED: list[object] = []
KEYS = ["a.jpg", "line\nbreak.jpg", "caf\udce9.jpg", "x" * 5000, "('cell', 'one\\n')"]


def crashed(hand: Path, *keys: str, resume: bool = False) -> None:
    """Leave what a run leaves that crashes with these in hand, one a worker."""
    run = images_in_hand(hand, resume=resume)
    CRASHED.append(run)  # or its end would be one in order
    hands = run.__enter__()
    for key in keys:
        note = hands.place()
        note("earlier.jpg")
        note(key)


def suspects(hand: Path, *, resume: bool = True) -> list[str]:
    with images_in_hand(hand, resume=resume) as hands:
        return [key for key in [*KEYS, "b.jpg", "earlier.jpg"] if hands.is_suspect(key)]


@pytest.fixture
def hand(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv.part.hand"


def test_what_each_worker_had_in_hand_is_suspect_to_the_run_that_resumes(hand):
    crashed(hand, *KEYS)
    assert suspects(hand) == KEYS


def test_an_end_in_order_leaves_nothing(hand):
    assert suspects(hand) == []

    def interrupted() -> None:
        with images_in_hand(hand, resume=True) as hands:
            hands.place()("a.jpg")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(hand.parent.iterdir()) == []


def test_a_run_that_starts_over_has_no_suspects(hand):
    crashed(hand, "a.jpg")
    assert suspects(hand, resume=False) == []


def test_suspects_stay_so_until_a_run_ends_in_order(hand):
    crashed(hand, "a.jpg")
    crashed(hand, "b.jpg", resume=True)
    assert suspects(hand) == ["a.jpg", "b.jpg"]
    assert suspects(hand) == []


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(tmp_path):
    hands = ImagesInHand(tmp_path / "none" / "labels.csv.part.hand", frozenset())
    hands.place()("a.jpg")
    hands.close()
    hands.place()("b.jpg")
