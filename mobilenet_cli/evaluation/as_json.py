"""An evaluation as a JSON object."""

from __future__ import annotations

from typing import Any

from mobilenet_cli.evaluation.comparison import Comparison, Paired
from mobilenet_cli.evaluation.figures import Evaluation, NamesAtSure, Proportion
from mobilenet_cli.json_lines import encoded
from mobilenet_cli.records import ClassName

_DECIMALS = 6


def as_json(evaluation: Evaluation, comparison: Comparison | None = None) -> bytes:
    """Return the first model's evaluation as an object. `comparison` holds the second model's, or null.

    Shares, scores and errors are 0 to 1, and null where there are no images to compute them from. A class is an
    object with `index`, `wnid` and `label`; `index` is null for what images show that is no class.
    """
    compared = None
    if comparison is not None:
        compared = {
            "second": _evaluation(comparison.second),
            "top_1": _paired(comparison.top_1),
            "top_5": _paired(comparison.top_5),
        }
    return encoded(_evaluation(evaluation) | {"comparison": compared}, indent=2) + b"\n"


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    def named(index: int) -> dict[str, object]:
        return {"index": index if index < len(evaluation.classes) else None} | _named(evaluation.name(index))

    return {
        "model": evaluation.model,
        "image_size": evaluation.image_size,
        "images": evaluation.images,
        "failed": evaluation.failed,
        "without_class": evaluation.without_class,
        "trained_on": evaluation.trained_on,
        "chosen_by": evaluation.chosen_by,
        "top_1": _proportion(evaluation.top_1),
        "top_5": _proportion(evaluation.top_5),
        "classified_top_1": _proportion(evaluation.classified_top_1),
        "classified_top_5": _proportion(evaluation.classified_top_5),
        "mean_class_accuracy": _rounded(evaluation.mean_class_accuracy),
        "expected_calibration_error": _rounded(evaluation.calibration_error),
        "images_per_second": round(evaluation.images_per_second, 2),
        "sure": evaluation.sure,
        "names": [_names(each) for each in evaluation.names],
        "reliability": [
            {
                "low": _rounded(each.low),
                "high": _rounded(each.high),
                "images": each.images,
                "mean_score": _rounded(each.confidence),
                "accuracy": _rounded(each.accuracy),
            }
            for each in evaluation.reliability
        ],
        "classes": [
            named(each.index) | {"images": each.images, "correct": each.correct} for each in evaluation.per_class
        ],
        "confusions": [
            {"truth": named(each.truth), "predicted": named(each.predicted), "images": each.images}
            for each in evaluation.confusions
        ],
        "worst_mistakes": [
            {
                "path": each.path,
                "truth": named(each.truth),
                "predicted": named(each.predicted),
                "score": _rounded(each.score),
                "rank_of_truth": each.rank,
            }
            for each in evaluation.worst
        ],
        "failures": [
            {"path": each.path, "truth": named(each.truth), "error": each.error} for each in evaluation.failures
        ],
    }


def _names(names: NamesAtSure) -> dict[str, object]:
    return {
        "sure": names.sure,
        "named": names.named.correct,
        "named_share": _rounded(names.named.value),
        "right": _proportion(names.right),
        "vaguer": names.vaguer,
        "vaguer_share": _rounded(names.vaguer_share),
        "wrong": names.wrong,
        "wrong_share": _rounded(names.wrong_share),
        "median_classes": names.median_classes,
        "single_classes": names.single_classes,
        "single_class_share": _rounded(names.single_share),
    }


def _named(name: ClassName) -> dict[str, object]:
    return {"wnid": name.wnid, "label": name.label}


def _proportion(proportion: Proportion | None) -> dict[str, object] | None:
    if proportion is None:
        return None
    low, high = proportion.interval
    return {
        "value": _rounded(proportion.value),
        "correct": proportion.correct,
        "total": proportion.total,
        "low": _rounded(low),
        "high": _rounded(high),
    }


def _paired(paired: Paired | None) -> dict[str, object] | None:
    if paired is None:
        return None
    low, high = paired.interval
    return {
        "both_right": paired.both_right,
        "only_first_right": paired.only_first,
        "only_second_right": paired.only_second,
        "both_wrong": paired.both_wrong,
        "difference": _rounded(paired.difference),
        "low": _rounded(low),
        "high": _rounded(high),
        "p_value": paired.p_value,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)
