"""The effect of several services, corrected for how many were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from srelib.errors import SrelibError
from srelib.tradeoff.effect import deployment_effect
from srelib.tradeoff.model import Effect

K = TypeVar("K")


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
    found: dict[K, Effect | SrelibError] = {}
    for key, frame in counts.items():
        service = getattr(key, "service", key)
        target = (targets or {}).get(key, getattr(key, "target", None))
        known = target if target is not None and target == target else None
        try:
            found[key] = deployment_effect(
                frame["good"],
                frame["total"],
                _of(deployments, service),
                incidents=None if incidents is None else _of(incidents, service),
                exclusions=exclusions,
                target=known,
                **options,
            )
        except SrelibError as error:
            found[key] = error
    return _adjusted(found)


def _of(table: pd.DataFrame, service: Any) -> pd.DataFrame:
    return table[table["service"] == service]


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
