"""No damaged image crashes or stops a run, or is without its row."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Run
from damaged_images import label_damaged

pytestmark = pytest.mark.slow

COUNT = 2000


def test_two_thousand_damaged_images_of_every_format_have_their_rows(mnclassify: Run, tmp_path: Path):
    outcome = label_damaged(COUNT, tmp_path)
    assert outcome.failures == []
    assert outcome.slow == []
    assert outcome.rows["ok"] + outcome.rows["error"] == COUNT
    assert min(outcome.rows["ok"], outcome.rows["error"]) > COUNT / 20  # the damage is neither nothing nor everything
