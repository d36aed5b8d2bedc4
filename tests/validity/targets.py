"""Target pass probabilities: said from 13 and 26 weeks, held against the window that followed."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd

from srelib.budget.status import _budget_fraction
from srelib.simulate import ServiceSpec, fleet
from srelib.targets.candidates import LADDER
from srelib.targets.probability import _pass_probabilities, _Weeks, _whole_weeks
from srelib.windows import Window, history
from tests.validity.cells import Cell, over

WINDOW = Window.parse("28d")
SPANS = (13, 26)
FOLLOWS, LONG = 4, 800
EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
FIRST_SEED = 500_000
ASKED = 0.9
KINDS = {
    "rare outages": {
        "incidents_per_week": 0.08, "deploys_per_week": 0.2, "break_probability": 0.0,
        "severities": (("SEV1", 1.0, 0.5),),
    },
    "no incidents": {"incidents_per_week": 0.0, "break_probability": 0.0, "drift": 0.2},
    "low traffic": {"requests_per_minute": 0.08, "incidents_per_week": 0.15, "error_ratio": 0.003},
    "many incidents": {
        "incidents_per_week": 1.5, "aftershocks": 0.5, "break_probability": 0.2,
        "deploys_per_week": 6.0,
    },
}  # fmt: skip


def any_service(seed: int) -> ServiceSpec:
    """A service like none other: traffic, errors, incidents and releases drawn over wide ranges."""
    rng = np.random.default_rng([11, seed])

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return ServiceSpec(
        name="api", requests_per_minute=between(0.05, 600), error_ratio=between(5e-5, 3e-3),
        error_dispersion=float(rng.uniform(0, 0.004)), incidents_per_week=between(0.02, 2),
        deploys_per_week=float(rng.uniform(0.3, 8)),
        break_probability=float(rng.uniform(0, 0.3)), harm_ratio=between(0.01, 0.2),
        harm_minutes=between(20, 200), weekend=float(rng.uniform(0.2, 1)),
        drift=float(rng.uniform(0, 0.5)), aftershocks=float(rng.choice([0.0, 0.4])),
        traffic_dispersion=float(rng.uniform(0, 0.1)),
    )  # fmt: skip


def one(seed: int, *, kind: str | None) -> dict[str, np.ndarray]:
    """Said and seen for one fleet: probabilities by span, the next window, the long run."""
    spec = any_service(seed) if kind is None else ServiceSpec(name="api", **KINDS[kind])  # type: ignore[arg-type]
    most = max(SPANS)
    counts = fleet(seed, services=[spec], weeks=most + FOLLOWS, step="1h").counts("api")
    after = counts.iloc[most * 168 :].sum()
    found = {"met": meets(after["total"] - after["good"], after["total"])}
    for weeks in SPANS:
        seen = counts.iloc[(most - weeks) * 168 : most * 168]
        past = _whole_weeks(history(seen["good"], seen["total"]))
        said = _pass_probabilities(past, targets=LADDER, window=WINDOW)
        found[f"said {weeks}"] = said[["probability", "low", "high"]].to_numpy()
        found[f"plain {weeks}"] = plain(past)
    return found


def meets(bad: np.ndarray | float, total: np.ndarray | float) -> np.ndarray:
    """Whether windows meet each candidate."""
    budgets = np.array([_budget_fraction(target) for target in LADDER])
    return np.less_equal.outer(np.asarray(bad) / np.maximum(total, 1) / (1 + 1e-9), budgets)


def plain(past: _Weeks) -> np.ndarray:
    """The same from weeks redrawn as they are, for comparison."""
    drawn = np.random.default_rng(0).integers(len(past), size=(4000, FOLLOWS))
    bad, total = (days.sum(axis=1)[drawn].sum(axis=1) for days in (past.bad, past.total))
    return meets(bad, total).mean(axis=0)


def truth(seed: int, *, kind: str | None) -> np.ndarray:
    """Share of the windows of a very long history of the same service that meet each candidate."""
    spec = any_service(seed) if kind is None else ServiceSpec(name="api", **KINDS[kind])  # type: ignore[arg-type]
    counts = fleet(10**7 + seed, services=[spec], weeks=LONG, step="1h").counts("api")
    weeks = pd.DataFrame(counts.to_numpy().reshape(LONG, 168, 2).sum(axis=1)).rolling(FOLLOWS)
    good, total = weeks.sum().dropna().to_numpy().T
    return meets(total - good, total).mean(axis=0)


def run(*, seeds: int, workers: int) -> list[Cell]:
    """Reliability by bin, Brier score, bias by kind of service, coverage, and what was advised.

    Each kind of its own takes half as many fleets.
    """
    chosen = range(FIRST_SEED, FIRST_SEED + seeds)
    mixed = over(partial(one, kind=None), chosen, workers=workers)
    true = np.array(over(partial(truth, kind=None), chosen, workers=workers))
    cells: list[Cell] = []
    for weeks in SPANS:
        cells += _mixed(mixed, true, weeks)
    for kind in KINDS:
        found = over(partial(one, kind=kind), chosen[: -(-seeds // 2)], workers=workers)
        longest = truth(FIRST_SEED, kind=kind)
        for weeks in SPANS:
            cells += _kind(kind, found, longest, weeks)
    return cells


def _mixed(found: list[dict[str, np.ndarray]], true: np.ndarray, weeks: int) -> list[Cell]:
    """Cells of the services of every kind."""
    case, n = f"services of every kind, {weeks} weeks", len(found)
    said = np.array([f[f"said {weeks}"] for f in found])
    p, low, high = np.moveaxis(said, -1, 0)
    met = np.array([f["met"] for f in found], dtype=float)
    cells = [
        Cell(case, f"met when {a:.0%} to {b:.0%} was said", *_bin(p, met, a, b), n=n)
        for a, b in pairwise(EDGES)
    ]
    cells = [_named(cell, error) for cell, error in zip(cells, _errors(p, met), strict=True)]
    old = np.array([f[f"plain {weeks}"] for f in found])
    climate = ((met - _others(met)) ** 2).mean()
    brier, before = ((p - met) ** 2).mean(), ((old - met) ** 2).mean()
    cells += [
        Cell(case, "Brier score less than climatology's by", 1 - brier / climate, low=0.2, n=n),
        Cell(case, "the same of weeks redrawn as they are", 1 - before / climate, n=n),
        Cell(case, "met when weeks redrawn as they are say over 95%",
             float(met[old > 0.95].mean()), n=n),
        Cell(case, "which say on average", float(old[old > 0.95].mean()), n=n),
    ]  # fmt: skip
    open_ = (true > 0.02) & (true < 0.98)
    held = ((low <= true) & (true <= high))[open_]
    spread = np.array([np.mean(((lo <= t) & (t <= hi))[o]) if o.any() else np.nan
                       for lo, hi, t, o in zip(low, high, true, open_, strict=True)])  # fmt: skip
    error = float(np.nanstd(spread) / np.sqrt(np.isfinite(spread).sum()))
    cells.append(Cell(case, "95 % interval holds the true probability", float(held.mean()),
                      0.93, 0.97, n, error=error))  # fmt: skip
    best = [np.flatnonzero(row >= ASKED) for row in p]
    kept = np.array([m[b[-1]] for m, b in zip(met, best, strict=True) if len(b)])
    cells.append(Cell(case, "strictest target that is said to be met with 90 % was met",
                      float(kept.mean()), low=ASKED, n=len(kept)))  # fmt: skip
    return cells


def _bin(p: np.ndarray, met: np.ndarray, a: float, b: float) -> tuple[float, float, float]:
    """Share met, and the limits: what was said on average, two points either way."""
    inside = (p >= a) & ((p < b) | (b == 1.0))
    said = float(p[inside].mean())
    return float(met[inside].mean()), max(said - 0.02, 0.0), min(said + 0.02, 1.0)


def _errors(p: np.ndarray, met: np.ndarray) -> list[float]:
    """Standard errors of the share met in each bin; candidates of one fleet go together."""
    found = []
    for a, b in pairwise(EDGES):
        inside = (p >= a) & ((p < b) | (b == 1.0))
        off = ((met - p) * inside).sum(axis=1)
        found.append(float(np.sqrt((off**2).sum()) / inside.sum()))
    return found


def _named(cell: Cell, error: float) -> Cell:
    return Cell(cell.case, cell.measure, cell.value, cell.low, cell.high, cell.n, error=error)


def _others(met: np.ndarray) -> np.ndarray:
    """Climatology: the share of the other fleets that met each candidate."""
    return (met.sum(axis=0) - met) / (len(met) - 1)


def _kind(kind: str, found: list[dict[str, np.ndarray]], true: np.ndarray,
          weeks: int) -> list[Cell]:  # fmt: skip
    """Cells of one kind of service: bias, and coverage where the true probability is open."""
    case, n = f"{kind}, {weeks} weeks", len(found)
    p, low, high = np.moveaxis(np.array([f[f"said {weeks}"] for f in found]), -1, 0)
    met = np.array([f["met"] for f in found], dtype=float)
    bias = (p - met).mean(axis=1)
    cells = [Cell(case, "said less met, all candidates", float(bias.mean()), -0.02, 0.02, n,
                  error=float(bias.std() / np.sqrt(n)))]  # fmt: skip
    open_ = (true > 0.02) & (true < 0.98)
    if open_.any():
        held = ((low <= true) & (true <= high))[:, open_]
        cells.append(Cell(case, "95 % interval holds the true probability", float(held.mean()),
                          n=n))  # fmt: skip
    return cells
