"""A folder of exports read a service at a time: its counts stay where they lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from srelib import dataset, objectives, tables
from srelib.dataset import Dataset, Explored, Names, explored
from srelib.errors import InputError, ParameterError
from srelib.fleet import Indicator
from srelib.folder import joining, selection
from srelib.folder.files import listing
from srelib.readers import rollup_table
from srelib.slos import Slo
from srelib.tradeoff.association import Span, _overlap

T = TypeVar("T")

Outline = Callable[[Sequence[Path]], pd.DataFrame | None]
"""What gives service, sli, rows, first, last and checksum of each series in Parquet files; None
where there is none."""

NOTHING = np.array([], dtype="int64")

COUNTS = "sli/*.parquet"
"""What the files of counts together are called."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What a folder says of every service; of counts in Parquet only their outline.

    Parameters
    ----------
    base : Dataset
        All tables but the counts that lie in Parquet; of these the first and last bucket.
    step : Timedelta or None
        Length of their buckets; None: all counts are in `base`.
    files : mapping of str to tuple of Path
        Files with the counts of each service.
    checks : mapping of str to tuple
        What tells whether the counts of a service are still the same.
    """

    base: Dataset
    step: pd.Timedelta | None = None
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    checks: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @cached_property
    def indicators(self) -> list[Indicator]:
        """The objectives that are asked about; all series, where none has data."""
        base, held = self.base, [(s, i) for s, i in self.base.series[["service", "sli"]].to_numpy()]
        there = {*held}
        known = [slo for slo in base.slos if not slo.composite and (slo.service, slo.sli) in there
                 and (slo.valid_from is None or slo.valid_from < base.as_of)]  # fmt: skip
        if known:
            return [Indicator(slo.name, slo.service, slo.sli, slo.target) for slo in known]
        return [Indicator(f"{s} {i}", s, i) for s, i in held]

    @cached_property
    def between(self) -> Span | None:
        """The time on which both reliability and deployments are on record, for all services."""
        asked = objectives.per_service({key: pd.DataFrame() for key in self.indicators})
        names = {(key.service, key.sli) for key in asked}
        every = self.base.series.to_dict("records")
        own = [row for row in every if (row["service"], row["sli"]) in names]
        rows = [row for row in own if row["last"] > row["first"]]
        ends = selection.ends(pd.DataFrame(rows)) if rows else []
        seen = [(row["first"], end) for row, end in zip(rows, ends, strict=True)]
        return _overlap(
            seen, self.base.deployments, incidents=self.base.incidents, as_of=self.base.as_of
        )

    def without_counts(self) -> Parts:
        """The same to be sent to another process."""
        return replace(self, base=replace(self.base, sli=tables.empty("sli")))

    def counts(self, service: str) -> pd.DataFrame | None:
        """Rows of one service: of its files where they lie in Parquet."""
        if self.step is None:
            return self.base.sli.iloc[self._rows[service]] if service in self._rows else None
        if service not in self.files:
            return None
        found = [rollup_table.rows(path, path.name) for path in self.files[service]]
        if any(step != self.step for _, step in found):
            raise InputError("buckets are not as long as in other files",
                             file=self.files[service][0].name,
                             fix="run srelib rollup on all logs together")  # fmt: skip
        rows = pd.concat([rows for rows, _ in found], ignore_index=True)
        return rows[rows["service"] == service].reset_index(drop=True)

    def of(self, service: str, counts: pd.DataFrame | None) -> Dataset:
        """Everything about one service, with its counts."""
        return self._with([service], counts)

    def together(self, services: Sequence[str]) -> Dataset:
        """Everything about some services, with their counts, as `srelib.load` would have it."""
        if self.step is None:
            return self.base
        held = [self.counts(name) for name in services if name in self.files]
        part = self._with(services, pd.concat(held, ignore_index=True) if held else None)
        return self._accounted(part, len(part.sli), part.rejects)

    def described(self) -> Dataset:
        """Everything but the counts, with what was seen in those of each service in turn."""
        if self.step is None:
            return self.base
        kept, series, rejects = 0, [], []
        for name in self.files:
            own = self.of(name, self.counts(name))
            kept += len(own.sli)
            series.append(own.series)
            rejects.append(own.rejects)
        whole = replace(self.base, series=tables.stacked(series, "series"))
        return self._accounted(whole, kept, tables.stacked(rejects, "rejects"))

    def _accounted(self, part: Dataset, kept: int, rejects: pd.DataFrame) -> Dataset:
        """With what became of the rows of counts."""
        rows = {"rows_kept": kept, "rows_rejected": len(rejects), "rows_read": kept + len(rejects)}
        every = tables.stacked([self.base.rejects, rejects], "rejects")
        return replace(part, rejects=every, sources=with_rows(part.sources, rows))

    def _with(self, services: Sequence[str], counts: pd.DataFrame | None) -> Dataset:
        own: dict[str, Any] = {name: self._of(name, services) for name in tables.EXPORTS[1:]}
        at = np.concatenate([NOTHING, *self._at(self._of_series, services)])
        series = self.base.series.iloc[at]
        rejects = self.base.rejects.iloc[:0]
        sli = tables.empty("sli") if counts is None else counts.reset_index(drop=True)
        if counts is not None and self.step is not None:
            result = rollup_table.result(counts, self.step, Path(COUNTS), COUNTS)
            known, found, _ = joining.joined_indicators([result], [COUNTS], {})
            sli, series = known.frame, joining.described(known.frame, known)
            rejects = tables.stacked([result.rejects, *found], "rejects")
        slos = [slo for own in self._at(self._slos, services) for slo in own
                if {*slo.member_services} <= {*services}]  # fmt: skip
        return replace(self.base, **own, sli=sli, series=series, slos=slos, rejects=rejects)

    @property
    def services(self) -> list[str]:
        """Every service any table names, sorted."""
        return self.base.services

    @cached_property
    def _rows(self) -> dict[str, slice]:
        """Rows of the counts of each service."""
        found: dict[str, slice] = {}
        for (service, _), (start, stop) in joining.spans(self.base.sli).items():
            first = found[service].start if service in found else start
            found[service] = slice(first, stop)
        return found

    @staticmethod
    def _at(own: Mapping[str, T], services: Sequence[str]) -> list[T]:
        return [own[name] for name in services if name in own]

    @cached_property
    def _of_series(self) -> dict[Any, Any]:
        return self.base.series.groupby("service", observed=True).indices

    @cached_property
    def _slos(self) -> dict[str, list[Slo]]:
        found: dict[str, list[Slo]] = {}
        for slo in self.base.slos:
            found.setdefault(slo.service, []).append(slo)
        return found

    @cached_property
    def _places(self) -> dict[str, tuple[dict[Any, np.ndarray], np.ndarray]]:
        """Rows of each service in each table, and those that are about all."""
        found = {}
        for name in tables.EXPORTS[1:]:
            frame = getattr(self.base, name)
            of_all = frame["service"].isna() if name in tables.PLANNED else NOTHING
            own = frame.groupby("service", observed=True).indices
            found[name] = (own, np.flatnonzero(of_all))
        return found

    def _of(self, table: str, services: Sequence[str]) -> pd.DataFrame:
        own, of_all = self._places[table]
        at = np.sort(np.concatenate([NOTHING, *self._at(own, services), of_all]))
        frame: pd.DataFrame = getattr(self.base, table)
        return frame.iloc[at].reset_index(drop=True)


def load(path: str | Path, *, service: Names | None = None, team: Names | None = None) -> Dataset:
    """As `srelib.load`; of counts in Parquet only those of the services and teams asked for.

    Parameters
    ----------
    path : str or Path
        Folder of exports.
    service, team : str or collection of str, optional
        As of `Dataset.of`, which also takes the rest of this folder down to them.

    Raises
    ------
    InputError, ParameterError
        As of `srelib.load` and `Dataset.of`.

    Examples
    --------
    >>> from srelib import shipped
    >>> len(load(shipped.sample(), service="search").of("search").slos)
    2
    """
    if service is None and team is None:
        return dataset.load(path)
    try:
        parts = read(path)
    except InputError:  # a folder that cannot be read in parts may be read as a whole
        return dataset.load(path)
    return parts.together(parts.base.of(service, team=team).services)


def with_rows(sources: pd.DataFrame, rows: Mapping[str, int]) -> pd.DataFrame:
    """Table `sources` with what became of the rows that only their outline stood for."""
    return sources.assign(**{
        name: sources[name].where(sources["file"] != COUNTS, many) for name, many in rows.items()
    })  # fmt: skip


def read(path: str | Path, *, outline: Outline | None = None, step: str | None = None) -> Parts:
    """Read a folder, of counts in Parquet only where they begin and end.

    Parameters
    ----------
    path : str or Path
        Folder of exports; its counts lie in the Parquet that `srelib rollup` writes, or in any
        other export, and then they are held in memory.
    outline : callable, optional
        What looks at the Parquet; by default DuckDB.
    step : str, optional
        Length of a bucket, where no file of the folder says it, such as ``"1m"``.

    Returns
    -------
    Parts

    Raises
    ------
    InputError
        As of `srelib.load`; or counts lie both in Parquet and in other exports.

    Examples
    --------
    >>> from srelib import shipped
    >>> read(shipped.sample()).services[:2]
    ['billing', 'catalog']
    """
    found, parts = looked_at(path, outline=outline, step=step)
    if found.problems:
        raise dataset._together(found)
    assert parts is not None
    return parts


def looked_at(
    path: str | Path, *, outline: Outline | None = None, step: str | None = None
) -> tuple[Explored, Parts | None]:
    """The same, with every problem of every file; no parts where nothing could be read."""
    path = Path(path)
    files = [one for one in listing(path)[1] if one.suffix == ".parquet"]
    length = None if step is None else _length(step)
    if files and length is None:
        length = rollup_table.rows(files[0], files[0].name)[1]
    seen = (outline or of_files)(files)
    if seen is None:
        found = explored(path)
        return found, Parts(found.dataset) if found.dataset is not None else None
    if length is None:
        raise InputError("how long a bucket is, no file says", fix="say it with --every 1m")
    if seen.empty:
        raise InputError("the Parquet files hold no counts", fix="run srelib rollup again")
    if len(bare := seen[seen["service"].isna()]):
        raise InputError(f"{int(bare['rows'].sum()):,} rows of counts name no service",
                         fix="run srelib rollup again")  # fmt: skip
    ends = [seen[["service", "sli"]].assign(time=seen[name]) for name in ("first", "last")]
    rows = pd.concat(ends, ignore_index=True).drop_duplicates().assign(good=0.0, total=0.0)
    found = explored(path, outline=rollup_table.result(rows, length, path, COUNTS))
    if found.dataset is None:
        return found, None
    sources = found.dataset.sources
    fed = sources["table"].fillna("").str.split(", ").map(lambda names: "sli" in names)
    if len(others := sources["file"][fed & (sources["file"] != COUNTS)]):
        raise InputError(
            "counts lie both in Parquet and in another export", file=str(others.iloc[0]),
            fix="move one of them out of the folder",
        )  # fmt: skip
    own: dict[str, list[Path]] = {}
    checks: dict[str, list[tuple[str, ...]]] = {}
    for row in seen.to_dict("records"):
        own.setdefault(row["service"], []).extend(map(Path, row.get("files", ())))
        kept = ("sli", "rows", "first", "last", "checksum")
        checks.setdefault(row["service"], []).append(tuple(str(row[name]) for name in kept))
    listed = {name: tuple(sorted(set(paths))) for name, paths in own.items()}
    known = {name: tuple(rows) for name, rows in checks.items()}
    return found, Parts(found.dataset, length, listed, known)


def of_files(files: Sequence[Path]) -> pd.DataFrame | None:
    """The outline of Parquet files, by DuckDB."""
    import duckdb

    if not files:
        return None
    try:
        with duckdb.connect() as db:
            return db.execute(
                OUTLINE.format(rows="read_parquet(?, filename = true, hive_partitioning = false)",
                               hash="hash", files=", list(DISTINCT filename) AS files"),
                [[str(file) for file in files]],
            ).df()  # fmt: skip
    except duckdb.Error as error:
        what = str(error).strip().splitlines()[0]
        raise InputError(f"the Parquet files cannot be read ({what})",
                         fix="run srelib rollup again") from error  # fmt: skip


OUTLINE = """
SELECT service, sli, count(*) AS rows, min(time) AS first, max(time) AS last,
       bit_xor({hash}(time, good, total)) AS checksum{files}
FROM {rows} GROUP BY service, sli ORDER BY service, sli"""


def _length(step: str) -> pd.Timedelta:
    try:
        length = pd.Timedelta(step)
    except ValueError:
        length = pd.Timedelta(0)
    if not length > pd.Timedelta(0):
        raise ParameterError(f"every takes a length such as 1m; got {step!r}.")
    return length
