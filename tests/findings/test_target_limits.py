"""The exact words on what traffic, dependencies and latency histograms allow."""

import pandas as pd

from srelib import targets
from srelib.errors import InsufficientDataError
from srelib.findings import target_limits as spoken
from srelib.fleet import Indicator
from tests.targets.made import WINDOW, candidates

SHOP = Indicator("shop", "shop", "availability", target=0.99, window=WINDOW)


def plain(text: str) -> str:
    """A text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def table(*targets: float, **same) -> pd.DataFrame:
    """Candidates of a series with plenty of traffic."""
    return candidates(*({"target": target} for target in targets), **same)


def test_traffic_is_said_where_it_is_low():
    """3,328 events: a wall, a budget of ten, and chance; plenty of traffic is said once."""
    rows = table(0.99, 0.995, events=3328.4, strictest=0.9996996,
                 steady=0.996996, background=0.0047)  # fmt: skip
    rows["chance"] = [0.0, 0.4]
    (line,) = spoken.traffic_sentences({SHOP: rows})
    assert plain(line) == (
        "**shop** expects 3,328 events in a window: from 99.97 % on a single bad event misses the "
        "target, and 99.7 % has a budget of ten. At its ordinary share of bad events, 0.47 %, "
        "chance alone misses 99.5 % in 40 % of windows."
    )
    (line,) = spoken.traffic_sentences({SHOP: table(0.99)})
    assert plain(line) == (
        "Every series can carry 99.9 %: the one with least traffic, **shop**, expects 10 million "
        "events in a window, so the budget of 99.9999 % is ten bad events."
    )
    assert spoken.traffic_sentences({}) == [spoken.NO_CHOICE]


def test_dependencies_say_what_they_allow():
    """Two dependencies; 99 % in use is allowed, 99.9 % is not."""
    ceilings = {"shop": targets.ceiling({"pay<b>": 0.9995, "auth": 0.9999})}
    (line,) = spoken.dependency_sentences(ceilings, {SHOP: table(0.99)})
    assert plain(line) == (
        "**shop** depends on **pay&#60;b&#62;** and **auth**, which may fail 0.06 % of events "
        "together: with one more nine each, it can promise 99.5 %, and never more than 99.94 %; "
        "**pay&#60;b&#62;** decides."
    )
    strict = Indicator("shop", "shop", "availability", target=0.999, window=WINDOW)
    (line,) = spoken.dependency_sentences(ceilings, {strict: table(0.99)})
    assert line.endswith("**Too strict for it**: **shop**.")
    (line,) = spoken.dependency_sentences(ceilings, {})
    assert line.endswith("No objective of that service is here.")
    assert spoken.dependency_sentences({}, {}) == [spoken.NO_DEPENDENCIES]


def test_thresholds_say_pairs_or_why_not():
    """Pairs of share and bound; none; an error; no histogram."""
    rows = pd.DataFrame({"threshold": [0.1, 0.3], "target": [0.75, 0.98], "share": [0.9, 0.99],
                         "probability": 0.97, "low": 0.9, "high": 1.0, "fits": True,
                         "chosen": True})  # fmt: skip
    key = ("shop", "latency")
    (line,) = spoken.threshold_sentences({key: rows}, pass_probability=0.9)
    assert plain(line) == (
        "**shop latency** can promise, each with 90 %: 75 % within 0.1 and 98 % within 0.3 (in the "
        "unit of the bounds). Between two bounds nobody can count, so none is offered."
    )
    none = {key: rows.assign(chosen=False)}
    assert plain(spoken.threshold_sentences(none, pass_probability=0.9)[0]) == (
        "**shop latency**: no bound keeps any target tried with 90 %."
    )
    error = {key: InsufficientDataError("too <b>little")}
    assert spoken.threshold_sentences(error, pass_probability=0.9) == [
        "**shop latency**: too &#60;b&#62;little"
    ]
    assert spoken.threshold_sentences({}, pass_probability=0.9) == [spoken.NO_HISTOGRAM]
