"""No damaged image crashes or stops a run, or is without its row."""

from __future__ import annotations

from pathlib import Path

import pytest
from damaged_images import label_damaged

pytestmark = pytest.mark.slow

COUNT = 2000


def test_two_thousand_damaged_images_of_every_format_have_their_rows(tmp_path: Path):
    outcomes = label_damaged(COUNT, tmp_path)
    assert sum(each.files for each in outcomes.values()) >= COUNT
    assert {name: each for name, each in outcomes.items() if not each.is_sound} == {}
    assert all(each.labelled < each.files for each in outcomes.values())
    assert sum(each.labelled > 0 for each in outcomes.values()) > len(outcomes) / 2  # others bear no damage at all
