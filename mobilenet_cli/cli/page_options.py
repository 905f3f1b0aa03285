"""The options of HTML pages that `classify -f html` and `report` share."""

from __future__ import annotations

from dataclasses import dataclass

import click

from mobilenet_cli.cli.option_group import option_group


@dataclass(frozen=True, slots=True)
class PageLook:
    """Where a page has its thumbnails, and where its links lead."""

    thumbnails: str
    link_base: str | None

    @property
    def is_default(self) -> bool:
        """Whether none of the options is given."""
        return self.thumbnails == "inside" and self.link_base is None

    def check(self, file: str | None) -> None:
        """Check that a page can be written so.

        Args:
            file: The page's path; None is standard output.

        Raises:
            UsageError: It cannot.
        """
        if self.thumbnails == "beside" and file is None:
            raise click.UsageError("--thumbnails beside puts a folder beside the page: give -o FILE")
        if self.link_base is None:
            return
        from mobilenet_cli.html.links import is_link_base

        if not is_link_base(self.link_base):
            raise click.UsageError("--link-base takes an http://, https:// or file:/// URL, in ASCII, without quotes")


page_click_options = (
    click.option(
        "--thumbnails",
        type=click.Choice(["inside", "beside", "none"]),
        default="inside",
        show_default=True,
        help="HTML: keep thumbnails inside the page (6 kB per image), in a folder beside it, or leave them out.",
    ),
    click.option(
        "--link-base",
        metavar="URL",
        help="HTML: address of the folder that paths start from, for a page on a server  [default: relative links]",
    ),
)
page_options = option_group("look", PageLook, *page_click_options)
