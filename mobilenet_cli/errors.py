"""The errors that this package raises on purpose. Each message says what to do next."""

from __future__ import annotations


class MnclassifyError(Exception):
    """Base of them all: catch this to catch everything that the package raises on purpose."""


class InputError(MnclassifyError):
    """An argument or an option is wrong."""


class ImageError(MnclassifyError):
    """One image cannot be read. The pipeline makes it a Result whose status is "error"."""


class CrashError(ImageError):
    """The process that decoded an image crashed."""


class ModelError(MnclassifyError):
    """The model is unavailable, or does not fit what is asked of it."""


class StoreError(ModelError):
    """The model store cannot be read or written, whichever model it is and wherever that comes from."""


class ProcessError(ModelError):
    """The process that TensorFlow runs in ended before its answer."""


class NoTensorFlowError(ProcessError):
    """TensorFlow is needed, and is not installed."""


class UnavailableError(ModelError):
    """No source has the model.

    Attributes:
        reasons: What was tried, and why it failed, in a few words each.
    """

    def __init__(self, message: str, reasons: list[str]) -> None:
        super().__init__(message)
        self.reasons = reasons


class OutputError(MnclassifyError):
    """The results cannot be written."""


class SidecarError(OutputError):
    """One image's sidecar cannot be read or written, and is left as it is. It says nothing of other images."""


class OutputWarning(UserWarning):
    """The results are written, but something about them is not known."""


class ModelWarning(UserWarning):
    """Another model or engine is used than the best one, or a model's input was found by trying alone."""


class FallbackWarning(ModelWarning):
    """The embedded model is used because the main one cannot be had.

    Attributes:
        short: That in a few words.
        reason: Why the main model cannot be had, and what the user can choose instead.
    """

    def __init__(self, message: str, short: str, reason: str) -> None:
        super().__init__(message)
        self.short, self.reason = short, reason


class StoreWarning(ModelWarning):
    """The model store is in another folder than usual."""
