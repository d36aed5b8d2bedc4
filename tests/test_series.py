"""Series in a table of counts, against grouping by pandas."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from srelib import series

KEYS = ["service", "sli"]


@st.composite
def frames(draw) -> pd.DataFrame:
    """Rows of a few series in any order; some categories may be unused."""
    size = draw(st.integers(0, 40))
    columns = {
        name: pd.Categorical.from_codes(
            draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)),
            categories=[f"{name}{place}" for place in range(4)],
        )
        for name in KEYS
    }
    return pd.DataFrame(columns)


@given(frames())
def test_a_code_is_a_series(frame: pd.DataFrame) -> None:
    """Rows have one code where they have one service and indicator; names come back."""
    codes, names = series.series_codes(frame), series.names_of(frame)
    pairs = list(frame.astype("str").itertuples(index=False, name=None))
    assert [names[code] for code in codes.tolist()] == pairs
    assert sorted(names.values()) == sorted(set(pairs))
    found = {code: rows.tolist() for code, rows in series.rows_of_series(codes)}
    assert found == {code: [n for n, pair in enumerate(pairs) if pair == names[code]]
                     for code in names}  # fmt: skip


def test_a_rare_code_of_many_rows_is_found() -> None:
    """A sample misses it, so every row is looked at."""
    codes = np.zeros(1_000_000, dtype="int16")
    codes[54_321] = 2
    assert series.codes_used(codes, 3).tolist() == [0, 2]


@given(st.lists(st.integers(0, 2**52), max_size=20))
def test_times_come_back_from_their_ticks(ticks: list[int]) -> None:
    """In whole microseconds, whatever the unit of the times."""
    times = series.times_of(np.array(ticks, dtype="int64"))
    assert series.ticks(times).tolist() == ticks
    whole = times.dt.floor("s")
    assert series.ticks(whole.dt.as_unit("s")).tolist() == series.ticks(whole).tolist()


def test_the_usual_step_is_the_most_common_one() -> None:
    """Of one time there is none."""
    assert series.usual_step(np.array([0, 60, 120, 300, 360])) == 60
    assert series.usual_step(np.array([0, 300, 360, 420])) == 60
    assert series.usual_step(np.array([0])) is None


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=20), st.booleans())
def test_ends_are_the_first_and_the_last_time(ticks: list[int], unknown: bool) -> None:
    """In any order; times that are not known are passed over."""
    times = pd.Series(pd.to_datetime([*ticks, *[None] * unknown], unit="us", utc=True))
    first, last = series.ends(times.astype("datetime64[us, UTC]"))
    assert (first.value // 1000, last.value // 1000) == (min(ticks), max(ticks))


def test_no_time_has_no_ends() -> None:
    """Of no times neither is known."""
    first, last = series.ends(pd.Series([], dtype="datetime64[us, UTC]"))
    assert pd.isna([first, last]).all()
