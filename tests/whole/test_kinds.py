"""More inputs of every kind of monitoring data in `cases`, made at random: right, or asked for.

The truth of each input is computed here, from the same random numbers, before it is written down
in the way that was once misread.
"""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whole.made import START, Traffic, more_of, outcome, query, ratio, running, text, traffic


@more_of("01-prometheus-counter", "03-counter-csv")
@given(traffic(), st.sampled_from(["http_requests_total", "requests_count", None]),
       st.floats(0.2, 0.8))  # fmt: skip
def test_running_sums(tmp_path_factory, seen: Traffic, name: str | None, at: float) -> None:
    """Of a query or a table: their increases, or a question."""
    restart = int(at * len(seen.total))
    good, bad = running(seen.good, restart), running(seen.bad, restart)
    data = outcome(tmp_path_factory, q__json=query({"200": good, "500": bad}, seen, name))
    assert (data is None) == (name is None)
    table = seen.csv("time,service,good,total", text(good), text(good + bad))
    for found in (data, outcome(tmp_path_factory, a__csv=table)):
        if found is not None:  # the first sample has nothing to be compared with
            assert ratio(found) == pytest.approx(seen.sli, abs=2 / seen.total.sum() + 0.002)


@more_of("02-prometheus-rate")
@given(traffic())
def test_rates(tmp_path_factory, seen: Traffic) -> None:
    """Fractions of events are asked for; said to be rates they are events times the step."""
    seconds = 60.0 * seen.minutes
    text_of = query({"200": seen.good / seconds, "500": seen.bad / seconds}, seen, None)
    assert outcome(tmp_path_factory, q__json=text_of) is None
    data = outcome(tmp_path_factory, '[[file]]\nmatch = "q.json"\nunit = "rate"', q__json=text_of)
    assert data is not None
    assert data.sli["total"].sum() == pytest.approx(seen.total.sum(), rel=1e-6)


@more_of("04-errors-in-percent")
@given(traffic(), st.sampled_from(["errors", "failures", "bad"]))
def test_percentages_where_counts_are_expected(tmp_path_factory, seen: Traffic, name: str) -> None:
    """A column with % signs beside the requests is a share of them."""
    shares = [f"{100 * share:.4f}%" for share in seen.bad / seen.total]
    table = seen.csv(f"time,service,requests,{name}", text(seen.total), shares)
    data = outcome(tmp_path_factory, a__csv=table)
    assert data is None or ratio(data) == pytest.approx(seen.sli, abs=1e-4)


@more_of("05-share-of-bad")
@given(traffic(), st.sampled_from(["error_rate", "failure share", "5xx"]))
def test_shares_of_bad_events(tmp_path_factory, seen: Traffic, name: str) -> None:
    """Read where it is said; never taken for a share of good events."""
    table = seen.csv(f"time,service,{name}", text(seen.bad / seen.total))
    entry = '[[file]]\nmatch = "a.csv"\nunit = "ratio"\ncolumns = {{ {} = "{}" }}'
    data = outcome(tmp_path_factory, entry.format("bad_ratio", name), a__csv=table)
    assert data is not None
    assert ratio(data) == pytest.approx(float(np.mean(seen.good / seen.total)), abs=1e-9)
    assert outcome(tmp_path_factory, entry.format("ratio", name), a__csv=table) is None


@more_of("06-percent-without-sign")
@given(traffic(), st.floats(0, 0.2), st.sampled_from(["ratio", "percent"]))
def test_percent_without_a_sign(tmp_path_factory, seen: Traffic, down: float, unit: str) -> None:
    """The column as a whole is percent, its zeros with it."""
    share = np.where(np.arange(len(seen.total)) < down * len(seen.total), 0, 99.95)
    table = seen.csv("time,service,ratio", text(share))
    data = outcome(tmp_path_factory, f'[[file]]\nmatch = "a.csv"\nunit = "{unit}"', a__csv=table)
    assert (data is None) == (unit == "ratio")
    if data is not None:
        assert ratio(data) == pytest.approx(share.mean() / 100, abs=1e-9)


@more_of("07-good-a-hair-more-than-total")
@given(traffic(), st.floats(1e-12, 9e-7))
def test_dust_is_no_contradiction(tmp_path_factory, seen: Traffic, dust: float) -> None:
    """Every row kept, of counts and of ratios."""
    good = np.where(seen.bad == 0, seen.total * (1 + dust), seen.good)
    table = seen.csv("time,service,good,total", text(good, ".17g"), text(seen.total))
    shares = seen.csv("time,service,ratio", text(good / seen.total, ".17g"))
    for file in (table, shares):
        data = outcome(tmp_path_factory, a__csv=file)
        assert data is not None
        assert (len(data.sli), len(data.rejects)) == (len(seen.total), 0)
        assert (data.sli["good"] <= data.sli["total"]).all()


@more_of("08-good-more-than-total-by-extrapolation")
@given(traffic(), st.floats(0.0005, 0.003), st.integers(0, 2**32 - 1))
def test_extrapolated_counts(tmp_path_factory, seen: Traffic, noise: float, seed: int) -> None:
    """Sums stay as exported, or the series is refused; no refusal leans."""
    spread = np.random.default_rng(seed).normal(1, noise, len(seen.total))
    table = seen.csv("time,service,good,total", text(seen.good * spread, ".6f"), text(seen.total))
    said = '[[file]]\nmatch = "a.csv"\nunit = "count"'
    for file in (
        outcome(tmp_path_factory, a__csv=table),
        outcome(tmp_path_factory, said, a__csv=table),
    ):
        truth = float((seen.good * spread).sum() / seen.total.sum())
        assert file is None or ratio(file) == pytest.approx(truth, abs=1e-6)


@more_of("10-silence-after-down")
@given(st.integers(1, 60), st.integers(30, 200), st.integers(1, 20), st.integers(40, 900))
def test_silence_of_a_monitor(
    tmp_path_factory, every: int, up: int, down: int, silent: int
) -> None:
    """Checks, then nothing for a long time: unknown, neither outage nor uptime."""
    states = ["up"] * up + ["down"] * down
    times = [START + timedelta(minutes=every * n) for n in range(len(states))]
    times.append(times[-1] + timedelta(minutes=every * silent))
    rows = [f"{t:%Y-%m-%dT%H:%M:%SZ},site,{s}" for t, s in zip(times, [*states, "up"], strict=True)]
    data = outcome(tmp_path_factory, h__csv="\n".join(["time,service,state", *rows]) + "\n")
    assert data is not None
    known = timedelta(seconds=float(data.sli["total"].sum()))
    assert known <= timedelta(minutes=every * (len(states) + 3))
    ended = data.incidents["resolved_at"] - data.incidents["started_at"]
    assert ended.max() <= timedelta(minutes=every * (down + 3))


@more_of("11-numeric-states")
@given(st.lists(st.sampled_from("0123"), min_size=20, max_size=60),
       st.sampled_from(["state", "status"]))  # fmt: skip
def test_numbers_as_states(tmp_path_factory, codes: list[str], column: str) -> None:
    """They mean different things in different tools: always asked for."""
    rows = [f"{START + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ},s,{c}" for n, c in enumerate(codes)]
    said = '[[file]]\nmatch = "n.csv"\nunit = "state"'
    table = "\n".join([f"time,service,{column}", *rows]) + "\n"
    assert outcome(tmp_path_factory, said, n__csv=table) is None


@more_of("12-days-over-a-change-of-clocks")
@given(st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney"]),
       st.sampled_from(["2026-03-01", "2026-10-01"]), st.integers(40, 90))  # fmt: skip
def test_local_days(tmp_path_factory, zone: str, first: str, count: int) -> None:
    """Each day its own, over a change of clocks."""
    days = [str(day.date()) for day in pd.date_range(first, periods=count)]
    rows = [f"{day},web,{90 + n % 7},{100 + n % 3}" for n, day in enumerate(days)]
    said = f'[[file]]\nmatch = "a.csv"\ntimezone = "{zone}"\ncolumns = {{ time = "date" }}'
    data = outcome(tmp_path_factory, said, a__csv="\n".join(["date,service,good,total", *rows]))
    assert data is not None
    assert [str(time.date()) for time in data.sli["time"].dt.tz_convert(zone)] == days
    assert data.series["coverage"].tolist() == [1.0]


@more_of("14-no-header")
@given(traffic(), st.booleans(),
       st.sampled_from(["%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p",
                        "%Y-%m-%d,%H:%M", "%d/%m/%Y,%H:%M:%S"]))  # fmt: skip
def test_files_without_a_header(tmp_path_factory, seen: Traffic, named: bool, form: str) -> None:
    """The first row counts where the columns are named, and is never lost in silence."""
    numbers = zip(text(seen.good), text(seen.total), strict=True)
    start = timedelta(days=20)  # a day that is no month
    table = "".join(
        f"{seen.time(n) + start:{form}},{seen.service},{good},{total}\n"
        for n, (good, total) in enumerate(numbers)
    )
    header = ["date", "time"] if "," in form else ["time"]
    names = json.dumps([*header, "service", "good", "total"])
    said = f'[[file]]\nmatch = "a.csv"\ntimezone = "UTC"\nheader = {names}'
    data = outcome(tmp_path_factory, said if named else "", a__csv=table)
    assert (data is not None) == named
    if data is not None:
        assert data.sli["time"].iloc[0] == seen.time(0) + start
        assert data.sli["total"].sum() == seen.total.sum()


@more_of("19-one-row-a-request")
@given(traffic())
def test_one_row_an_event(tmp_path_factory, seen: Traffic) -> None:
    """Requests one by one are counted by minute."""
    rows = [
        f"{int(seen.time(n).timestamp() * 1000) + k},{'false' if k < bad else 'true'}"
        for n, (total, bad) in enumerate(zip(seen.total[:20], seen.bad[:20], strict=True))
        for k in range(int(total))
    ]
    said = ('[[file]]\nmatch = "r.jtl"\nservice = "s"\nunit = "event"\n'
            "good = \"success = 'true'\"\ncolumns = { time = \"timeStamp\" }")  # fmt: skip
    data = outcome(tmp_path_factory, said, r__jtl="\n".join(["timeStamp,success", *rows]) + "\n")
    assert data is not None
    assert data.sli["total"].sum() == seen.total[:20].sum()
    assert data.sli["good"].sum() == seen.good[:20].sum()


@more_of("09-ratio-just-over-one")
@given(traffic(), st.floats(2e-16, 9e-7), st.sampled_from(["ratio", None]))
def test_divisions_that_exceed_one_by_dust(
    tmp_path_factory, seen: Traffic, dust: float, unit: str | None
) -> None:
    """Of a query: every sample kept; without a unit it is asked for."""
    share = np.where(seen.bad == 0, 1 + dust, seen.good / seen.total)
    found = query({"all": share}, seen, None)
    said = f'[[file]]\nmatch = "q.json"\nunit = "{unit}"' if unit else ""
    data = outcome(tmp_path_factory, said, q__json=found)
    assert (data is None) == (unit is None)
    if data is not None:
        assert (len(data.sli), len(data.rejects)) == (len(share), 0)
        assert ratio(data) == pytest.approx(np.minimum(share, 1).mean(), abs=1e-9)


@more_of("13-months")
@given(st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"]),
       st.dates(date(2025, 1, 1), date(2026, 3, 1)), st.integers(3, 16), st.integers(0, 3),
       st.sampled_from(["%Y-%m", "%Y-%m-01", "%Y-%m-01 00:00"]))  # fmt: skip
def test_calendar_months(
    tmp_path_factory, zone: str, first: date, count: int, missing: int, form: str
) -> None:
    """Each from its 1st to the next in its zone; a month that is not there is unknown."""
    months = [pd.Timestamp(first.replace(day=1)) + pd.DateOffset(months=n) for n in range(count)]
    there = [n for n in range(count) if n != missing or n in (0, count - 1)]
    good, total = ([base - 7 * n for n in range(count)] for base in (30_000, 30_111))
    rows = [f"{months[n]:{form}},web,{good[n]},{total[n]}" for n in there]
    said = f'[[file]]\nmatch = "sla.csv"\ntimezone = "{zone}"\ncolumns = {{ time = "month" }}'
    table = "\n".join(["month,service,good,total", *rows]) + "\n"
    data = outcome(tmp_path_factory, said, sla__csv=table)
    assert data is not None
    local = data.sli["time"].dt.tz_convert(zone).dt.tz_localize(None)
    assert local.tolist() == [months[n] for n in there]
    assert data.sli["total"].tolist() == [total[n] for n in there]
    assert ratio(data) == sum(good[n] for n in there) / sum(total[n] for n in there)
    ends = [month + pd.DateOffset(months=1) for month in months]
    assert data.as_of == ends[-1].tz_localize(zone)
    assert (data.series["coverage"].iloc[0] == 1) == (len(there) == count)


@more_of("15-grafana-series-to-rows")
@given(traffic(), st.permutations(["time", "metric", "value"]), st.booleans(), st.randoms(),
       st.sampled_from([("ok", "all"), ("2xx + 3xx", "requests"), ("web good", "web total")])
       )  # fmt: skip
def test_series_named_in_a_column(
    tmp_path_factory, seen: Traffic, order: list[str], epochs: bool, random, names: tuple[str, str]
) -> None:
    """Rows in any order, columns too; without a pairing it is asked for."""
    good, total = names
    rows = []
    for n, stamp in enumerate(seen.stamps()):
        at = str(int(seen.time(n).timestamp() * 1000)) if epochs else stamp
        rows += [
            {"time": at, "metric": name, "value": f"{value:.0f}"}
            for name, value in ((good, seen.good[n]), (total, seen.total[n]), ("cpu", 0.5))
        ]
    random.shuffle(rows)
    lines = [",".join(f'"{row[name]}"' for name in order) for row in rows]
    file = "\n".join([",".join(f'"{name.title()}"' for name in order), *lines]) + "\n"
    said = (f'[[file]]\nmatch = "p.csv"\nservice = "{seen.service}"\nunit = "count"\n'
            f'[[file.series]]\ngood = "{good}"\ntotal = "{total}"\n')  # fmt: skip
    data = outcome(tmp_path_factory, said, p__csv=file)
    assert data is not None
    assert data.sli["total"].sum() == seen.total.sum()
    assert data.sli["good"].sum() == seen.good.sum()
    assert data.series["service"].tolist() == [seen.service]


@more_of("16-cloudwatch-get-metric-data")
@given(traffic(), st.randoms(), st.integers(1, 3), st.booleans())
def test_metric_data_in_any_order(
    tmp_path_factory, seen: Traffic, random, pages: int, zero: bool
) -> None:
    """Points of an error series exist only where there were some; pages hold a part each."""
    points = list(range(len(seen.total)))
    random.shuffle(points)
    stamps = seen.stamps()
    answers = []
    for page in range(pages):
        mine = points[page::pages]
        failed = [n for n in mine if seen.bad[n]]
        answers.append({"MetricDataResults": [
            {"Id": "m1", "Label": "RequestCount", "Timestamps": [stamps[n] for n in mine],
             "Values": [seen.total[n] for n in mine], "StatusCode": "Complete"},
            {"Id": "m2", "Label": "HTTPCode_Target_5XX_Count", "StatusCode": "Complete",
             "Timestamps": [stamps[n] for n in failed], "Values": [seen.bad[n] for n in failed]},
        ], "Messages": []})  # fmt: skip
    said = ('[[file]]\nmatch = "*.json"\nservice = "shop"\nunit = "count"\n'
            + 'absent = "zero"\n' * zero + '[[file.series]]\nbad = "HTTPCode_Target_5XX_Count"\n'
            'total = "RequestCount"\n')  # fmt: skip
    data = outcome(tmp_path_factory, said, alb__json=json.dumps(answers))
    assert data is not None
    known = np.full(len(seen.total), True) if zero else seen.bad > 0
    assert data.sli["total"].sum() == seen.total[known].sum()
    assert data.sli["good"].sum() == seen.good[known].sum()
    assert outcome(tmp_path_factory, alb__json=json.dumps(answers[0])) is None


@more_of("17-datadog-slo-history")
@given(traffic(), st.sampled_from([99.5, 95, 99.95]),
       st.lists(st.sampled_from(["web", "api"]), max_size=2, unique=True), st.integers(0, 5)
       )  # fmt: skip
def test_slo_histories(
    tmp_path_factory, seen: Traffic, target: float, tagged: list[str], unknown: int
) -> None:
    """Service from the only tag or asked for; no value is unknown; the target is said."""
    count = len(seen.total) - unknown
    lost: list[float | None] = [None] * unknown
    answer = {"data": {
        "thresholds": {"30d": {"timeframe": "30d", "target": target}}, "type": "metric",
        "from_ts": seen.time(0).timestamp(), "to_ts": seen.time(len(seen.total)).timestamp(),
        "slo": {"name": "SLO", "tags": ["team:a", *(f"service:{name}" for name in tagged)]},
        "series": {
            "times": [seen.time(n).timestamp() * 1000 for n in range(len(seen.total))],
            "interval": 60 * seen.minutes,
            "numerator": {"values": [*seen.good[:count], *lost]},
            "denominator": {"values": [*seen.total[:count], *lost]},
        },
    }}  # fmt: skip
    data = outcome(tmp_path_factory, slo__json=json.dumps(answer))
    assert (data is None) == (len(tagged) != 1)
    if data is not None:
        assert data.series["service"].tolist() == tagged
        assert ratio(data) == seen.good[:count].sum() / seen.total[:count].sum()
        assert f"{target:g} %" in data.sources["notes"].iloc[0]


@more_of("18-uptimerobot")
@given(st.lists(st.tuples(st.sampled_from([2, 1, 2, 99, 98]), st.integers(0, 500)),
                min_size=1, max_size=8), st.booleans())  # fmt: skip
def test_logs_of_monitors(
    tmp_path_factory, spells: list[tuple[int, int]], newest_first: bool
) -> None:
    """1 is down and 2 is up, for as long as they last; started and paused are unknown."""
    spells = [(2, 7), *spells]
    begins = np.cumsum([0, *(minutes for _, minutes in spells)])
    logs = [
        {"type": kind, "datetime": int(START.timestamp()) + 60 * int(begin),
         "duration": 60 * minutes, "reason": {"code": "200", "detail": "OK"}}
        for (kind, minutes), begin in zip(spells, begins[:-1], strict=True)
    ]  # fmt: skip
    monitor = {
        "id": 7, "friendly_name": "shop", "url": "https://shop.example", "type": 1,
        "interval": 300, "status": 2, "logs": logs[::-1] if newest_first else logs,
    }  # fmt: skip
    up, down = (60 * sum(m for kind, m in spells if kind == code) for code in (2, 1))
    answer = {"stat": "ok", "pagination": {"offset": 0, "limit": 50, "total": 1},
              "monitors": [monitor]}  # fmt: skip
    data = outcome(tmp_path_factory, ur__json=json.dumps(answer))
    assert data is not None
    assert (data.sli["good"].sum(), data.sli["total"].sum()) == (up, up + down)
    lasted = data.incidents["resolved_at"] - data.incidents["started_at"]
    assert lasted.sum().total_seconds() <= down


@more_of("32-any-json")
@given(traffic(), st.lists(st.sampled_from(["data", "Items", "hits.x", "result_set"]), max_size=3),
       st.sampled_from([("ts", "ok", "all"), ("at", "n.good", "n.total"), ("T", "2xx", "count")]),
       st.sampled_from(["document", "pages", "lines"]))  # fmt: skip
def test_json_of_any_kind(
    tmp_path_factory, seen: Traffic, path: list[str], keys: tuple[str, str, str], form: str
) -> None:
    """Where the records are, and dotted columns; unmapped it is asked for."""
    path = [key.replace(".", "_") for key in path]
    records = []
    for n, stamp in enumerate(seen.stamps()):
        record: dict[str, object] = {"meta": {"name": seen.service}}
        for key, value in zip(keys, (stamp, seen.good[n], seen.total[n]), strict=True):
            above, _, last = key.rpartition(".")
            inner = record.setdefault(above, {}) if above else record
            inner[last] = value  # type: ignore[index]
        records.append(record)
    halves = [records] if form == "document" else [records[::2], records[1::2]]
    documents: list[object] = []
    for half in halves:
        whole: object = half
        for key in reversed(path):
            whole = {"total": len(half), key: whole}
        documents.append(whole)
    listed = documents[0] if form == "document" else documents
    file = "\n".join(map(json.dumps, documents)) if form == "lines" else json.dumps(listed)
    said = ('[[file]]\nmatch = "probe.json"\ntable = "sli"\nunit = "count"\n'
            + f'records = "{".".join(path)}"\n' * bool(path)
            + f'columns = {{ time = "{keys[0]}", service = "meta.name", good = "{keys[1]}", '
            f'total = "{keys[2]}" }}\n')  # fmt: skip
    data = outcome(tmp_path_factory, said, probe__json=file)
    assert data is not None
    assert (data.sli["good"].sum(), data.sli["total"].sum()) == (seen.good.sum(), seen.total.sum())
    assert data.series["service"].tolist() == [seen.service]
    outcome(tmp_path_factory, probe__json=file)


@more_of("33-lines-before-the-header")
@given(traffic(), st.lists(st.sampled_from([
           "# tool v1", "# a, b", "# a, b, c, d", "", "#", "# x;y\tz", "// v1", "Report: June",
           "-- by 10:00", "Account: acme", "Site,web",
       ]), max_size=4),
       st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans()
       )  # fmt: skip
def test_lines_before_the_header(
    tmp_path_factory, seen: Traffic, above: list[str], mark: str, end: str, bom: bool
) -> None:
    """Comments and blank lines are no header, whatever marks they hold."""
    table = seen.csv("time,service,good,total", text(seen.good), text(seen.total))
    lines = [*above, *table.replace(",", mark).splitlines()]
    file = "\ufeff" * bom + end.join(lines) + end
    data = outcome(tmp_path_factory, h__csv=file)
    assert data is not None
    assert (data.sli["good"].sum(), data.sli["total"].sum()) == (seen.good.sum(), seen.total.sum())
    assert data.sources["rows_read"].sum() == len(seen.total)
