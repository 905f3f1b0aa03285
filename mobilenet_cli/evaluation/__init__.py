"""Measuring how well a model labels images whose true class is known.

    from mobilenet_cli.evaluation import evaluate

truth (what an image shows) and outcomes (what a model predicted) → metrics → figures → text, JSON or a page.
"""

from __future__ import annotations

from mobilenet_cli.evaluation.comparison import Comparison, Paired
from mobilenet_cli.evaluation.evaluate import compare, evaluate
from mobilenet_cli.evaluation.figures import Evaluation, Proportion
from mobilenet_cli.evaluation.truth import truth_of

__all__ = ["Comparison", "Evaluation", "Paired", "Proportion", "compare", "evaluate", "truth_of"]
