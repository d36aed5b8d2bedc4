"""What `srelib init` proposes for a folder that already holds exports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, count
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

import srelib
from srelib.errors import InputError
from srelib.folder.source_entries import PASTE
from srelib.partitioned.folder import Parts, looked_at
from srelib.targets.candidates import LADDER, MIN_BUDGET_EVENTS
from srelib.windows import rolling_ratio
from srelib.wording import duration, percent

WINDOW = pd.Timedelta(days=28)

_SOURCES = (
    "# What your exports do not say themselves, as srelib init proposes it.\n"
    "# Examples of everything that can be said follow below.\n"
)
_SLOS = (
    "# What you promise, in OpenSLO v1 (https://github.com/OpenSLO/OpenSLO): one objective for\n"
    "# each indicator in the exports, as srelib init proposes it. A proposed target is the\n"
    "# strictest common one that every 28 days of the history met and whose budget is at least\n"
    "# ten events (or ten buckets). It is a starting point: what users need is for you to say.\n"
)


def proposed(folder: Path) -> dict[str, str] | None:
    """Text by name of the files to write, without those that are there and need nothing more; None
    where no export lies in the folder, which need not be there.
    """
    try:
        seen, parts = looked_at(folder)
    except InputError:
        return None
    if seen.dataset is None and not seen.entries:
        return None
    examples = _starter("sources.toml")
    texts = {"slos.yaml": _starter("slos.yaml"), "sources.toml": examples}
    if seen.entries:
        mark = PASTE.split("\n", 1)[0].partition(". ")[2]
        mark = f"# {mark}\n" + PASTE.split("\n", 1)[1]
        texts["sources.toml"] = f"{_SOURCES}{mark}\n{seen.entries}\n\n{examples}"
    elif (folder / "sources.toml").exists():
        del texts["sources.toml"]
    if parts is not None and len(parts.base.series):
        texts["slos.yaml"] = _objectives(parts)
    if not (folder / "README.md").exists():
        texts["README.md"] = _starter("README.md")
    return texts


def start(folder: Path, proposed: Mapping[str, str] | None = None) -> None:
    """Write what was proposed for its exports to a folder, else the files for a new one."""
    texts = proposed or {n: _starter(n) for n in ("README.md", "slos.yaml", "sources.toml")}
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", file=str(folder), fix="name a folder, new or not")
    if there := [name for name in texts if (folder / name).exists()]:
        problem = f"{', '.join(there)} would be overwritten"
        fix = "name another folder, or move the old file away first"
        raise InputError(problem, file=str(folder), fix=fix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (folder / name).open("xb") as file:
                file.write(text.encode())
    except OSError as error:
        fix = "name another folder, or check its permissions"
        problem = f"cannot be written ({error.strerror})"
        raise InputError(problem, file=str(folder), fix=fix) from None


def _starter(name: str) -> str:
    """A file as it is written to a new folder."""
    return Path(srelib.__file__).with_name("starter").joinpath(name).read_text(encoding="utf-8")


def _objectives(parts: Parts) -> str:
    """One OpenSLO document for each service and indicator."""
    names: set[str] = set()
    documents, document = [], Template(_starter("objective.yaml"))
    for row, counts in _series(parts):
        plain = re.sub(r"[^a-z0-9]+", "-", f"{row.service}-{row.sli}".lower()).strip("-") or "slo"
        numbered = (f"{plain}-{number}" for number in count(2))
        name = next(one for one in chain([plain], numbered) if one not in names)
        names.add(name)
        target, why = _target(counts, row)
        quoted = {key: json.dumps(str(getattr(row, key)), ensure_ascii=False)
                  for key in ("service", "sli")}  # fmt: skip
        documents.append(document.substitute(quoted, name=name, target=f"{target:g}", why=why))
    return "\n---\n".join([_SLOS.rstrip("\n"), *documents])


def _series(parts: Parts) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Every series with its counts, those of one service in memory at a time."""
    for service in dict.fromkeys(parts.base.series["service"]):
        own = parts.of(service, parts.counts(service))
        for row in own.series.itertuples(index=False):
            yield row, own.counts(service, str(row.sli))


def _target(counts: pd.DataFrame, row: object) -> tuple[float, str]:
    """The strictest common target that history met and traffic can resolve, and why."""
    good, total = counts["good"], counts["total"]
    known = total.notna() & good.notna()
    asked = float(total[known].sum())
    if not asked:
        return LADDER[0], "there were no events; any number here is a guess"
    step = pd.Timedelta(row.step_seconds, "s")  # type: ignore[attr-defined]
    span = counts.index[-1] - counts.index[0] + step
    worst, when = float(good[known].sum()) / asked, f"the history of {duration(span)} has"
    if pd.isna(row.period) and span > WINDOW:  # type: ignore[attr-defined]
        ratios = rolling_ratio(good, total, window=WINDOW)
        worst = float(ratios[ratios.index >= counts.index[0] + WINDOW].min())
        when = f"of the {duration(span)} of history the worst 28 days have"
    unit = row.step_seconds if row.weighting == "time" else 1.0  # type: ignore[attr-defined]
    expected = asked / unit * (WINDOW / span)
    met = [t for t in LADDER if t <= worst and expected * (1 - t) >= MIN_BUDGET_EVENTS]
    said = f"{when} {percent(worst)}".replace("\u00a0", " ")
    if met:
        return met[-1], said
    return LADDER[0], f"{said}, {'too few events' if worst >= LADDER[0] else 'less than that'}"
