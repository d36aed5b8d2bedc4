"""Good and total events of objectives from a Prometheus, as answers of its own API.

A server answers at most 11,000 points at a time, so a span is asked for in pieces.
Each piece is a file of its own, and what is there already is not asked for again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from srelib import web
from srelib.alerts.rules import counted
from srelib.errors import InputError, ParameterError
from srelib.slos import Slo

TOKEN = "PROMETHEUS_TOKEN"
"""Environment variable that holds the bearer token, if the server asks for one."""
POINTS = 10_000
MINUTE = pd.Timedelta("1min")
FOLDER = "prometheus"


@dataclass(frozen=True)
class Piece:
    """A part of the span of an objective: what is asked for, and its file."""

    slo: Slo
    query: str
    first: pd.Timestamp
    last: pd.Timestamp
    file: Path


def collect(
    url: str,
    slos: Iterable[Slo],
    *,
    since: pd.Timestamp,
    until: pd.Timestamp,
    out: Path,
    step: pd.Timedelta = MINUTE,
    pause: float = 0.1,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> list[Path]:
    """Write what a Prometheus knows of each objective, and the entries that say what is what.

    Parameters
    ----------
    url : str
        Of the server, or of what speaks as it does (Thanos, Mimir, VictoriaMetrics). A bearer
        token is taken from the environment (`TOKEN`) and sent over https only, or to this machine.
    slos : iterable of Slo
        Objectives whose documents name the metrics of good (or bad) and all events.
    since, until : Timestamp
        Span; `until` is not part of it.
    out : Path
        Folder of exports; the answers go to ``prometheus/`` in it.
    step : Timedelta
        Length of a bucket; at least twice the interval of scraping.
    pause : float
        Between two questions [s].
    progress : callable
        ``progress(name, done, in all)`` after each piece.

    Returns
    -------
    list of Path
        Every piece of the span, also those that were there.

    Raises
    ------
    InputError
        The server cannot be reached, refuses, or does not understand; pieces that came stay.
    SloError
        An objective without usable queries.
    """
    if since >= until:
        raise ParameterError(f"since must be before until; got {since} and {until}.")
    pieces = [piece for slo in slos for piece in _pieces(slo, since, until, out, step)]
    if not pieces:
        raise InputError("there is no objective", fix="write one into slos.yaml (srelib init)")
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    for done, piece in enumerate(pieces, start=1):
        if not piece.file.exists():
            _write(piece, _answer(url, piece, step))
            time.sleep(pause)
        progress(piece.slo.name, done, len(pieces))
    return [piece.file for piece in pieces]


def add_entries(slos: Iterable[Slo], *, step: pd.Timedelta, out: Path) -> str:
    """Say in `sources.toml` what the files hold; what a file that is there does not say of them."""
    file = out / "sources.toml"
    said = file.read_text("utf-8") if file.exists() else ""
    blocks = [
        f'[[file]]\nmatch = "{FOLDER}/{_slug(slo)}.*.json"\nunit = "count"\n'
        f'step = "{step.total_seconds():g}s"\n\n  [[file.series]]\n'
        f"  service = {json.dumps(slo.service)}\n  sli = {json.dumps(slo.sli)}\n"
        "  good = '{events=\"good\"}'\n  total = '{events=\"total\"}'\n"
        for slo in slos if f'match = "{FOLDER}/{_slug(slo)}.*.json"' not in said
    ]  # fmt: skip
    if not file.exists():
        file.write_text("\n".join(blocks), "utf-8")
        return ""
    return "\n".join(blocks)


def _pieces(
    slo: Slo, since: pd.Timestamp, until: pd.Timestamp, out: Path, step: pd.Timedelta
) -> Iterator[Piece]:
    """Parts of whole days where a bucket is short; the same ones whenever they are asked for."""
    query, size = _query(slo, step), POINTS * step
    size = max(size.floor("1D"), step) if size >= pd.Timedelta("1D") else size
    start = since.ceil(step)
    while start < until:
        end = min(pd.Timestamp(0, tz="UTC") + ((start.timestamp() // size.total_seconds()) + 1)
                  * size, until.ceil(step))  # fmt: skip
        name = f"{_slug(slo)}.{start:%Y%m%dT%H%M%S}.{end:%Y%m%dT%H%M%S}.json"
        yield Piece(slo, query, start, end - step, out / FOLDER / name)
        start = end


def _query(slo: Slo, step: pd.Timedelta) -> str:
    """Both counts of each bucket, told apart by the label ``events``.

    Where all events are unknown so are the good ones; where there are some, no series of good or
    of bad ones means none.
    """
    total, good = counted(slo, step)
    named = 'label_replace({}, "events", "{}", "", "")'
    return f"{named.format(total, 'total')} or {named.format(f'{good} and on() {total}', 'good')}"


def _answer(url: str, piece: Piece, step: pd.Timedelta) -> bytes:
    """The answer of the server, as it is."""
    content, _ = web.answer(
        f"{url.rstrip('/')}/api/v1/query_range",
        about=f"{piece.slo.name} from {piece.first:%Y-%m-%d %H:%M}", token=TOKEN, check=_check,
        data={"query": piece.query, "start": piece.first.timestamp(),
              "end": piece.last.timestamp(), "step": step.total_seconds()},
    )  # fmt: skip
    return content


def _check(content: bytes) -> None:
    """ValueError where the content is not the whole answer of a range query."""
    found = json.loads(content)
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, dict) or data.get("resultType") != "matrix":
        raise ValueError("the answer is not that of a range query")


def _write(piece: Piece, content: bytes) -> None:
    """The piece, whole or not at all; shorter ones of the same start are replaced by it."""
    unfinished = piece.file.with_name(f".{piece.file.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(piece.file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(f"{piece.file.name} cannot be written ({error.strerror})",
                         fix="make room, and run it again: it goes on here") from error  # fmt: skip
    slug, start = piece.file.name.split(".")[:2]
    for other in piece.file.parent.glob(f"{slug}.{start}.*.json"):
        if other != piece.file:
            other.unlink()


def _slug(slo: Slo) -> str:
    return re.sub(r"[^a-z0-9]+", "-", slo.name.lower()).strip("-") or "objective"
