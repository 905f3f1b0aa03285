"""No damaged image crashes or stops a run, or is without its row."""

from __future__ import annotations

from pathlib import Path

import pytest
from damaged_images import label_damaged

pytestmark = pytest.mark.slow

COUNT = 2000


def test_two_thousand_damaged_images_of_every_format_have_their_rows(tmp_path: Path):
    outcomes = label_damaged(COUNT, tmp_path)
    files, labelled, refused = (
        sum(getattr(each, count) for each in outcomes.values()) for count in ("files", "labelled", "refused")
    )
    assert COUNT <= files == labelled + refused
    assert min(labelled, refused) > COUNT / 20  # the damage is neither nothing nor everything
    assert {name: each for name, each in outcomes.items() if not each.is_sound} == {}
    assert all(each.refused for each in outcomes.values())
