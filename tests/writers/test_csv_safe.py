"""`--csv-safe`: no cell is a formula for a spreadsheet, and every cell can be read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import failed_result, prediction, result_of

from mobilenet_cli.csv_lines import as_text, as_written
from mobilenet_cli.writers import FORMATS, Layout

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "-", '=HYPERLINK("x")']


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_becomes_text(cell):
    assert as_text(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-3.5", "+49", "1e-3", "-1,5", "", "cat.jpg", "it's", "'quoted'", "a=1"])
def test_numbers_and_other_text_stay(cell):
    assert as_text(cell) == cell


@given(st.lists(st.sampled_from("'=+-@\t\rab1.")).map("".join))
def test_every_cell_can_be_read_back(cell):
    assert as_written(as_text(cell)) == cell


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_document_has_no_formula_and_its_rows_are_found_by_their_names(name):
    layout = Layout(1, csv_safe=True, model="m")
    stream, chosen = io.BytesIO(), FORMATS[name]
    writer = chosen.make(stream, layout)
    results = [result_of("=1+1.jpg", [prediction("@home")]), failed_result("-x", "no such file"), result_of("'=.jpg")]
    for each in results:
        writer.write(each)
    writer.close()
    rows = list(csv.reader(io.StringIO(stream.getvalue().decode()), delimiter="," if name == "csv" else "\t"))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert [row[0] for row in rows[1:]] == ["'=1+1.jpg", "'-x", "''=.jpg"]

    stream.seek(0)
    layout = Layout(1, csv_safe=True, model="m", threshold=0.1)
    assert [row.key for row in chosen.rows(stream, layout)] == [each.path for each in results]


def test_without_it_names_stay_as_they_are():
    stream = io.BytesIO()
    FORMATS["csv"].make(stream, Layout(0)).write(result_of("=1+1.jpg"))
    assert stream.getvalue().splitlines()[1].startswith(b"=1+1.jpg,")
