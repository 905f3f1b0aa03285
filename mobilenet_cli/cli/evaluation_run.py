"""The models of an evaluation, and their passes over the images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from mobilenet_cli.cli.model_options import ModelChoice
from mobilenet_cli.cli.options import Pace
from mobilenet_cli.cli.precision_options import PrecisionChoice
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.records import Source

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier
    from mobilenet_cli.evaluation.comparison import Comparison
    from mobilenet_cli.evaluation.figures import Evaluation
    from mobilenet_cli.evaluation.outcomes import LabelledSource
    from mobilenet_cli.evaluation.truth import Truth
    from mobilenet_cli.postprocess.naming_at_each import NamedResult

    _Pair = tuple[LabelledSource, NamedResult]


@dataclass(slots=True)
class EvaluationRun:
    """Passes over the images, one per model."""

    images: Sequence[Source]
    rule: Truth
    sure: float
    pace: Pace
    terminal: Terminal
    description: Callable[[], str] | str = "Evaluating"
    failed: int = 0

    def result(self, first: Classifier, second: Classifier | None) -> tuple[Evaluation, Comparison | None]:
        """Return the first model's evaluation, and the comparison if there is a second model."""
        from mobilenet_cli.evaluation import compare, evaluate

        options = {"sure": self.sure, "watch": self._watched, **asdict(self.pace)}
        if second is None:
            return self._known(first, evaluate(first, self.images, self.rule, **options)), None
        comparison = compare(first, second, self.images, self.rule, **options)
        comparison = replace(
            comparison, first=self._known(first, comparison.first), second=self._known(second, comparison.second)
        )
        return comparison.first, comparison

    def _known(self, classifier: Classifier, evaluation: Evaluation) -> Evaluation:
        """Return the evaluation with how many of the images the model was made with."""
        if classifier.model.manifest.training is None:
            return evaluation
        from mobilenet_cli.training.seen import seen

        found = seen(classifier.model, self.images)
        return replace(evaluation, trained_on=found.trained_on, chosen_by=found.chosen_by)

    def _watched(self, pairs: Iterable[_Pair]) -> Iterator[_Pair]:
        tally = Tally(self.terminal, "classified")
        with self.terminal.counting(self.description) as progress:
            progress.set_total(len(self.images))
            yield from tally.watched(pairs, progress)
        self.failed = max(self.failed, tally.failed)


def load_models(
    model: ModelChoice,
    precision: PrecisionChoice,
    temperature: float | None,
    labels: str | None,
    other: str | None,
    terminal: Terminal,
    both: Mapping[str, Any],
) -> tuple[Classifier, Classifier | None]:
    """Load the model to evaluate, and the one that it is compared with, if there is one.

    `both` are more arguments of both Classifiers.
    """
    with terminal.waiting() as progress:
        from mobilenet_cli.classifier import Classifier

        both = {**precision.arguments(), **both}
        first = Classifier(labels=labels, temperature=temperature, **both, **model.arguments(progress))
        second = (
            Classifier(**both, **replace(model, model=other, network_input=None).arguments(progress))
            if other is not None
            else None
        )
    return first, second
