"""What notebook 08 says of limits: which target traffic, dependencies and histograms allow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from srelib import wording
from srelib.errors import SrelibError
from srelib.findings.show import markdown, name, names
from srelib.findings.targets import NO_CHOICE, _budget_grain
from srelib.fleet import Indicator, answers
from srelib.targets import Ceiling
from srelib.targets.advice import CandidateTables

NO_HISTOGRAM = ("There is no latency histogram in the folder. To add one, export a range query of "
                "the `_bucket` series by service and `le`, all buckets, as JSON.")  # fmt: skip
NO_DEPENDENCIES = ("No dependencies are declared, so none limits a target; set `dependencies` to "
                   "say what each service cannot do without.")  # fmt: skip


def traffic_sentences(tables: CandidateTables) -> list[str]:
    """Where traffic is too low for strict targets, and what chance alone does.

    Parameters
    ----------
    tables : mapping of Indicator to DataFrame
    """
    results = answers(tables)
    if not results:
        return [NO_CHOICE]
    low_traffic = {k: t for k, t in results.items() if not t["steady"].iloc[0] > 0.999}
    lines = [_low_traffic(k, t) for k, t in low_traffic.items()]
    if not lines:
        key = min(results, key=lambda k: results[k]["events"].iloc[0])
        row = results[key].iloc[0]
        return [f"Every series can carry 99.9{wording.NBSP}%: the one with least traffic, "
                f"{name(key.name)}, expects {wording.amount(row['events'], key.unit)} in a window, "
                f"so the budget of {wording.percent(_short_of_one(row['steady']))} is ten "
                f"bad {_budget_grain(key)}s."]  # fmt: skip
    return lines


def _low_traffic(key: Indicator, candidates: pd.DataFrame) -> str:
    row = candidates.iloc[0]
    seen = wording.amount(row["events"], key.unit)
    if row["strictest"] != row["strictest"]:
        return (f"{name(key.name)} expects {seen} in a window: no target can be told from "
                "another.")  # fmt: skip
    wall = wording.percent(_short_of_one(row["strictest"]))
    text = (f"{name(key.name)} expects {seen} in a window: from {wall} on a single bad "
            f"{_budget_grain(key)} misses the target")  # fmt: skip
    if row["steady"] == row["steady"]:
        text += f", and {wording.percent(_short_of_one(row['steady']))} has a budget of ten"
    by_chance = candidates[
        (candidates["chance"] > 0.01) & (candidates["target"] < row["strictest"])
    ]
    if not len(by_chance):
        return f"{text}."
    first = by_chance.iloc[0]
    return (f"{text}. At its ordinary share of bad events, {wording.percent(row['background'])}, "
            f"chance alone misses {wording.percent(first['target'])} in "
            f"{wording.probability(first['chance'], required=1.0)} of windows.")  # fmt: skip


def _short_of_one(target: float) -> float:
    """A target to two digits of what it allows."""
    return float(f"{1 - float(f'{1 - target:.2g}'):.12g}")


def dependency_sentences(ceilings: Mapping[str, Ceiling], tables: CandidateTables) -> list[str]:
    """What dependencies allow, and which targets in use are above it.

    Parameters
    ----------
    ceilings : mapping of str to Ceiling
        By service.
    tables : mapping of Indicator to DataFrame
    """
    if not ceilings:
        return [NO_DEPENDENCIES]
    lines = []
    for service, one in ceilings.items():
        mine = {k: t for k, t in answers(tables).items() if k.service == service and k.has_target}
        over = [k for k in mine if not one.allows(k.target)]
        text = (f"{name(service)} depends on {names(one.table['dependency'])}, which may fail "
                f"{wording.percent(one.taken)} of events together: with one more nine each, "
                f"it can promise {wording.percent(one.advised)}, and never more than "
                f"{wording.percent(one.absolute)}; {name(one.narrowest)} decides")  # fmt: skip
        if over:
            text += f". **Too strict for it**: {names(k.name for k in over)}"
        elif not mine:
            text += ". No objective of that service is here"
        lines.append(f"{text}.")
    return lines


def threshold_sentences(
    tables: Mapping[tuple[str, str], pd.DataFrame | SrelibError], *, pass_probability: float
) -> list[str]:
    """Latency: what can be promised within which bound.

    Parameters
    ----------
    tables : mapping of (service, name) to DataFrame
        Results of `srelib.targets.thresholds`, or the errors in their place.
    pass_probability : float
        Probability with which the next window must meet the target [fraction].
    """
    if not tables:
        return [NO_HISTOGRAM]
    lines = []
    for key, found in tables.items():
        who = name(" ".join(key))
        if isinstance(found, SrelibError):
            lines.append(f"{who}: {markdown(found, limit=300)}")
            continue
        best = found[found["chosen"]].sort_values("threshold", kind="stable")
        best = best.drop_duplicates("target")
        p = wording.percent(pass_probability)
        if not len(best):
            lines.append(f"{who}: no bound keeps any target tried with {p}.")
            continue
        pairs = [f"{wording.percent(target)} within {bound:g}"
                 for bound, target in best[["threshold", "target"]].to_numpy()]  # fmt: skip
        lines.append(f"{who} can promise, each with {p}: {wording.listing(pairs, limit=12)} (in "
                     "the unit of the bounds). Between two bounds nobody can count, so none is "
                     "offered.")  # fmt: skip
    return lines
