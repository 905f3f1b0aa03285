"""Watching a training: its progress, the best weights so far, and early stopping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tf_keras

from mobilenet_cli.errors import ModelError
from mobilenet_cli.in_tensorflow.channel import report_progress, send_note
from mobilenet_cli.tensorflow_files.summaries import Summaries
from mobilenet_cli.training.whole.in_tensorflow.batches import Batches
from mobilenet_cli.training.whole.in_tensorflow.interrupts import Interrupts
from mobilenet_cli.training.whole.options import Epoch, FineTuning


class Watch(tf_keras.callbacks.Callback):  # type: ignore[misc]
    """Reports progress after each batch and epoch, and keeps the weights of the best epoch.

    Attributes:
        epochs: The completed epochs.
        best_epoch: The number, from 1, of the epoch with the lowest validation loss (or training loss where there are
            no validation images); 0 before the first.
        best_weights: The model's weights after the best epoch; None before the first.
    """

    def __init__(
        self,
        training: Batches,
        validation: Batches,
        options: FineTuning,
        interrupts: Interrupts,
        summaries: Summaries | None,
    ) -> None:
        """Watch a training on these batches and with these options. `summaries` gets each epoch's figures."""
        super().__init__()
        self.epochs: list[Epoch] = []
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None
        self._training, self._validation = training, validation
        self.options = options
        self._interrupts, self._summaries = interrupts, summaries
        self._lowest = math.inf

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report the progress after a training step."""
        self._report(self._training.seen(batch + 1))

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Report the progress after a validation batch."""
        self._report(len(self._training.images) + self._validation.seen(batch + 1))

    def _report(self, images: int) -> None:
        an_epoch = len(self._training.images) + len(self._validation.images)
        done = len(self.epochs) * an_epoch + images
        report_progress("training", done, self.options.epochs * an_epoch)
        self._interrupts.check()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the epoch, keep its weights if it is the best, and stop the training when it is time to."""
        names = ("cross_entropy", "accuracy", "val_cross_entropy", "val_accuracy")
        record = Epoch(*map(logs.get, names))
        loss = record.loss if record.validation_loss is None else record.validation_loss
        if not (math.isfinite(record.loss) and math.isfinite(loss)):
            if self.best_weights is None:
                raise ModelError("the training loss is no longer finite: take a lower --learning-rate")
            send_note("the loss is no longer finite; a lower --learning-rate may help")
            self.model.stop_training = True
            return
        self.epochs.append(record)
        if self._summaries is not None:
            _write(record, epoch, self._summaries)
        send_note(f"epoch {len(self.epochs)} of {self.options.epochs}: {_summary(record)}")
        if loss < self._lowest:
            self._lowest, self.best_epoch = loss, len(self.epochs)
            self.best_weights = self.model.get_weights()
        elif self.options.patience is not None and len(self.epochs) - self.best_epoch >= self.options.patience:
            self.model.stop_training = True


def _write(epoch: Epoch, step: int, summaries: Summaries) -> None:
    summaries.add("training", step, {"loss": epoch.loss, "accuracy": epoch.accuracy})
    if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
        values = {"loss": epoch.validation_loss, "accuracy": epoch.validation_accuracy}
        summaries.add("validation", step, values)


def _summary(epoch: Epoch) -> str:
    text = f"loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.1%}"
    if epoch.validation_loss is None:
        return text
    return f"{text}; validation loss {epoch.validation_loss:.4f}, accuracy {epoch.validation_accuracy:.1%}"
