"""What the numbers of a column are: declared, seen, asked for, or contradicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import srelib
from srelib.errors import ReadError
from srelib.readers.meaning import NumberColumn, meaning_of, without_dips
from tests.test_dataset import folder

RUNNING = np.cumsum(np.full(40, 7.0))
WHOLE = np.array([7.0, 9, 3, 4, 8, 8, 2, 6, 5, 9, 1, 7])


def unit(
    values: object, name: str = "total", role: str = "total", declared: str | None = None
) -> tuple[str, str]:
    """Unit and evidence of one column."""
    column = NumberColumn(name, role, np.asarray(values, dtype="float64"))
    found = meaning_of([column], declared, file="a.csv")
    assert found is not None
    return found.unit, found.evidence


def test_whole_numbers_that_rise_and_fall_are_counts() -> None:
    """The ordinary export needs no word in sources.toml."""
    assert unit(WHOLE) == ("count", "whole numbers")


def test_a_counter_needs_its_name_and_its_shape() -> None:
    """Named as a counter and never falling: increases. One of the two alone: a question."""
    assert unit(RUNNING, "http_requests_total")[0] == "counter"
    assert unit(WHOLE, "http_requests_total")[0] == "count"
    with pytest.raises(ReadError, match=r'"counter" .* or unit = "count"'):
        unit(RUNNING, "requests")


def test_a_restart_is_no_fall() -> None:
    """A running sum that begins again at zero is still one."""
    assert unit(np.r_[RUNNING, RUNNING], "requests_total")[0] == "counter"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sum(rate(http_requests_total[5m]))", "rate"), ("qps", "rate"),
     ("requests per second", "rate"), ("sum(increase(http_requests_total[1m]))", "count")],
)  # fmt: skip
def test_fractions_go_by_a_name_that_says_what_they_are(name: str, expected: str) -> None:
    """PromQL in a legend, or the usual words for events per second."""
    assert unit(WHOLE / 7, name)[0] == expected


@pytest.mark.parametrize(
    ("values", "name"),
    [(np.tile(RUNNING[:10], 6), "requests"), (RUNNING[:6], "requests"),
     (RUNNING[:4], "requests_total"), (RUNNING[:5] + 1e6, "http_requests_total")],
)  # fmt: skip
def test_short_runs_and_frequent_restarts_are_asked_about(values: object, name: str) -> None:
    """Neither a few rows nor a restart in every hour make counts of running sums."""
    with pytest.raises(ReadError, match='unit = "counter"'):
        unit(values, name)


def both(part: object, total: object, name: str, role: str, declared: str | None = None) -> object:
    """What a part beside a total of ordinary counts is."""
    columns = [NumberColumn(name, role, np.asarray(part, dtype="float64")),
               NumberColumn("requests", "total", np.asarray(total, dtype="float64"))]  # fmt: skip
    return meaning_of(columns, declared, file="a.csv")


def test_running_sums_beside_counts_are_refused() -> None:
    """Errors that never fall beside requests that do."""
    with pytest.raises(ReadError, match=r"'errors' never fall.* those of the total fall"):
        both(np.arange(12), WHOLE * 100, "errors", "bad")


@pytest.mark.parametrize("declared", [None, "count"])
def test_shares_up_to_one_are_no_counts_beside_whole_totals(declared: str | None) -> None:
    """0.02 of 700 requests is 2 % of them, whatever is declared."""
    with pytest.raises(ReadError, match=r'fractions up to 1 .* bad_ratio = "error_rate"'):
        both(WHOLE / 100, WHOLE * 100, "error_rate", "bad", declared)


def test_a_rate_per_minute_is_no_count_of_any_bucket() -> None:
    """Only where it is declared; a length in a name is no rate."""
    with pytest.raises(ReadError, match="'total rpm' names events per minute"):
        unit(WHOLE, "total rpm")
    assert unit(WHOLE, "total rpm", declared="count")[0] == "count"
    assert unit(WHOLE, "requests per 5 minutes")[0] == "count"


@pytest.mark.parametrize("name", ["errorRate", "unavailability", "packet loss", "unhealthy"])
def test_more_names_of_shares_of_errors(name: str) -> None:
    """In any case, and whatever failing is called."""
    with pytest.raises(ReadError, match="its name says that it holds errors"):
        unit([0.0, 0.01, 0.0], name, role="ratio")
    assert unit([0.0, 0.01, 0.0], name, role="bad_ratio")[0] == "ratio"


def test_small_percentages_are_asked_about() -> None:
    """0.4 under a name with a percent sign may be 0.4 % or 40 %; zeros with 99.9 are percent."""
    for values, name, role in ([0.4, 0.1], "errors %", "bad_ratio"), ([0.0] * 300 + [99.9], "x",
                                                                      "ratio"):  # fmt: skip
        with pytest.raises(ReadError, match='unit = "percent"'):
            unit(values, name, role=role)
    assert unit([0.4, 0.1], "errors %", role="bad_ratio", declared="percent")[0] == "percent"


def test_series_in_two_units_are_refused() -> None:
    """One runs to 100 and one to 1: no unit of the file is right for both."""
    columns = [NumberColumn("up", "ratio", np.array(values)) for values in ([99.0, 98.0], [0.9])]
    with pytest.raises(ReadError, match="some series of 'up' run to 100, and others to 1"):
        meaning_of(columns, "percent", file="a.csv")


def test_fractions_of_events_are_asked_about() -> None:
    """Rates and extrapolated counts look alike."""
    with pytest.raises(ReadError, match=r'"rate" .* or unit = "count"'):
        unit(WHOLE / 7)
    assert unit(WHOLE + 1e-9)[0] == "count"  # dust is no fraction


@pytest.mark.parametrize(("values", "declared"), [(WHOLE, "counter"), (RUNNING, "count"),
                                                  (RUNNING, "rate")])  # fmt: skip
def test_a_declaration_that_the_values_contradict_stops(values: object, declared: str) -> None:
    """The column and what was said of it stand in the text."""
    with pytest.raises(
        ReadError, match=f"is declared .*{'running sum' if declared == 'counter' else declared}"
    ):
        unit(values, declared=declared)


def test_percent_is_a_property_of_the_whole_column() -> None:
    """Zeros beside 99.9 are not the only good rows."""
    column = [99.9, 0, 99.5, 100, 98]
    assert unit(column, role="ratio")[0] == "percent"
    assert unit(column, role="ratio", declared="percent")[0] == "percent"
    with pytest.raises(ReadError, match='unit = "percent"'):
        unit(column, role="ratio", declared="ratio")
    with pytest.raises(ReadError, match='unit = "ratio"'):
        unit([0.999, 1, 0.98], role="ratio", declared="percent")


def test_a_share_of_errors_is_no_share_of_good_events() -> None:
    """The name says what it is; bad_ratio reads it."""
    with pytest.raises(ReadError, match='bad_ratio = "error_rate"'):
        unit([0, 0.1, 0], "error_rate", role="ratio")
    assert unit([0, 0.1, 0], "error_rate", role="bad_ratio")[0] == "ratio"


def _made(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def load(tmp_path: Path, text: str, said: str = "") -> srelib.Dataset:
    """The dataset of one file."""
    toml = f'[[file]]\nmatch = "a.csv"\n{said}\n' if said else ""
    return srelib.load(
        folder(_made(tmp_path), a__csv=text, **({"sources__toml": toml} if toml else {}))
    )


def rows(good: object, total: object) -> str:
    """A file of one service, a minute a row."""
    pairs = zip(np.atleast_1d(good), np.atleast_1d(total), strict=True)
    return "time,service,good,total\n" + "".join(
        f"2026-06-01T{n // 60:02d}:{n % 60:02d}:00Z,web,{g:.12g},{t:.12g}\n"
        for n, (g, t) in enumerate(pairs)
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=20, max_size=60), st.integers(0, 2**32 - 1))
def test_extrapolated_counts_keep_their_sums(
    tmp_path_factory: pytest.TempPathFactory, errors: list[int], seed: int
) -> None:
    """Good above total by a little: sums as exported, no bucket above its total."""
    total = np.full(len(errors), 1000.0)
    noise = np.random.default_rng(seed).normal(0, 1.5, len(errors))
    good = total - np.array(errors) + noise
    good = np.where(good.sum() > total.sum(), good - 2, good)
    data = load(tmp_path_factory.mktemp("a"), rows(good, total), 'unit = "count"')
    assert len(data.sli) == len(errors)
    assert data.sli["good"].sum() == pytest.approx(good.sum(), rel=1e-9)
    assert (data.sli["good"] <= data.sli["total"]).all()


def test_whole_counts_above_their_total_are_refused_and_many_refuse_the_series(
    tmp_path: Path,
) -> None:
    """One slip is one row; many in one direction would leave only the bad rows."""
    good = np.where(np.arange(100) % 10 == 0, 8, 10)
    good[3] = 11
    data = load(tmp_path / "one", rows(good, np.full(100, 10)))
    assert (len(data.sli), len(data.rejects)) == (99, 1)
    good[10:20] = 11
    with pytest.raises(
        srelib.errors.InputError, match=r"no record .* can be used; 100 were refused"
    ):
        load(tmp_path / "many", rows(good, np.full(100, 10)))


def test_a_percentage_beside_its_total_is_a_share_of_it(tmp_path: Path) -> None:
    """errors 2.5 % of 200 requests are five events; a latency in the column is refused."""
    text = "time,service,requests,errors\n"
    text += "2026-06-01T00:00:00Z,web,200,2.5%\n2026-06-01T00:01:00Z,web,100,0%\n"
    assert load(tmp_path / "a", text).sli["good"].tolist() == [195, 100]
    with pytest.raises(ReadError, match="'errors' is read as bad, and its cells carry '%', 'ms'"):
        load(tmp_path / "b", text.replace("0%", "3 ms"))


def test_a_percentage_in_the_header_is_a_share_of_its_total(tmp_path: Path) -> None:
    """As with a sign in each cell."""
    text = "time,service,requests,errors (%)\n"
    text += "2026-06-01T00:00:00Z,web,200,2.5\n2026-06-01T00:01:00Z,web,100,0\n"
    said = 'columns = { bad = "errors (%)", total = "requests" }'
    assert load(tmp_path, text, said).sli["good"].tolist() == [195, 100]


def test_a_rate_in_the_cells_is_a_rate(tmp_path: Path) -> None:
    """3 K/s over a minute are 180,000 events."""
    text = "time,service,good,total\n"
    text += "".join(f"2026-06-01T00:0{n}:00Z,web,2 K/s,{3 + n % 2} K/s\n" for n in range(4))
    assert load(tmp_path, text).sli["total"].tolist() == [180_000, 240_000] * 2


def test_the_series_table_tells_unit_and_evidence(tmp_path: Path) -> None:
    """What `srelib check` shows of every series."""
    data = load(tmp_path, rows([9, 7], [10, 10]))
    assert data.series[["read_as", "evidence"]].values.tolist() == [["count", "whole numbers"]]


@pytest.mark.parametrize(
    ("samples", "held"),
    [
        ([100, 110, 108, 112, 115], [100, 110, 110, 112, 115]),
        ([100, 110, 105, 107, 120], [100, 110, 110, 110, 120]),
        ([100, 98, 97, 101], [100, 100, 100, 101]),
        ([100, 5, 20, 40], [100, 5, 20, 40]),
        ([100, 98], [100, 98]),
        ([], []),
    ],
)
def test_a_dip_is_late_data_where_it_recovers_within_two_samples(samples, held):
    """What stays low is a restart."""
    found = without_dips(np.array(samples, dtype=float), np.zeros(len(samples), dtype=bool))
    assert found.tolist() == held


def test_series_of_which_some_are_running_sums_are_refused() -> None:
    """No unit of the file is right for all of them, whatever is declared."""
    columns = [NumberColumn("total", "total", values) for values in (RUNNING, np.tile(WHOLE, 3))]
    for declared in (None, "count", "counter"):
        with pytest.raises(ReadError, match="never fall in some series and do in others"):
            meaning_of(columns, declared, file="a.csv")


def test_a_sparse_counter_beside_a_busy_one_is_a_counter() -> None:
    """Ten errors with one restart among thousands of requests change nothing."""
    sparse = np.r_[np.repeat(np.arange(10.0), 4), 0, 1, 1]
    busy = np.r_[np.cumsum(np.full(40, 90.0)), 90, 180, 270]
    columns = [NumberColumn(name, "total", values) for name, values in
               (("x_total{code=200}", busy), ("x_total{code=500}", sparse))]  # fmt: skip
    found = meaning_of(columns, None, file="a.csv")
    assert found is not None
    assert found.unit == "counter"
