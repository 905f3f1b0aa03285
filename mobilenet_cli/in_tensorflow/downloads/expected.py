"""What a model was when it was first downloaded from its place."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.errors import ModelError


@dataclass(frozen=True, slots=True)
class Expected:
    """The hash that a download is expected to have.

    Attributes:
        sha256: Of the first download from there, in hexadecimal; "" where this is the first.
        note: The file with that hash, which the user removes to have another content taken.
    """

    sha256: str
    note: str

    def check(self, actual: str) -> None:
        """Raise a ModelError where the content is another one."""
        if self.sha256 and actual != self.sha256:
            raise ModelError(
                f"it is not what was first downloaded from there: SHA-256 {actual}, not {self.sha256}; "
                f"if it was to change, remove {self.note}"
            )


NOTHING = Expected("", "")
"""What is expected where nothing is known."""
