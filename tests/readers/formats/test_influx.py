"""Annotated CSV of InfluxDB: blocks of annotations, header and rows."""

from __future__ import annotations

import pytest

from srelib.errors import ReadError
from srelib.readers import recognition
from srelib.sources import Source

ABOVE = """#group,false,false,false,false,true
#datatype,string,long,dateTime:RFC3339,long,string
#default,_result,,,,
"""
HEADER = ",result,table,_time,_value,_field\n"


def block(field, *values):
    """A table of a field, a value a minute."""
    rows = [f",,0,2026-06-01T00:{n:02d}:00Z,{value},{field}\n" for n, value in enumerate(values)]
    return ABOVE + HEADER + "".join(rows) + "\n"


def read(folder, text, **said):
    """Result of reading an export, with conservation checked on the way."""
    path = folder / "influx.csv"
    path.write_text(text, newline="")
    source = Source(match="*", service="shop", **said)
    found, result = recognition.read(path, root=folder, source=source)
    assert found == "influx"
    assert result.rows_read == result.rows_kept + result.rows_rejected
    return result


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_fields_become_the_columns_of_one_indicator(tmp_path, end):
    """Annotations and repeated headers are no rows; a refused cell keeps its line."""
    text = block("total", 10, 12, 11) + block("errors", 1, "x", 0)
    result = read(tmp_path, text.replace("\n", end))
    assert result.tables["sli"][["good", "total"]].dropna().values.tolist() == [[9, 10], [11, 11]]
    assert result.rejects[["line", "column", "value"]].values.tolist() == [[14, "_value", "x"]]


def test_pivoted_fields_stand_side_by_side(tmp_path):
    """As `pivot` writes them."""
    rows = ",,0,2026-06-01T00:00:00Z,9,10\n,,0,2026-06-01T00:01:00Z,8,8\n"
    result = read(tmp_path, ABOVE + ",result,table,_time,good,total\n" + rows)
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[9, 10], [8, 8]]


def test_blocks_of_other_columns_are_refused(tmp_path):
    """Their rows would be read under the wrong names."""
    other = block("errors", 1).replace("_value,_field", "_field,_value")
    with pytest.raises(ReadError, match="tables with different columns") as raised:
        read(tmp_path, block("total", 1) + other)
    assert "group()" in raised.value.fix
