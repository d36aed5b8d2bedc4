"""What notebook 02 says: what was allowed, what was spent on what, and when it is gone.

Sentences and tables take results of `srelib.budget` by objective: `statuses` those of the current
windows, `observed` how much of each was observed, `burn` those of `burn_down`, `periods` of
`by_period`, `spenders`, `causes` and `days` of `spent_by_event`, `spent_by_cause`, `spent_by_day`.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from srelib import wording
from srelib.budget import Excluded, Forecast, Status
from srelib.budget.status import _without_start
from srelib.dataset import Dataset
from srelib.findings.finding import Finding, markdown, say, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.fleet import Indicator, Results, answers
from srelib.quality import Observed
from srelib.slos.model import WEIGHTED_MEAN

FEW_DAYS = 8
"""Below so many days the three costliest hold most of anything."""
SHOWN = 8
"""Objectives with a sentence of their own, at most."""


def status_sentences(
    statuses: Results[Status], *, observed: Results[Observed | None]
) -> list[Finding]:
    """The answer of the notebook: overspent budgets first, then what is left."""
    results, short = answers(statuses), _short(observed)
    if not results:
        return [say("budget.none")]
    order = sorted(results, key=lambda key: _left(results[key]))
    over = sum(_left(results[key]) < 0 for key in order)
    shown = order[: max(over, 3)][:SHOWN]
    lines = [_status(key, results[key], short.get(key, str(key.window))) for key in shown]
    if rest := order[len(shown) :]:
        over = max(over - len(shown), 0)
        least, who = _left(results[rest[0]]), [key.name for key in rest]
        verdict = "over" if over else "left"
        lines.append(say("budget.rest", verdict, many=len(rest), over=over, least=least, who=who))
    unseen = [key.name for key in rest if key in short]
    return lines if not unseen else [*lines, say("budget.short", who=unseen)]


def _short(observed: Results[Observed | None]) -> dict[Indicator, str]:
    """What was observed of windows that were not observed as a whole."""
    return {key: str(o) for key, o in answers(observed).items() if o and o.is_short}


def _status(indicator: Indicator, status: Status, window: str) -> Finding:
    verdict = (
        "unknown" if status.total != status.total else "idle" if status.total == 0
        else "overspent" if status.left < 0 else "whole" if not status.spent
        else "nothing" if not status.left else "left"
    )  # fmt: skip
    since = indicator.targets[-1][0] if indicator.targets else None
    target = wording.percent(indicator.target)
    text = sentence(
        "budget.left", verdict, who=indicator.name, window=window, share=abs(status.left_share),
        target=target if since is None else f"{target} since {wording.day(since)}",
        spent=wording.amount(status.spent, indicator.unit),
        allowed=wording.amount(status.allowance, indicator.unit),
    )  # fmt: skip
    found = _stated(indicator, status, window)[0]
    return replace(found, key="budget.left", verdict=verdict, sentence=text)


def _stated(key: Indicator, status: Status, window: str) -> list[Finding]:
    """What is left, allowed and spent, as values."""
    numbers = {
        "left": (status.left_share, wording.percent(status.left_share)),
        "allowed": (status.allowance, wording.amount(status.allowance, key.unit)),
        "spent": (status.spent, wording.amount(status.spent, key.unit)),
    }
    return [Finding("budget.cell", f"error budget {what}", key.service, window, value, text,
                    key.name) for what, (value, text) in numbers.items()]  # fmt: skip


def _left(status: Status) -> float:
    return status.left_share if status.left_share == status.left_share else float("inf")


def status_table(statuses: Results[Status], *, observed: Results[Observed | None]) -> Table | None:
    """Allowance, spent and left of every objective in its current window."""
    short = _short(observed)
    known = {key: (s, short.get(key, str(key.window))) for key, s in answers(statuses).items()}
    rows = [{"objective": key.name, "window": window, "target": key.target,
             "good": wording.percent(s.sli, against=key.target),
             "allowance": wording.amount(s.allowance, key.unit),
             "spent": wording.amount(s.spent, key.unit),
             "left": wording.percent(s.left_share)}
            for key, (s, window) in known.items()]  # fmt: skip
    return table(rows, caption="Error budgets of the current window",
                 formats={"target": wording.percent},
                 findings=[f for key, now in known.items() for f in _stated(key, *now)]
                 )  # fmt: skip


def burn_sentences(burn: Results[pd.DataFrame], *, periods: Results[pd.DataFrame]) -> list[Finding]:
    """How long budgets were overspent, and what calendar budgets in mid-period stand at."""
    return [_burn(burn), *_projections(periods), *_targets(burn)]


def _burn(burn: Results[pd.DataFrame]) -> Finding:
    results = {k: _without_start(r["left_share"], window=k.window).dropna()
               for k, r in answers(burn).items()}  # fmt: skip
    over = {k: float((left < 0).mean()) for k, left in results.items() if len(left)}
    if not over:
        return say("budget.burn", "none")
    key = max(over, key=lambda k: over[k])
    return say("budget.burn", "over" if over[key] else "never", service=key.service, who=key.name,
               share=over[key], worst=-results[key].min(), when=results[key].idxmin())  # fmt: skip


def _projections(periods: Results[pd.DataFrame]) -> list[Finding]:
    """Calendar budgets in mid-period: so far, and projected to the end."""
    rows = {k: r.iloc[-1] for k, r in answers(periods).items()
            if k.window is not None and not k.window.is_rolling and len(r)}  # fmt: skip
    return [say("budget.projection", service=k.service, who=k.name, period=row["label"],
                now=row["left_share"], end=row["projected_left_share"])
            for k, row in list(rows.items())[:4] if not row["complete"]]  # fmt: skip


def _targets(burn: Results[pd.DataFrame]) -> list[Finding]:
    """Targets that came into force within the data, and how windows are judged by them."""
    changed = {key: r.index[0] for key, r in answers(burn).items() if key.targets}
    steps = [
        say("budget.target", "began" if n == 0 else "changed", service=key.service, who=key.name,
            before=key.targets[n - 1][1], after=target, day=since)
        for key, first in changed.items() for n, (since, target) in enumerate(key.targets)
        if since is not None and since > first and (n == 0 or target != key.targets[n - 1][1])
    ]  # fmt: skip
    return [*steps[:6], say("budget.target", "judged")] if steps else []


def causes_sentences(
    causes: Results[pd.DataFrame],
    *,
    spenders: Results[pd.DataFrame],
    statuses: Results[Status],
    dataset: Dataset,
) -> list[Finding]:
    """What the budgets went into, whether the parts add up, and what data was missing for it."""
    rows, budgets = answers(spenders), answers(statuses)
    gaps = {k: abs(rows[k]["bad"].sum() - budgets[k].spent) for k in rows if k in budgets}
    off = [k.name for k, gap in gaps.items() if gap > 1e-9 * max(1.0, budgets[k].spent)]
    lacking = [k for k in ("incidents", "deployments") if len(getattr(dataset, k)) == 0]
    return [*_causes(causes), *([say("budget.sums", who=off)] if off else []),
            *(say("budget.inputs", kind=kind, how=HOW_TO[kind]) for kind in lacking)]  # fmt: skip


def _causes(causes: Results[pd.DataFrame]) -> list[Finding]:
    """What the budget went into of which most was spent, then whose deployments spent most."""
    results = {k: r.set_index("cause") for k, r in answers(causes).items() if r["bad"].sum() > 0}
    if not results:
        return [say("budget.causes", "none")]
    key = max(results, key=lambda k: results[k]["share_of_allowance"].sum())
    parts = [sentence("budget.part", str(cause), share=share)
             for cause, share in results[key]["share_of_spent"].items() if share > 0]  # fmt: skip
    lines = [say("budget.causes", "most", service=key.service, who=key.name, parts=parts,
                 total=results[key]["share_of_allowance"].sum())]  # fmt: skip
    ships = [k.name for k in results if results[k]["share_of_spent"]["deployment"] > 0.5]
    return lines if ships in ([], [key.name]) else [*lines, say("budget.deployed", who=ships)]


def spenders_table(spenders: Results[pd.DataFrame]) -> Table | None:
    """The incidents and deployments that spent most."""
    rows = [{"objective": key.name, "cause": row["cause"],
             "which": wording.label(row["label"], limit=60), "from": row["starts_at"],
             "spent": wording.amount(row["bad"], key.unit), "share": row["share_of_spent"],
             "order": row["share_of_allowance"]}
            for key, result in answers(spenders).items()
            for _, row in result.query("cause != 'other' and bad > 0").iterrows()]  # fmt: skip
    rows.sort(key=lambda row: row["order"], reverse=True)
    frame = pd.DataFrame(rows).drop(columns="order", errors="ignore")
    return table(frame, max_rows=SHOWN, formats={"share": wording.percent},
                 caption="Costliest incidents and deployments of the current windows (UTC)",
                 headers={"share": "share of the spent budget"})  # fmt: skip


def members_table(members: Results[pd.DataFrame]) -> Table | None:
    """What each member of the composites spent, of `budget.spent_by_member`."""
    rows = [{"composite": key.name, "rule": key.composite, "member": row["member"],
             "part": _part(row["part"]), "good": wording.percent(row["sli"], against=key.target),
             "spent": wording.amount(row["bad"], key.unit), "allowance": row["share_of_allowance"],
             "share": row["share_of_spent"]}
            for key, result in answers(members).items()
            for _, row in result.iterrows()]  # fmt: skip
    return table(rows, formats=dict.fromkeys(("allowance", "share"), wording.percent),
                 caption="What members spent of the budget of their composite (current window)",
                 headers={"part": "part in the mean", "good": "good, of the member alone",
                          "allowance": "share of the allowance",
                          "share": "share of what was spent"})  # fmt: skip


def _part(share: float) -> str:
    """The share of a member in a weighted mean; without traffic the others share its weight."""
    return "–" if share != share else wording.percent(share) if share else "none, no traffic"


def days_sentence(days: Results[pd.DataFrame]) -> Finding:
    """How concentrated the spending was: the costliest days."""
    results = {k: r for k, r in answers(days).items() if r["bad"].sum() > 0}
    if not results:
        return say("budget.days", "none")
    key = max(results, key=lambda k: results[k].nlargest(3, "bad")["share_of_allowance"].sum())
    seen = int(results[key]["bad"].notna().sum())
    top = results[key].nlargest(3, "bad")["share_of_spent"].sum()
    return say("budget.days", "few" if seen < FEW_DAYS else "many", service=key.service, days=seen,
               share=top, who=key.name, even=min(1.0, 3 / seen))  # fmt: skip


def exclusions_sentences(
    excluded: Results[Excluded], *, statuses: Results[Status], without: Results[Status]
) -> list[Finding]:
    """What was taken out as planned maintenance, and what budgets would be `without` that."""
    hit = {k: e for k, e in answers(excluded).items() if len(e.windows)}
    if not hit:
        return [say("budget.excluded", "none")]
    lines = []
    for k, e in list(hit.items())[:6]:
        named = str(e.windows["reason"].iloc[0]) if len(e.windows) == 1 else ""
        schedule = named.startswith("outside ")
        lines.append(say(
            "budget.excluded", "some", service=k.service, who=k.name, bad=e.bad,
            windows=markdown(named) if schedule else wording.plural(len(e.windows), "window"),
            amount=wording.amount(e.total, k.unit),
        ))  # fmt: skip
    before, after = answers(without), answers(statuses)
    moved = [k for k in after if k in before and after[k].left_share != before[k].left_share
             and before[k].left_share == before[k].left_share]  # fmt: skip
    return lines + [say("budget.without", service=k.service, who=k.name,
                        before=before[k].left_share, after=after[k].left_share)
                    for k in moved[:4]]  # fmt: skip


def forecast_sentences(forecasts: Results[Forecast]) -> list[Finding]:
    """When budgets will be gone if the coming days are like the past ones, and on what basis."""
    results = answers(forecasts)
    gone = [k.name for k, r in results.items() if r.is_gone]
    soon = {k: r for k, r in results.items() if k.name not in gone and r.probability > 0}
    lines = [say("budget.gone", who=gone)] if gone else []
    if soon:
        key = max(soon, key=lambda k: soon[k].probability)
        one = soon[key]
        verdict = "unlikely" if pd.isna(one.at) else "open" if pd.isna(one.high) else "dated"
        lines.append(say("budget.soon", verdict, service=key.service, who=key.name, one=one))
    if safe := len(results) - len(gone) - len(soon):
        lines.append(say("budget.safe", many=safe))
    apart = [k.name for k in forecasts if k not in results and k.composite == WEIGHTED_MEAN]
    thin = [k.name for k in forecasts if k not in results and k.name not in apart]
    lines += [say("budget.thin", who=thin)] if thin else []
    lines += [say("budget.apart", who=apart)] if apart else []
    return lines or [say("budget.none")]
