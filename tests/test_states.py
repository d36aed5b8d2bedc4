"""Seconds up and known, and incidents, of logs of states; worked out second by second."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib import states
from srelib.states import BAD, GOOD, UNKNOWN

START = pd.Timestamp("2026-03-02T10:00:00Z")


def log(*rows: tuple[int, int], silence: str = "1h") -> pd.DataFrame:
    """A log of rows (second, state)."""
    seconds, said = zip(*rows, strict=True)
    times = START + pd.to_timedelta(seconds, unit="s")
    frame = pd.DataFrame({"time": times, "state": said, "at": range(len(rows))})
    return frame.assign(silence=pd.Timedelta(silence))


@st.composite
def logs(draw) -> pd.DataFrame:
    """Logs of a few rows within ten minutes, some silent for long."""
    seconds = draw(st.lists(st.integers(0, 600), min_size=1, max_size=12, unique=True))
    said = st.sampled_from([GOOD, BAD, UNKNOWN])
    silence = f"{draw(st.integers(5, 200))}s"
    return log(*((second, draw(said)) for second in sorted(seconds)), silence=silence)


def each_second(rows: pd.DataFrame) -> dict[int, int]:
    """What is known of every second of a log."""
    at = ((rows["time"] - START) // pd.Timedelta("1s")).tolist()
    silence = int(rows["silence"].iloc[0].total_seconds())
    return {
        second: int(state)
        for start, end, state in zip(at, at[1:], rows["state"], strict=False)
        for second in range(start, min(end, start + silence))
        if state != UNKNOWN
    }


@given(logs(), st.sampled_from([7, 30, 60]))
def test_every_second_counts_once_in_its_bucket(rows: pd.DataFrame, step: int) -> None:
    """The last row holds for no time; beyond its silence a row means nothing."""
    known = each_second(rows)
    offset = int(START.timestamp()) % step
    up, total = Counter(), Counter()
    for second, state in known.items():
        total[(second + offset) // step] += 1
        up[(second + offset) // step] += state == GOOD
    found, origin = states.seconds_up(states.with_silence(rows), pd.Timedelta(step, "s"))
    places = ((found["time"] - START) // pd.Timedelta("1s") + offset) // step
    assert dict(zip(places, found["total"], strict=True)) == dict(total)
    assert dict(zip(places, found["good"], strict=True)) == {place: up[place] for place in total}
    assert rows["state"].iloc[origin].ne(UNKNOWN).all()


@given(logs())
def test_incidents_hold_the_seconds_known_to_be_down(rows: pd.DataFrame) -> None:
    """Each is one run of such seconds; the last may be open."""
    found, first = states.down_episodes(states.with_silence(rows), "api")
    ended = found.dropna(subset="resolved_at")
    starts, ends = (
        ((ended[name] - START) // pd.Timedelta("1s")).tolist()
        for name in ("started_at", "resolved_at")
    )
    down = {s for start, end in zip(starts, ends, strict=True) for s in range(start, end)}
    known = {second for second, state in each_second(rows).items() if state == BAD}
    still = found.loc[found["resolved_at"].isna(), "started_at"]
    assert len(still) == (rows["state"].iloc[-1] == BAD)
    open_from = [int((at - START).total_seconds()) for at in still]
    assert down == {second for second in known if not open_from or second < open_from[0]}
    assert (rows["time"].iloc[first].to_numpy() == found["started_at"].to_numpy()).all()


def test_an_incident_ends_with_what_was_known() -> None:
    """A monitor that fell silent says nothing about the end."""
    found, _ = states.down_episodes(
        states.with_silence(log((0, BAD), (900, GOOD), silence="300s")), "api"
    )
    assert found["resolved_at"].tolist() == [START + pd.Timedelta("300s")]
    assert found["title"].tolist() == ["api down; its end is unknown, the monitor fell silent"]


@pytest.mark.parametrize(
    ("rule", "good"),
    [("any", [60.0, 60.0, 60.0]), ("majority", [60.0, 0.0, 60.0]), ("all", [60.0, 0.0, 0.0])],
)
def test_the_rule_of_probes(rule: str, good: list[float]) -> None:
    """Three probes: all up; one of three up; two of three up."""
    probes = [
        states.with_silence(log(*enumerate_minutes(said)))
        for said in ((GOOD, GOOD, GOOD), (GOOD, BAD, GOOD), (GOOD, BAD, BAD))
    ]
    found, _ = states.seconds_up(states.of_probes(probes, rule), pd.Timedelta("60s"))
    assert found["good"].tolist() == good
    assert np.all(found["total"] == 60)


def enumerate_minutes(said: tuple[int, ...]) -> list[tuple[int, int]]:
    """A row every minute, and one that ends the last."""
    return [(60 * place, state) for place, state in enumerate((*said, said[-1]))]


def test_a_silent_probe_has_no_vote() -> None:
    """Once it is unknown, the others decide alone."""
    silent = log((0, BAD), (20, BAD), (600, BAD), silence="60s")
    awake = log(*((60 * place, GOOD) for place in range(11)))
    both = states.of_probes([states.with_silence(silent), states.with_silence(awake)], "all")
    found, _ = states.seconds_up(both, pd.Timedelta("60s"))
    assert found["good"].tolist() == [0.0, 40.0, *[60.0] * 8]
