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
