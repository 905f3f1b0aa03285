"""The numbers that a network takes for an image: the range, or the mean and the deviation, and the channels' order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from mobilenet_cli.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Channels = Literal["rgb", "bgr"]
"""The order of the colours in a pixel."""


def _three(numbers: Sequence[float]) -> tuple[float, float, float]:
    if len(numbers) not in (1, 3):
        raise InputError(f"a mean or a deviation is one number or three, not {len(numbers)}")
    first, second, third = (*numbers,) * (3 // len(numbers))
    return first, second, third


@dataclass(frozen=True, slots=True)
class Input:
    """A network takes (x − mean) / std for each value x of an image, which is 0 to 1.

    Attributes:
        mean: A number a channel, in the order of `channels`.
        std: A number a channel, in the order of `channels`; greater than 0.
        channels: The order of the channels.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    channels: Channels = "rgb"

    def __post_init__(self) -> None:
        numbers = (*self.mean, *self.std)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, numbers)) or min(self.std) <= 0:
            raise InputError("the mean and the deviation are three numbers each, and the deviation is above 0")
        if self.channels not in get_args(Channels):
            raise InputError(f"channels is one of {', '.join(get_args(Channels))}, not {self.channels!r}")

    @classmethod
    def of_range(cls, low: float, high: float, channels: Channels = "rgb") -> Self:
        """Return the input of a network that takes `low` for black and `high` for white.

        Raises:
            InputError: `low` is not below `high`.
        """
        if not low < high:
            raise InputError(f"an input range goes from a lower to a higher number, not from {low:g} to {high:g}")
        return cls((-low / (high - low),) * 3, (1 / (high - low),) * 3, channels)

    @classmethod
    def of_pixels(cls, mean: Sequence[float], std: Sequence[float], channels: Channels = "rgb") -> Self:
        """Return the input of a network that takes (pixel − mean) / std, for pixels from 0 to 255.

        Args:
            mean: One number, or one a channel.
            std: One number, or one a channel.
            channels: The order of the channels.

        Raises:
            InputError: They are not one or three numbers, or a deviation is not above 0.
        """
        low, high = (tuple(number / 255 for number in _three(numbers)) for numbers in (mean, std))
        return cls((low[0], low[1], low[2]), (high[0], high[1], high[2]), channels)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Return the one that a manifest has."""
        return cls(tuple(values["mean"]), tuple(values["std"]), values["channels"])

    def scaled(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 RGB images [N, H, W, 3] in [0, 1] as the network takes them, in a new array."""
        import numpy as np

        ordered = images if self.channels == "rgb" else images[..., ::-1]
        scaled = np.subtract(ordered, np.asarray(self.mean, np.float32), dtype=np.float32)
        scaled /= np.asarray(self.std, np.float32)
        return scaled

    def __str__(self) -> str:
        """Return it in words: "−1 to 1", "mean 0.5,0.4,0.4, std 0.2,0.2,0.2"."""
        order = "" if self.channels == "rgb" else ", BGR"
        if self == CAFFE:
            return "ImageNet's mean off BGR bytes"
        if self == TORCH:
            return "ImageNet's mean and deviation"
        if len(set(self.mean)) == len(set(self.std)) == 1:
            low, high = (f"{(bound - self.mean[0]) / self.std[0]:.4g}" for bound in (0, 1))
            return f"{'0' if low == '-0' else low} to {high}{order}".replace("-", "−")
        mean, std = (",".join(f"{number:.4g}" for number in numbers) for numbers in (self.mean, self.std))
        return f"mean {mean}, std {std}{order}"


UNIT = Input()
"""0 to 1: TF Hub's common interface of image models."""
SIGNED = Input.of_range(-1, 1)
"""−1 to 1: TF-Slim's MobileNets, and Keras' "tf" mode."""
BYTES = Input.of_range(0, 255)
"""0 to 255."""
TORCH = Input((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""ImageNet's mean and deviation, as in torchvision and in Keras' "torch" mode."""
CAFFE = Input.of_pixels((103.939, 116.779, 123.68), (1,), "bgr")
"""BGR from 0 to 255 less ImageNet's mean: Keras' "caffe" mode."""
