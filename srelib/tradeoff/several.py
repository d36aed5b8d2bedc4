"""The effect of several services, corrected for how many were asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from srelib.errors import SrelibError
from srelib.tradeoff.effect import deployment_effect
from srelib.tradeoff.model import Effect

K = TypeVar("K")
THREADS = 4
"""Services worked on at once, as far as there are cores; each answer is its own."""


def effects(
    counts: Mapping[K, pd.DataFrame],
    deployments: pd.DataFrame,
    *,
    incidents: pd.DataFrame | None = None,
    exclusions: pd.DataFrame | None = None,
    targets: Mapping[K, float] | None = None,
    **options: Any,
) -> dict[K, Effect | SrelibError]:
    """The effect of deployments on each service, corrected for how many were asked.

    Parameters
    ----------
    counts : mapping of service to DataFrame
        Columns good and total [events]; the key is the name of the service, or has it as
        ``service`` (an ``Indicator``).
    deployments : DataFrame
        Table ``deployments`` of all services, production only.
    incidents, exclusions : DataFrame, optional
        Tables of all services.
    targets : mapping, optional
        Service level objective [fraction] of each key; an ``Indicator`` brings its own.
    **options
        As in `deployment_effect`.

    Returns
    -------
    dict
        By key of `counts`; the error in place of the answer where there is none.
    """
    shipped, down = _apart(deployments), {} if incidents is None else _apart(incidents)

    def one(key: K) -> Effect | SrelibError:
        service, frame = getattr(key, "service", key), counts[key]
        target = (targets or {}).get(key, getattr(key, "target", None))
        try:
            return deployment_effect(
                frame["good"],
                frame["total"],
                shipped.get(service, deployments[:0]),
                incidents=None if incidents is None else down.get(service, incidents[:0]),
                exclusions=_of(exclusions, service),
                target=target if target is not None and target == target else None,
                **options,
            )
        except SrelibError as error:
            return error

    with ThreadPoolExecutor(max_workers=min(THREADS, os.cpu_count() or 1)) as pool:
        return _adjusted(dict(zip(counts, pool.map(one, counts), strict=True)))


def _apart(table: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    return dict(iter(table.groupby("service", sort=False)))


def _of(exclusions: pd.DataFrame | None, service: Any) -> pd.DataFrame | None:
    """Those of a service, and those that name none and so apply to all."""
    if exclusions is None or "service" not in exclusions:
        return exclusions
    return exclusions[exclusions["service"].isna() | (exclusions["service"] == service)]


def _adjusted(found: dict[K, Effect | SrelibError]) -> dict[K, Effect | SrelibError]:
    from scipy.stats import false_discovery_control

    keys = [k for k, e in found.items() if isinstance(e, Effect) and not np.isnan(e.p_value)]
    if not keys:
        return found
    raw = [e.p_value for k in keys if isinstance(e := found[k], Effect)]
    fixed = dict(zip(keys, false_discovery_control(raw), strict=True))
    return {
        key: replace(e, adjusted_p_value=float(fixed[key]))
        if isinstance(e, Effect) and key in fixed
        else e
        for key, e in found.items()
    }
