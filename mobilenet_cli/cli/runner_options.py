"""The options that say where images are handled: --runner, --ray-address and --cluster-cpus."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from mobilenet_cli.cli import signals
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.terminal import Terminal
from mobilenet_cli.text import counted

if TYPE_CHECKING:
    from mobilenet_cli.cli.output_options import OutputChoice
    from mobilenet_cli.cli.sources import Sources
    from mobilenet_cli.cluster.runner import RayRunner

RunnerName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class RunnerChoice:
    """Where images are handled."""

    name: RunnerName
    address: str | None
    cpus: int | None

    def prepare(self, named: Sources, output: OutputChoice, *, xmp: bool = False) -> None:
        """Have archives opened by the machines that handle them, where nothing has to know their images before.

        Args:
            named: The sources.
            output: Where the records go.
            xmp: Whether sidecars are written.

        Raises:
            UsageError: The options contradict each other.
        """
        if self.name == "local":
            return
        if self.writes_parts(output):
            if xmp:
                raise click.UsageError("with --runner ray, --xmp goes with -o FILE, not with a folder")
            # A part of so many rows goes to a machine as their names: it cannot hold what has to be streamed here.
            named.open_archives("whole" if output.each[0].rows_per_file is None else "in_place")
        elif not output.resume and not any(each.is_folder or each.is_remote for each in output.each):
            named.open_archives("whole")

    def writes_parts(self, output: OutputChoice) -> bool:
        """Return whether the machines write the output: it is a folder, and the only one."""
        return self.name == "ray" and len(output.each) == 1 and output.each[0].is_folder

    @contextmanager
    def opened(self, terminal: Terminal) -> Iterator[RayRunner | None]:
        """Connect to the cluster for the length of a `with` block; None where there is none.

        Raises:
            InputError: There is no cluster at the address.
        """
        if self.name == "local":
            yield None
            return
        from mobilenet_cli.cluster.runner import RayRunner

        with ExitStack() as stack:
            with terminal.waiting() as progress:
                if terminal.live:
                    progress("Connecting to the cluster", None, None)
                runner = stack.enter_context(RayRunner(self.address or "auto", self.cpus, logs=terminal.is_verbose))
            signals.handle()  # Ray has set its own
            terminal.detail(f"cluster: {counted(runner.nodes, 'machine')}")
            yield runner
            each = ", ".join(f"{count:,}" for count in runner.images.values())
            terminal.detail(f"images per machine: {each or 'none'}")


def described(verb: str, cluster: RayRunner | None) -> Callable[[], str] | str:
    """Return the description of a progress line: on a cluster, with the number of machines that it has now."""
    return verb if cluster is None else lambda: f"{verb} on {counted(cluster.nodes, 'machine')}"


def _runner_choice(runner: RunnerName, ray_address: str | None, cluster_cpus: int | None) -> RunnerChoice:
    if runner == "local":
        if ray_address is not None or cluster_cpus is not None:
            raise click.UsageError("--ray-address and --cluster-cpus go with --runner ray")
    else:
        from mobilenet_cli.cluster.runner import check_installed

        check_installed()
    return RunnerChoice(runner, ray_address or os.environ.get("RAY_ADDRESS"), cluster_cpus)


runner_options = option_group(
    "runner",
    _runner_choice,
    click.option(
        "--runner",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Where to run: on this machine, or on a Ray cluster.",
    ),
    click.option(
        "--ray-address",
        metavar="auto|HOST:PORT|local",
        help="With --runner ray: the cluster  [default: $RAY_ADDRESS, otherwise auto: the one this machine is in]",
    ),
    click.option(
        "--cluster-cpus",
        type=click.IntRange(min=1),
        metavar="N",
        help="With --runner ray: CPUs to use at most  [default: all, also of machines that join later]",
    ),
    heading="Speed",
    shape_rows=False,
)
