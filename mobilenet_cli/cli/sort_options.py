"""The options of `mnclassify sort`: where images go, what names the folders, and how images get there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.option_group import option_group
from mobilenet_cli.cli.options import sure_option
from mobilenet_cli.sorting.choice import By
from mobilenet_cli.sorting.deeds import How


@dataclass(frozen=True, slots=True)
class SortChoice:
    """What is done with the images.

    Attributes:
        into: The destination, as it was typed.
        by: What names the folders, where no words are chosen.
        kinds: The words that are folders; none: all names are.
        sure: The score from which an image has a name.
        how: How files get there.
        dry_run: Whether the plan is printed and nothing is done.
        undo: Whether all is put back.
    """

    into: str
    by: By
    kinds: tuple[str, ...]
    sure: float
    how: How
    dry_run: bool
    undo: bool

    def settings(self, model: str) -> str:
        """Return what decides where images go as a text: an image is sorted again where this is another."""
        by = f"kinds {','.join(self.kinds)}" if self.kinds else f"by {self.by}"
        return f"{by}, sure {self.sure}, {model}"


def _choice(
    into: str,
    by: By | None,
    kinds: tuple[str, ...],
    sure: float,
    move: bool,
    link: bool,
    hard_link: bool,
    dry_run: bool,
    undo: bool,
) -> SortChoice:
    if by is not None and kinds:
        raise click.UsageError("--by names the folders after the images and --kinds chooses them: give one of them")
    if move + link + hard_link > 1:
        raise click.UsageError("--move, --link and --hard-link exclude each other")
    if undo and dry_run:
        raise click.UsageError("--dry-run goes without --undo")
    how: How = "move" if move else "link" if link else "hard-link" if hard_link else "copy"
    words = tuple(dict.fromkeys(word.strip() for each in kinds for word in each.split(",") if word.strip()))
    if kinds and not words:
        raise click.UsageError("--kinds takes words, with commas between them: dog,cat")
    return SortChoice(into, by or "kind", words, sure, how, dry_run, undo)


sort_options = option_group(
    "choice",
    _choice,
    click.option(
        "--into",
        required=True,
        metavar="FOLDER",
        shell_complete=completion.files,
        help="Folder to sort into.",
    ),
    click.option(
        "--by",
        type=click.Choice(get_args(By)),
        help="Name folders after the everyday word, the sure label, or the best class, however low its score  "
        "[default: kind]",
    ),
    click.option(
        "--kinds",
        multiple=True,
        metavar="WORDS",
        help="Only make folders for these words (dog,cat,food); an image goes to the most specific one that fits.",
    ),
    sure_option,
    click.option("--move", is_flag=True, help="Move images instead of copying them."),
    click.option("--link", is_flag=True, help="Create relative symbolic links instead of copies."),
    click.option("--hard-link", is_flag=True, help="Create hard links instead of copies."),
    click.option("--dry-run", is_flag=True, help="Change nothing; print each image, a tab, and where it would go."),
    click.option("--undo", is_flag=True, help="Undo everything ever sorted into FOLDER; takes no SOURCES."),
)
