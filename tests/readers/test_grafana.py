"""Grafana panels as downloaded, in every dialect it has written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from srelib.errors import ReadError
from srelib.readers.base import FileResult
from srelib.readers.recognition import read
from srelib.readers.source import Source

RAW = (
    '"Time","shop good","shop total"\r\n'
    "1777385280000,7,8\r\n1777385340000,undefined,8\r\n1777385400000,8,8\r\n"
)
NAME = "requests & more [5m]-data-as-joinbyfield-2026-04-28 14_10_00.csv"


def of(folder: Path, content: str | bytes, **said: object) -> tuple[str, FileResult]:
    """Format and result of a panel."""
    path = folder / NAME
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = Source(match="*", **said) if said else None  # type: ignore[arg-type]
    return read(path, root=folder, source=source)


@pytest.mark.parametrize(
    "content",
    [
        RAW,
        "\ufeff" + RAW,
        "\ufeffsep=,\r\n" + RAW,
        "sep=,\r\n" + RAW,
        RAW + "\r\n",
        b"\xff\xfe" + RAW.replace(",", "\t").encode("utf-16-le"),
        RAW.replace(",", ";"),
    ],
    ids=["raw", "7.1 BOM", "Excel BOM sep", "Excel sep", "blank end", "Excel UTF-16", "semicolon"],
)
def test_every_dialect_gives_the_same_buckets(tmp_path: Path, content: str | bytes) -> None:
    """Epoch milliseconds are UTC: 1777385280000 is 2026-04-28T14:08:00Z."""
    form, result = of(tmp_path, content)
    sli = result.tables["sli"]
    assert form == "grafana"
    assert sli["time"].tolist() == [
        pd.Timestamp("2026-04-28T14:08:00Z"), pd.Timestamp("2026-04-28T14:10:00Z"),
    ]  # fmt: skip
    assert sli["good"].tolist() == [7, 8]
    assert (result.rows_read, result.rows_kept, result.rows_missing) == (3, 3, 1)


FORMATTED = (
    '"Time","shop good","shop total"\n2026-04-28 14:08:00,NaN,NaN\n'
    "2026-04-28 14:09:00,7.47 K,20.3 K\n2026-04-28 14:10:00,,\n"
)


def test_formatted_export_needs_a_zone(tmp_path: Path) -> None:
    """Local times without a zone are an error with the fix."""
    with pytest.raises(ReadError, match=r"no time zone \(such as '2026-04-28 14:08:00'\)"):
        of(tmp_path, FORMATTED)


def test_formatted_export_is_read_in_its_zone_with_a_warning(tmp_path: Path) -> None:
    """Units are undone, missing stays missing, and the note says the values are rounded."""
    _, result = of(tmp_path, FORMATTED, timezone="Europe/London")
    sli = result.tables["sli"]
    assert sli["time"].tolist() == [pd.Timestamp("2026-04-28T13:09:00Z")]
    assert sli[["good", "total"]].values.tolist() == [[7470, 20300]]
    assert result.timezone == "Europe/London"
    assert any("rounded" in note for note in result.notes)


def test_legacy_long_table_is_read(tmp_path: Path) -> None:
    """Series;Time;Value of old versions, ISO times with an offset, in any order."""
    samples = [(1, "total", 6), (1, "good", 5), (0, "good", 9), (0, "total", 8)]
    samples += [(2, "good", 1), (2, "total", 1), (2, "total", 2)]
    rows = [(f"shop {role}", f"2026-01-01T01:0{m}:00+01:00", n) for m, role, n in samples]
    text = '"Series";"Time";"Value"\r\n' + "".join(f'"{s}";"{t}";{v}\r\n' for s, t, v in rows)
    _, result = of(tmp_path, text)
    sli = result.tables["sli"]
    assert sli[["good", "total"]].values.tolist() == [[5, 6]]
    assert sli["time"].tolist() == [pd.Timestamp("2026-01-01T00:01:00Z")]
    assert result.rejects["line"].tolist() == [4, 7, 8]
    assert result.rows_read == result.rows_kept + len(result.rejects)


def test_status_code_labels_are_paired(tmp_path: Path) -> None:
    """5xx is bad, everything is total; an absent error series is unknown unless said."""
    text = (
        '"Time","{code=""200"", service=""api""}","{code=""503"", service=""api""}"\n'
        "1777385280000,90,10\n1777385340000,50,undefined\n"
    )
    _, result = of(tmp_path, text)
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[90, 100]]
    assert result.series[0].service == "api"
    _, result = of(tmp_path, text, absent="zero")
    assert result.tables["sli"][["good", "total"]].values.tolist() == [[90, 100], [50, 50]]


def test_infinite_cells_are_counted(tmp_path: Path) -> None:
    """A division by zero is a reject, the rest of the column stays."""
    _, result = of(tmp_path, RAW.replace("undefined", "Infinity"))
    assert result.rejects[["line", "value"]].values.tolist() == [[3, "Infinity"]]


def test_unpaired_panel_is_an_error_naming_columns_and_fix(tmp_path: Path) -> None:
    """A panel of something else says how to pair it or leave it out."""
    text = '"Time","get","put"\n1777385280000,1,2\n'
    with pytest.raises(ReadError, match=r"(?s)'get', 'put'.*\[\[file.series\]\].*ignore"):
        of(tmp_path, text)


def test_rate_panel_becomes_events(tmp_path: Path) -> None:
    """Requests per second times the 60 s between samples."""
    _, result = of(tmp_path, RAW, unit="rate")
    assert result.tables["sli"]["total"].tolist() == [480, 480]


def test_panel_of_one_ratio_is_weighted_by_time(tmp_path: Path) -> None:
    """A ratio column, percent signs included, becomes seconds."""
    text = '"Time","up"\n1777385280000,99.5%\n1777385340000,50%\n'
    _, result = of(tmp_path, text, series=[{"service": "a", "ratio": "up"}])
    assert result.tables["sli"]["good"].tolist() == pytest.approx([59.7, 30])
    assert result.series[0].weighting == "time"
