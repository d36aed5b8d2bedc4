"""A part of a dataset: some services, a span of time. Series keep what they were read as."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from srelib import tables
from srelib.errors import ParameterError
from srelib.folder import joining
from srelib.folder.grid import Buckets

Frames = Mapping[str, pd.DataFrame]


def moment(value: str | pd.Timestamp, name: str, *, date: bool = False) -> pd.Timestamp:
    """A time with its zone, in UTC; a day alone is its midnight in UTC where `date` allows it."""
    try:
        stamp = pd.Timestamp(value)
    except ValueError:
        stamp = pd.NaT  # type: ignore[assignment]
    if date and not pd.isna(stamp) and stamp.tzinfo is None and stamp == stamp.normalize():
        stamp = stamp.tz_localize("UTC")
    if pd.isna(stamp) or stamp.tzinfo is None:
        problem = "is no time" if pd.isna(stamp) else "carries no time zone"
        raise ParameterError(f"{name} {problem}: {value!r}; write 2026-06-29T00:00Z.")
    return stamp.tz_convert("UTC").as_unit("us")


def until(
    frames: Frames, series: pd.DataFrame, now: pd.Timestamp, *, included: bool
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Without what is later than now; what ended later had not ended."""
    last, kept, rows = now if included else now - pd.Timedelta("1us"), dict(frames), {}
    for table, frame in frames.items():
        late = tables.main_time(frame, table) > last
        if table == "sli":
            late = _ends(frame, series) > now
        left = frame[~late].reset_index(drop=True)
        for name in tables.times(table) if table != "exclusions" else ():
            left[name] = left[name].where(~(left[name] > now))
        kept[table] = left
        rows[table] = int(late.sum())
    return kept, _left_out(rows, f"later than {now:%Y-%m-%d %H:%M} UTC")


def since(frames: Frames, first: pd.Timestamp) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Without what began before a time; a change goes by the deployment that shipped it."""
    kept, rows = dict(frames), {}
    for table, frame in frames.items():
        early = tables.main_time(frame, table) < first
        if table == "exclusions":
            early = frame["ends_at"] <= first
        if table == "changes":
            shipped = frame["deployment_id"].isin(kept["deployments"]["deployment_id"])
            early &= ~shipped
        kept[table] = frame[~early].reset_index(drop=True)
        rows[table] = int(early.sum())
    return kept, _left_out(rows, f"earlier than {first:%Y-%m-%d %H:%M} UTC")


def of_services(frames: Frames, services: Collection[str]) -> dict[str, pd.DataFrame]:
    """What these services are named in, with exclusions and notes that are for all of them."""
    kept = {}
    for table, frame in frames.items():
        wanted = frame["service"].isin(services)
        if table in tables.PLANNED:
            wanted |= frame["service"].isna()
        kept[table] = frame[wanted].reset_index(drop=True)
    return kept


def known(asked: str | Collection[str], names: Collection[str], kind: str) -> list[str]:
    """The names asked for, each known."""
    wanted = [asked] if isinstance(asked, str) else list(asked)
    for name in wanted:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else "."
            raise ParameterError(
                f"the data name no {kind} {name!r}{guess} Known: {', '.join(names) or 'none'}."
            )
    return wanted


def of_team(teams: pd.Series, asked: str | Collection[str], services: Collection[str]) -> list[str]:
    """The services, of these, that belong to the teams asked for."""
    wanted = known(asked, sorted({*teams}), "team")
    own = [name for name in services if teams.get(name) in wanted]
    if not own:
        said = ", ".join(wanted)
        raise ParameterError(f"none of {', '.join(services)} belongs to {said}.")
    return own


def described(series: pd.DataFrame, sli: pd.DataFrame) -> pd.DataFrame:
    """The rows of `series` that still have buckets, with their first, last and coverage."""
    rows = _rows_of(series, sli)
    found = [row | joining.extent(sli["time"].iloc[at], _buckets(row)) for row, at in rows]
    return tables.stacked([pd.DataFrame(found)], "series")


def _rows_of(series: pd.DataFrame, sli: pd.DataFrame) -> Iterator[tuple[dict[Any, Any], slice]]:
    """The row of `series` and the rows of `sli` of each series that still has buckets."""
    rows = {(row["service"], row["sli"]): row for row in series.to_dict("records")}
    for key, span in joining.spans(sli).items():
        yield rows[key], slice(*span)


def _buckets(row: Mapping[Any, Any]) -> Buckets:
    """Where the buckets of a series end, from its row of `series`."""
    step = round(row["step_seconds"] * 1e6)
    if not isinstance(row["period"], str):
        return Buckets(step)
    period, zone = row["period"].split(" ", 1)
    return Buckets(step, period=period, timezone=zone)


def ends(series: pd.DataFrame) -> list[pd.Timestamp]:
    """End of the last bucket of each series."""
    rows = series.to_dict("records")
    return [_buckets(row).ends(pd.DatetimeIndex([row["last"]]))[0] for row in rows]


def _ends(sli: pd.DataFrame, series: pd.DataFrame) -> pd.Series:
    times = pd.DatetimeIndex(sli["time"]).as_unit("us")
    ends = [_buckets(row).ends(times[at]).to_series() for row, at in _rows_of(series, sli)]
    return pd.concat(ends, ignore_index=True) if ends else sli["time"]


def _left_out(rows: Mapping[str, int], why: str) -> list[str]:
    said = ", ".join(f"{table} {count:,}" for table, count in rows.items() if count)
    return [f"left out because {why}: rows of {said}"] if said else []
