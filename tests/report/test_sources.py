"""What exports were read as: whether there is anything to report on, which rows were not used."""

from __future__ import annotations

import re

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


def test_a_service_without_metrics_and_objective_is_named(tmp_path):
    """Incidents of a service that is nowhere else: said with their number."""
    hours = "".join(f"2026-06-01T0{hour}:00:00Z,shop,9,10\n" for hour in range(2))
    (tmp_path / "a.csv").write_text(f"time,service,good,total\n{hours}")
    (tmp_path / "incidents.csv").write_text(
        "incident_id,service,started_at,resolved_at\n"
        "1,cart,2026-06-01T00:10:00Z,2026-06-01T00:20:00Z\n"
    )
    notes = sources.check(tmp_path)["notes"]
    assert "cart has neither metrics nor an objective: only 1 incidents." in notes
    assert not any(note.startswith("shop has") for note in notes)


def test_no_word_of_the_data_decides_whether_it_is_usable(tmp_path):
    """A service may be called as it likes; only marks in sources.toml are proposals."""
    hours = "".join(f"2026-06-01T0{hour}:00:00Z,shop,9,10\n" for hour in range(2))
    (tmp_path / "a.csv").write_text(f"time,service,good,total\n{hours}")
    (tmp_path / "incidents.csv").write_text(
        "incident_id,service,started_at\n1,nobody has confirmed,2026-06-01T00:10:00Z\n"
    )
    seen = sources.check(tmp_path)
    assert any("nobody has confirmed" in note for note in seen["notes"])
    assert (seen["usable"], seen["unconfirmed"]) == (True, False)


def test_what_is_lacking_is_shown_with_the_folder_as_it_would_be_read(tmp_path):
    """Not usable yet, and everything that would be seen once the entry is pasted."""
    hours = "".join(f"2026-06-01T0{hour}:00:00,shop,9,10\n" for hour in range(2))
    (tmp_path / "a.csv").write_text(f"time,service,good,total\n{hours}")
    seen = sources.check(tmp_path)
    assert not seen["usable"]
    assert "carry no time zone" in seen["error"]
    assert 'match = "a.csv"\ntimezone = "UTC"  # ?' in seen["sources_toml"]
    assert seen["files"][0]["rows_kept"] == 2
    (tmp_path / "sources.toml").write_text(seen["sources_toml"])
    pasted = sources.check(tmp_path)
    assert (pasted["usable"], pasted["unconfirmed"], pasted["error"]) == (False, True, None)
    (tmp_path / "sources.toml").write_text(seen["sources_toml"].replace("# ?", "#"))
    again = sources.check(tmp_path)
    assert (again["usable"], again["error"], again["sources_toml"]) == (True, None, None)


def test_nothing_can_be_shown_of_what_cannot_be_read(tmp_path):
    """One damaged file: its error, and no table."""
    (tmp_path / "a.csv").write_text("")
    seen = sources.check(tmp_path)
    assert seen == {"usable": False, "error": seen["error"], "sources_toml": None}
    assert "a.csv: the file is empty" in seen["error"]


def test_check_lists_teams_and_services_without_one(exports, capsys):
    """In the table for people and in the values for machines; nothing where none is named."""
    assert sources.check(exports)["teams"] == []
    text = (exports / "requests.csv").read_text()
    (exports / "more.csv").write_text(text.replace("shop", "bank"))
    (exports / "who.csv").write_text("service,team\nshop,pay\n")
    seen = sources.check(exports)
    assert seen["teams"] == [{"team": "pay", "services": ["shop"]}]
    sources.show(seen)
    shown = capsys.readouterr().out
    assert re.search(r"(?m)^ *pay +shop *$", shown)
    assert "no team is named for bank" in shown
