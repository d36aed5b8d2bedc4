"""Every service asked twice: what its deployments cost, and with the fleet's answer the rest."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from srelib import cache, fleet, tradeoff
from srelib.errors import SrelibError
from srelib.partitioned import service as asked
from srelib.partitioned.answers import FleetSummary
from srelib.partitioned.engines import Answers, Engine, Processes
from srelib.partitioned.folder import Parts, read, with_rows
from srelib.partitioned.service import Settings

Progress = Callable[[str, int, int], None]


def summarize(
    folder: str | Path,
    *,
    on: Engine | None = None,
    settings: Settings | None = None,
    step: str | None = None,
    keep: bool = True,
    progress: Progress | None = None,
) -> FleetSummary:
    """Ask every service of a folder everything, holding the counts of one service at a time.

    Parameters
    ----------
    folder : str or Path
        Exports; the counts in Parquet by service, as `srelib rollup` writes them.
    on : Engine, optional
        Where, as from `engine`; by default processes of this machine.
    settings : Settings, optional
    step : str, optional
        Length of a bucket, where the counts are a table of Spark.
    keep : bool
        Keep what was answered, so that a run that ended goes on.
    progress : callable, optional
        Takes what is asked, how many services are done, and of how many.

    Returns
    -------
    FleetSummary

    Raises
    ------
    InputError
        As of `srelib.load`.

    Examples
    --------
    >>> from srelib import shipped
    >>> found = summarize(shipped.sample(), on=Processes(1), keep=False)
    >>> found.services["checkout"].decision.verdict
    'make releases safer'
    """
    engine = Processes(1) if on is None else on
    settings = settings or Settings()
    tell = progress or (lambda what, done, total: None)
    with cache.using(cache.usual_folder() if keep else None):
        parts = read(folder, outline=engine.outline, step=step)
        first = partial(asked.effects, settings=settings)
        effects: dict[Any, Any] = {}
        for answers in _answers(engine, parts, lambda _: first, "effects", tell):
            for found in answers.values():
                effects |= {} if isinstance(found, SrelibError) else found
        adjusted = tradeoff.adjusted(dict(sorted(effects.items(), key=lambda one: one[0].service)))
        p_values = {key.service: one.adjusted_p_value
                    for key, one in fleet.answers(adjusted).items()}  # fmt: skip
        services: dict[str, Any] = {}

        def second(names: Sequence[str]) -> partial[Any]:
            own = {name: p_values[name] for name in names if name in p_values}
            return partial(asked.summary, settings=settings, p_values=own)

        for answers in _answers(engine, parts, second, "services", tell):
            services |= answers
    found = FleetSummary(
        parts.without_counts().base, parts.between, settings,
        {name: services[name] for name in parts.services},
        fleet.pooled(adjusted, tradeoff.fleet_effect),
    )  # fmt: skip
    if parts.step is None:
        return found
    rows = found.rows
    sources = with_rows(found.base.sources, {
        "rows_read": rows["read"], "rows_kept": rows["kept"],
        "rows_rejected": rows["left_out"] + rows["refused"]})  # fmt: skip
    return replace(found, base=replace(found.base, sources=sources))


def _answers(
    on: Engine,
    parts: Parts,
    question: Callable[[Sequence[str]], partial[Any]],
    what: str,
    tell: Progress,
) -> Iterator[Answers]:
    """The answers to all services, those first that are kept from a run before."""
    names, done = parts.services, 0
    chunks = [names[at : at + on.together] for at in range(0, len(names), on.together)]
    known = _identity(parts)
    tasks, entries = [], []
    tell(what, 0, len(names))
    for chunk in chunks:
        asking = question(chunk)
        entry = cache.key(
            "fleet", known, asking.func.__name__, asking.keywords,
            [[name, parts.checks.get(name)] for name in chunk],
        ) if cache.in_use() else ""  # fmt: skip
        if entry and (kept := cache.get(entry)) is not None:
            done += len(chunk)
            tell(what, done, len(names))
            yield pickle.loads(kept)  # of a folder that nobody else can write in
        else:
            tasks.append((chunk, asking))
            entries.append(entry)
    for number, answers in on.ask(parts, tasks):
        if entries[number]:
            cache.put(entries[number], pickle.dumps(answers))
        done += len(answers)
        tell(what, done, len(names))
        yield answers


def _identity(parts: Parts) -> list[Any]:
    """What every answer depends on beside the counts of a service in Parquet."""
    return [sorted(parts.base.sources["sha256"]), str(parts.base.as_of), str(parts.between),
            str(parts.step)]  # fmt: skip
