"""What notebook 04 says: how fast and how safely each service ships, and how sure that is.

`result` is what `srelib.delivery.performance` found, `windows` what `srelib.delivery.sensitivity`
found for all services taken as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from srelib import wording
from srelib.dataset import Dataset
from srelib.delivery import Delivery, DeliveryPerformance, attribution
from srelib.delivery.lead_time import _batch_sizes
from srelib.delivery.performance import FIVE, METRICS, _dora_level
from srelib.findings.finding import beside_chance, markdown, name, names, of_fields
from srelib.findings.quality import HOW_TO
from srelib.findings.show import Table, table
from srelib.stats import Estimate
from srelib.windows.window import span_label

NO_DEPLOYMENTS = ("**Nothing is known of deployments**, so how we ship cannot be said. To know it, "
                  f"add {HOW_TO['deployments']}.")  # fmt: skip
NOTHING = "There are no deployments, so there is nothing to say here."
UNPLANNED = ("**How much is rework is not known**: the exports do not say which deployments were "
             "unplanned (a column `planned`, false for those).")  # fmt: skip
DEAF = ("**How often deployments fail is not known**: these exports hold no incident, no "
        "rollback, and no word of what was planned. To know it, add "
        f"{HOW_TO['incidents']}.")  # fmt: skip
BP = wording.NBSP
TOO_FEW = ", too few for an interval"
_SIGNALS = {
    "incident": "had an incident put down to them", "rolled_back": "were rolled back",
    "hotfix": "were mended by an unplanned deployment within ",
}  # fmt: skip
_OTHERS = {"rolled_back": "rollbacks", "hotfix": "unplanned repairs"}
CLOCKS = {"committed": "commit", "merged": "merge"}
NAMES = {"lead_time": "change lead time", "fail_rate": "change fail rate",
         "recovery": "recovery time"}  # fmt: skip


def summary_sentences(result: DeliveryPerformance) -> list[str]:
    """The answer of the notebook, bottom line first: how often, how fast, how safely, how sure."""
    if not result.services:
        return [NO_DEPLOYMENTS]
    lines = (_frequency_sentence(result), _lead_sentence(result), _fail_sentence(result),
             _recovery_sentence(result), _rework_sentence(result))  # fmt: skip
    return [line for line in lines if line]


def _frequency_sentence(result: DeliveryPerformance) -> str:
    """Who ships most and least often."""
    rows = result.frequency.sort_values("n", ascending=False, kind="stable")
    total = int(rows["n"].sum())
    head = f"**{wording.plural(total, 'deployment')}** reached users in {_history(result)}"
    if not total:
        return f"No deployment reached users in {_history(result)}."
    first, last = (name(row["service"]) for row in (rows.iloc[0], rows.iloc[-1]))
    most, least = (_often(result, row) for row in (rows.iloc[0], rows.iloc[-1]))
    if len(rows) == 1:
        return f"{head}, all of {first}: {most}."
    return f"{head}: of {first} most often, {most}, of {last} least, {least}."


def _history(result: DeliveryPerformance) -> str:
    return wording.roughly(result.between[1] - result.between[0])


def _often(result: DeliveryPerformance, row: pd.Series) -> str:
    """A frequency with its interval; a count where the history is too short for a rate."""
    if result.weeks < 1:
        return wording.plural(row["n"], "time")
    low, high, value = (wording.per_week(row[key]) for key in ("low", "high", "value"))
    return f"{value} a week (95{BP}% interval {low} to {high})"


def calendar_sentence(result: DeliveryPerformance) -> str:
    """On how many days something was shipped, and the longest time without."""
    if not result.services:
        return NOTHING
    rows = result.frequency[result.frequency["n"] > 0]
    gaps = rows.dropna(subset="longest_gap")
    if not len(gaps):
        return "No service shipped twice, so there is no time between two deployments."
    busy = rows.iloc[int(rows["day_share"].argmax())]
    longest = gaps.iloc[int(gaps["longest_gap"].argmax())]
    return (f"{name(busy['service'])} shipped on {wording.percent(busy['day_share'])} of all days "
            f"({busy['days']} days, weekends counted). The longest time between two deployments "
            f"of a service: {wording.roughly(longest['longest_gap'])}, "
            f"{name(longest['service'])}.")  # fmt: skip


def _lead_sentence(result: DeliveryPerformance) -> str:
    """How long changes take, the quickest and the slowest service."""
    known = {s: m.lead_time for s, m in result.metrics.items() if m.lead_time.n}
    if not known:
        return f"**How long changes take is not known.** To know it, add {HOW_TO['changes']}."
    order = sorted(known, key=lambda s: known[s].value)
    clock = CLOCKS[result.rules.start]
    half = "a change" if result.rules.lead == "mean" else "half of the changes"
    text = f"From {clock} to users, {half} of {name(order[0])} took {_time(known[order[0]])}"
    if len(order) > 1:
        text += f", of {name(order[-1])} {_time(known[order[-1]])}"
    return f"{text}."


def _time(estimate: Estimate) -> str:
    """A length of time with interval and n."""
    value, low, high = _lengths(estimate)
    n = f"n = {wording.count(estimate.n)}"
    ends = f"95{BP}% interval {low} to {high}; {n}" if _has_interval(estimate) else f"{n}{TOO_FEW}"
    return f"**{value}** ({ends})"


def _has_interval(estimate: Estimate) -> bool:
    """Whether both ends are known."""
    return estimate.low == estimate.low and estimate.high == estimate.high


def _lengths(estimate: Estimate) -> list[str]:
    """A length of time and the ends of its interval."""
    return [wording.length(x) for x in (estimate.value, estimate.low, estimate.high)]


def _changes_sentence(result: DeliveryPerformance) -> str:
    """What became of every change: shipped, waiting, or why it has no lead time."""
    if not len(result.lead):
        return ""
    counts = result.lead["state"].value_counts()
    shipped, waiting = int(counts.get("shipped", 0)), int(counts.get("waiting", 0))
    text = f"Of {wording.plural(len(result.lead), 'change')} {wording.count(shipped)} were shipped"
    if waiting:
        own = result.lead[result.lead["state"] == "waiting"]
        half = wording.length(float(own["seconds"].median()))
        text += f" and {wording.count(waiting)} are waiting, half of them for {half} or longer"
        text += "; squashed or cherry-picked originals look the same"
    others = [f"{wording.count(n)} {why}" for why, n in counts.items()
              if why not in ("shipped", "waiting")]  # fmt: skip
    left = f" Left out: {wording.listing(others, limit=5)}." if others else ""
    return f"{text}.{left}"


def slowest_sentence(result: DeliveryPerformance) -> str:
    """The slow end of lead times, and whether the last period differs from the first."""
    if not result.services:
        return NOTHING
    rows = result.lead_periods[result.lead_periods["complete"] & (result.lead_periods["n"] >= 10)]
    text, moved = "Between the first and the last whole period with ten changes,", []
    for service, own in rows.groupby("service", sort=False):
        first, last = own.iloc[0], own.iloc[-1]
        if len(own) > 1 and (last["low"] > first["high"] or last["high"] < first["low"]):
            moved.append(f"{name(service)} from {wording.length(first['value'])} to "
                         f"{wording.length(last['value'])}")  # fmt: skip
    if not len(rows):
        return "No service has two whole periods with ten changes each, so no trend can be told."
    if not moved:
        return f"{text} no service moved by more than the intervals allow for."
    return (f"{text} the median moved by more than the intervals allow for: "
            f"{wording.listing(moved)}.")  # fmt: skip


def _fail_sentence(result: DeliveryPerformance) -> str:
    """Whose deployments failed most often, whose least, and whether chance could explain it."""
    rows = result.fails[result.fails["n"] > 0]
    if not len(rows):
        return DEAF if result.frequency["n"].any() else ""
    rows = rows.sort_values(["value", "n"], ascending=[False, False], kind="stable")
    worst, best = rows[rows["service"] == result.most_failing].iloc[0], rows.iloc[-1]
    share = f"**{_share(worst)}**" if result.metrics[worst["service"]].fail_clear else _share(worst)
    text = f"Of the deployments of {name(worst['service'])} {share} failed"
    if result.rules.per == "incidents":
        text = f"{name(worst['service'])} had {share} incidents per deployment"
    if "incident" not in worst["signals"]:
        others = wording.listing(_OTHERS[signal] for signal in worst["signals"].split(", "))
        text += f", counting {others} only, since there are no incidents here"
    if len(rows) == 1:
        return f"{text}."
    doubt = _doubt(result, rows.iloc[0]) if result.rules.per == "deployments" else ""
    if worst["service"] == best["service"]:
        return f"{text}.{doubt}"
    chance = ("the intervals do not overlap" if worst["low"] > best["high"]
              else "the intervals overlap, so chance may explain the difference")  # fmt: skip
    return f"{text}, of those of {name(best['service'])} {_share(best)}: {chance}.{doubt}"


def _doubt(result: DeliveryPerformance, top: pd.Series) -> str:
    """Where about as many deployments would have been followed by an incident by chance."""
    if result.metrics[top["service"]].fail_clear:
        return ""
    (row,) = result.chance[result.chance["service"] == top["service"]].to_dict("records")
    share, length = wording.shares([row["followed_by_chance"]])[0], result.rules.within
    rate = "" if top["service"] == result.most_failing else (
        f" ({top['failed']} of {wording.plural(top['n'], 'deployment')})")  # fmt: skip
    return (f" The rate of {name(top['service'])}{rate} could be chance: {share} of all its "
            f"moments are followed by an incident within {wording.duration(length)}, and so were "
            f"{int(row['followed'])} of the {int(row['planned'])} deployments that did not "
            "themselves answer one.")  # fmt: skip


def _share(row: pd.Series) -> str:
    value, low, high = wording.shares([row["value"], row["low"], row["high"]])
    counts = f"{row['failed']} of {row['n']}" if "failed" in row else f"n = {row['n']}"
    return f"{value} ({counts}; 95{BP}% interval {low} to {high})"


def signals_sentence(result: DeliveryPerformance) -> str:
    """Which signals the failures had, and what never reached users."""
    if not result.services:
        return NOTHING
    rules, sums = result.rules, result.fails[["failed", *_SIGNALS, "before_users"]].sum()
    texts = {**_SIGNALS, "hotfix": _SIGNALS["hotfix"] + wording.duration(rules.hotfix_within)}
    parts = [f"{wording.count(sums[key])} {texts[key]}" for key in texts if key in rules.signals]
    text = (f"Of {wording.plural(int(sums['failed']), 'failed deployment')} "
            f"{wording.listing(parts)}; one with several signals counts once.")  # fmt: skip
    if not result.fails["signals"].iloc[0]:
        text = "These exports hold no signal of failure, so none was counted."
    elif sums["failed"] == 0:
        text = "No deployment showed any signal of failure."
    if sums["before_users"]:
        text += (f" {wording.plural(int(sums['before_users']), 'deployment')} failed before any "
                 "user saw them, and do not count.")  # fmt: skip
    if "rolled_back" in rules.signals and not sums["rolled_back"]:
        text += " No deployment is marked as rolled back; many exports cannot say it."
    return text


def attribution_sentence(result: DeliveryPerformance) -> str:
    """How many incidents were put down to a deployment, by which rule, and what was left over."""
    if not result.services:
        return NOTHING
    pairs = result.pairs.drop_duplicates(["service", "incident_id"])
    if not len(pairs):
        return f"There are no incidents here. To have them, add {HOW_TO['incidents']}."
    placed = pairs[pairs["deployment_id"].notna()]
    near = f"started within {wording.duration(result.rules.within)} after it"
    texts = {"source": "name it", "latest": "came after it, however long", "window": near}
    by = [f"{n} {texts[str(rule)]}" for rule, n in placed["rule"].value_counts().items()]
    left = pairs[pairs["deployment_id"].isna()]["why"].value_counts()
    parts = [f"{n} {_LEFT[str(why)]}" for why, n in left.items()]
    text = (f"**{len(placed)} of {wording.plural(len(pairs), 'incident')}** were put down to a "
            "deployment")  # fmt: skip
    text += f" ({wording.listing(by)})" if by else ""
    return f"{text}; left over: {wording.listing(parts)}." if parts else f"{text}."


_LEFT = {
    attribution.UNKNOWN: "that name a deployment these exports do not have",
    attribution.UNNAMED: "that name none",
    attribution.NOTHING: "with no deployment before",
    attribution.TOO_OLD: "whose latest deployment was too long before",
}


def sensitivity_sentence(windows: pd.DataFrame, result: DeliveryPerformance) -> str:
    """What another window would have said, and what chance alone puts into this one."""
    if not result.services or not windows["incidents"].any():
        return "Without deployments and incidents no window can be tried."
    near = (windows["within"] - pd.Timedelta(result.rules.within)).abs().argmin()
    row, first, last = (windows.iloc[int(place)] for place in (near, 0, -1))
    length, shortest, longest = (wording.duration(one["within"]) for one in (row, first, last))
    return (f"A window of {length} takes in {row['attributed']} of "
            f"{row['incidents']} incidents; **{wording.count(round(row['by_chance']))} would fall "
            "into it by chance alone**, as if they had nothing to do with deployments. From "
            f"{shortest} to {longest}, the fail rate of all services together goes from "
            f"{wording.percent(first['value'])} to {wording.percent(last['value'])}.")  # fmt: skip


def _recovery_sentence(result: DeliveryPerformance) -> str:
    """How long failures last where there are enough of them to say."""
    known = {s: each.recovery for s, each in result.metrics.items() if each.recovery.n}
    if not known:
        if not result.fails["signals"].str.contains("incident").any():
            return (f"**How long failures last is not known.** To know it, add "
                    f"{HOW_TO['incidents']}.")  # fmt: skip
        return "No incident was put down to a deployment, so there is nothing to recover from."
    sure = sorted((s for s in known if _has_interval(known[s])), key=lambda s: -known[s].n)
    total = int(sum(estimate.n for estimate in known.values()))
    unresolved = int(result.recovery["open"].sum())
    still = f"; {unresolved} of all {total} still open" if unresolved else ""
    if not sure:
        return (f"{wording.plural(total, 'failure')} of {wording.plural(len(known), 'service')}: "
                f"too few of any of them to say how long one lasts{still}.")  # fmt: skip
    parts = [f"{name(service)} {_time(known[service])}" for service in sure[:3]]
    few = wording.plural(len(known) - len(sure), "service")
    rest = f"; {few} had too few failures to say" if len(known) > len(sure) else ""
    half = "half of the failures lasted up to"
    what = "a failure lasted" if result.rules.lead == "mean" else half
    return f"Per service, {what}: {wording.listing(parts)}{rest}{still}."


def clocks_sentence(result: DeliveryPerformance) -> str:
    """What the other clock would have said: from the deployment instead of from the failure."""
    if not result.services:
        return NOTHING
    if not len(result.recoveries):
        return "No failure, so no clock to compare."
    rows = result.recoveries[result.recoveries["recovered"].astype(bool)]
    both = rows[["from_failure", "from_deployment"]].dropna()
    if not len(both):
        return "Every failure is still open, so no clock can be compared."
    halves = [wording.length(float(both[key].median())) for key in both]
    ended = wording.plural(len(both), "ended failure")
    return (f"All services together, half of {ended} were over {halves[0]} after they began, and "
            f"{halves[1]} after the deployment. The second clock, which some tools use, counts the "
            "time before anything was broken.")  # fmt: skip


def _rework_sentence(result: DeliveryPerformance) -> str:
    """What share of deployments was unplanned."""
    rows = result.rework
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


def data_sentences(result: DeliveryPerformance, *, dataset: Dataset) -> list[str]:
    """What these numbers stand on, and what is missing."""
    lines = [
        f"No **{kind}** in the folder; to have them, add {HOW_TO[kind]}."
        for kind in ("deployments", "changes", "incidents")
        if not len(getattr(dataset, kind))
    ]
    if not result.services:
        return lines
    first, last = (wording.day(time) for time in result.between)
    lines.append(f"The history runs from {first}, the day of the first deployment on record, to "
                 f"{last}; weeks and months at its ends count at the length seen.")  # fmt: skip
    more = (_changes_sentence(result), _from_merge(result, dataset), _first_batch(result),
            _unshipped(result, dataset))  # fmt: skip
    return [*lines, *filter(None, more)]


def _from_merge(result: DeliveryPerformance, dataset: Dataset) -> str:
    """Changes whose export says only when they were merged."""
    count = int(dataset.changes["committed_at"].isna().sum())
    if not count or result.rules.start == "merged":
        return ""
    whole = wording.plural(len(dataset.changes), "change")
    return (f"Of {whole}, {wording.count(count)} do not say when they were committed: their lead "
            "time counts from the merge, and is shorter for it.")  # fmt: skip


def _first_batch(result: DeliveryPerformance) -> str:
    """Services whose first deployment on record carries far more than any usual one."""
    found = [
        f"{name(row['service'])} ({wording.count(row['first'])} changes against "
        f"{wording.count(row['usual'])} usually)"
        for row in _batch_sizes(result.lead).to_dict("records")
        if row["deployments"] >= 5 and row["first"] > 10 * row["usual"]
    ]  # fmt: skip
    if not found:
        return ""
    return (f"The first deployment on record holds far more than others: {wording.listing(found)}. "
            "It may hold all that was made before these exports begin, and makes lead times look "
            "longer.")  # fmt: skip


def _unshipped(result: DeliveryPerformance, dataset: Dataset) -> str:
    """Services with incidents that no deployment is known of."""
    broken = {str(s) for s in dataset.incidents["service"].dropna()} - set(result.services)
    if not broken:
        return ""
    return (f"No deployment is on record for {names(sorted(broken))}, so no incident there can be "
            "put down to one.")  # fmt: skip


def basis_sentence(result: DeliveryPerformance) -> str:
    """What all of it stands on: rules, history, counts."""
    if not result.services:
        return NOTHING
    rules = result.rules
    match = {"source_then_window": f"named by the source, else the latest within "
                                   f"{wording.duration(rules.within)}",
             "source_then_latest": "named by the source, else the latest before, however old",
             "window": f"the latest within {wording.duration(rules.within)}",
             "latest": "the latest before, however old",
             "source": "named by the source"}[rules.match]  # fmt: skip
    shipped = int((result.lead["state"] == "shipped").sum())
    return (f"Rules **{markdown(rules.name)}**: an incident belongs to the deployment {match}; "
            f"a change lead time starts at the {CLOCKS[rules.start]}. All of this stands on "
            f"{wording.plural(int(result.frequency['n'].sum()), 'deployment')}, "
            f"{wording.plural(shipped, 'shipped change')} "
            f"and {wording.plural(result.pairs['incident_id'].nunique(), 'incident')} in "
            f"{_history(result)}.")  # fmt: skip


def metrics_table(result: DeliveryPerformance, *, year: int) -> Table | None:
    """The five numbers of each service with n, interval and their level of a year."""
    if not result.services:
        return None
    rows = []
    for service, each in result.metrics.items():
        row = {"service": wording.label(service, limit=30)}
        for metric in FIVE:
            estimate = getattr(each, metric)
            reach = _level(estimate, metric, year) if metric in METRICS and estimate.n else ""
            beside = metric == "fail_rate" and each.fail_chance == each.fail_chance
            luck = f"; {beside_chance(each)}" if beside else ""
            row[metric] = _cell(estimate, metric, result) + reach + luck
        rows.append(row)
    headers = {"frequency": "deployments a week", **NAMES, "rework_rate": "rework rate"}
    frame = pd.DataFrame(rows, columns=["service", *headers])
    return table(frame, headers=headers, caption=(
        f"DORA's five metrics: value (95{BP}% interval; n); level of {year}, and how far the "
        "interval reaches. A level names the survey cluster a number would have fallen into: not "
        "a grade, and only where n allows.")).stating(
        one for service, each in result.metrics.items()
        for one in of_fields("delivery.five", each, service=service,
                             window=span_label(*result.between))
    )  # fmt: skip


def _cell(estimate: Estimate, metric: str, result: DeliveryPerformance) -> str:
    if not estimate.n and estimate.value != estimate.value:
        return "not known"
    if metric == "frequency" and result.weeks < 1:
        return wording.plural(estimate.n, "deployment")
    numbers = [estimate.value, estimate.low, estimate.high]
    value, low, high = wording.estimates(metric, numbers)
    n = f"n = {wording.count(estimate.n)}"
    ends = f"{low} to {high}; {n}" if _has_interval(estimate) else f"{n}{TOO_FEW}"
    return f"{value} ({ends})"


def _level(estimate: Estimate, metric: str, year: int) -> str:
    """The level a number would have had, and how far its interval reaches."""
    own, *ends = (
        _dora_level(value, metric=metric, year=year)
        for value in (estimate.value, estimate.low, estimate.high)
    )
    best, worst = ends[::-1] if metric == "frequency" else ends
    if not own or not best or not worst:
        return "; no level on so few" if own else "; "
    reach = "" if best[0] == worst[-1] else f", could be {best[0]} to {worst[-1]}"
    return f"; {' or '.join(filter(None, [', '.join(own[:-1]), own[-1]]))}{reach}"


def tools_table(found: Mapping[str, Mapping[str, Delivery]]) -> Table | None:
    """What other tools' rules make of the same exports, all services taken as one.

    Parameters
    ----------
    found : mapping of str to mapping
        By name of the rules, as from `srelib.delivery.metrics` of all services together.
    """
    rows = [
        {
            "rules": rules,
            "deployments": each.deployments,
            "lead_time": _plain(each.lead_time, wording.length),
            "fail_rate": _plain(each.fail_rate, wording.percent),
            "recovery": _plain(each.recovery, wording.length),
        }
        for rules, services in found.items()
        for each in services.values()
    ]
    if not any(row["deployments"] for row in rows):
        return None
    return table(pd.DataFrame(rows), headers=NAMES, caption=(
        "The same exports under other tools' published rules: all services taken as one, a blend "
        "that says nothing of any of them"))  # fmt: skip


def _plain(estimate: Estimate, write: Callable[[float], str]) -> str:
    if estimate.value != estimate.value:
        return "not known"
    return f"{write(estimate.value)} (n = {wording.count(estimate.n)})"


def attribution_table(result: DeliveryPerformance, *, max_rows: int = 12) -> Table | None:
    """Incidents with the deployment each was put down to, latest first."""
    if not result.services or not len(result.pairs):
        return None
    rows = result.pairs.sort_values("started_at", ascending=False, kind="stable")
    rows = rows.assign(
        deployment_id=rows["deployment_id"].fillna("none"), rule=rows["rule"].fillna(rows["why"])
    )
    columns = ["service", "incident_id", "started_at", "deployment_id", "delay", "rule"]
    headers = {"incident_id": "incident", "started_at": "started", "deployment_id": "deployment",
               "rule": "rule, or why none"}  # fmt: skip
    caption = "What each incident was put down to, latest first (UTC)"
    links = {"incident_id": rows["incident_url"], "deployment_id": rows["deployment_url"]}
    return table(rows[columns], caption=caption, max_rows=max_rows, headers=headers, links=links)
