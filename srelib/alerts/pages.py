"""Which alerts on record are pages, and which of them are one."""

from __future__ import annotations

import json

import pandas as pd

from srelib import tables
from srelib.alerts.firing import _as_episodes
from srelib.alerts.policies import PAGE, TICKET

NOTICE = "notice"
NAMES = {
    PAGE: (PAGE, "critical", "crit", "high", "urgent", "emergency", "fatal", "disaster"),
    TICKET: (TICKET, "warning", "warn", "low"),
    NOTICE: (NOTICE, "info", "informational", "none"),
}
"""Severities of alerts that wake somebody, that wait for the morning and that nobody acts on."""
MERGE = "1h"
"""Pages of one rule this far apart are one."""


def alert_kinds(alerts: pd.DataFrame) -> pd.Series:
    """'page', 'ticket' or 'notice' of each alert, a page without a severity; missing where the
    severity is none of `NAMES`.
    """
    kinds = {name: kind for kind, names in NAMES.items() for name in names}
    return _plain(alerts).fillna(PAGE).map(kinds).astype("str")


def of_severity(alerts: pd.DataFrame, severity: str) -> pd.Series:
    """Whether each alert is a page or a ticket, or has that very severity if it is another."""
    wanted = severity.strip().casefold()
    found = alert_kinds(alerts) if wanted in NAMES else _plain(alerts)
    return (found == wanted).fillna(False)


def unclear_severities(alerts: pd.DataFrame) -> tuple[str, ...]:
    """Severities that may or may not be those of pages, as the records name them."""
    names = alerts.loc[alert_kinds(alerts).isna(), "severity"].astype("str").str.strip()
    return tuple(sorted(names.unique()))


def severities_to_say(names: tuple[str, ...]) -> str:
    """The line of `sources.toml` that says what such severities are."""
    words = ", ".join(f'{json.dumps(name, ensure_ascii=False)} = "page"' for name in names)
    return f"values.severity = {{ {words} }}"


def page_episodes(alerts: pd.DataFrame) -> pd.DataFrame:
    """Alerts of one service as episodes: those of a rule within an hour are one, and so are those
    that fired at the same moment; without an end an alert is a moment.
    """
    tables.need(alerts, "alerts", "rule", "fired_at", "resolved_at")
    ends = alerts["resolved_at"].fillna(alerts["fired_at"])
    rows = alerts.assign(resolved_at=ends, severity=alerts["rule"])
    found = _as_episodes(rows, merge=MERGE)
    longest = found.sort_values(["fired_at", "resolved_at"], kind="stable")
    return longest.drop_duplicates("fired_at", keep="last").reset_index(drop=True)


def _plain(alerts: pd.DataFrame) -> pd.Series:
    return alerts["severity"].astype("str").str.strip().str.casefold()
