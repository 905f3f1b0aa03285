"""A run on a cluster whose machines write a folder of parts: what comes back are counts, a part at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mobilenet_cli.cli.output import Output
from mobilenet_cli.cli.progress_line import ProgressLine
from mobilenet_cli.cli.tally import Tally
from mobilenet_cli.files.folder_document import ROWS
from mobilenet_cli.files.format import Format, RowOptions

if TYPE_CHECKING:
    from mobilenet_cli.cluster.parts import PartsDocument
    from mobilenet_cli.cluster.runner import RayRunner
    from mobilenet_cli.files.made_with import MadeWith
    from mobilenet_cli.files.part_folder import PartFolder


def begin_parts(
    cluster: RayRunner,
    folder: PartFolder,
    output: Output,
    chosen: Format[Any, Any],
    options: RowOptions,
    *,
    made_at: float,
    made_with: MadeWith,
    is_wanted: Callable[[Any], bool],
) -> PartsDocument:
    """Have the cluster's next run write the records that are wanted to the folder, and return its document.

    Raises:
        OutputError: The folder may not be written to.
    """
    from mobilenet_cli.cluster.parts import PartsDocument, PartWriter

    place = output.file if output.is_remote else os.path.abspath(output.file or "")  # noqa: PTH100
    cluster.handling = PartWriter(place or "", chosen, options, made_at, is_wanted)
    cluster.group_size = output.rows_per_file or ROWS
    return PartsDocument(folder, chosen, options, made_with)


def collect_parts(
    pairs: Generator[tuple[Any, Any], None, None], document: PartsDocument, tally: Tally, progress: ProgressLine
) -> int:
    """Count the parts as they are complete, and return how many images that could be read have rows."""
    labelled = 0
    tally.begin()
    with closing(pairs):
        for _, report in pairs:
            document.add(report)
            tally.add(progress, report.done, report.failures, failed=report.failed)
            labelled += report.labelled
    return labelled
