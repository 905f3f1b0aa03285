"""How well a model does on images whose truth is known.

    from mobilenet_cli.evaluation import evaluate

truth (what an image shows) and outcomes (what a model said) → metrics → records → text, JSON or a page.
"""

from __future__ import annotations

from mobilenet_cli.evaluation.evaluate import compare, evaluate
from mobilenet_cli.evaluation.figures import Comparison, Evaluation, Paired, Proportion
from mobilenet_cli.evaluation.truth import truth_of

__all__ = ["Comparison", "Evaluation", "Paired", "Proportion", "compare", "evaluate", "truth_of"]
