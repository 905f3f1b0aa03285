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

    def open(self, file: Path, fragment: str = "", **settings: object) -> Page:
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, **settings)
        page = context.new_page()
        allowed = file.as_uri()
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._watch(request.url, allowed))
        page.goto(allowed + fragment)
        return page

    def _watch(self, url: str, allowed: str) -> None:
        # Nothing but the page, what is in it, and files beside it: the originals of its thumbnails.
        if not url.startswith((allowed.rpartition("/")[0] + "/", "data:", "blob:")):
            self.complaints.append(f"request: {url}")
