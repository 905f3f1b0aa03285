from __future__ import annotations

import pytest
from results import failed_result, name, prediction, result_of

from mobilenet_cli.postprocess.matching import matches

CAT = result_of("a.jpg", [prediction("Egyptian cat", 0.9, index=285, wnid="n02124075")])
FAILED = failed_result("b.jpg")


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


@pytest.mark.parametrize("pattern", ["*weiler", "dog", "n02084071", "ANIMAL"])
def test_the_sure_label_and_its_kinds_are_looked_at_too(pattern):
    kinds = [name("animal"), name("dog", wnid="n02084071")]
    assert matches(result_of(predictions=[], label=name("Rottweiler"), kinds=kinds), [pattern])
    assert not matches(result_of(predictions=CAT.predictions), [pattern])


def test_a_failed_image_matches_no_pattern():
    assert not matches(FAILED, ["*"])
