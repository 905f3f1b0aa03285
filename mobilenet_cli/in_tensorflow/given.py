"""The facts that are given about a network, by options or by its origin, before it is inspected."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.in_tensorflow.stated_input import StatedInput
from mobilenet_cli.records import OutputKind


@dataclass(frozen=True, slots=True)
class Given:
    """The facts that are given about a network, by options or by its origin, before it is inspected.

    Attributes:
        input: The numbers that it takes, by an option; None: not given.
        output: What its outputs are, by an option; None: not given.
        is_hubs: Whether it comes from where all models take 0 to 1, so that nothing has to be found.
        is_classifier: Whether it puts out classes, and not features.
        is_trusted: Whether operations that could act on this machine may run.
        stated: What is known from where it comes from, if anything.
    """

    input: Input | None = None
    output: OutputKind | None = None
    is_hubs: bool = False
    is_classifier: bool = True
    is_trusted: bool = False
    stated: StatedInput | None = None


KNOWN = Given(is_hubs=True)
