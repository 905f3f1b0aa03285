"""A browser that watches the pages that it opens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Reader:
    """Opens pages, and watches that they neither complain nor ask for anything."""

    browser: Browser
    complaints: list[str]

    def open(self, file: Path, fragment: str = "", *, originals: Path | None = None, **settings: object) -> Page:
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, **settings)
        page = context.new_page()
        page_itself = file.as_uri()
        allowed = (originals or file.parent).as_uri() + "/"
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._watch(request.url, allowed))
        page.goto(page_itself + fragment)
        return page

    def _watch(self, url: str, allowed: str) -> None:
        # Nothing but the page, what is in it, and the files beside it or, where they are elsewhere, the originals.
        if not url.startswith((allowed, "data:", "blob:")):
            self.complaints.append(f"request: {url}")
