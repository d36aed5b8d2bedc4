"""What notebook 04 says: how fast and how safely each service ships, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from srelib import wording
from srelib.delivery import levels
from srelib.delivery.attribution import NOTHING as EARLIER
from srelib.delivery.attribution import TOO_OLD, UNKNOWN, UNNAMED
from srelib.delivery.summary import METRICS
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, markdown, name, names, table

NO_DEPLOYMENTS = ("**Nothing is known of deployments**, so how we ship cannot be said. To know it, "
                  f"add {HOW_TO['deployments']}.")  # fmt: skip
NOTHING = "There are no deployments, so there is nothing to say here."
UNPLANNED = ("**How much is rework is not known**: the exports do not say which deployments were "
             "unplanned (a column `planned`, false for those).")  # fmt: skip
DEAF = ("**How often deployments fail is not known**: these exports hold no incident, no "
        "rollback, and no word of what was planned. To know it, add "
        f"{HOW_TO['incidents']}.")  # fmt: skip
BP = wording.NBSP
CLOCKS = {"committed": "commit", "merged": "merge"}


def summary_sentences(review: Any) -> list[str]:
    """The answer of the notebook: how often, how fast, how safely, how soon well again.

    Parameters
    ----------
    review : Review or None
        As from `srelib.delivery.review`.

    Returns
    -------
    list of str
        Markdown; the first is the bottom line.
    """
    if review is None:
        return [NO_DEPLOYMENTS]
    lines = (frequency_sentence(review), lead_sentence(review), fail_sentence(review),
             recovery_sentence(review), rework_sentence(review))  # fmt: skip
    return [line for line in lines if line]


def frequency_sentence(review: Any) -> str:
    """Who ships most and least often."""
    if review is None:
        return NOTHING
    rows = review.frequency.sort_values("n", ascending=False, kind="stable")
    total = int(rows["n"].sum())
    head = f"**{wording.plural(total, 'deployment')}** reached users in {_history(review)}"
    if not total:
        return f"No deployment reached users in {_history(review)}."
    if len(rows) == 1:
        return f"{head}, all of {name(rows['service'].iloc[0])}: {_often(review, rows.iloc[0])}."
    return (f"{head}: of {name(rows['service'].iloc[0])} most often, "
            f"{_often(review, rows.iloc[0])}, of {name(rows['service'].iloc[-1])} least, "
            f"{_often(review, rows.iloc[-1])}.")  # fmt: skip


def _history(review: Any) -> str:
    return wording.roughly(review.between[1] - review.between[0])


def _often(review: Any, row: Any) -> str:
    """A frequency with its interval; a count where the history is too short for a rate."""
    if review.weeks < 1:
        return wording.plural(row["n"], "time")
    low, high, value = (_number(row[key]) for key in ("low", "high", "value"))
    return f"{value} a week (95{BP}% interval {low} to {high})"


def _number(value: float) -> str:
    return wording.count(round(value, 1) if 1 <= value < 10 else value)


def calendar_sentence(review: Any) -> str:
    """On how many days something was shipped, and the longest time without.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    rows = review.frequency[review.frequency["n"] > 0]
    gaps = rows.dropna(subset="longest_gap").sort_values(
        "longest_gap", ascending=False, kind="stable"
    )
    if not len(gaps):
        return "No service shipped twice, so there is no time between two deployments."
    busy = rows.sort_values("day_share", ascending=False, kind="stable").iloc[0]
    longest = gaps.iloc[0]
    return (f"{name(busy['service'])} shipped on {wording.percent(busy['day_share'])} of all days "
            f"({busy['days']} days, weekends counted). The longest time between two deployments "
            f"of a service: {wording.roughly(longest['longest_gap'])}, "
            f"{name(longest['service'])}.")  # fmt: skip


def lead_sentence(review: Any) -> str:
    """How long changes take, the quickest and the slowest service."""
    if review is None:
        return NOTHING
    known = {s: m.lead_time for s, m in review.metrics.items() if m.lead_time.n}
    if not known:
        return f"**How long changes take is not known.** To know it, add {HOW_TO['changes']}."
    order = sorted(known, key=lambda s: known[s].value)
    clock, half = CLOCKS[review.rules.start], _middle(review)
    text = f"From {clock} to users, {half} of {name(order[0])} took {_time(known[order[0]])}"
    if len(order) > 1:
        text += f", of {name(order[-1])} {_time(known[order[-1]])}"
    return f"{text}."


def _middle(review: Any) -> str:
    return "a change" if review.rules.lead == "mean" else "half of the changes"


def _time(estimate: Any, noun: str = "n") -> str:
    """A length of time with interval and n."""
    value = f"**{_length(estimate.value)}**"
    if estimate.low != estimate.low or estimate.high != estimate.high:
        return f"{value} ({noun} = {wording.count(estimate.n)}, too few for an interval)"
    ends = f"{_length(estimate.low)} to {_length(estimate.high)}"
    return f"{value} (95{BP}% interval {ends}; {noun} = {wording.count(estimate.n)})"


def _length(seconds: float) -> str:
    if seconds != seconds:
        return wording.UNKNOWN
    unit = 3600 if seconds >= 36_000 else 60 if seconds >= 120 else 1
    near = round(seconds / unit) * unit
    return wording.roughly(near) if near >= 2 * 86_400 else wording.duration(near)


def changes_sentence(review: Any) -> str:
    """What became of every change: shipped, waiting, or why it has no lead time."""
    if review is None or not len(review.lead):
        return ""
    counts = review.lead["state"].value_counts()
    shipped, waiting = int(counts.get("shipped", 0)), int(counts.get("waiting", 0))
    text = f"Of {wording.plural(len(review.lead), 'change')} {wording.count(shipped)} were shipped"
    if waiting:
        own = review.lead[review.lead["state"] == "waiting"]
        half = _length(float(own["seconds"].median()))
        text += f" and {wording.count(waiting)} are waiting, half of them for {half} or longer"
        text += "; squashed or cherry-picked originals look the same"
    others = [f"{wording.count(n)} {why}" for why, n in counts.items()
              if why not in ("shipped", "waiting")]  # fmt: skip
    left = f" Left out: {wording.listing(others, limit=5)}." if others else ""
    return f"{text}.{left}"


def slowest_sentence(review: Any) -> str:
    """The slow end of lead times, and whether the last period differs from the first.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    rows = review.lead_periods[review.lead_periods["complete"] & (review.lead_periods["n"] >= 10)]
    moved = []
    for service, own in rows.groupby("service", sort=False):
        first, last = own.iloc[0], own.iloc[-1]
        if len(own) > 1 and (last["low"] > first["high"] or last["high"] < first["low"]):
            moved.append(f"{name(service)} from {_length(first['value'])} to "
                         f"{_length(last['value'])}")  # fmt: skip
    if not len(rows):
        return "No service has two whole periods with ten changes each, so no trend can be told."
    if not moved:
        return ("Between the first and the last whole period with ten changes, no service moved "
                "by more than the intervals allow for.")  # fmt: skip
    return ("Between the first and the last whole period with ten changes, the median moved by "
            f"more than the intervals allow for: {wording.listing(moved)}.")  # fmt: skip


def fail_sentence(review: Any) -> str:
    """Whose deployments failed most often, whose least, and whether chance could explain it."""
    if review is None:
        return NOTHING
    rows = review.fails[review.fails["n"] > 0]
    if not len(rows):
        known = int(review.frequency["n"].sum())
        return DEAF if known else ""
    rows = rows.sort_values(["value", "n"], ascending=[False, False], kind="stable")
    worst, best = rows.iloc[0], rows.iloc[-1]
    text = f"Of the deployments of {name(worst['service'])} **{_share(worst)}** failed"
    if review.rules.per == "incidents":
        text = f"{name(worst['service'])} had **{_share(worst)}** incidents per deployment"
    if "incident" not in worst["heard"]:
        text += f", counting {_heard(worst['heard'])} only, since there are no incidents here"
    if len(rows) == 1:
        return f"{text}."
    apart = worst["low"] > best["high"]
    chance = ("the intervals do not overlap" if apart
              else "the intervals overlap, so chance may explain the difference")  # fmt: skip
    doubt = _doubt(review, worst["service"]) if review.rules.per == "deployments" else ""
    return f"{text}, of those of {name(best['service'])} {_share(best)}: {chance}.{doubt}"


def _heard(signals: str) -> str:
    words = {"rolled_back": "rollbacks", "hotfix": "unplanned repairs"}
    return wording.listing([words[signal] for signal in signals.split(", ") if signal in words])


def _doubt(review: Any, service: str) -> str:
    """Where about as many deployments would have been followed by an incident by chance."""
    from scipy.stats import binom

    own = review.failures[review.failures["service"] == service]
    first = own[own["planned"].fillna(True).astype(bool)]
    share = review.chance.set_index("service")["followed_by_chance"].loc[service]
    near, n = int(first["by_time"].sum()), len(first)
    line = 0.05 / len(review.services)
    if not own["by_time"].any() or share != share or binom.sf(near - 1, n, share) < line:
        return ""
    length = wording.duration(review.rules.within)
    of = wording.plural(len(review.services), "service")
    return (f" But {wording.percent(share)} of all moments of {name(service)} are followed by an "
            f"incident within {length}: {near} of {wording.plural(n, 'deployment')} that did not "
            f"themselves answer one is not clearly more for the worst of {of}, so this rate says "
            "little of them.")  # fmt: skip


def _share(row: Any) -> str:
    low, high = wording.percents([row["low"], row["high"]])
    counts = f"{row['failed']} of {row['n']}" if "failed" in row else f"n = {row['n']}"
    return f"{wording.percent(row['value'])} ({counts}; 95{BP}% interval {low} to {high})"


def signals_sentence(review: Any) -> str:
    """Which signals the failures had, and what never reached users.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    sums = review.fails[["failed", "incident", "rolled_back", "hotfix", "before_users",
                         "cancelled"]].sum()  # fmt: skip
    parts = [
        f"{wording.count(sums[key])} {text}"
        for key, text in (
            ("incident", "had an incident put down to them"),
            ("rolled_back", "were rolled back"),
            ("hotfix", f"were mended by an unplanned deployment within "
                       f"{wording.duration(review.rules.hotfix_within)}"),
        )
        if key in review.rules.signals
    ]  # fmt: skip
    text = (f"Of {wording.plural(int(sums['failed']), 'failed deployment')} "
            f"{wording.listing(parts)}; one with several signals counts once.")  # fmt: skip
    if not review.fails["heard"].iloc[0]:
        text = "These exports hold no signal of failure, so none was counted."
    elif sums["failed"] == 0:
        text = "No deployment showed any signal of failure."
    if sums["before_users"]:
        text += (f" {wording.plural(int(sums['before_users']), 'deployment')} failed before any "
                 "user saw them, and do not count.")  # fmt: skip
    silent = not review.failures["rolled_back"].any() and "rolled_back" in review.rules.signals
    if silent:
        text += " No deployment is marked as rolled back; many exports cannot say it."
    return text


def attribution_sentence(review: Any) -> str:
    """How many incidents were put down to a deployment, by which rule, and what was left over.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    pairs = review.pairs.drop_duplicates(["service", "incident_id"])
    if not len(pairs):
        return f"There are no incidents here. To have them, add {HOW_TO['incidents']}."
    placed = pairs[pairs["deployment_id"].notna()]
    by = [f"{n} {_rule(review, rule)}" for rule, n in placed["rule"].value_counts().items()]
    text = (f"**{len(placed)} of {wording.plural(len(pairs), 'incident')}** were put down to a "
            "deployment")  # fmt: skip
    text += f" ({wording.listing(by)})" if by else ""
    left = pairs[pairs["deployment_id"].isna()]["why"].value_counts()
    parts = [f"{n} {_LEFT[why]}" for why, n in left.items()]
    return f"{text}; left over: {wording.listing(parts)}." if parts else f"{text}."


_LEFT = {
    UNKNOWN: "that name a deployment these exports do not have",
    UNNAMED: "that name none",
    EARLIER: "with no deployment before",
    TOO_OLD: "whose latest deployment was too long before",
}


def _rule(review: Any, rule: str) -> str:
    if rule == "window":
        return f"started within {wording.duration(review.rules.within)} after it"
    return {"source": "name it", "latest": "came after it, however long"}[rule]


def attribution_table(review: Any, *, max_rows: int = 12) -> Table | None:
    """Incidents with the deployment each was put down to, latest first.

    Parameters
    ----------
    review : Review or None
    max_rows : int
        Most rows.

    Returns
    -------
    Table or None
        None without an incident.
    """
    if review is None or not len(review.pairs):
        return None
    rows = review.pairs.sort_values("started_at", ascending=False, kind="stable")
    frame = pd.DataFrame(
        {
            "service": rows["service"],
            "incident": rows["incident_id"],
            "started": rows["started_at"],
            "deployment": rows["deployment_id"].fillna("none"),
            "delay": rows["delay"],
            "rule": rows["rule"].fillna(rows["why"]),
        }
    )
    return table(frame, caption="What each incident was put down to, latest first (UTC)",
                 max_rows=max_rows, headers={"rule": "rule, or why none"})  # fmt: skip


def sensitivity_sentence(windows: pd.DataFrame | None, review: Any) -> str:
    """What another window would have said, and what chance alone puts into this one.

    Parameters
    ----------
    windows : DataFrame or None
        As from `srelib.delivery.sensitivity`, all services taken as one.
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None or windows is None or not len(windows) or not windows["incidents"].max():
        return "Without deployments and incidents no window can be tried."
    row = windows.iloc[int((windows["within"] - review.rules.within).abs().argmin())]
    first, last = windows.iloc[0], windows.iloc[-1]
    chance = row["by_chance"]
    text = (f"A window of {wording.duration(row['within'])} takes in {row['attributed']} of "
            f"{row['incidents']} incidents; **{wording.count(round(chance))} would fall into it "
            "by chance alone**, as if they had nothing to do with deployments")  # fmt: skip
    ends = [wording.percent(end["value"]) for end in (first, last)]
    return (f"{text}. From {wording.duration(first['within'])} to "
            f"{wording.duration(last['within'])}, the fail rate of all services together goes "
            f"from {ends[0]} to {ends[1]}.")  # fmt: skip


def recovery_sentence(review: Any) -> str:
    """How long failures last where there are enough of them to say."""
    if review is None:
        return NOTHING
    rows = review.recovery[review.recovery["n"] > 0]
    if not len(rows):
        if not len(review.pairs):
            return (f"**How long failures last is not known.** To know it, add "
                    f"{HOW_TO['incidents']}.")  # fmt: skip
        return "No incident was put down to a deployment, so there is nothing to recover from."
    sure = rows[rows["low"].notna() & rows["high"].notna()].sort_values("n", ascending=False)
    total = int(rows["n"].sum())
    open_ = int(rows["open"].sum())
    still = f"; {open_} of all {total} still open" if open_ else ""
    if not len(sure):
        return (f"{wording.plural(total, 'failure')} of {wording.plural(len(rows), 'service')}: "
                f"too few of any of them to say how long one lasts{still}.")  # fmt: skip
    parts = []
    for row in sure.head(3).to_dict("records"):
        ends = f"{_length(row['low'])} to {_length(row['high'])}"
        parts.append(f"{name(row['service'])} **{_length(row['value'])}** (95{BP}% interval "
                     f"{ends}; n = {row['n']})")  # fmt: skip
    few = len(rows) - len(sure)
    rest = (f"; {wording.plural(few, 'service')} had too few failures to say") if few else ""
    what = (
        "a failure lasted" if review.rules.lead == "mean" else "half of the failures lasted up to"
    )
    return f"Per service, {what}: {wording.listing(parts)}{rest}{still}."


def clocks_sentence(review: Any) -> str:
    """What the other clock would have said: from the deployment instead of from the failure.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None or not len(review.recoveries):
        return NOTHING if review is None else "No failure, so no clock to compare."
    rows = review.recoveries[review.recoveries["recovered"].astype(bool)]
    both = rows[["from_failure", "from_deployment"]].dropna()
    if not len(both):
        return "Every failure is still open, so no clock can be compared."
    halves = [_length(float(both[key].median())) for key in both]
    ended = wording.plural(len(both), "ended failure")
    return (f"All services together, half of {ended} were over {halves[0]} after they began, and "
            f"{halves[1]} after the deployment. The second clock, which some tools use, counts the "
            "time before anything was broken.")  # fmt: skip


def rework_sentence(review: Any) -> str:
    """What share of deployments was unplanned."""
    if review is None:
        return NOTHING
    rows = review.rework
    known, unknown = int(rows["n"].sum()), int(rows["unknown"].sum())
    if not known:
        return UNPLANNED if unknown else ""
    unplanned = int(rows["unplanned"].sum())
    most = rows[rows["n"] > 0].sort_values(["value", "n"], ascending=False).iloc[0]
    text = f"**{unplanned} of {wording.count(known)} deployments were unplanned**"
    if unplanned and len(rows) > 1:
        share = _share(most.rename({"unplanned": "failed"}))
        text += f", most often of {name(most['service'])}: {share}"
    more = f"; of {wording.count(unknown)} more the exports do not say" if unknown else ""
    return f"{text}{more}."


def data_sentences(review: Any, *, dataset: Any) -> list[str]:
    """What these numbers stand on, and what is missing.

    Parameters
    ----------
    review : Review or None
    dataset : Dataset

    Returns
    -------
    list of str
        Markdown.
    """
    lines = [
        f"No **{kind}** in the folder; to have them, add {HOW_TO[kind]}."
        for kind in ("deployments", "changes", "incidents")
        if not len(getattr(dataset, kind))
    ]
    if review is None:
        return lines
    first, last = (wording.day(time) for time in review.between)
    lines.append(f"The history runs from {first}, the day of the first deployment on record, to "
                 f"{last}; weeks and months at its ends count at the length seen.")  # fmt: skip
    more = (changes_sentence(review), _first_batch(review), _unshipped(review, dataset))
    return [*lines, *(line for line in more if line)]


def _first_batch(review: Any) -> str:
    """Services whose first deployment on record carries far more than any usual one."""
    shipped = review.lead[review.lead["state"] == "shipped"]
    found = []
    for service, own in shipped.groupby(shipped["service"].astype("str"), sort=True):
        sizes = own.groupby("deployment_id").size()
        first = own.sort_values("shipped_at", kind="stable")["deployment_id"].iloc[0]
        if len(sizes) >= 5 and sizes[first] > 10 * sizes.median():
            found.append(f"{name(service)} ({wording.count(sizes[first])} changes against "
                         f"{wording.count(sizes.median())} usually)")  # fmt: skip
    if not found:
        return ""
    return (f"The first deployment on record holds far more than others: {wording.listing(found)}. "
            "It may hold all that was made before these exports begin, and makes lead times look "
            "longer.")  # fmt: skip


def _unshipped(review: Any, dataset: Any) -> str:
    """Services with incidents that no deployment is known of."""
    broken = {str(s) for s in dataset.incidents["service"].dropna()} - set(review.services)
    if not broken:
        return ""
    return (f"No deployment is on record for {names(sorted(broken))}, so no incident there can be "
            "put down to one.")  # fmt: skip


def metrics_table(review: Any, *, year: int) -> Table | None:
    """The five numbers of each service with n, interval and level.

    Parameters
    ----------
    review : Review or None
    year : int
        Whose levels.

    Returns
    -------
    Table or None
        None without a deployment.
    """
    if review is None:
        return None
    named = levels(review.metrics, year=year).set_index(["service", "metric"])
    rows = []
    for service, each in review.metrics.items():
        row = {"service": wording.label(service, limit=30)}
        for metric in (*METRICS, "rework_rate"):
            estimate = getattr(each, metric)
            cell = _cell(estimate, metric, review)
            if metric in METRICS and estimate.n:
                cell += f"; {_level(named.loc[(service, metric)])}"
            row[metric] = cell
        rows.append(row)
    headers = {"frequency": "deployments a week", "lead_time": "change lead time",
               "fail_rate": "change fail rate", "recovery": "recovery time",
               "rework_rate": "rework rate"}  # fmt: skip
    frame = pd.DataFrame(rows, columns=["service", *headers])
    return table(frame, headers=headers, caption=(
        f"DORA's five metrics: value (95{BP}% interval; n); level of {year}, and how far the "
        "interval reaches. A level names the survey cluster a number would have fallen into: not "
        "a grade, and only where n allows."))  # fmt: skip


def _cell(estimate: Any, metric: str, review: Any) -> str:
    if not estimate.n and estimate.value != estimate.value:
        return "not known"
    write = {"frequency": _number, "lead_time": _length, "recovery": _length}.get(metric)
    values = [estimate.value, estimate.low, estimate.high]
    value, low, high = [write(v) for v in values] if write else wording.percents(values)
    if metric == "frequency" and review.weeks < 1:
        return wording.plural(estimate.n, "deployment")
    many = f"n = {wording.count(estimate.n)}"
    if estimate.low != estimate.low or estimate.high != estimate.high:
        return f"{value} ({many}, too few for an interval)"
    return f"{value} ({low} to {high}; {many})"


def _level(row: Any) -> str:
    if row["level"] is None or row["level"] != row["level"]:
        return ""
    if not isinstance(row["best"], str) or not isinstance(row["worst"], str):
        return "no level on so few"
    reach = "" if row["best"] == row["worst"] else f", could be {row['best']} to {row['worst']}"
    return f"{row['level']}{reach}"


def tools_table(found: Mapping[str, Any]) -> Table | None:
    """What other tools' rules make of the same exports, all services taken as one.

    Parameters
    ----------
    found : mapping of str to Delivery
        As from `srelib.delivery.by_preset`.

    Returns
    -------
    Table or None
        None without a deployment.
    """
    if not found:
        return None
    rows = [
        {
            "rules": rules,
            "deployments": each.deployments,
            "lead_time": _plain(each.lead_time, _length),
            "fail_rate": _plain(each.fail_rate, wording.percent),
            "recovery": _plain(each.recovery, _length),
        }
        for rules, each in found.items()
    ]
    headers = {"lead_time": "change lead time", "fail_rate": "change fail rate",
               "recovery": "recovery time"}  # fmt: skip
    return table(pd.DataFrame(rows), headers=headers, caption=(
        "The same exports under other tools' published rules: all services taken as one, a blend "
        "that says nothing of any of them"))  # fmt: skip


def _plain(estimate: Any, write: Any) -> str:
    if estimate.value != estimate.value:
        return "not known"
    return f"{write(estimate.value)} (n = {wording.count(estimate.n)})"


def basis_sentence(review: Any) -> str:
    """What all of it stands on: rules, history, counts.

    Parameters
    ----------
    review : Review or None

    Returns
    -------
    str
        Markdown.
    """
    if review is None:
        return NOTHING
    rules = review.rules
    match = {"source_then_window": f"named by the source, else the latest within "
                                   f"{wording.duration(rules.within)}",
             "source_then_latest": "named by the source, else the latest before, however old",
             "window": f"the latest within {wording.duration(rules.within)}",
             "latest": "the latest before, however old",
             "source": "named by the source"}[rules.match]  # fmt: skip
    return (f"Rules **{markdown(rules.name)}**: an incident belongs to the deployment {match}; "
            f"a change lead time starts at the {CLOCKS[rules.start]}. All of this stands on "
            f"{wording.plural(int(review.frequency['n'].sum()), 'deployment')}, "
            f"{wording.plural(int((review.lead['state'] == 'shipped').sum()), 'shipped change')} "
            f"and {wording.plural(review.pairs['incident_id'].nunique(), 'incident')} in "
            f"{_history(review)}.")  # fmt: skip
