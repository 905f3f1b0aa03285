"""`mnclassify evaluate --calibrate`: a temperature fitted to the user's photographs, kept in the model's manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mobilenet_cli.cli.options import Pace
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.records import Source
from mobilenet_cli.text import counted, printable

if TYPE_CHECKING:
    from mobilenet_cli.classifier import Classifier
    from mobilenet_cli.evaluation.truth import Truth


def check_calibratable(classifier: Classifier, images: Sequence[Source]) -> None:
    """Check what can be checked before the evaluation.

    Raises:
        InputError: There are too few images, or the model puts out no logits.
        StoreError: The model store cannot be written.
        OutputError: The folder of a trained model cannot be written.
    """
    from mobilenet_cli.evaluation.calibrate import check_enough
    from mobilenet_cli.models.acquire import check_takes_temperature
    from mobilenet_cli.models.temperature import check_writable

    check_enough(len(images))
    check_takes_temperature(classifier.model)
    check_writable(classifier.model)


def calibrate(classifier: Classifier, images: Sequence[Source], truth: Truth, pace: Pace, terminal: Terminal) -> None:
    """Fit the model's temperature to the images, keep it in the model's manifest, and say so.

    Raises:
        InputError: Too few of the images can be read.
        ModelError: The model is damaged, or no longer there.
        StoreError: The model store cannot be written.
        OutputError: The folder of a trained model cannot be written.
    """
    from mobilenet_cli.evaluation.calibrate import calibrate as fit
    from mobilenet_cli.models.temperature import keep_temperature

    tally = Tally(terminal, "classified")
    with terminal.counting("Calibrating") as progress:
        fitted = fit(classifier, images, truth, watch=lambda pairs: tally.watched(pairs, progress), **asdict(pace))
    keep_temperature(classifier.model, fitted.temperature, fitted.images, datetime.now(UTC).date().isoformat())
    before, after = f"{fitted.before:.3g}", f"{fitted.temperature:.3g}"
    terminal.note(
        f"the temperature of {printable(classifier.model.name)} is now {after} ({before} before), "
        f"fitted on {counted(fitted.images, 'image')}; `mnclassify models show` has it"
    )
    if not fitted.names_keep_their_word:
        terminal.note("these images do not show that names are right as often as --sure says; more of them may")
    terminal.note(f"the figures of this run are those of {before}; these images chose {after}: measure it on others")
