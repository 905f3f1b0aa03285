"""What a network is made of: the contract between the trainer and the ways to train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_cli.images.preprocess import Preprocessing
from mobilenet_cli.models.acquire import Model
from mobilenet_cli.models.manifest import Network
from mobilenet_cli.progress import Note, Progress
from mobilenet_cli.records import NetworkKind
from mobilenet_cli.training.curve import Chart
from mobilenet_cli.training.features import Examples

if TYPE_CHECKING:
    from mobilenet_cli.training.split import Part


@dataclass(frozen=True, slots=True)
class Job:
    """What to learn, and from what.

    Attributes:
        base: The network that puts out features.
        saved_model: Its SavedModel.
        preprocessing: How images become its input.
        classes: The classes' names.
        examples: The images.
        parts: The places of the training and of the validation images, once or, for cross-validation, a fold.
        seed: Of everything that is random.
        summaries: A folder for TensorBoard's event files, or None.
    """

    base: Model
    saved_model: Path
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    examples: Examples
    parts: tuple[Part, ...]
    seed: int
    summaries: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """What a Maker has made in the model's folder.

    Attributes:
        method: What was trained: "head", or "fine-tuned": all.
        networks: Both, with their files in the folder.
        metrics: `validation_top_1` and `validation_loss`, of the images that validate; `training_top_1` and
            `training_loss` likewise; None where there are none.
        details: What else is to be known of how it was made, as JSON.
        charts: The training's course.
        interrupted: Whether Ctrl-C ended it, and this is the best so far.
    """

    method: str
    networks: dict[NetworkKind, Network]
    metrics: dict[str, float | None]
    details: dict[str, Any]
    charts: tuple[Chart, ...]
    interrupted: bool = False


Maker = Callable[[Job, Path, Progress, Note], Made]
"""Trains networks and writes them into an empty folder."""
