"""The options that shape rows of labels, and the writer that all of their formats derive from."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.files.format import Writer
from mobilenet_cli.records import SCORE_DECIMALS, Result
from mobilenet_cli.text import is_same_model, printable


@dataclass(frozen=True, slots=True)
class Layout:
    """The options that shape rows of labels.

    Attributes:
        top_k: How many predictions a Result has at most: the number of label and score columns.
        long: CSV and TSV: a row a prediction instead of a row an image.
        null: Format "path": end each path with a NUL byte instead of a newline.
        columns: The names of the columns of the table whose rows name the images; None where there is none.
        model: The name of the model that makes the Results.
        threshold: The lowest score that is a prediction, 0 to 1.
        sure: The lowest score of a sure label, 0 to 1.
        csv_safe: CSV and TSV: cells that a spreadsheet would compute are written as text.
        selected: Whether only Results that show what the user searched for are written.
    """

    top_k: int
    long: bool = False
    null: bool = False
    columns: tuple[str, ...] | None = None
    model: str = ""
    threshold: float = 0.0
    sure: float = 0.0
    selected: bool = False
    csv_safe: bool = False

    @property
    def keeps_others(self) -> bool:
        """Whether `--resume` keeps rows of other images: beside a table, each of its rows has one, and no more."""
        return self.columns is None

    def check(self, key: str, model: str, predictions: int, label_score: float | None) -> None:
        """Refuse a finished row that these options would not give, as far as the row shows it.

        Args:
            key: The row's key.
            model: The name of the model that made it.
            predictions: How many predictions it has.
            label_score: The score of its sure label; None where it has none.

        Raises:
            ValueError: The message says why, and follows the file's name and a colon.
        """
        if not is_same_model(model, self.model):
            raise ValueError(f"its rows are by the model {printable(model)}, not {printable(self.model)}")
        fewest = 0 if self.threshold else self.top_k
        if not fewest <= predictions <= self.top_k:
            raise ValueError(
                f"its row of {printable(key)} has {predictions} labels, which the present "
                "--top-k and --threshold would not give"
            )
        if label_score is not None and label_score < round(self.sure, SCORE_DECIMALS):
            raise ValueError(
                f"its row of {printable(key)} has a label that scores {label_score}, less than the present --sure"
            )


ResultWriter = Writer[Result, Layout]
"""Writes Results in one format."""
