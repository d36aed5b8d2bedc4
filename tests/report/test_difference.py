"""What `srelib compare` prints."""

from __future__ import annotations

import srelib
from srelib.report import difference
from tests.changes import made
from tests.findings.test_scoreboard import plain


def test_every_row_is_printed_with_the_weeks_and_the_headline(capsys):
    """The time compared first, the headline last, without markup."""
    old, new = (
        made.record(made.daily("pages", made.noisy(mean, 28, seed=seed), start=start, n=1 / 7))
        for mean, seed, start in ((2, 1, "2026-05-04"), (8, 2, "2026-06-01"))
    )
    difference.show(srelib.compare(old, new))
    lines = [plain(line).strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "4 weeks from 1 June 2026 against the 4 weeks before."
    assert lines[-1] == "1 of 1 service changed by more than chance explains: shop."
    (row,) = [line for line in lines if line.startswith("shop")]
    assert row.split()[1:4] == ["pages", "a", "week"]
    assert row.endswith("worse: more than chance explains")
