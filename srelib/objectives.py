"""Which objectives and series a dataset holds, each with its counts.

Every notebook starts here: what is measured, by `Indicator`, with good and total on the full
regular index, missing buckets NaN. `exclusions`: planned maintenance and corrections are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from srelib import fleet
from srelib.budget import Excluded, exclude
from srelib.errors import SrelibError
from srelib.fleet import Indicator
from srelib.sli.composite import _member_counts, _unit
from srelib.targets.advice import BOUND

if TYPE_CHECKING:
    from srelib.dataset import Dataset
    from srelib.slos import Slo

T = TypeVar("T")

__all__ = [
    "excluded", "measured", "members", "per_service", "series", "with_target",
    "without_composites", "without_data", "without_target",
]  # fmt: skip
__dir__ = __all__.copy


def series(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every series of a dataset with its counts, objectives or not."""
    rows = dataset.series[["service", "sli", "unit"]].drop_duplicates(["service", "sli"])
    many, found = rows["service"].value_counts(), {}
    for service, sli, unit in rows.itertuples(index=False):
        alone = many[service] == 1 and sli == "availability"
        key = Indicator(service if alone else f"{service} {sli}", service, sli, unit=unit)
        found[key] = dataset.counts(service, sli)
    return found


def excluded(dataset: Dataset) -> dict[Indicator, Excluded | SrelibError]:
    """What maintenance takes out of every series, and schedules out of the objectives with one."""
    found = fleet.each(series(dataset), lambda key, counts: exclude(
        counts, dataset.exclusions, service=key.service, sli=key.sli))  # fmt: skip
    kept = {_indicator(dataset, slo): slo for slo in dataset.slos
            if slo.schedule and not slo.composite}  # fmt: skip
    return found | fleet.each(kept, lambda key, slo: exclude(
        dataset.counts(slo.service, slo.sli), None, service=slo.service, sli=slo.sli,
        schedule=slo.schedule))  # fmt: skip


def measured(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every objective that has data with its counts; every series where there is none."""
    return with_target(dataset) or series(dataset)


def with_target(dataset: Dataset, *, exclusions: bool = True) -> dict[Indicator, pd.DataFrame]:
    """Every objective that has data with its counts, and nothing else.

    A composite that is a weighted mean has a column of good and of total for each member.
    """
    return fleet.answers(_counts(dataset, exclusions=exclusions))


def without_composites(items: Mapping[Indicator, T]) -> dict[Indicator, T]:
    """What belongs to single objectives: composites would count events of members again.

    Examples
    --------
    >>> both = {Indicator("shop", composite="all events"): 1, Indicator("cart"): 2}
    >>> list(without_composites(both).values())
    [2]
    """
    return {key: item for key, item in items.items() if not key.composite}


def members(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every composite that has data, with a column of good and of total for each member."""
    made = {_indicator(dataset, slo): slo.composite for slo in dataset.slos if slo.composite}
    return fleet.answers(
        fleet.each(made, lambda _, one: _member_counts(one, dataset.series, dataset.slo_counts))
    )


def without_target(dataset: Dataset) -> dict[Indicator, pd.DataFrame]:
    """Every series that no objective is about, with its counts.

    Bounds of latency histograms are left out: they are no indicators by themselves.
    """
    single = [one for slo in dataset.slos
              for one in (slo.composite.members if slo.composite else (slo,))]  # fmt: skip
    about = {(one.service, one.sli) for one in single}
    return {key: counts for key, counts in series(dataset).items()
            if (key.service, key.sli) not in about and not BOUND.fullmatch(key.sli)}  # fmt: skip


def without_data(dataset: Dataset) -> dict[Indicator, SrelibError]:
    """Objectives whose data is not there, each with the error that says what to do."""
    return fleet.refusals(_counts(dataset))


def per_service(
    counts: Mapping[Indicator, pd.DataFrame], *, sli: str = "availability"
) -> dict[Indicator, pd.DataFrame]:
    """One indicator for each service, chosen by name and never by how it turned out.

    The worst of several would look worse than it is, because it was chosen for that; composites
    would count what their members count a second time.

    Parameters
    ----------
    counts : mapping of Indicator to DataFrame, good and total on a regular UTC index
    sli : str, name of the indicator wanted; a service without it keeps its first one

    Returns
    -------
    dict of Indicator to DataFrame
        At most one key for each service, in the order given.

    Examples
    --------
    >>> fast, up = (Indicator(sli, "shop", sli) for sli in ("latency", "availability"))
    >>> [key.sli for key in per_service({fast: pd.DataFrame(), up: pd.DataFrame()})]
    ['availability']
    """
    chosen: dict[str, Indicator] = {}
    for key in without_composites(counts):
        held = chosen.setdefault(key.service, key)
        if held.sli != sli and key.sli == sli:
            chosen[key.service] = key
    return {key: counts[key] for key in counts if chosen.get(key.service) is key}


def _counts(
    dataset: Dataset, *, exclusions: bool = True
) -> dict[Indicator, pd.DataFrame | SrelibError]:
    found = {_indicator(dataset, slo): slo for slo in dataset.slos}
    return fleet.each(found, lambda key, slo: dataset.slo_counts(slo, exclusions=exclusions))


def _indicator(dataset: Dataset, slo: Slo) -> Indicator:
    return Indicator(
        name=slo.display_name or slo.name,
        service=slo.service,
        sli=slo.sli,
        target=slo.target,
        window=slo.window,
        unit=_unit(dataset.series, slo),
        composite=slo.composite.rule if slo.composite else "",
        members=slo.member_services,
        targets=tuple(one for one in slo.targets if one[0] is None or one[0] < dataset.as_of),
    )
