"""Recurring maintenance and business hours, worked out by hand and minute by minute."""

import calendar
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import srelib
from srelib import budget, objectives, recurring, slos
from srelib.errors import InputError, ParameterError, SloError
from srelib.recurring import BusinessHours
from srelib.slos.files import _write

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


def utc(*times: str) -> pd.DatetimeIndex:
    """Moments of UTC."""
    return pd.DatetimeIndex(times).tz_localize("UTC")


def windows(*pairs: tuple[str, str], **more: object) -> pd.DataFrame:
    """Table ``exclusions``."""
    rows = [{"starts_at": start, "ends_at": end, **more} for start, end in pairs]
    return srelib.tables.conform(pd.DataFrame(rows), "exclusions")


def test_business_hours_keep_the_local_clock() -> None:
    """New York is five hours behind UTC up to 8 March 2026, 03:00, and four from then on."""
    hours = BusinessHours("Mon-Fri 08:00-18:00 America/New_York")
    friday = utc("2026-03-06 12:59", "2026-03-06 13:00", "2026-03-06 22:59", "2026-03-06 23:00")
    monday = utc("2026-03-09 11:59", "2026-03-09 12:00", "2026-03-09 21:59", "2026-03-09 22:00")
    assert hours.holds(friday).tolist() == [False, True, True, False]
    assert hours.holds(monday).tolist() == [False, True, True, False]
    assert not hours.holds(utc("2026-03-07 15:00", "2026-03-08 15:00")).any()


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    """Friday night ends on Saturday morning; Saturday night is not meant."""
    night = BusinessHours("Fri 22:00-06:00 UTC")
    times = utc("2026-03-06 05:00", "2026-03-06 22:00", "2026-03-07 05:59", "2026-03-07 06:00",
                "2026-03-07 23:00")  # fmt: skip
    assert night.holds(times).tolist() == [False, True, True, False, False]


@given(
    st.sampled_from(ZONES),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 95),
    st.integers(1, 96),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)),
)
def test_a_schedule_is_the_local_clock_minute_by_minute(
    zone: str, days: set[int], start: int, end: int, first: datetime
) -> None:
    """Against `datetime` with a zone, in quarters of an hour over two days."""
    if start == end:
        end += 1
    text = ",".join(calendar.day_abbr[day] for day in sorted(days))
    clock = [f"{at // 4:02d}:{at % 4 * 15:02d}" for at in (start, end)]
    hour = first.replace(minute=0, second=0, microsecond=0)
    times = pd.date_range(hour, periods=192, freq="15min", tz="UTC")

    def expected(at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(zone))
        quarter = (local.hour * 60 + local.minute) // 15
        if start < end:
            return local.weekday() in days and start <= quarter < end
        before = (local.weekday() - 1) % 7
        return (local.weekday() in days and quarter >= start) or (before in days and quarter < end)

    found = BusinessHours(f"{text} {clock[0]}-{clock[1]} {zone}").holds(times)
    assert found.tolist() == [expected(at) for at in times.to_pydatetime()]


@given(st.sampled_from(ZONES), st.integers(1, 90))
def test_a_schedule_of_always_changes_nothing(zone: str, step: int) -> None:
    """Counts stay as they are, whatever the zone and the length of the buckets."""
    index = pd.date_range("2026-03-27", periods=200, freq=f"{step}min", tz="UTC")
    counts = pd.DataFrame({"good": np.arange(200.0), "total": 200.0}, index=index)
    names = {"service": "shop", "sli": "availability"}
    same = budget.exclude(counts, None, **names, schedule=BusinessHours(f"00:00-24:00 {zone}"))
    pd.testing.assert_frame_equal(same.counts, counts)
    assert same.windows.empty


@pytest.mark.parametrize(
    "text",
    ["", "Mon-Fri", "Mon-Fri 08:00-18:00", "Mon-Fri 8-18 UTC", "Mon-Fri 08:00-18:00 Mars/Base",
     "Mo-Xx 08:00-18:00 UTC", "Mon 08:00-08:00 UTC", "Mon 08:75-09:00 UTC", "Mon 25:00-26:00 UTC"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ParameterError):
        BusinessHours(text)


@pytest.mark.parametrize(("freq", "start"), [("1h", "08:30"), ("1D", "08:00"), ("90min", "08:00")])
def test_a_limit_inside_a_bucket_is_refused(freq: str, start: str) -> None:
    """Whose events lie before and whose after is not known."""
    index = pd.date_range("2026-03-02", periods=40, freq=freq, tz="UTC")
    with pytest.raises(InputError, match="inside a bucket"):
        BusinessHours(f"{start}-18:00 UTC").of_buckets(index)


def test_days_that_a_zone_begins_elsewhere_are_refused() -> None:
    """A day of UTC is no day of Kolkata."""
    index = pd.date_range("2026-03-02", periods=10, freq="1D", tz="UTC")
    assert BusinessHours("Mon-Fri 00:00-24:00 UTC").of_buckets(index).sum() == 8
    with pytest.raises(InputError):
        BusinessHours("Mon-Fri 00:00-24:00 Asia/Kolkata").of_buckets(index)


def test_a_weekly_window_over_both_changes_of_clocks() -> None:
    """Sunday 02:00 to 04:00 in Berlin: on 29 March 02:00 does not exist, on 25 October it comes
    twice.
    """
    first = tuple(utc("2026-03-22 01:00", "2026-03-22 03:00"))
    spring = recurring.occurrences("FREQ=WEEKLY;BYDAY=SU", first, timezone="Europe/Berlin",
                                   until=pd.Timestamp("2026-04-06", tz="UTC"))  # fmt: skip
    assert spring["starts_at"].tolist() == [*utc("2026-03-22 01:00", "2026-03-29 01:00",
                                                 "2026-04-05 00:00")]  # fmt: skip
    assert spring["ends_at"].tolist() == [*utc("2026-03-22 03:00", "2026-03-29 02:00",
                                               "2026-04-05 02:00")]  # fmt: skip
    first = tuple(utc("2026-10-18 00:00", "2026-10-18 02:00"))
    autumn = recurring.occurrences("FREQ=WEEKLY", first, timezone="Europe/Berlin",
                                   until=pd.Timestamp("2026-10-26", tz="UTC"))  # fmt: skip
    assert autumn["starts_at"].iloc[1] == pd.Timestamp("2026-10-25 00:00", tz="UTC")
    assert autumn["ends_at"].iloc[1] == pd.Timestamp("2026-10-25 03:00", tz="UTC")


@pytest.mark.parametrize("end", ["20260312T230000Z", "20260313T000000"])
def test_the_end_of_a_rule_is_a_moment_or_a_local_time(end: str) -> None:
    """Both are midnight in Berlin, so the window of that night is the last one."""
    first = tuple(utc("2026-03-10 23:00", "2026-03-11 00:00"))
    found = recurring.occurrences(f"FREQ=DAILY;UNTIL={end}", first, timezone="Europe/Berlin",
                                  until=pd.Timestamp("2026-04-01", tz="UTC"))  # fmt: skip
    assert found["starts_at"].dt.day.tolist() == [10, 11, 12]


@given(st.sampled_from(ZONES), st.integers(0, 6), st.integers(0, 23), st.integers(30, 600))
def test_a_rule_is_the_same_windows_written_one_by_one(
    zone: str, day: int, hour: int, minutes: int
) -> None:
    """Weekly windows of local time, from January to May, against `datetime` with a zone."""
    place = ZoneInfo(zone)
    naive = datetime(2026, 1, 5 + day, hour)
    until = datetime(2026, 5, 20, tzinfo=ZoneInfo("UTC"))
    pairs = []
    while (start := naive.replace(tzinfo=place)).astimezone(ZoneInfo("UTC")) <= until:
        end = (naive + timedelta(minutes=minutes)).replace(tzinfo=place)
        gone = any(at.astimezone(ZoneInfo("UTC")).astimezone(place).replace(tzinfo=None)
                   != at.replace(tzinfo=None) for at in (start, end))  # fmt: skip
        if not gone:  # times that the clocks skip have a test of their own
            pairs.append([at.astimezone(ZoneInfo("UTC")) for at in (start, end)])
        naive += timedelta(weeks=1)
    table = windows(tuple(map(pd.Timestamp, pairs[0])), rrule="FREQ=WEEKLY", timezone=zone)
    found = recurring.expanded(table, until=pd.Timestamp(until))
    made = list(zip(found["starts_at"], found["ends_at"], strict=True))
    assert [tuple(pair) for pair in pairs] == [pair for pair in made if list(pair) in pairs]
    assert len(made) - len(pairs) in (0, 1)


EVERY_SUNDAY = "starts_at,ends_at,rrule,timezone,reason\n"


def folder(path: Path, exclusions: str, annotation: str = "") -> Path:
    """Three weeks of hourly counts, ten bad events of 100 on every Sunday from 02:00 to 04:00."""
    index = pd.date_range("2026-03-02", periods=21 * 24, freq="1h", tz="UTC")
    bad = np.where((index.day_of_week == 6) & np.isin(index.hour, [2, 3]), 10, 0)
    frame = pd.DataFrame({"time": index.strftime("%Y-%m-%dT%H:%M:%SZ"), "service": "shop"})
    frame.assign(good=100 - bad, total=100).to_csv(path / "requests.csv", index=False)
    (path / "exclusions.csv").write_text(exclusions)
    (path / "slos.yaml").write_text(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: shop\n"
        + (f"  annotations:\n    srelib/schedule: {annotation}\n" if annotation else "")
        + "spec:\n  service: shop\n  indicatorRef: availability\n  budgetingMethod: Occurrences\n"
        "  timeWindow: [{duration: 21d, isRolling: true}]\n  objectives: [{target: 0.99}]\n"
    )
    return path


def test_a_rule_in_a_file_excludes_every_window(tmp_path: Path) -> None:
    """Three Sundays of two hours: no bad event is left, and 600 events are not counted."""
    rows = "2026-03-08T02:00:00Z,2026-03-08T04:00:00Z,FREQ=WEEKLY;BYDAY=SU,,upgrade\n"
    data = srelib.load(folder(tmp_path, EVERY_SUNDAY + rows))
    counts = data.slo_counts(data.slos[0])
    assert (counts["total"] - counts["good"]).sum() == 0
    assert counts["total"].sum() == 21 * 2400 - 3 * 200
    assert data.exclusions["starts_at"].dt.day.tolist() == [8, 15, 22]
    row = data.sources.set_index("file").loc["exclusions.csv"]
    assert (row["rows_read"], row["rows_kept"]) == (1, 1)


@pytest.mark.parametrize(
    ("rule", "said"),
    [("every Sunday", "no rule of iCalendar"), ("FREQ=MINUTELY", "more often"),
     ("FREQ=WEEKLY,,,", "no rule of iCalendar"), ("FREQ=DAILY;INTERVAL=0", "more often"),
     ("FREQ=WEEKLY;BYDAY=SA", "starts_at is no time of this rule in UTC")],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_refused_with_its_line(
    tmp_path: Path, rule: str, said: str
) -> None:
    """The window itself is not excluded either: what was meant is not known."""
    row = f'2026-03-08T02:00:00Z,2026-03-08T04:00:00Z,"{rule}",,upgrade\n'
    data = srelib.load(folder(tmp_path, EVERY_SUNDAY + row))
    assert data.rejects["line"].tolist() == [2]
    assert said in data.rejects["reason"].iloc[0]
    assert data.exclusions.empty


def test_a_rule_without_data_excludes_its_first_window(tmp_path: Path) -> None:
    """How far it goes on is not known where nothing else is."""
    row = "2026-03-08T02:00:00Z,2026-03-08T04:00:00Z,FREQ=WEEKLY,,upgrade\n"
    (tmp_path / "exclusions.csv").write_text(EVERY_SUNDAY + row)
    assert srelib.load(tmp_path).exclusions["starts_at"].dt.day.tolist() == [8]


def test_an_objective_of_business_hours(tmp_path: Path) -> None:
    """Fifteen working days of ten hours; a holiday in the table takes one of them away."""
    holiday = "2026-03-10T00:00:00Z,2026-03-11T00:00:00Z,,,holiday\n"
    data = srelib.load(
        folder(tmp_path, EVERY_SUNDAY + holiday, '"Mon-Fri 08:00-18:00 Europe/Berlin"')
    )
    counts = data.slo_counts(data.slos[0])
    assert counts["total"].sum() == 14 * 10 * 100
    assert counts["total"].notna().all()
    raw = data.slo_counts(data.slos[0], exclusions=False)
    assert raw["total"].sum() == 21 * 2400
    found = {key.name: one for key, one in objectives.excluded(data).items() if key.target}
    assert found["shop"].windows["reason"].tolist() == ["outside Mon-Fri 08:00-18:00 Europe/Berlin"]
    assert (found["shop"].total, found["shop"].bad) == (21 * 2400 - 15 * 1000, 60)


def test_a_schedule_is_written_and_read_again(tmp_path: Path) -> None:
    """What goes out as OpenSLO comes back the same."""
    data = srelib.load(folder(tmp_path, EVERY_SUNDAY, '"Sat,Sun 10:00-16:00 UTC"'))
    (tmp_path / "slos.yaml").write_text(_write(data.slos))
    assert slos.read(tmp_path / "slos.yaml")[0].schedule == BusinessHours("Sat,Sun 10:00-16:00 UTC")


def test_an_annotation_that_is_no_schedule_names_its_line(tmp_path: Path) -> None:
    """File, line and an example."""
    with pytest.raises(SloError, match="are no hours") as found:
        srelib.load(folder(tmp_path, EVERY_SUNDAY, "working hours UTC"))
    assert (found.value.file, found.value.line) == ("slos.yaml", 6)
    assert "Mon-Fri 08:00-18:00 Europe/Berlin" in str(found.value)
