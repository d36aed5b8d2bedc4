"""What exports were read as: whether there is anything to report on, which rows were not used."""

from __future__ import annotations

import pandas as pd
import pytest

from srelib import tables
from srelib.errors import InputError
from srelib.findings.quality import _left_out
from srelib.report import sources
from tests.report.tiny import dataset, hourly, slo

COUNTS = hourly(1, good=1, total=1)


def test_a_folder_without_evidence_is_refused():
    """Only an SLO file: there is nothing to report on."""
    with pytest.raises(InputError, match=r"nothing to report on.*1 rows were rejected"):
        sources._refuse_empty(dataset(COUNTS, slo()))


def test_rows_left_out_by_rule_are_counted_apart_from_refused_ones():
    """Three rejects of one file, one of them a fine row: two refused."""
    rejects = pd.DataFrame(
        {"file": "requests.csv", "line": [2, 3, 3], "reason": ["a", "b", "b"],
         "by_rule": [True, False, False]}
    )  # fmt: skip
    data = dataset(COUNTS, rejects=tables.conform(rejects, "rejects"))
    assert _left_out(data.sources, data.rejects).tolist() == [1]
    assert [(one["rows"], one["first_lines"]) for one in sources._rejections(data.rejects)] == [
        (1, [2]),
        (2, [3]),
    ]


def test_of_a_folder_only_its_name_is_shown(tmp_path):
    """Where it lies is nobody's business."""
    assert sources._folder_name(tmp_path / "my exports") == "my exports"
