"""What incidents spent, each once; which need a postmortem; whether they come back; the sample."""

import json

import numpy as np
import pandas as pd
import pytest

from srelib import events, fleet, incidents, objectives
from srelib.errors import ParameterError
from srelib.fleet import Indicator
from srelib.incidents import postmortems
from tests.incidents.made import ROOT, sample

START = pd.Timestamp("2026-01-05", tz="UTC")  # a Monday
AS_OF = START + pd.Timedelta("28D")
WEEKS = START, START + pd.Timedelta("84D")


def table(at: pd.DatetimeIndex, service: str = "shop", titles: list[str] | None = None):
    """Incidents of half an hour."""
    return pd.DataFrame({
        "incident_id": [f"{service}{n}" for n in range(len(at))], "service": service,
        "started_at": at, "resolved_at": at + pd.Timedelta("30min"),
        "title": titles or "down", "severity": "high",
    })  # fmt: skip


SHOP = Indicator("shop availability", "shop", "availability", target=0.99)
SLOW = Indicator("shop latency", "shop", "latency", target=0.99)


def counts(*outages: tuple[str, float]) -> pd.DataFrame:
    """Four weeks of 100 events an hour; in these hours so many fail."""
    index = pd.date_range(START, periods=24 * 28, freq="h", unit="us")
    good = pd.Series(100.0, index)
    for hour, bad in outages:
        good[pd.Timestamp(hour, tz="UTC")] -= bad
    return pd.DataFrame({"good": good, "total": 100.0})


def spent(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """What each incident spent of the budget of four weeks: 672 events."""
    return incidents.budget_spent(
        frame["good"], frame["total"], target=0.99, period="28d", incidents=rows
    )


def costs(known: dict, *, as_of: pd.Timestamp = AS_OF, limit: float = 0.2):
    """What they cost at the end of these weeks."""
    return incidents.incident_costs(known, as_of=as_of, limit=limit)


def minutes(down: float) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    """Four weeks of minutes at ten events a second, total outage for so many seconds."""
    index = pd.date_range("2026-06-01", periods=28 * 1440, freq="min", tz="UTC", unit="us")
    total = pd.Series(600.0, index)
    good, start = total.copy(), index[20_000]
    whole, rest = divmod(down, 60)
    good.iloc[20_000 : 20_000 + int(whole)] = 0.0
    good.iloc[20_000 + int(whole)] -= 10 * rest
    log = pd.DataFrame({"incident_id": ["i1"], "title": ["down"], "started_at": [start],
                        "resolved_at": [start + pd.Timedelta(seconds=down)]})  # fmt: skip
    return good, total, log


@pytest.mark.parametrize(("seconds", "due"), [(483, False), (484, True)])
def test_eight_minutes_at_three_nines_are_the_line(seconds, due):
    """20 % of the 40.32 min that 28 days at 99.9 % allow are 8.064 min, or 483.84 s."""
    good, total, log = minutes(seconds)
    log["service"] = "shop"
    own = incidents.budget_spent(good, total, target=0.999, period="28d", incidents=log)
    assert costs({SHOP: own}).incidents["postmortem"].tolist() == [due]


def test_the_costliest_comes_first_and_an_open_one_lasts_until_the_data_ends():
    """Shares of the budget of 40.32 min; one that hurt nobody spent nothing."""
    good, total, log = minutes(600)
    good.iloc[-900:] = 0.0
    more = pd.DataFrame({
        "incident_id": ["open", "paper"], "title": ["open", "paper"],
        "started_at": [total.index[-900], total.index[50]],
        "resolved_at": pd.to_datetime([pd.NaT, total.index[90]], utc=True),
    })  # fmt: skip
    rows = pd.concat([log, more]).assign(service="shop")
    own = incidents.budget_spent(good, total, target=0.999, period="28d", incidents=rows)
    found = costs({SHOP: own}).incidents
    assert found["incident_id"].tolist() == ["open", "i1", "paper"]
    assert found["share"].tolist() == pytest.approx([900 / 40.32, 10 / 40.32, 0])
    assert found["ends_at"][0] == total.index[-1] + pd.Timedelta("1min")


def test_an_incident_above_a_fifth_of_the_budget_needs_a_postmortem():
    """Hand-worked: 672 bad events allowed; 140 are 20.8 %, 134 are 19.9 %."""
    rows = table(pd.DatetimeIndex(["2026-01-06 03:00Z", "2026-01-08 05:00Z"]))
    frame = counts(("2026-01-06 03:00", 70), ("2026-01-08 05:00", 67))
    frame["total"], frame["good"] = frame["total"] * 2, frame["good"] * 2
    found = costs({SHOP: spent(frame, rows)}).incidents
    assert found["bad"].tolist() == [140.0, 134.0]
    assert found["share"].tolist() == pytest.approx([140 / 1344, 134 / 1344])
    half = costs({SHOP: spent(frame, rows)}, limit=0.1).incidents
    assert half["postmortem"].tolist() == [True, False]


def test_an_incident_of_two_objectives_counts_once_by_the_one_it_hurt_most():
    """Twice the bad events in latency."""
    rows = table(pd.DatetimeIndex(["2026-01-06 03:00Z"]))
    found = costs({
        SHOP: spent(counts(("2026-01-06 03:00", 30)), rows),
        SLOW: spent(counts(("2026-01-06 03:00", 60)), rows),
    })  # fmt: skip
    assert found.objectives == 2
    assert found.incidents[["objective", "bad"]].values.tolist() == [["shop latency", 60.0]]


def test_a_kind_of_outage_is_judged_by_the_last_quarter():
    """Three times 50 of 2,160 bad events allowed in 90 days; an old one does not count."""
    at = pd.DatetimeIndex(["2026-01-06 03:00Z", "2026-01-08 05:00Z", "2026-01-12 05:00Z"])
    frame = counts(*((f"{t:%Y-%m-%d %H:%M}", 50.0) for t in at))
    known = {SHOP: spent(frame, table(at, titles=["Disk 1", "disk 2", "X"]))}
    found = costs(known, as_of=pd.Timestamp("2026-04-07", tz="UTC"), limit=0.02).classes
    assert found[["title", "incidents", "too_much"]].values.tolist() == [
        ["disk 2", 1, True], ["X", 1, True],
    ]  # fmt: skip
    assert found["share_of_quarter"].tolist() == pytest.approx([50 / 2160] * 2)


def test_an_incident_of_two_services_counts_once_by_the_service_it_hurt_most():
    """Noticed later where it hurt more; a later incident of that name is another one."""
    hour, name = pd.Timedelta("1h"), Indicator("api availability", "api", target=0.99)
    at = pd.DatetimeIndex(["2026-01-06 03:00Z", "2026-01-06 02:40Z", "2026-01-12 05:00Z"])
    rows = table(at).assign(incident_id="7", service=["shop", "api", "shop"],
                            resolved_at=at + hour)  # fmt: skip
    frame = counts(("2026-01-06 03:00", 60), ("2026-01-12 05:00", 20))
    found = costs({
        SHOP: spent(frame, events.of_service(rows, "shop")),
        name: spent(counts(("2026-01-06 02:00", 30)), events.of_service(rows, "api")),
    })  # fmt: skip
    assert found.incidents[["service", "bad"]].values.tolist() == [["shop", 60.0], ["shop", 20.0]]


def test_a_share_of_percent_is_refused():
    """The rule is a fraction."""
    with pytest.raises(ParameterError, match="limit must be above 0"):
        costs({}, limit=0)


def test_what_incidents_of_the_sample_spent_is_what_was_planted_in_them():
    """As far as the ticket was open while the harm lasted: tickets begin when somebody noticed."""
    data = sample()
    planted = json.loads((ROOT / "tests" / "truth" / "sample.json").read_text(encoding="utf-8"))
    truth = pd.DataFrame(planted["incidents"]).set_index("incident_id")
    began, ended = (pd.to_datetime(truth[name], utc=True) for name in ("started_at", "ended_at"))
    ended, known = ended.clip(upper=data.as_of), []
    for key, c in fleet.answers(objectives.with_target(data)).items():
        if key.sli != "availability" or key.service not in ("checkout", "warehouse"):
            continue
        found = incidents.budget_spent(
            c.good, c.total, target=key.target, period=key.window,
            incidents=events.of_service(data.incidents, key.service),
        )  # fmt: skip
        for row in found.to_dict("records"):
            name = row["incident_id"]
            open_then = min(row["ends_at"], ended[name]) - row["starts_at"]
            harm = truth["observed"][name] * (open_then / (ended[name] - began[name]))
            known += [(row["bad"], harm)] if harm > 500 else []
    assert len(known) >= 8
    for bad, harm in known:
        assert bad == pytest.approx(harm, rel=0.15)


def test_every_morning_at_nine_is_an_hour_and_no_weekday():
    """In the zone asked for."""
    rows = table(pd.date_range(START + pd.Timedelta("8h"), periods=84, freq="D"))
    found = postmortems._recurrence(rows, between=WEEKS, timezone="Europe/Berlin")
    assert found["hour"].counts["count"].idxmax() == 9
    assert found["hour"].adjusted_p_value < 0.01
    assert found["weekday"].p_value == 1.0
    assert "service" not in found


def test_one_bad_night_is_no_preference():
    """Thirty incidents of one night: a plain chi-square would call it an hour and a weekday."""
    burst = pd.date_range(START + pd.Timedelta("30h"), periods=30, freq="2min")
    calm = pd.date_range(START, periods=12, freq="167h")
    found = postmortems._recurrence(table(burst.append(calm).sort_values()), between=WEEKS)
    assert found["hour"].p_value > 0.05
    assert found["weekday"].p_value > 0.05


def test_expected_counts_follow_the_time_there_was():
    """Ten days from a Monday: two Mondays to Wednesdays, one of each other day."""
    days = START, START + pd.Timedelta("10D")
    rows = table(pd.date_range(START, periods=20, freq="12h"))
    found = postmortems._recurrence(rows, between=days)["weekday"]
    assert found.counts["expected"].tolist() == pytest.approx([4, 4, 4, 2, 2, 2, 2])
    assert found.counts["count"].tolist() == [4, 4, 4, 2, 2, 2, 2]


def test_with_few_incidents_there_is_no_test():
    """Fewer than ten."""
    rows = table(pd.date_range(START, periods=9, freq="D"))
    assert np.isnan(postmortems._recurrence(rows, between=WEEKS)["hour"].p_value)


def test_services_with_as_many_are_spread_evenly_and_others_are_not():
    """Three services; one with ten times as many."""
    at = pd.date_range(START, periods=24, freq="84h")
    even = pd.concat([table(at, name) for name in "abc"])
    assert postmortems._recurrence(even, between=WEEKS)["service"].p_value > 0.9
    more = pd.concat([table(pd.date_range(START, periods=240, freq="8h"), "a"), even])
    assert postmortems._recurrence(more, between=WEEKS)["service"].adjusted_p_value < 0.001


def test_titles_that_differ_in_numbers_and_case_are_the_same():
    """How often, how far apart, as last written; titles that came once are left out."""
    at = pd.date_range(START, periods=4, freq="2D")
    rows = table(at, titles=["Disk 1 full", "disk 22  FULL", "Network", "Disk 3 full"])
    (row,) = postmortems._repeated(rows, between=WEEKS).to_dict("records")
    assert (row["title"], row["incidents"], row["services"]) == ("Disk 3 full", 3, 1)
    assert row["gap"] == pd.Timedelta("3D")


def test_an_incident_of_two_services_comes_once_and_at_either():
    """Once per hour and title; a row for each service it was at."""
    shop = table(pd.date_range(START, periods=12, freq="7D"))
    rows = pd.concat([shop, shop[:3].assign(service="api")])
    found = postmortems._recurrence(rows, between=WEEKS)
    assert found["hour"].counts["count"].sum() == 12
    assert found["service"].counts[["value", "count"]].values.tolist() == [["shop", 12], ["api", 3]]
    (row,) = postmortems._repeated(rows, between=WEEKS).to_dict("records")
    assert (row["incidents"], row["services"]) == (12, 2)


def test_an_unknown_zone_is_refused():
    """The message says what was seen."""
    rows = table(pd.date_range(START, periods=3, freq="D"))
    with pytest.raises(ParameterError, match=r"IANA name .*; got 'Berlin/Mitte'"):
        postmortems._recurrence(rows, between=WEEKS, timezone="Berlin/Mitte")
