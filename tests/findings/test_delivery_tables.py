"""The tables of notebook 04, cell by cell."""

import pandas as pd

from srelib import delivery, tables
from srelib.findings import delivery_tables
from tests.delivery.made import deployments, incidents

NOW = pd.Timestamp("2026-06-29", tz="UTC")
SHOP = "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00 planned=yes" for n in range(1, 21))
BROKEN = """
    incident_id=i1 started_at=01T09:10 resolved_at=01T10:10
    incident_id=i2 started_at=28T09:10
"""


def look(shipped, broken):
    """What is found in small tables, and the tables."""
    made = tables.empty("changes")
    return delivery.performance(shipped, made, broken, as_of=NOW), (shipped, made, broken)


def test_metrics_have_levels_only_where_n_allows():
    """One failure has a value and no level."""
    result, _ = look(deployments(SHOP), incidents(BROKEN))
    (row,) = delivery_tables.metrics_table(result, year=2024).rows
    cells = [cell.replace("\u00a0", " ") for cell in row]
    assert cells[1].startswith("5 (1.1 to 12; n = 20); high, could be elite to high")
    assert cells[2] == "not known"
    assert cells[4] == "1 h (n = 1, too few for an interval); no level on so few"


def test_incidents_are_listed_latest_first_with_the_rule_or_the_reason():
    """i2 is eight days after the last deployment."""
    result, _ = look(deployments(SHOP), incidents(BROKEN))
    rows = delivery_tables.attribution_table(result).rows
    assert [(row[1], row[3], row[5]) for row in rows] == [
        ("i2", "none", "latest deployment too long before"), ("i1", "d1", "window")
    ]  # fmt: skip


def test_other_tools_stand_in_one_row_each():
    """Theirs blame d20 for the second incident, which ours does not."""
    result, exports = look(deployments(SHOP), incidents(BROKEN))
    found = {
        name: delivery.metrics(*exports, between=result.between, rules=rules, together="all")
        for name, rules in delivery.PRESETS.items()
    }
    rows = delivery_tables.tools_table(found).rows
    assert [(row[0], row[1]) for row in rows] == [(name, "20") for name in delivery.PRESETS]
    rates = [row[3].replace("\u00a0", " ") for row in rows]
    assert rates == ["5 % (n = 20)", "10 % (n = 20)", "0 % (n = 20)", "10 % (n = 20)",
                     "10 % (n = 20)"]  # fmt: skip


def test_without_deployments_there_is_no_table():
    """Whatever the incidents say."""
    result, exports = look(tables.empty("deployments"), incidents(BROKEN))
    assert delivery_tables.metrics_table(result, year=2024) is None
    assert delivery_tables.attribution_table(result) is None
    found = delivery.metrics(
        *exports, between=result.between, rules=delivery.preset("gitlab"), together="all"
    )
    assert delivery_tables.tools_table({"gitlab": found}) is None
