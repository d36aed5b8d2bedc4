"""What is recommended: keep, loosen, tighten, cannot tell; OpenSLO documents; histograms."""

import math

import numpy as np
import pandas as pd
import pytest

from srelib import slos, targets
from srelib.errors import ColumnError, CountError, ParameterError
from srelib.fleet import Indicator
from srelib.slos.files import _write
from srelib.windows import Window
from tests.targets.made import WINDOW, candidates, likely

LOOSE, FIRM, STRICT = (likely(0.98, 0.99, 0.95), likely(0.99, 0.95, 0.8),
                       likely(0.999, 0.4, 0.1, 0.8))  # fmt: skip


def kinds(reasons) -> list[str]:
    """What the reasons are about."""
    return [reason.kind for reason in reasons]


def test_a_target_that_is_met_is_kept_where_the_next_one_is_not_shown_to_be():
    """95 % with an interval from 80 %; the stricter one has 40 %."""
    found = targets.recommend(candidates(LOOSE, FIRM, STRICT, current=0.99))
    assert (found.verdict, found.current, found.target) == ("keep", 0.99, 0.99)
    assert kinds(found.reasons) == ["met", "missed"]
    assert kinds(found.cautions) == ["low"]
    assert (found.probability.value, found.probability.low, found.probability.n) == (0.95, 0.8, 13)


def test_a_target_is_loosened_only_when_its_whole_interval_is_below():
    """40 % with at most 80 % is loosened; with up to 95 % nobody can tell."""
    found = targets.recommend(candidates(LOOSE, FIRM, STRICT, current=0.999))
    assert (found.verdict, found.target) == ("loosen", 0.99)
    assert kinds(found.reasons) == ["missed", "met"]
    unsure = targets.recommend(
        candidates(LOOSE, FIRM, likely(0.999, 0.4, 0.1, 0.95), current=0.999)
    )
    assert unsure.verdict == "cannot tell"
    assert not unsure.has_target
    assert targets.openslo({Indicator("shop"): unsure}) == ""
    assert kinds(unsure.reasons) == ["unsure", "met"]


def test_a_target_is_tightened_only_when_the_whole_interval_of_a_stricter_one_is_above():
    """From 98 % to 99 % with an interval from 92 %, not from 80 %."""
    firm = likely(0.99, 0.97, 0.92)
    found = targets.recommend(candidates(LOOSE, firm, STRICT, current=0.98))
    assert (found.verdict, found.current, found.target) == ("tighten", 0.98, 0.99)
    kept = targets.recommend(candidates(LOOSE, FIRM, STRICT, current=0.98))
    assert (kept.verdict, kinds(kept.reasons)) == ("keep", ["met", "next"])


def test_without_a_promise_the_strictest_that_fits_is_recommended():
    """Nothing is in use."""
    found = targets.recommend(candidates(LOOSE, FIRM, STRICT))
    assert (found.verdict, found.target) == ("promise", 0.99)
    assert math.isnan(found.current)
    assert math.isnan(found.current_probability.value)


def test_nothing_is_recommended_where_nothing_fits():
    """All of them are missed too often."""
    found = targets.recommend(candidates(likely(0.9, 0.5, 0.2, 0.8)))
    assert (found.verdict, found.has_target, kinds(found.reasons)) == ("nothing", False, ["none"])
    used = targets.recommend(candidates(likely(0.9, 0.5, 0.2, 0.8), current=0.9))
    assert (used.verdict, used.has_target) == ("loosen", False)
    assert kinds(used.reasons) == ["missed", "none"]


def test_too_short_a_history_recommends_nothing_and_says_what_it_takes():
    """Three weeks of the eight that two windows of 28 days are."""
    short = candidates(LOOSE, current=0.98, weeks=3)
    found = targets.recommend(short)
    assert (found.verdict, found.has_target) == ("cannot tell", False)
    (reason,) = found.reasons
    assert (reason.kind, reason.value, reason.limit) == ("short", 3, 8)
    assert targets.recommend(candidates(LOOSE, weeks=3)).verdict == "nothing"


def test_traffic_is_a_wall():
    """Half an event of budget is loosened however likely; below ten none is recommended."""
    rows = (likely(0.98, 0.99, 0.95, budget_events=50.0),
            likely(0.99, 0.99, 0.95, budget_events=9.0),
            likely(0.999, 0.99, 0.95, budget_events=0.5))  # fmt: skip
    found = targets.recommend(candidates(*rows, current=0.999, events=900.0, strictest=1 - 1 / 900))
    assert (found.verdict, found.target) == ("loosen", 0.98)
    assert kinds(found.reasons) == ["traffic", "met", "few events"]
    kept = targets.recommend(candidates(*rows, current=0.99, events=900.0, strictest=1 - 1 / 900))
    assert (kept.verdict, kinds(kept.cautions)) == ("keep", ["few events"])


def test_dependencies_are_a_ceiling():
    """One more nine is missing at 99.9 %: loosened, and not recommended to anybody."""
    rows = (FIRM, likely(0.999, 0.99, 0.95, allowed=False))
    found = targets.recommend(candidates(*rows, current=0.999, ceiling=0.99))
    assert (found.verdict, found.target) == ("loosen", 0.99)
    assert kinds(found.reasons)[0] == "dependencies"
    assert targets.recommend(candidates(*rows, ceiling=0.99)).target == 0.99


def test_pages_are_bearable_or_loosen():
    """Certainly over two a week loosens; perhaps over two only speaks against it."""
    many = likely(0.999, 0.99, 0.95, pages_per_week=5.0, pages_low=3.0)
    found = targets.recommend(candidates(FIRM, many, current=0.999))
    assert (found.verdict, found.target, kinds(found.reasons)[0]) == ("loosen", 0.99, "pages")
    some = likely(0.999, 0.99, 0.95, pages_per_week=2.5, pages_low=1.5)
    kept = targets.recommend(candidates(FIRM, some, current=0.999))
    assert (kept.verdict, kinds(kept.cautions)) == ("keep", ["pages"])
    assert targets.recommend(candidates(FIRM, many), pages_per_week=6).target == 0.999


def test_cautions_name_chance_and_silence():
    """Chance misses one in five; and no rule could page."""
    row = likely(0.99, 0.97, 0.92, chance=0.2, can_page=False)
    assert kinds(targets.recommend(candidates(row)).cautions) == ["chance", "silent"]


def test_what_is_asked_moves_the_answer():
    """Half the windows are enough for somebody."""
    rows = candidates(LOOSE, FIRM, likely(0.999, 0.6, 0.2, 0.9))
    assert targets.recommend(rows, pass_probability=0.5).target == 0.999
    assert targets.recommend(rows, pass_probability=0.98).target == 0.98


def test_a_probability_in_percent_is_refused():
    """90 is 0.9."""
    with pytest.raises(ParameterError, match=r"got 90. For 90 % write 0\.9"):
        targets.recommend(candidates(FIRM), pass_probability=90)


def test_documents_are_read_back_as_what_was_recommended(tmp_path):
    """An objective in use keeps everything but its target; a series gets a new one."""
    used = slos.Slo(
        name="shop-ok", display_name="Shop: answers", service="shop", sli="availability",
        target=0.999, window=WINDOW, description="a & b", owner="team",
    )  # fmt: skip
    month = Window(unit="month", timezone="Europe/Berlin")
    keys = (Indicator("Shop: answers", "shop", "availability"), Indicator("x y", "x y", "latency"))
    advices = {
        keys[0]: targets.recommend(candidates(LOOSE, FIRM, STRICT, current=0.999)),
        keys[1]: targets.recommend(candidates(LOOSE, window=month)),
        Indicator("none"): targets.recommend(candidates(LOOSE, weeks=1)),
    }
    text = targets.openslo(advices, slos=[used])
    (tmp_path / "slos.yaml").write_text(text, encoding="utf-8")
    first, second = slos.read(tmp_path / "slos.yaml")
    assert first == slos.Slo(
        name="shop-ok", display_name="Shop: answers", service="shop", sli="availability",
        target=0.99, window=WINDOW, description="a & b", owner="team",
    )  # fmt: skip
    assert (second.service, second.sli, second.target) == ("x y", "latency", 0.98)
    assert second.window.unit == "month"
    assert second.window.timezone == "Europe/Berlin"
    assert targets.openslo({}) == ""


def test_a_new_target_of_a_dated_objective_has_a_date(tmp_path):
    """Beside the documents in use it is the next one, and never the first."""
    started = pd.Timestamp("2026-01-01", tz="UTC")
    used = slos.Slo(name="shop", service="shop", sli="availability", target=0.999, window=WINDOW,
                    valid_from=started, targets=((started, 0.999),))  # fmt: skip
    key = Indicator("shop", "shop", "availability")
    advices = {key: targets.recommend(candidates(LOOSE, FIRM, STRICT, current=0.999))}
    end = pd.Timestamp("2026-06-29", tz="UTC")
    text = targets.openslo(advices, slos=[used], since=end)
    (tmp_path / "slos.yaml").write_text(f"{_write([used])}---\n{text}", encoding="utf-8")
    (read,) = slos.read(tmp_path / "slos.yaml")
    assert read.targets == ((started, 0.999), (end, 0.99))


def hours(weeks: int = 10, **within: float) -> pd.DataFrame:
    """An hourly histogram of 1,000 events, so many of them within each bound."""
    index = pd.date_range("2026-03-30", periods=168 * weeks, freq="h", tz="UTC", unit="us")
    columns = {float(name[1:].replace("_", ".")): value for name, value in within.items()}
    return pd.DataFrame({**columns, math.inf: 1000.0}, index=index)


FOUND = hours(b0_1=900.0, b0_3=990.0, b1=999.9)


def test_shares_are_exact_at_bounds():
    """Sums first, divided last."""
    table = targets.thresholds(FOUND, window="28d").drop_duplicates("threshold")
    assert table["threshold"].tolist() == [0.1, 0.3, 1.0]
    assert table["share"].tolist() == pytest.approx([0.9, 0.99, 0.9999])


def test_pairs_are_the_strictest_target_of_each_bound():
    """A steady 90, 99 and 99.99 % within three bounds; a percentile just met leaves no room."""
    table = targets.thresholds(FOUND, window="28d")
    chosen = table[table["chosen"]].set_index("threshold")["target"]
    assert chosen.to_dict() == {0.1: 0.75, 0.3: 0.98, 1.0: 0.999}
    assert (
        table.groupby("threshold")["probability"].apply(lambda p: p.is_monotonic_decreasing)
    ).all()


def test_a_short_history_promises_nothing():
    """Three weeks of the eight two windows take."""
    table = targets.thresholds(hours(3, b0_1=900.0, b0_3=999.0), window="28d")
    assert not table["fits"].any()
    assert not table["chosen"].any()


def test_a_histogram_that_shrinks_is_refused():
    """More events within 0.1 than within 0.3."""
    wrong = FOUND.copy()
    wrong.loc[wrong.index[5], 0.3] = 100.0
    with pytest.raises(CountError, match=r"got 900 within 0\.1 and 100 within 0\.3"):
        targets.thresholds(wrong, window="28d")


def test_a_histogram_without_a_total_is_refused():
    """The bound inf is missing."""
    with pytest.raises(ColumnError, match="needs the bound inf"):
        targets.thresholds(FOUND.drop(columns=math.inf), window="28d")


def test_series_named_for_bounds_are_one_histogram():
    """Two services, one of them with a single bound; other indicators are left out."""
    frame = pd.DataFrame({"good": [90.0, np.nan], "total": [100.0, 100.0]})
    wider = frame.assign(good=[95.0, 99.0])
    found = targets.histograms({
        Indicator("a", "shop", "latency_le_0.3"): wider,
        Indicator("b", "shop", "latency_le_2.5e-3"): frame,
        Indicator("c", "site", "latency_le_1"): frame,
        Indicator("d", "shop", "availability"): frame,
    })  # fmt: skip
    assert list(found) == [("shop", "latency")]
    assert list(found["shop", "latency"].columns) == [0.0025, 0.3, math.inf]
    assert found["shop", "latency"][0.3].tolist() == [95.0, 99.0]
    assert found["shop", "latency"][math.inf].tolist() == [100.0, 100.0]
