"""Small tables written out by hand, one row a line."""

from __future__ import annotations

import pandas as pd

from srelib import tables

DAY = pd.Timedelta("1D")
JUNE = (pd.Timestamp("2026-06-01", tz="UTC"), pd.Timestamp("2026-06-29", tz="UTC"))
LONG = (JUNE[0], pd.Timestamp("2026-09-01", tz="UTC"))
SAME_TAGS = """
    deployment_id=v1 finished_at=02T09:00
    deployment_id=v1 finished_at=03T09:00 service=cart
    deployment_id=v2 finished_at=04T09:00
    deployment_id=v2 finished_at=05T09:00 service=cart
"""


def table(name: str, text: str) -> pd.DataFrame:
    """A canonical table from lines of ``column=value`` pairs; times are in June 2026, UTC."""
    times = {c.name for c in tables.TABLES[name] if c.kind == "time"}
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        row: dict[str, object] = {"service": "shop"}
        for pair in line.split():
            key, value = pair.split("=")
            row[key] = at(value) if key in times else value
        rows.append(row)
    frame = pd.DataFrame(rows)
    for column in times & set(frame.columns):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    if "planned" in frame:
        frame["planned"] = frame["planned"].map({"yes": True, "no": False}).astype("boolean")
    return tables.conform(frame, name) if rows else tables.empty(name)


def at(text: str) -> pd.Timestamp:
    """``02T09:30`` as a time of June 2026; a longer text as it is."""
    return pd.Timestamp(f"2026-06-{text}" if len(text) <= 12 else text, tz="UTC")


def deployments(text: str) -> pd.DataFrame:
    """Deployments; status is succeeded unless said otherwise."""
    lines = [f"status=succeeded {line}" for line in text.strip().splitlines()]
    return table("deployments", "\n".join(_last(line) for line in lines))


def _last(line: str) -> str:
    """The last value of each key wins."""
    return " ".join(f"{k}={v}" for k, v in dict(p.split("=") for p in line.split()).items())


def changes(text: str) -> pd.DataFrame:
    """Changes."""
    return table("changes", text)


def incidents(text: str) -> pd.DataFrame:
    """Incidents."""
    return table("incidents", text)
