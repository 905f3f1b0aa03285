from __future__ import annotations

import pytest

from mobilenet_cli.postprocess.matching import matches
from mobilenet_cli.records import Prediction, Result

CAT = Result("a.jpg", "ok", (Prediction(1, 285, "n02124075", "Egyptian cat", 0.9),), None, 1, 1, "m")
FAILED = Result("b.jpg", "error", (), "empty", None, None, "m")


@pytest.mark.parametrize("pattern", ["*cat*", "egyptian*", "n02124075", "N0212*", "Egyptian cat"])
def test_a_label_or_a_wnid_is_matched_in_any_case(pattern):
    assert matches(CAT, [pattern])


@pytest.mark.parametrize("pattern", ["cat", "dog", "285", ""])
def test_the_whole_name_must_match(pattern):
    assert not matches(CAT, [pattern])


def test_one_of_several_patterns_is_enough_and_none_matches_everything():
    assert matches(CAT, ["dog", "*cat"])
    assert matches(CAT, [])
    assert matches(FAILED, [])


def test_a_failed_image_matches_no_pattern():
    assert not matches(FAILED, ["*"])
