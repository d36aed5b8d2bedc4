"""Error-budget policies: what they are, and the ones that come ready-made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from srelib.errors import ParameterError
from srelib.windows import Window
from srelib.windows.window import _as_window, _check_zone

FOUR_WEEKS = Window(pd.Timedelta(days=28))
WORKING_DAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What happens to releases when the error budget runs low, decided anew once a day.

    Parameters
    ----------
    name : str, for sentences and figures
    freeze_below : float or None, releases halt when less than this share of the allowance is left
        [fraction]; 0: when it is overspent. None: they never halt.
    thaw_above : float, optional, a freeze ends when at least this share is left again [fraction];
        default: `freeze_below`
    slow_below : float, optional, with less left than this, releases are rationed [fraction]; None:
        never
    slow_to : int, optional, releases allowed in any seven days while they are rationed
    until : {'budget', 'slo'}, a freeze ends when the budget is back, or ('slo') when the last
        `recent` kept the target
    recent : Timedelta or str, what 'slo' looks at
    window : Window, Timedelta, str or None, of the budget; None: that of the objective
    exempt_fixes : bool, whether unplanned deployments (fixes, rollbacks) go through
    hour, timezone : int, str, hour of the day [h] and its IANA zone at which is decided, and what
        was held let go
    release_days : tuple of int, days of the week on which what was held is let go (0 is Monday)

    Raises
    ------
    ParameterError
        A share that is no number, a rationing without a number, an unknown zone, ...

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly 2018, chapter 2 and appendix B.

    Examples
    --------
    >>> Policy(name="early", freeze_below=0.2, window="28d").thaw
    0.2
    """

    name: str
    freeze_below: float | None = 0.0
    thaw_above: float | None = None
    slow_below: float | None = None
    slow_to: int | None = None
    until: str = "budget"
    recent: pd.Timedelta | str = "7d"
    window: Window | pd.Timedelta | str | None = None
    exempt_fixes: bool = True
    hour: int = 9
    timezone: str = "UTC"
    release_days: tuple[int, ...] = WORKING_DAYS

    def __post_init__(self) -> None:
        """Refuse what cannot be a policy."""
        _check_shares(self)
        _check_cadence(self)
        object.__setattr__(self, "recent", _as_window(self.recent).duration)
        if self.window is not None:
            object.__setattr__(self, "window", _as_window(self.window))

    @property
    def thaw(self) -> float | None:
        """Share of the budget at which a freeze ends [fraction]."""
        return self.freeze_below if self.thaw_above is None else self.thaw_above

    @property
    def acts(self) -> bool:
        """Whether it can hold anything at all."""
        return self.freeze_below is not None or self.slow_below is not None


def _check_shares(policy: Policy) -> None:
    for name in ("freeze_below", "thaw_above", "slow_below"):
        value = getattr(policy, name)
        if value is not None and not (isinstance(value, (int, float)) and value <= 1):
            raise ParameterError(
                f"{name} must be a share of the budget, at most 1; got {value!r}. "
                "For 20 % left write 0.2."
            )
    freeze, thaw = policy.freeze_below, policy.thaw_above
    if thaw is not None and (freeze is None or thaw < freeze):
        raise ParameterError(f"thaw_above must not lie below freeze_below ({freeze}); got {thaw}.")
    if (policy.slow_below is None) != (policy.slow_to is None):
        raise ParameterError(
            "slow_below and slow_to belong together; "
            f"got {policy.slow_below!r} and {policy.slow_to!r}."
        )
    if policy.slow_to is not None and policy.slow_to < 1:
        raise ParameterError(f"slow_to must be at least 1 release a week; got {policy.slow_to}.")


def _check_cadence(policy: Policy) -> None:
    ParameterError.check_one_of(policy.until, "until", ("budget", "slo"))
    if policy.hour not in range(24):
        raise ParameterError(f"hour must be a whole hour from 0 to 23; got {policy.hour!r}.")
    if not policy.release_days or set(policy.release_days) - set(range(7)):
        raise ParameterError(
            f"release_days must hold days from 0 (Monday) to 6; got {policy.release_days!r}."
        )
    _check_zone(policy.timezone)


READY: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(name="none", freeze_below=None),
        Policy(name="workbook", window=FOUR_WEEKS),
        Policy(name="objective's window"),
        Policy(name="early", window=FOUR_WEEKS, freeze_below=0.2),
        Policy(name="cautious", window=FOUR_WEEKS, thaw_above=0.2),
        Policy(name="week", window=FOUR_WEEKS, until="slo"),
        Policy(name="slow down", window=FOUR_WEEKS, slow_below=0.25, slow_to=2),
        Policy(name="slow only", window=FOUR_WEEKS, freeze_below=None, slow_below=0.0, slow_to=1),
    )
}
"""Ready-made policies; 'workbook' is the one of the Workbook: four weeks, nothing left."""


def named(
    name: str,
    *,
    freeze_below: float | None = None,
    window: Window | pd.Timedelta | str | None = None,
    timezone: str = "UTC",
    exempt_fixes: bool = True,
) -> Policy:
    """A ready-made policy, with what differs where you are, which its name then says.

    Parameters
    ----------
    name : str, one of `READY`
    freeze_below, window : optional, another share at which releases halt [fraction], another
        window; default: those of the policy
    timezone, exempt_fixes : as in `Policy`

    Raises
    ------
    ParameterError
        The name is not known, or a value is not allowed.

    Examples
    --------
    >>> str(named("workbook").window), named("workbook", freeze_below=0.1, window="14d").name
    ('28 days', 'workbook at 0.1 over 14 days')
    """
    ParameterError.check_one_of(name, "policy", READY)
    found = replace(READY[name], timezone=timezone, exempt_fixes=exempt_fixes)
    if freeze_below is not None:
        found = replace(found, freeze_below=freeze_below, name=f"{found.name} at {freeze_below:g}")
    if window is not None:
        whole = _as_window(window)
        found = replace(found, window=whole, name=f"{found.name} over {whole}")
    return found


def ready_made(*, timezone: str = "UTC", exempt_fixes: bool = True) -> dict[str, Policy]:
    """Every ready-made policy that holds anything.

    Parameters
    ----------
    timezone, exempt_fixes : as in `Policy`

    Examples
    --------
    >>> list(ready_made())[:2]
    ['workbook', "objective's window"]
    """
    acting = [name for name, policy in READY.items() if policy.acts]
    return {name: named(name, timezone=timezone, exempt_fixes=exempt_fixes) for name in acting}


def grid(
    *,
    windows: tuple[str, ...] = ("7d", "14d", "28d", "90d"),
    thresholds: tuple[float, ...] = (0.0, 0.1, 0.25, 0.5),
    timezone: str = "UTC",
    exempt_fixes: bool = True,
) -> dict[str, Policy]:
    """Freezes over several windows and thresholds, to see how much the answer depends on them.

    Parameters
    ----------
    windows : tuple of str, rolling windows
    thresholds : tuple of float, shares of the budget left at which releases halt [fraction]
    timezone, exempt_fixes : as in `Policy`

    Examples
    --------
    >>> list(grid(windows=("28d",), thresholds=(0.0, 0.1)))
    ['28d at 0%', '28d at 10%']
    """
    policies = [
        Policy(name=f"{window} at {share:.0%}", window=window, freeze_below=share,
               timezone=timezone, exempt_fixes=exempt_fixes)
        for window in windows for share in thresholds
    ]  # fmt: skip
    return {policy.name: policy for policy in policies}
