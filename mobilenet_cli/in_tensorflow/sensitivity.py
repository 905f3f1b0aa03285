"""Which layers of a network are to stay in float: those that make its outputs, and those that bear int8 least."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence

from mobilenet_cli.in_tensorflow.layers_of_file import Layer

# Squared errors of the layers add up to about that of the whole network, so a share of it is what a layer costs. In
# MobileNet V1 1.0/224 the first depthwise convolution makes 38 % and the convolution before it 48 %: what one rounds to
# 256 steps, the other multiplies by up to 20 in some channels. The next ones make 4 % and less.
_LEAST_HARM = 0.1
# In float, a layer takes three to four times as long.
_MOST_MULTIPLY_ADDS = 0.1


def makers_of_outputs(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers that make the outputs: the classifier, if there is one, and what follows it.

    An output of 256 steps has ties: the two best classes of a photograph may well be one. A classifier's weights are
    used once an image, so that it takes little time. Otherwise it is what follows the last layer with weights.

    Args:
        layers: All layers, in the order in which they run.
    """
    last = max((place for place, layer in enumerate(layers) if layer.multiply_adds), default=0)
    is_classifier = layers[last].multiply_adds == math.prod(layers[last].shape)
    return list(layers[last if is_classifier else last + 1 :])


def most_sensitive(layers: Sequence[Layer], harm: Callable[[Sequence[Layer]], float]) -> list[Layer]:
    """Return the layers that do at least a tenth of the harm of quantising all of them, the worst first.

    The part of the network that does the most harm is halved until it is one layer, so a network of 30 layers is
    measured about ten times for each layer found.

    Args:
        layers: All layers, in the order in which they run.
        harm: Returns the mean squared error of the outputs where these layers alone are quantised.

    Returns:
        Layers that together take at most a tenth of the network's multiply-adds.
    """
    whole = harm(layers)
    left = _MOST_MULTIPLY_ADDS * sum(layer.multiply_adds for layer in layers)
    found: list[Layer] = []
    parts = [(-whole, 0, len(layers))]
    while parts:
        negative, begin, end = heapq.heappop(parts)
        if -negative < _LEAST_HARM * whole or whole == 0:
            break
        if end - begin > 1:
            middle = (begin + end) // 2
            for part in ((begin, middle), (middle, end)):
                heapq.heappush(parts, (-harm(layers[slice(*part)]), *part))
        elif layers[begin].multiply_adds <= left:
            left -= layers[begin].multiply_adds
            found.append(layers[begin])
    return found
