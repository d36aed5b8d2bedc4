"""Which target to recommend, with reasons for and against; which threshold of a latency histogram.

A histogram has one row per bucket of time; its columns are upper bounds as numbers (Prometheus
``le``), the largest one ``inf``; its values are events no slower than the bound.
At a bound everything is exact; between two bounds nobody can count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from srelib.errors import CountError, InsufficientDataError, ParameterError
from srelib.fleet import NAN, Indicator, Results
from srelib.sli.interval import _latency
from srelib.slos import Slo
from srelib.slos.files import _write
from srelib.stats import Estimate
from srelib.targets.candidates import MIN_BUDGET_EVENTS
from srelib.targets.probability import METHOD, _pass_probabilities, _weeks_needed, _whole_weeks
from srelib.windows import Window, history
from srelib.windows.sums import _ratio
from srelib.windows.window import _as_window

PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Targets of latency objectives people use."""

BOUND = re.compile(r"(?P<name>.+)_le_(?P<bound>\d[\d.]*(?:e[+-]?\d+)?)", re.IGNORECASE)
"""Indicators that are one bound of a histogram, as the reader of Prometheus names them."""


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a target, or against it.

    kind: for: 'met' (the probability is high enough), 'missed' (it is not), 'unsure' (its interval
        holds what is required), 'next' (the next stricter one is not probable enough). Against:
        'traffic' (not even one event of budget), 'few events' (less than ten), 'dependencies' (one
        of them has not one more nine), 'pages' (more than acceptable), 'silent' (no rule can page
        at this target), 'chance' (chance alone misses it too often), 'low' (the lower end of its
        interval), 'short' (weeks seen), 'none' (no candidate is eligible).
    value, limit: what was found, and what it is compared with, in the unit of the kind: fraction,
        events (or buckets, where time is counted), pages a week, weeks
    target: the candidate it is about [fraction]
    """

    kind: str
    value: float = NAN
    limit: float = NAN
    target: float = NAN


@dataclass(frozen=True)
class Advice:
    """The target to recommend for one objective.

    verdict: 'keep', 'loosen', 'tighten', 'cannot tell', 'promise' (no target is in use yet) or
        'nothing' (no target can be recommended)
    current, target: in use, and recommended [fraction]; NaN where there is none
    probability, current_probability: that the next window meets the recommended target (the current
        one where none is recommended), and the current one [fraction]; NaN without one
    reasons, cautions: for it, and against it
    """

    verdict: str
    current: float
    target: float
    window: Window
    probability: Estimate
    current_probability: Estimate
    reasons: tuple[Reason, ...]
    cautions: tuple[Reason, ...]

    @property
    def has_target(self) -> bool:
        """Whether a target is recommended."""
        return self.target == self.target

    @property
    def has_current(self) -> bool:
        """Whether a target is in use."""
        return self.current == self.current

    @property
    def targets(self) -> list[float]:
        """The target in use and the one recommended [fraction], once where they are the same."""
        return list(dict.fromkeys(t for t in (self.current, self.target) if t == t))

    def marks(self, target: float) -> list[str]:
        """What a target is: in use, recommended, both or neither."""
        known = (("in use", self.current), ("recommended", self.target))
        return [text for text, value in known if value == target]


CandidateTables = Results[pd.DataFrame]
Advices = Results[Advice]
"""What `candidates` and `recommend` say of every objective, or the errors in their place."""


def recommend(
    table: pd.DataFrame,
    *,
    pass_probability: float = 0.9,
    pages_per_week: float = 2.0,
    confidence: float = 0.95,
) -> Advice:
    """The strictest target that the next window is likely to meet at an acceptable cost.

    A candidate is eligible when it is met with at least `pass_probability`, its budget holds ten
    events, its pages are acceptable and each dependency has one more nine. A target in use is
    changed on evidence only, where the whole interval of a probability lies on one side of what is
    required, or where traffic, dependencies or pages rule it out; where the data cannot tell,
    nothing is recommended.

    Parameters
    ----------
    table : DataFrame, as from `candidates`
    pass_probability : float, with which the next window must meet the target [fraction]
    pages_per_week : float, most pages that are acceptable [1/week]
    confidence : float, of the intervals in the table [fraction]

    Raises
    ------
    ParameterError
        A probability outside (0, 1).

    Examples
    --------
    >>> from srelib.targets import candidates
    >>> hours = pd.date_range("2026-01-05", periods=24 * 91, freq="h", tz="UTC")
    >>> total = pd.Series(1000.0, hours)
    >>> found = candidates(total - (hours.hour == 9) * 12.0, total, window="28d", current=0.999)
    >>> recommend(found).verdict
    'keep'
    """
    ParameterError.check_fraction(pass_probability, "pass_probability")
    criteria = _Criteria(pass_probability, pages_per_week, confidence)
    rows = table.sort_values("target", ignore_index=True)
    first, current = rows.iloc[0], rows[rows["current"]]
    now = current.iloc[0] if len(current) else None
    if first["weeks"] < first["weeks_needed"] or rows["probability"].isna().all():
        short = Reason("short", float(first["weeks"]), float(first["weeks_needed"]))
        verdict = "nothing" if now is None else "cannot tell"
        return _advice(verdict, now, None, rows, criteria, [short])
    verdict, best = _verdict(now, rows, criteria)
    chosen = None if verdict == "cannot tell" else best
    return _advice(verdict, now, chosen, rows, criteria, _reasons(now, best, rows, criteria))


@dataclass(frozen=True)
class _Criteria:
    probability: float
    pages: float
    confidence: float


def _verdict(
    now: pd.Series | None, rows: pd.DataFrame, criteria: _Criteria
) -> tuple[str, pd.Series | None]:
    """Keep, loosen or tighten what is in use, or say that the data cannot tell; and the target."""
    steady = rows["budget_events"] >= MIN_BUDGET_EVENTS * _grain(rows) - 1e-9
    likely = rows["probability"] >= criteria.probability
    eligible = rows[likely & steady & rows["allowed"] & ~(rows["pages_per_week"] > criteria.pages)]

    def strictest(among: pd.DataFrame) -> pd.Series | None:
        return among.iloc[-1] if len(among) else None

    best = strictest(eligible)
    if now is None:
        return ("nothing" if best is None else "promise"), best
    barred = not now["allowed"] or now["budget_events"] < _grain(rows) - 1e-9
    if barred or now["pages_low"] > criteria.pages or now["high"] < criteria.probability:
        return "loosen", strictest(eligible[eligible["target"] < now["target"]])
    if now["probability"] < criteria.probability:
        return "cannot tell", best
    is_sure = (eligible["target"] > now["target"]) & (eligible["low"] >= criteria.probability)
    stricter = strictest(eligible[is_sure])
    return ("keep", now) if stricter is None else ("tighten", stricter)


def _grain(rows: pd.DataFrame) -> float:
    """The least that can go wrong [events]: what the budget of the strictest target holds."""
    first = rows.iloc[0]
    grain = (1 - first["strictest"]) * first["events"]
    return float(grain) if grain == grain else 1.0


def _advice(
    verdict: str,
    now: pd.Series | None,
    best: pd.Series | None,
    rows: pd.DataFrame,
    criteria: _Criteria,
    reasons: Iterable[Reason],
) -> Advice:
    known = _estimate(now, criteria)
    return Advice(
        verdict=verdict,
        current=NAN if now is None else float(now["target"]),
        target=NAN if best is None else float(best["target"]),
        window=rows["window"].iloc[0],
        probability=known if best is None else _estimate(best, criteria),
        current_probability=known,
        reasons=tuple(reasons),
        cautions=() if best is None else tuple(_cautions(best, rows, criteria)),
    )


def _reasons(
    now: pd.Series | None, best: pd.Series | None, rows: pd.DataFrame, criteria: _Criteria
) -> Iterator[Reason]:
    """Why this verdict: what is wrong with the current target, what is right with the other."""
    if now is not None:
        yield from _objections(now, rows, criteria)
    if best is None:
        yield Reason("none", limit=criteria.probability, target=float(rows["target"].iloc[0]))
        return
    yield Reason("met", float(best["probability"]), criteria.probability, float(best["target"]))
    stricter = rows[rows["target"] > best["target"]]
    if len(stricter) and not stricter["current"].iloc[0]:
        row = stricter.iloc[0]
        yield from _objections(row, rows, criteria) or [
            Reason("next", float(row["low"]), criteria.probability, float(row["target"]))
        ]


def _objections(row: pd.Series, rows: pd.DataFrame, criteria: _Criteria) -> list[Reason]:
    """Why a target is not eligible."""
    target, budget = float(row["target"]), float(row["budget_events"]) / _grain(rows)
    found = []
    if budget < 1 - 1e-9:
        found.append(Reason("traffic", budget, 1.0, target))
    elif budget < MIN_BUDGET_EVENTS - 1e-9:
        found.append(Reason("few events", budget, MIN_BUDGET_EVENTS, target))
    if not row["allowed"]:
        found.append(Reason("dependencies", target, float(row["ceiling"]), target))
    if row["pages_per_week"] > criteria.pages:
        found.append(Reason("pages", float(row["pages_per_week"]), criteria.pages, target))
    if row["probability"] < criteria.probability:
        kind = "missed" if row["high"] < criteria.probability else "unsure"
        found.append(Reason(kind, float(row["probability"]), criteria.probability, target))
    return found


def _cautions(best: pd.Series, rows: pd.DataFrame, criteria: _Criteria) -> Iterator[Reason]:
    """Objections to the target recommended."""
    target = float(best["target"])
    found = _objections(best, rows, criteria)
    yield from (reason for reason in found if reason.kind in ("few events", "pages"))
    if best["low"] < criteria.probability:
        yield Reason("low", float(best["low"]), criteria.probability, target)
    if best["chance"] > 1 - criteria.probability:
        yield Reason("chance", float(best["chance"]), 1 - criteria.probability, target)
    if best["pages_per_week"] == best["pages_per_week"] and not best["can_page"]:
        yield Reason("silent", 0.0, NAN, target)


def _estimate(row: pd.Series | None, criteria: _Criteria) -> Estimate:
    if row is None:
        return Estimate(NAN, NAN, NAN, 0, criteria.confidence, METHOD)
    value, low, high, n = (float(row[c]) for c in ("probability", "low", "high", "weeks"))
    return Estimate(value, low, high, n, criteria.confidence, METHOD)


def openslo(
    advices: Mapping[Indicator, Advice],
    *,
    slos: Iterable[Slo] = (),
    since: pd.Timestamp | None = None,
) -> str:
    """The recommended targets as OpenSLO documents, ready for a ``slos.yaml``.

    YAML that `srelib.slos.read` takes; empty where nothing is recommended.

    Parameters
    ----------
    advices : mapping of Indicator to Advice, keys name what is measured (`name`, `service`, `sli`);
        those without a target, and those whose target and window stay as they are, are left out
    slos : iterable of Slo, in use; a document keeps everything of its own but the target and the
        window
    since : Timestamp, optional, when the new target comes into force, for objectives whose targets
        have dates

    Examples
    --------
    >>> openslo({})
    ''
    """
    known = list(slos)
    found = [
        _objective(key, advice, known, since)
        for key, advice in advices.items()
        if advice.has_target and (advice.verdict, advice.window) != ("keep", key.window)
    ]
    return _write(found) if found else ""


def _objective(key: Indicator, advice: Advice, slos: list[Slo], since: pd.Timestamp | None) -> Slo:
    for slo in slos:
        if (slo.display_name or slo.name, slo.service, slo.sli) == (key.name, key.service, key.sli):
            dated = since if slo.targets else None
            return replace(slo, target=advice.target, window=advice.window, valid_from=dated,
                           targets=())  # fmt: skip
    plain = re.sub(r"[^a-z0-9]+", "-", f"{key.service}-{key.sli}".lower()).strip("-")
    return Slo(
        name=plain or "objective", display_name=key.name, service=key.service, sli=key.sli,
        target=advice.target, window=advice.window,
    )  # fmt: skip


def histograms(counts: Mapping[Indicator, pd.DataFrame]) -> dict[tuple[str, str], pd.DataFrame]:
    """Histograms among the series of a dataset, by service and name.

    Those with at least two finite bounds, which are in ascending order.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, as from `srelib.objectives.series`;
        ``latency_le_0.3`` is a bound of a histogram

    Examples
    --------
    >>> from srelib.fleet import Indicator
    >>> one = pd.DataFrame({"good": [9.0, 8.0], "total": 10.0})
    >>> keys = [Indicator(b, "shop", f"latency_le_{b}") for b in ("0.1", "0.3")]
    >>> list(histograms(dict.fromkeys(keys, one)))
    [('shop', 'latency')]
    """
    found: dict[tuple[str, str], dict[float, pd.DataFrame]] = {}
    for key, frame in counts.items():
        if named := BOUND.fullmatch(key.sli):
            found.setdefault((key.service, named["name"]), {})[float(named["bound"])] = frame
    joined = {}
    for name, bounds in found.items():
        if len(bounds) > 1:  # good of every bound side by side, and the total
            columns = {bound: bounds[bound]["good"] for bound in sorted(bounds)}
            columns[math.inf] = bounds[max(bounds)]["total"]
            joined[name] = pd.DataFrame(columns).sort_index()
    return joined


def thresholds(
    histogram: pd.DataFrame,
    *,
    window: Window | pd.Timedelta | str,
    pass_probability: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """Pairs of threshold and target, and how likely the next window meets each.

    Parameters
    ----------
    histogram : DataFrame, on a regular UTC index
    window : Window, Timedelta or str, of the objective
    pass_probability : float, with which the next window must meet the target [fraction]
    seed : int, of the draws

    Returns
    -------
    DataFrame
        threshold, target (one of `PERCENTILES`), share (within the threshold, over the history),
        probability, low, high [fraction], fits (probable enough, with ten events of budget and
        enough weeks), chosen (the strictest target that fits at this threshold).

    Raises
    ------
    CountError, InsufficientDataError
        Fewer events within a bound than within a smaller one; no whole week with traffic.

    References
    ----------
    .. [1] Prometheus documentation, "Histograms and summaries".

    Examples
    --------
    >>> hours = pd.date_range("2026-01-05", periods=24 * 70, freq="h", tz="UTC")
    >>> found = thresholds(pd.DataFrame({0.1: 900.0, 0.3: 995.0, math.inf: 1000.0}, index=hours),
    ...                    window="28d")
    >>> found.loc[found["chosen"], ["threshold", "target"]].values.tolist()
    [[0.1, 0.75], [0.3, 0.99]]
    """
    span, parts = _as_window(window), []
    for bound in _finite_bounds(histogram):
        counts = _latency(histogram, threshold=bound)
        weeks = _whole_weeks(history(counts["good"], counts["total"]))
        if not weeks.total.sum() > 0:
            raise InsufficientDataError(
                "no whole week with traffic was observed; export a longer span."
            )
        part = _pass_probabilities(weeks, targets=PERCENTILES, window=span, seed=seed)
        part = part.reset_index()
        part.insert(0, "threshold", bound)
        part.insert(2, "share", _ratio(counts["good"], counts["total"]))
        enough = len(weeks) >= _weeks_needed(span, end=weeks.end)
        steady = (1 - part["target"]) * weeks.expected(span) >= MIN_BUDGET_EVENTS - 1e-9
        part["fits"] = (part["probability"] >= pass_probability) & steady & enough
        part["chosen"] = part["target"] == part.loc[part["fits"], "target"].max()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _finite_bounds(histogram: pd.DataFrame) -> list[float]:
    """The finite bounds, ascending, of a histogram that can be one."""
    bounds = sorted(float(name) for name in histogram.columns)
    columns = {float(name): histogram[name].to_numpy(dtype="float64") for name in histogram.columns}
    for low, high in pairwise(bounds):
        wrong = np.flatnonzero(columns[low] > columns[high] * (1 + 1e-9))
        if len(wrong):
            raise CountError(
                f"a histogram must grow from bound to bound; got {columns[low][wrong[0]]:g} within "
                f"{low:g} and {columns[high][wrong[0]]:g} within {high:g} at "
                f"{histogram.index[wrong[0]]}."
            )
    return [bound for bound in bounds if math.isfinite(bound)]
