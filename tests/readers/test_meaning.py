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


@pytest.mark.parametrize("declared", [None, "counter", "count"])
def test_sums_of_counters_of_which_one_restarts_are_refused(declared: str | None) -> None:
    """The sum over three pods falls by a third: neither counts nor increases come of it."""
    pods = [RUNNING + 3000, RUNNING + 2000, np.r_[RUNNING[:20] + 2500, RUNNING[:20]]]
    with pytest.raises(ReadError, match=r"fall by a part.*sum\(increase"):
        unit(sum(pods), "requests", declared=declared)


def test_a_slow_rise_with_a_fall_may_be_said_to_be_counts() -> None:
    """Few rows show too little to contradict what is declared."""
    assert unit([1000, *range(990, 1010)], declared="count")[0] == "count"


def test_parts_that_outgrow_their_total_are_no_running_sums() -> None:
    """Counts of a service that grows month by month: errors rise and fall beside them."""
    total = 1000 + 7.0 * np.arange(12)
    found = both(total - np.tile([0, 1, 2], 4), total, "good", "good")
    assert getattr(found, "unit", None) == "count"
    with pytest.raises(ReadError, match='unit = "counter"'):
        both(np.cumsum(total) - np.cumsum(np.tile([0, 1, 2], 4)), np.cumsum(total), "good", "good")


def test_a_few_rises_without_a_fall_are_asked_about() -> None:
    """A quiet service counts few events in many samples, and a short export has few samples."""
    for values in (np.repeat([4, 5, 6, 7], [10, 70, 80, 40]), [93, 175, 270, 351]):
        with pytest.raises(ReadError, match='unit = "counter"'):
            unit(values, "requests")


def test_counts_beside_a_running_total_are_refused() -> None:
    """The name of the total says nothing of the errors beside it."""
    columns = [NumberColumn("errors", "bad", np.tile(WHOLE, 3)),
               NumberColumn("requests_total", "total", RUNNING)]  # fmt: skip
    with pytest.raises(ReadError, match=r"do in others \(such as 'errors'\)"):
        meaning_of(columns, None, file="a.csv")


@pytest.mark.parametrize("name", ["http_rps", "Anfragen/Sekunde", "requests por segundo", "req/s"])
def test_whole_numbers_under_the_name_of_a_rate_are_rates(name: str) -> None:
    """Rounded rates, and names in other languages."""
    assert unit(WHOLE, name)[0] == "rate"


@pytest.mark.parametrize("name", ["request_rate", "hits.rate1m", "requestRate"])
def test_whole_numbers_under_a_name_of_two_meanings_are_asked_about(name: str) -> None:
    """A rate may be one per second, or per anything."""
    with pytest.raises(ReadError, match='unit = "rate"'):
        unit(WHOLE, name)
    assert unit(WHOLE, name, declared="count")[0] == "count"


@pytest.mark.parametrize("label", ['path="/s"', 'service="rate"', 'job="qps"', 'handler="a%20b"'])
def test_labels_that_say_whose_numbers_these_are_say_no_unit(label: str) -> None:
    """The name of a service or a path is no evidence."""
    assert unit(WHOLE, f'{{code="200", {label}}}')[0] == "count"
    assert unit(WHOLE / 9, f'{{service="error-tracker", {label}}}', "ratio")[0] == "ratio"


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


PERCENTS = np.round(100 * WHOLE / 97, 2)


def test_percentages_beside_whole_totals_are_asked_about() -> None:
    """Without a sign and without a name: errors in fractions, or good that is nearly 100."""
    for part, total, role in ((PERCENTS, WHOLE * 90, "bad"), (100 - PERCENTS, WHOLE * 90, "good"),
                              (np.rint(100 - WHOLE / 5), WHOLE * 5000, "good")):  # fmt: skip
        with pytest.raises(ReadError, match=r'columns = \{ (bad_)?ratio = "part" \}.*"percent"'):
            both(part, total, "part", role)
        assert both(part, total, "part", role, "count") is not None


def test_extrapolated_counts_beside_whole_totals_are_no_percentages() -> None:
    """Good follows its total, whatever fractions it has."""
    with pytest.raises(ReadError, match="no whole events"):
        both(WHOLE * 9.98, WHOLE * 10, "part", "good")


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


@pytest.mark.parametrize(
    "name",
    ["Fehlerquote", "taux d'erreur", "tasa_de_fallos", "Ausfallquote", "Störungsrate", "nok", "ko",
     "tasso di errore", "foutpercentage"],
)  # fmt: skip
def test_names_of_shares_of_errors_in_other_languages(name: str) -> None:
    """What is named for errors is no share of good events."""
    with pytest.raises(ReadError, match="bad_ratio = "):
        unit(WHOLE / 900, name, "ratio", "ratio")


def test_values_of_a_share_of_errors_are_no_share_of_good_events() -> None:
    """Nearly everything failed, or the column holds errors; a name can say the first."""
    for declared, scale in (("ratio", 900), (None, 900), ("percent", 5)):
        with pytest.raises(ReadError, match="three of four values are below"):
            unit(WHOLE / scale, "share", "ratio", declared)
        assert unit(WHOLE / scale, "availability", "ratio", declared)[0] == (declared or "ratio")
    with pytest.raises(ReadError) as refused:
        unit(WHOLE / 900, '{service="shop"}', "ratio", "ratio")
    assert refused.value.asks["columns"].value == {"bad_ratio": "value"}


def test_small_percentages_of_errors_are_asked_about() -> None:
    """0.4 is 0.4 % or 40 %; one value above 1 is no slip of the pen."""
    low = np.r_[np.full(40, 0.4), 2.0]
    for values, declared in ((low, None), (low, "ratio"), (low[:-1], None)):
        with pytest.raises(ReadError, match='unit = "percent"'):
            unit(values, "err", "bad_ratio", declared)
    assert unit(low[:-1], "err", "bad_ratio", "ratio")[0] == "ratio"


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


def test_cells_of_a_panel_of_requests_per_second_are_rates(tmp_path: Path) -> None:
    """As Grafana formats reqps."""
    text = "time,service,good,total\n"
    text += "".join(f"2026-06-01T00:0{n}:00Z,web,2 req/s,{3 + n % 2}.00 req/s\n" for n in range(4))
    assert load(tmp_path, text).sli["total"].tolist() == [180, 240] * 2


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
