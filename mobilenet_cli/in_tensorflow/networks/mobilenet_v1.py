"""MobileNet V1 as TF-Slim has it (Howard et al. 2017, table 1), for any depth multiplier and class count.

Its variables have the names and shapes of TF-Slim's checkpoints, for slim_checkpoint.py to fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mobilenet_cli.in_tensorflow.networks.layers import ConvNorm, ImageNetwork, LogitsLayer

if TYPE_CHECKING:
    from mobilenet_cli.in_tensorflow.networks.layers import Layer

_MIN_DEPTH = 8
_STEM_DEPTH = 32

# Stride and depth of each depthwise separable convolution, before the depth multiplier.
_SEPARABLE = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *[(1, 512)] * 5,
    (2, 1024),
    (1, 1024),
)


class MobilenetV1(ImageNetwork):
    """MobileNet V1; images in [0, 1] are mapped to [-1, 1] inside, as it was trained.

    The dropout that it was trained with (1 in 1000 features) is left out, so that a module's output depends
    on its input alone.
    """

    def __init__(self, depth_multiplier: float = 1.0, classes: int = 1001, *, seed: int = 0) -> None:
        """Build the network with random weights.

        Args:
            depth_multiplier: Factor of every layer's depth, which stays at least 8. The published networks
                have 0.25, 0.5, 0.75 and 1.
            classes: Number of logits; the published networks have ImageNet's 1000 after a background class.
            seed: Of the random weights.
        """

        def scale(depth: int) -> int:
            return max(int(depth * depth_multiplier), _MIN_DEPTH)

        rng = np.random.default_rng(seed)
        channels = scale(_STEM_DEPTH)
        layers: list[Layer] = [ConvNorm("MobilenetV1/Conv2d_0", 3, 3, channels, rng, stride=2)]
        for index, (stride, depth) in enumerate(_SEPARABLE, start=1):
            scope = f"MobilenetV1/Conv2d_{index}"
            layers.append(ConvNorm(f"{scope}_depthwise", 3, channels, None, rng, stride=stride))
            layers.append(ConvNorm(f"{scope}_pointwise", 1, channels, scale(depth), rng))
            channels = scale(depth)
        super().__init__(
            layers,
            LogitsLayer("MobilenetV1/Logits/Conv2d_1c_1x1", channels, classes, rng),
            scale=2.0,
            offset=-1.0,
            # TF-Slim's mobilenet_v1_arg_scope.
            weight_decay=4e-5,
            decay_depthwise=False,
        )
