"""What notebook 02 says: what was allowed, what was spent on what, and when it is gone.

Sentences and tables take results of `srelib.budget` by objective: `statuses` those of the current
windows, `observed` how much of each was observed, `burn` those of `burn_down`, `periods` of
`by_period`, `spenders`, `causes` and `days` of `spent_by_event`, `spent_by_cause`, `spent_by_day`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from srelib import wording
from srelib.budget import Excluded, Forecast, Status
from srelib.budget.status import _without_start
from srelib.findings.finding import Finding, markdown, name, names
from srelib.findings.finding import sentence as prose
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.quality import Observed
from srelib.slos.model import WEIGHTED_MEAN

if TYPE_CHECKING:
    from srelib.dataset import Dataset

NO_SLO = ("**There is no error budget, because no objective has data.** Put a slos.yaml beside "
          "the exports; `srelib init DIR` writes a commented one.")  # fmt: skip
FEW_DAYS = 8
"""Below so many days the three costliest hold most of anything."""

CAUSES = {
    "incident": "during incidents",
    "deployment": "in the first hours after deployments",
    "other": "at other times",
}


def _status(indicator: Indicator, status: Status, *, observed: Observed | None = None) -> Finding:
    """The error budget of one objective in its current window."""
    short = _is_short(observed)
    window = str(observed) if short else str(indicator.window)
    share = abs(status.left_share)
    verdict = (
        "unknown" if status.total != status.total else "idle" if status.total == 0
        else "overspent" if status.left < 0 else "whole" if not status.spent
        else "nothing" if not status.left else "left"
    )  # fmt: skip
    parts = {
        "who": name(indicator.name), "window": window, "share": wording.percent(share),
        "target": _target(indicator),
        "spent": wording.amount(status.spent, indicator.unit),
        "allowed": wording.amount(status.allowance, indicator.unit),
    }  # fmt: skip
    return replace(
        _left_finding(indicator, status, window), key="budget.left", verdict=verdict,
        sentence=prose("budget.left", verdict, **parts),
    )  # fmt: skip


def _target(key: Indicator) -> str:
    """The target, with when it came into force where that is known."""
    since = key.targets[-1][0] if key.targets else None
    text = wording.percent(key.target)
    return text if since is None else f"{text} since {wording.day(since)}"


def _left_finding(indicator: Indicator, status: Status, window: str) -> Finding:
    text = wording.percent(status.left_share)
    return Finding("budget.cell", "error budget left", indicator.service, window,
                   status.left_share, text, indicator.name)  # fmt: skip


def status_sentences(
    statuses: Results[Status], *, observed: Results[Observed | None] | None = None
) -> list[str | Finding]:
    """The answer of the notebook: overspent budgets first, then what is left."""
    results, seen = answers(statuses), answers(observed or {})
    if not results:
        return [NO_SLO]
    order = sorted(results, key=lambda key: _left(results[key]))
    gone = [key for key in order if _left(results[key]) < 0]
    shown = order[: max(len(gone), 3)][:8]
    lines: list[str | Finding] = [
        _status(key, results[key], observed=seen.get(key)) for key in shown
    ]
    rest = [key for key in order if key not in shown]
    over = sum(_left(results[key]) < 0 for key in rest)
    if rest and not over:
        least = wording.percent(_left(results[rest[0]]))
        short = [key.name for key in rest if _is_short(seen.get(key))]
        tail = f" Observed for less than the window: {names(short)}." if short else ""
        many = f"{len(rest)} others have at least" if len(rest) > 1 else "1 other has"
        lines.append(f"{many} {least} left: {names(key.name for key in rest)}.{tail}")
    elif rest:
        lines.append(f"{len(rest)} more are in the table, {over} of them overspent.")
    return lines


def _is_short(observed: Observed | None) -> bool:
    return observed is not None and observed.is_short


def _left(status: Status) -> float:
    return status.left_share if status.left_share == status.left_share else float("inf")


def status_table(
    statuses: Results[Status], *, observed: Results[Observed | None] | None = None
) -> Table | None:
    """Allowance, spent and left of every objective in its current window."""
    seen = answers(observed or {})
    short = {key: str(seen[key]) for key in seen if _is_short(seen[key])}
    rows = [{"objective": key.name, "window": short.get(key, str(key.window)), "target": key.target,
             "good": wording.percent(s.sli, against=key.target),
             "allowance": wording.amount(s.allowance, key.unit),
             "spent": wording.amount(s.spent, key.unit),
             "left": wording.percent(s.left_share)}
            for key, s in answers(statuses).items()]  # fmt: skip
    if not rows:
        return None
    made = table(pd.DataFrame(rows), caption="Error budgets of the current window", max_rows=50,
                 formats={"target": wording.percent},
                 headers={"left": "left (share of allowance)"})  # fmt: skip
    return made.stating(f for key, s in answers(statuses).items()
                        for f in _stated(key, s, short.get(key, str(key.window))))  # fmt: skip


def _stated(key: Indicator, status: Status, window: str) -> list[Finding]:
    """What a row of the table states."""
    allowed, spent = (
        Finding("budget.cell", f"error budget {what}", key.service, window, number,
                wording.amount(number, key.unit), key.name)
        for what, number in (("allowed", status.allowance), ("spent", status.spent))
    )  # fmt: skip
    return [_left_finding(key, status, window), allowed, spent]


def burn_sentences(burn: Results[pd.DataFrame], *, periods: Results[pd.DataFrame]) -> list[str]:
    """How long budgets were overspent, and what calendar budgets in mid-period stand at."""
    return [_burn_sentence(burn), _projection_sentence(periods), _targets_sentence(burn)]


def _targets_sentence(burn: Results[pd.DataFrame]) -> str:
    """Targets that came into force within the data, and how windows are judged by them."""
    changed = {key: r.index[0] for key, r in answers(burn).items() if key.targets}
    steps = [
        prose("budget.target", "began" if n == 0 else "changed", who=name(key.name),
              before=wording.percent(key.targets[n - 1][1]), after=wording.percent(target),
              day=wording.day(since))
        for key, first in changed.items() for n, (since, target) in enumerate(key.targets)
        if since is not None and since > first and (n == 0 or target != key.targets[n - 1][1])
    ]  # fmt: skip
    judged = prose("budget.target", "judged")
    return f"{' '.join(steps[:6])} {judged}" if steps else ""


def _burn_sentence(burn: Results[pd.DataFrame]) -> str:
    """How long budgets were overspent in the time shown."""
    results = {k: _without_start(r["left_share"], window=k.window).dropna()
               for k, r in answers(burn).items()}  # fmt: skip
    results = {k: left for k, left in results.items() if len(left)}
    if not results:
        return "There is no budget to follow."
    over = {k: float((left < 0).mean()) for k, left in results.items()}
    worst = max(over, key=lambda k: over[k])
    if over[worst] == 0:
        return "No budget was overspent at any time."
    lowest, when = results[worst].min(), results[worst].nsmallest(1).index[0]
    return (f"{name(worst.name)} stood overspent for {wording.percent(over[worst])} of the time "
            f"shown, at worst by {wording.percent(-lowest)} "
            f"({wording.moment(when)}).")  # fmt: skip


def _projection_sentence(periods: Results[pd.DataFrame]) -> str:
    """Calendar budgets in mid-period: so far, and projected to the end."""
    rows = {k: r.iloc[-1] for k, r in answers(periods).items()
            if k.window is not None and not k.window.is_rolling and len(r)}  # fmt: skip
    rows = {k: row for k, row in rows.items() if not row["complete"]}
    if not rows:
        return "No objective is in the middle of a calendar period, so nothing is projected."
    return f"{'; '.join(_projection(k, row) for k, row in list(rows.items())[:4])}."


def _projection(key: Indicator, row: pd.Series) -> str:
    now, end = (wording.percent(row[f"{form}left_share"]) for form in ("", "projected_"))
    period = markdown(row["label"])
    return (f"{name(key.name)}, period {period}: {now} left of the allowance earned "
            f"*so far*, {end} of the one *projected* for the whole period if traffic goes on as "
            "usual")  # fmt: skip


def causes_sentences(
    causes: Results[pd.DataFrame],
    *,
    spenders: Results[pd.DataFrame],
    statuses: Results[Status],
    dataset: Dataset,
) -> list[str]:
    """What the budgets went into, that the parts add up, and what data was missing for it."""
    return [_causes_sentence(causes), _sum_sentence(spenders, statuses), _inputs_sentence(dataset)]


def _causes_sentence(causes: Results[pd.DataFrame]) -> str:
    """What the budgets went into, the biggest spender first."""
    results = {k: r.set_index("cause") for k, r in answers(causes).items()}
    results = {k: r for k, r in results.items() if r["bad"].sum() > 0}
    if not results:
        return "Nothing was spent, so there is nothing to put down to anything."
    key = max(results, key=lambda k: results[k]["share_of_allowance"].sum())
    row = results[key]
    ships = [k for k in results if results[k]["share_of_spent"]["deployment"] > 0.5]
    tail = (f" The hours after deployments hold most of what was spent in "
            f"{names(k.name for k in ships)}." if ships not in ([], [key]) else "")  # fmt: skip
    total = wording.percent(row["share_of_allowance"].sum())
    most = "spent most," if len(results) > 1 else "spent"
    return (f"{name(key.name)} {most} {total} of its allowance: {_shares(row['share_of_spent'])}."
            f"{tail} This is bookkeeping, not proof of cause.")  # fmt: skip


def _shares(shares: pd.Series) -> str:
    """Which share of what was spent went into which cause; causes without a share are left out."""
    held = {cause: shares[cause] for cause in CAUSES if shares[cause] > 0}
    if len(held) == 1:
        return f"all of it {CAUSES[next(iter(held))]}"
    return wording.listing(f"{wording.percent(s)} {CAUSES[cause]}" for cause, s in held.items())


def _sum_sentence(spenders: Results[pd.DataFrame], statuses: Results[Status]) -> str:
    """That the parts add up to what was spent, or by how much they do not."""
    rows, budgets = answers(spenders), answers(statuses)
    known = [k for k in rows if k in budgets]
    off = [k for k in known if abs(rows[k]["bad"].sum() - budgets[k].spent)
           > 1e-9 * max(1.0, budgets[k].spent)]  # fmt: skip
    if not known:
        return "There is nothing to add up."
    if off:
        return f"The parts of {names(k.name for k in off)} do **not** add up to what was spent."
    many = wording.plural(len(known), "budget")
    return f"Checked for {many}: the parts add up to what was spent."


def spenders_table(spenders: Results[pd.DataFrame], *, max_rows: int = 12) -> Table | None:
    """The incidents and deployments that spent most."""
    rows = [{"objective": key.name, "cause": row["cause"],
             "which": wording.label(row["label"], limit=60), "from": row["starts_at"],
             "spent": wording.amount(row["bad"], key.unit), "share": row["share_of_spent"],
             "order": row["share_of_allowance"]}
            for key, result in answers(spenders).items()
            for _, row in result.query("cause != 'other' and bad > 0").iterrows()]  # fmt: skip
    if not rows:
        return None
    frame = pd.DataFrame(rows).sort_values("order", ascending=False, kind="stable")
    return table(frame.drop(columns="order"), max_rows=max_rows, formats={"share": wording.percent},
                 caption="Incidents and deployments that spent most of the budget of their "
                         "objective in its current window (times UTC)",
                 headers={"share": "share of what was spent"})  # fmt: skip


def members_table(members: Results[pd.DataFrame]) -> Table | None:
    """What each member of the composites spent, of `budget.spent_by_member`."""
    rows = [{"composite": key.name, "rule": key.composite, "member": row["member"],
             "part": _part(row["part"]), "good": wording.percent(row["sli"], against=key.target),
             "spent": wording.amount(row["bad"], key.unit), "allowance": row["share_of_allowance"],
             "share": row["share_of_spent"]}
            for key, result in answers(members).items()
            for _, row in result.iterrows()]  # fmt: skip
    if not rows:
        return None
    shares = dict.fromkeys(("allowance", "share"), wording.percent)
    return table(pd.DataFrame(rows), max_rows=50, formats=shares,
                 caption="What members spent of the budget of their composite (current window)",
                 headers={"part": "part in the mean", "good": "good, of the member alone",
                          "allowance": "share of the allowance",
                          "share": "share of what was spent"})  # fmt: skip


def _part(share: float) -> str:
    """The share of a member in a weighted mean; without traffic the others share its weight."""
    return "–" if share != share else wording.percent(share) if share else "none, no traffic"


def days_sentence(days: Results[pd.DataFrame]) -> str:
    """How concentrated the spending was: the costliest days."""
    results = {k: r for k, r in answers(days).items() if r["bad"].sum() > 0}
    if not results:
        return "No day spent anything."
    top = {k: r.nlargest(3, "bad")["share_of_spent"].sum() for k, r in results.items()}
    key = max(top, key=lambda k: results[k]["share_of_allowance"].sum())
    days_seen = int(results[key]["bad"].notna().sum())
    if days_seen < FEW_DAYS:
        text = wording.plural(days_seen, "day")
        return f"{text[0].upper()}{text[1:]} of data cannot say whether spending is concentrated."
    return (f"The three dearest of {days_seen} days hold {wording.percent(top[key])} of what "
            f"{name(key.name)} spent; spread evenly they would hold "
            f"{wording.percent(min(1.0, 3 / days_seen))}.")  # fmt: skip


def exclusions_sentence(
    excluded: Results[Excluded], *, statuses: Results[Status], without: Results[Status]
) -> str:
    """What was taken out as planned maintenance, and what budgets would be `without` that."""
    hit = {k: e for k, e in answers(excluded).items() if len(e.windows)}
    if not hit:
        return "Nothing was excluded."
    phrases = [
        f"{name(k.name)} ({_windows(e.windows)}, {wording.amount(e.total, k.unit)}, "
        f"{wording.count(e.bad)} of them bad)"
        for k, e in hit.items()
    ]
    listed = wording.listing(phrases, limit=6)
    text = f"Excluded as planned, neither spending nor earning: {listed}."
    before, after = answers(without), answers(statuses)
    moved = [k for k in after if k in before and after[k].left_share != before[k].left_share
             and before[k].left_share == before[k].left_share]  # fmt: skip
    changes = [f"{name(k.name)} would stand at {_balance(before[k].left_share)} instead of "
               f"{_balance(after[k].left_share)}" for k in moved]  # fmt: skip
    return f"{text} Without that, {wording.listing(changes)}." if changes else text


def _windows(windows: pd.DataFrame) -> str:
    """How many there are; the hours outside a schedule by their name."""
    if len(windows) == 1 and str(windows["reason"].iloc[0]).startswith("outside "):
        return str(windows["reason"].iloc[0])
    return wording.plural(len(windows), "window")


def _balance(left_share: float) -> str:
    if left_share < 0:
        return f"{wording.percent(-left_share)} overspent"
    return f"{wording.percent(left_share)} left"


def forecast_sentence(forecasts: Results[Forecast]) -> str:
    """When budgets will be gone if the coming days are like the past ones."""
    results = answers(forecasts)
    if not results:
        return "No objective has the seven days of history a forecast needs."
    gone = [k for k, r in results.items() if r.is_gone]
    soon = {k: r for k, r in results.items() if k not in gone and r.probability > 0}
    lines = [f"Gone already: {names(k.name for k in gone)}."] if gone else []
    if soon:
        key = max(soon, key=lambda k: soon[k].probability)
        lines.append(_soon(key, soon[key]))
    safe = len(results) - len(gone) - len(soon)
    if safe:
        lines.append(f"{wording.plural(safe, 'budget')} did not run out in any simulated future.")
    return " ".join(lines)


def _soon(key: Indicator, result: Forecast) -> str:
    chance = wording.percent(result.probability)
    until = wording.day(result.horizon)
    text = (f"If the coming days are like the past {result.days}, {name(key.name)} runs out "
            f"before {until} with a probability of {chance}")  # fmt: skip
    if pd.isna(result.at):
        return f"{text}."
    low = wording.day(result.low)
    high = f"beyond {until}" if pd.isna(result.high) else wording.day(result.high)
    confidence = wording.percent(result.confidence)
    return (f"{text}, half of the simulated futures before {wording.day(result.at)} "
            f"({confidence} interval {low} to {high}).")  # fmt: skip


def forecast_basis_sentence(forecasts: Results[Forecast]) -> str:
    """What the forecasts stand on: past days, interval, horizon."""
    results = answers(forecasts)
    apart = [key for key in forecasts if key not in results and key.composite == WEIGHTED_MEAN]
    thin = [key for key in forecasts if key not in results and key not in apart]
    text = ""
    if results:
        days = sorted(r.days for r in results.values())
        span = f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
        confidence = wording.percent(next(iter(results.values())).confidence)
        text = f"The forecasts stand on {span} past days and carry {confidence} intervals."
    if thin:
        text += f" Too little history for a forecast: {names(key.name for key in thin)}."
    if apart:
        text += (f" No forecast of {names(key.name for key in apart)}: the days of a weighted mean "
                 "do not add up.")  # fmt: skip
    return text.strip() or "There is no forecast, because there is no objective with data."


def _inputs_sentence(dataset: Dataset) -> str:
    """What the accounting by cause had to do without."""
    missing = [kind for kind in ("incidents", "deployments") if len(getattr(dataset, kind)) == 0]
    if not missing:
        return ""
    how = "; for ".join(f"{kind}: {HOW_TO[kind]}" for kind in missing)
    none = " and no ".join(missing)
    return (f"There are no {none} in the folder, so what they spent is counted among other times. "
            f"What to export for {how}.")  # fmt: skip
