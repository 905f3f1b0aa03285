"""The contract between the trainer and the two ways to train: a Job goes in, and Made comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Network
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.training.curve import Chart
from mobilenet_cli.training.features import Examples

if TYPE_CHECKING:
    from mobilenet_cli.training.split import Split


@dataclass(frozen=True, slots=True)
class Job:
    """A training to be done.

    Attributes:
        base: The model whose network puts out features.
        saved_model: The folder of that network's SavedModel.
        preprocessing: How images become the network's input.
        classes: The names of the classes.
        examples: The images.
        splits: Training and validation images: one split, or one per fold of a cross-validation.
        seed: Seed of everything random.
        summaries: A folder for TensorBoard's event files, or None.
    """

    base: Model
    saved_model: Path
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    examples: Examples
    splits: tuple[Split, ...]
    seed: int
    summaries: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a training.

    Attributes:
        method: "head" if only a new head was trained, "fine-tuned" if the whole network was.
        networks: The classifier and the feature extractor, whose files are in the model's folder.
        metrics: `validation_top_1`, `validation_loss`, `training_top_1` and `training_loss`; None where there are no
            images to measure them with.
        details: Further fields for the manifest's `training`, as JSON.
        charts: The course of the training.
        temperature: The divisor of the classifier's logits, fitted on the validation images; 1 without such images.
        interrupted: Whether Ctrl-C ended the training, so that this is the best result until then.
    """

    method: str
    networks: dict[NetworkKind, Network]
    metrics: dict[str, float | None]
    details: dict[str, Any]
    charts: tuple[Chart, ...]
    temperature: float = 1.0
    interrupted: bool = False
