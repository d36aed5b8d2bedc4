"""Parquet that `srelib rollup` wrote, and any other; what it counted is held in tests/rollup."""

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import srelib
from srelib.errors import ReadError


def test_other_parquet_files_are_refused(tmp_path):
    """With what would count them; and so are cut ones."""
    pd.DataFrame({"time": [1], "service": ["a"]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ReadError, match=r"did not write.*srelib rollup"):
        srelib.load(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(ReadError, match="no whole Parquet file"):
        srelib.load(tmp_path)


def test_numbers_that_cannot_be_right_are_refused_like_any_others(tmp_path):
    """Parquet is no pass: more good than all, and a bucket that is there twice."""
    times = pd.to_datetime(["2026-06-01 00:00", "2026-06-01 00:01", "2026-06-01 00:01"])
    frame = pd.DataFrame({"time": times, "service": "shop", "sli": "availability",
                          "good": [9.0, 1.0, 1.0], "total": [8.0, 1.0, 1.0]})  # fmt: skip
    table = pa.Table.from_pandas(frame, preserve_index=False)
    parquet.write_table(table.replace_schema_metadata({"step": "60"}), tmp_path / "a.parquet")
    dataset = srelib.load(tmp_path)
    assert len(dataset.sli) == 1
    reasons = dataset.rejects["reason"].tolist()
    assert len(reasons) == 2
    assert any("good is more than total" in reason for reason in reasons)
    assert any("repeats" in reason for reason in reasons)
    assert dataset.rejects["line"].tolist() == [1, 3]
