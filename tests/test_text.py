"""Foreign text: what reaches a terminal, and what stays as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenet_cli.json_lines import encoded
from mobilenet_cli.text import printable, printable_lines

# Written down here by their names in Unicode, and not taken from the code under test.
BIDI = "\N{ARABIC LETTER MARK}\N{RIGHT-TO-LEFT OVERRIDE}\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT MARK}"
TEXTS = st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L", "N", "P"]))


def obeyed(text: str, *, lines: bool = False) -> set[str]:
    """Return the characters of a text that a terminal would obey."""
    controls = {chr(code) for code in (*range(32), *range(127, 160))}
    marks = {
        chr(code) for code in (0x61C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    }
    return set(text) & (controls | marks) - (set("\n\t") if lines else set())


@given(TEXTS)
def test_no_text_reaches_a_terminal_with_a_character_that_it_obeys(text):
    assert not obeyed(printable(text))
    assert not obeyed(printable_lines(text), lines=True)
    assert printable_lines(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("text", ["Grüße, 東京, שלום", "🐕‍🦺 tabby", "a b", ""])
def test_text_without_them_stays_as_it_is(text):
    assert printable(text) == printable_lines(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_lines_of_json_hold_the_same_text_and_no_such_character(text):
    line = encoded({"path": text}).decode()
    assert json.loads(line)["path"] == text
    assert not obeyed(line)
    assert len(line.splitlines()) == 1  # also for tools that end a line where Unicode may
