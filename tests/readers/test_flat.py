"""Numbers in JSON, read as the text table they stand for."""

from __future__ import annotations

import numpy as np

from srelib.readers import base, flat
from srelib.sources import Source


def test_rows_keep_the_number_of_their_record(tmp_path):
    """Refused and kept alike, whatever the order and the text of the cells."""
    path = tmp_path / "a.json"
    path.write_text("{}")
    rows = [
        {"time": "2026-06-01T00:01:00Z", "service": "a,\nb", "good": 5, "total": 6},
        {"time": "2026-06-01T00:00:00Z", "service": "a,\nb", "good": -1, "total": 6},
        {"time": "2026-06-01T00:02:00Z", "service": "a,\nb", "good": None, "total": 6},
    ]
    found = flat.read_flat(base.head(path), Source(match="*"), rows, [4, 7, 9], notes=["Said."])
    assert found.tables["sli"]["service"].astype("str").tolist() == ["a, b"]
    assert found.rejects[["line", "value"]].values.tolist() == [[7, "-1"]]
    assert (found.rows_read, found.rows_kept, found.rows_missing) == (3, 2, 1)
    assert found.lines is not None
    assert found.lines(np.array([0])).tolist() == [4]
    assert found.notes[-1] == "Said."
