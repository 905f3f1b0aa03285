"""Draw docs/terminal.svg, a terminal with the output of a real run. `make docs` runs it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "terminal.svg"
COMMAND = ("mnclassify", "sample_images", "-m", "efficientnet_lite0")
COLUMNS = 100

# rich's own template loads its font from a server; this one uses the reader's fonts.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>mnclassify at work</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def shown() -> str:
    """Return the command's output on a terminal of COLUMNS columns, including escape sequences."""
    parent, child = pty.openpty()
    program = Path(sys.executable).with_name(COMMAND[0])
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(
        [program, *COMMAND[1:], "--no-progress"], cwd=ROOT, stdout=child, stderr=subprocess.DEVNULL, env=environment
    ):
        os.close(child)
        output = b""
        try:
            while part := os.read(parent, 4096):
                output += part
        except OSError:  # Linux reports the closed end this way
            pass
    os.close(parent)
    return output.decode().replace("\r\n", "\n")


def picture(output: str) -> str:
    """Return an SVG of a terminal with the command and its output."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(Text.assemble(("$ ", "dim"), " ".join(COMMAND)))
        console.print(Text.from_ansi(output))
    return console.export_svg(title="mnclassify", code_format=SVG, unique_id="terminal")


if __name__ == "__main__":
    PICTURE.write_text(picture(shown()))
