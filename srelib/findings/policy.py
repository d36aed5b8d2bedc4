"""What notebook 07 says: what a policy would have frozen, delayed and avoided; how sure that is.

`pooled` is the policy in question on the whole fleet, None where nothing could be replayed;
`replays` are its replays by objective, or the errors in their place; `rows` come
from `srelib.policy.frontier`, one per policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from srelib import wording
from srelib.findings.finding import Finding, markdown, name, say, sentence
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, refused_sentences, table
from srelib.fleet import Results, answers
from srelib.policy import Policy, PolicyReplay, PooledReplays
from srelib.policy.outcome import UNKNOWN


def policy_sentences(
    pooled: PooledReplays | None, *, replays: Results[PolicyReplay]
) -> list[Finding]:
    """The answer of the notebook: frozen, delayed, avoided."""
    failed = refused_sentences(replays, "policy.failed")
    if pooled is None:
        return [say("policy.refused" if failed else "policy.objectives"), *failed]
    totals = pooled.totals
    frozen, slow = [one.frozen_days for one in totals], [one.slow_days for one in totals]
    verdict = (
        "undecided" if not pooled.judged_days else "both" if any(frozen) and any(slow)
        else "frozen" if any(frozen) else "rationed" if any(slow) else "never"
    )  # fmt: skip
    lines = [say("policy.frozen", verdict, policy=pooled.policy.name, rule=_rule(pooled.policy),
                 frozen=_range(frozen), slow=_range(slow), judged=pooled.judged_days)]  # fmt: skip
    if not pooled.deployments:
        lines.append(say("policy.delayed", "exports", how=HOW_TO["deployments"]))
    elif any(len(total.held) for total in totals):
        lines += [_delayed(pooled), _avoided(replays)]
    elif any(frozen):
        lines.append(say("policy.delayed", "none"))
    return lines + failed


def _rule(policy: Policy) -> str:
    parts = [markdown(policy.window or "window of each objective")]
    if policy.freeze_below is not None:
        parts.append(sentence("policy.rule", "freeze", below=_below(policy.freeze_below)))
    if policy.until == "slo":
        parts.append(sentence("policy.rule", "target", recent=policy.recent))
    elif policy.thaw_above is not None:
        parts.append(sentence("policy.rule", "thaw", thaw=policy.thaw_above))
    if policy.slow_below is not None:
        parts.append(sentence("policy.rule", "slow", n=policy.slow_to or 0,
                              below=_below(policy.slow_below)))  # fmt: skip
    return ", ".join(parts if policy.acts else [*parts, sentence("policy.rule", "none")])


def _below(share: float) -> str:
    verdict = "nothing" if not share else "left" if share > 0 else "overspent"
    return sentence("policy.below", verdict, share=abs(share))


def _delayed(pooled: PooledReplays) -> Finding:
    delays = [total.delay.value for total in pooled.totals if len(total.held)]
    batch = max(total.batch for total in pooled.totals)
    return say(
        "policy.delayed", "open" if any(delay != delay for delay in delays) else "median",
        many=_range(len(total.held) for total in pooled.totals), deployments=pooled.deployments,
        delay=_range(delays, wording.roughly),
        batch=sentence("policy.batch", n=batch) if batch > 1 else "",
    )  # fmt: skip


def _avoided(replays: Results[PolicyReplay]) -> Finding:
    """Bad events avoided: only as the range over both readings, chance included."""
    known = answers(replays)
    key = max(known, key=lambda key: known[key].avoided.saved_share.value)
    one, saved = known[key], known[key].avoided.saved
    verdict = "none" if saved.high <= 0 else "range" if saved.low > 0 else "chance"
    write = wording.duration if key.unit == "seconds" else _whole
    return say("policy.avoided", verdict, service=key.service, who=key.name,
               range=_range([one.low, one.high], write),
               bad=wording.amount(round(one.bad), key.unit))  # fmt: skip


def _whole(value: float) -> str:
    return wording.count(round(value))


def freezes_sentence(replays: Results[PolicyReplay]) -> Finding | None:
    """Which freeze was the longest, and which objective required it."""
    known = answers(replays)
    spans = []
    for key, one in known.items():
        days = one.postponed.days.set_index("decided_at")["frozen"]
        for start, end in one.postponed.spans:  # of which this objective required the freeze
            if days[(days.index >= start) & (days.index < end)].iloc[0]:
                spans.append((end - start, start, key))
    if not spans:
        return say("policy.freezes", "none") if known else None
    length, start, key = max(spans, key=lambda span: span[0])
    return say("policy.freezes", "longest", service=key.service, who=key.service, start=start,
               length=wording.roughly(length), objective=key.name)  # fmt: skip


def days_table(replays: Results[PolicyReplay]) -> Table | None:
    """Days frozen, delays and bad events avoided of each objective, under both readings."""
    known = {key: one for key, one in answers(replays).items()
             if any(o.frozen_days for o in one.outcomes)}  # fmt: skip
    rows = [{
        "objective": key.name,
        "frozen": _range(o.frozen_days for o in one.outcomes),
        "required": _range(int(o.days["frozen"].sum()) for o in one.outcomes),
        "held": _range(len(o.held) for o in one.outcomes),
        "exempt": _range(int((o.schedule["fate"] == "exempt").sum()) for o in one.outcomes),
        "avoided": f"{_range([one.low, one.high], _whole)}\n"
                   f"of {wording.amount(round(one.bad), key.unit)}",
    } for key, one in known.items()]  # fmt: skip
    return table(
        rows,
        caption="Replayed, by objective of a service that would have been frozen",
        headers={"frozen": "days frozen", "required": "days it required that",
                 "held": "deployments delayed", "exempt": "fixes not delayed",
                 "avoided": "bad events avoided"},
    )  # fmt: skip


def held_table(pooled: PooledReplays | None, *, max_rows: int = 5) -> Table | None:
    """Deployments that would have been delayed longest."""
    if pooled is None or not len(pooled.postponed.held):
        return None
    rows = pooled.postponed.held.sort_values("delay", ascending=False, kind="stable")
    frame = pd.DataFrame({
        "deployment": [wording.label(text) for text in rows["deployment_id"]],
        "service": rows["service"], "due": [f"{at:%Y-%m-%d}" for at in rows["due_at"]],
        "delay": [wording.roughly(length) for length in rows["delay"]],
    })  # fmt: skip
    return table(frame, max_rows=max_rows, links={"deployment": rows["url"]},
                 caption="Longest replayed delays",
                 headers={"due": "requested"})  # fmt: skip


def basis_sentences(
    pooled: PooledReplays | None,
    *,
    replays: Results[PolicyReplay],
    deployments: pd.DataFrame,
    incidents: pd.DataFrame,
) -> list[Finding]:
    """What the replay stands on: days judged, close decisions, what it had to do without."""
    if pooled is None:
        return []
    known = answers(replays)
    ends = {key.service: [end for o in one.outcomes for end in (o.frozen.low, o.frozen.high)]
            for key, one in known.items()}  # fmt: skip
    unknown = int(deployments["planned"].isna().sum()) if "planned" in deployments else 0
    parts = {
        "judged": True,
        "close": [f"{name(who)} {_range(days)}" for who, days in ends.items() if len({*days}) > 1],
        "blind": [key.name for key, one in known.items() if one.avoided.saved.method == UNKNOWN],
        "fixes": unknown,
        "incidents": not len(incidents),
    }
    return [say("policy.basis", verdict, share=pooled.judged_days / pooled.days, days=pooled.days,
                ranges=parts["close"], who=parts["blind"], n=unknown, how=HOW_TO["incidents"])
            for verdict, holds in parts.items() if holds]  # fmt: skip


def _range(values: Iterable[float], write: Callable[[float], str] = wording.count) -> str:
    """From the least to the most, or one number where they read the same."""
    known = list(values)
    return wording.ends(write(min(known)), write(max(known))) if known else ""


def policies_table(rows: pd.DataFrame) -> Table | None:
    """Policies side by side."""
    if not len(rows):
        return None
    frame = pd.DataFrame({
        "policy": rows["policy"], "frozen": _ranges(rows, "frozen_days"),
        "held": _ranges(rows, "held"), "delay": _ranges(rows, "deployment_days"),
        "batch": rows["batch"],
        "range": [_range(pair, _number) for pair in rows[["low", "high"]].to_numpy()],
    })  # fmt: skip
    return table(
        frame,
        caption="Freeze policies, replayed",
        headers={"frozen": "days frozen", "held": "deployments delayed",
                 "delay": "deployment-days of delay", "batch": "most released at once",
                 "range": "four-week budgets avoided"},
    )  # fmt: skip


def _ranges(rows: pd.DataFrame, column: str) -> list[str]:
    return [_range(pair) for pair in rows[[column, f"{column}_best"]].round().to_numpy()]


def grid_table(rows: pd.DataFrame) -> Table | None:
    """Days frozen and deployments delayed, by window and by threshold."""
    if not len(rows):
        return None
    parts = rows["policy"].str.partition(" at ")
    cells = [f"{days}\n{held} delayed" for days, held in
             zip(_ranges(rows, "frozen_days"), _ranges(rows, "held"), strict=True)]  # fmt: skip
    frame = pd.DataFrame({"window": parts[0], "threshold": parts[2], "cell": cells})
    wide = frame.pivot(index="window", columns="threshold", values="cell")
    order = wide.loc[frame["window"].unique(), frame["threshold"].unique()]
    return table(order.rename_axis(columns=None).reset_index(),
                 caption="Replayed days frozen and deployments delayed, by window and by the share "
                         "of the budget left below which releases freeze")  # fmt: skip


def frontier_sentence(rows: pd.DataFrame) -> Finding | None:
    """Whether another policy would avoid more for less."""
    if not len(rows):
        return None
    if not rows[["held", "held_best"]].to_numpy().any():
        return say("policy.frontier", "nothing", n=len(rows))
    now = rows[rows["kind"] == "current"].iloc[0]
    cheaper = rows["deployment_days_best"] <= now["deployment_days_best"]
    others = rows["policy"] != now["policy"]
    better = rows[cheaper & others & (rows["avoided"] >= now["avoided"])]
    if now["front"] or not len(better):
        return say("policy.frontier", "none", n=len(rows), now=now["policy"])
    best = better.sort_values("avoided").iloc[-1]
    return say(
        "policy.frontier", "better", n=len(rows), best=best["policy"], now=now["policy"],
        avoided=_number(best["avoided"]), now_avoided=_number(now["avoided"]),
        days=_number(best["deployment_days_best"]), now_days=_number(now["deployment_days_best"]),
    )  # fmt: skip


def _number(value: float) -> str:
    """Two digits where they matter, whole from ten on."""
    return wording.count(round(value) if abs(value) >= 10 else round(value, 2) + 0.0)
