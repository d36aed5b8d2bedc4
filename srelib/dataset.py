"""A folder of exports as one dataset: tables, objectives, provenance and rejects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from srelib import recurring, tables, wording
from srelib.errors import InputError, ParameterError, SloError
from srelib.folder import grid, joining, logs, records, selection, teams
from srelib.folder.files import REPORT_MARKER, Folder, listing, provenance
from srelib.folder.services import differing_names, named_in, several_services
from srelib.readers.base import FileResult
from srelib.shown import files
from srelib.slos.model import Documents
from srelib.windows.window import _grid

if TYPE_CHECKING:
    from srelib.slos import Slo
    from srelib.sources import Sources


__all__ = ["REPORT_MARKER", "Dataset", "load"]
__dir__ = __all__.copy


Names = str | Collection[str]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything a folder of exports says.

    Parameters
    ----------
    path : Path, the folder, or the one file, that was read
    as_of : Timestamp, "now": what was asked for, and then nothing in the tables is later, else the
        end of the last bucket of `sli`, else the latest time of any record that is not planned
    sli, deployments, changes, incidents, alerts, exclusions, annotations : DataFrame
        Canonical tables (`srelib.tables.TABLES`); annotations in order of their days.
    slos : list of Slo, objectives found
    series, sources, rejects : DataFrame, a row per series; per file; per record refused
    notes : tuple of str, what concerns no single file
    teams : Series, the team of each service that has one; index ``service``
    """

    path: Path
    as_of: pd.Timestamp
    sli: pd.DataFrame
    deployments: pd.DataFrame
    changes: pd.DataFrame
    incidents: pd.DataFrame
    alerts: pd.DataFrame
    exclusions: pd.DataFrame
    slos: list[Slo]
    series: pd.DataFrame
    sources: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
    annotations: pd.DataFrame = field(default_factory=lambda: tables.empty("annotations"))
    teams: pd.Series = field(default_factory=lambda: teams.Owners().teams)

    def _repr_html_(self) -> str:
        caption = f"{self.path.name}: {wording.listing(self.services)}; data end {self.as_of:%F %R}"
        return files(f"{caption} UTC", self.sources, self.rejects)._repr_html_()

    @property
    def services(self) -> list[str]:
        """Every service any table names, sorted."""
        named: set[str] = set(self.series["service"])
        for table in ("deployments", "changes", "incidents", "alerts"):
            named |= set(getattr(self, table)["service"].dropna())
        return sorted(named)

    @cached_property
    def _spans(self) -> dict[tuple[str, str], tuple[int, int]]:
        return joining.spans(self.sli)

    def counts(self, service: str, sli: str = "availability") -> pd.DataFrame:
        """Good and total of one indicator on its full, even index.

        Parameters
        ----------
        service, sli : str, the series

        Returns
        -------
        DataFrame
            good, total [events, or seconds where weighted by time]; index ``time`` in UTC from the
            first bucket to the last. Buckets that were not observed are NaN.

        Raises
        ------
        InputError
            There is no such series.
        """
        if (service, sli) not in self._spans:
            seen = ", ".join(f"{a} {b}" for a, b in list(self._spans)[:12]) or "none"
            raise InputError(
                f"there is no data for service {service!r}, indicator {sli!r}; series seen: {seen}",
                fix="correct the names in slos.yaml, or name service and sli in sources.toml",
            )
        start, stop = self._spans[service, sli]
        row = self.series[(self.series["service"] == service) & (self.series["sli"] == sli)]
        counts = self.sli.iloc[start:stop][["time", "good", "total"]]
        period = row["period"].iloc[0]
        if isinstance(period, str):
            return grid.on_calendar(counts, *period.split(" ", 1))
        return _grid(counts, step=pd.Timedelta(float(row["step_seconds"].iloc[0]), "s"))

    def exported(self, table: str) -> pd.DataFrame | None:
        """A table, or None where no file was about it: nothing on record is not nothing happened.

        It is empty where a file holds such records, and none of them counts.
        """
        rows: pd.DataFrame = getattr(self, table)
        fed = self.sources["table"].fillna("").str.split(", ").map(lambda names: table in names)
        return rows if len(rows) or fed.any() else None

    def slo_counts(self, slo: Slo, *, exclusions: bool = True) -> pd.DataFrame:
        """Good and total as an objective counts them, on an even UTC index.

        Parameters
        ----------
        slo : Slo, names the series and how it is counted (events or slices of time)
        exclusions : bool, leave out maintenance, corrections, and what is outside its schedule

        Returns
        -------
        DataFrame, as from `counts`

        Raises
        ------
        InputError
            There is no data for the objective.
        """
        from srelib.budget import exclude
        from srelib.sli.composite import _member_counts, _put_together
        from srelib.sli.time_based import _for_slo

        if slo.valid_from is not None and slo.valid_from >= self.as_of:
            raise InputError(
                f"the target of {slo.name!r} comes into force on {slo.valid_from:%Y-%m-%d %H:%M} "
                f"UTC, and the data end at {self.as_of:%Y-%m-%d %H:%M} UTC",
                fix="give a document with the target before that, or correct srelib/valid-from",
            )
        if slo.composite is not None:
            parts = _member_counts(
                slo.composite, self.series, lambda one: self.slo_counts(one, exclusions=exclusions)
            )
            return _put_together(parts, slo.composite.rule)
        counts, names = self.counts(slo.service, slo.sli), {"service": slo.service, "sli": slo.sli}
        if exclusions and (len(self.exclusions) or slo.schedule):
            counts = exclude(counts, self.exclusions, **names, schedule=slo.schedule).counts
        return _for_slo(counts, slo)

    def of(self, service: Names | None = None, *, team: Names | None = None) -> Dataset:
        """The same of one service or several; objectives and exclusions of others go with them.

        With a composite come the services it is made of.

        Parameters
        ----------
        service, team : str or collection of str, optional
            Only these services; only services of these teams.

        Raises
        ------
        ParameterError
            The data name no such service or team, or none that is of both.

        Examples
        --------
        >>> from srelib import simulate
        >>> simulate.fleet(seed=1).dataset.of("web").services
        ['web']
        """
        if service is None and team is None:
            return self
        named = sorted({*self.services, *(slo.service for slo in self.slos)})
        wanted = named if service is None else selection.known(service, named, "service")
        if team is not None:
            wanted = selection.of_team(self.teams, team, wanted)
        parts = {one for s in self.slos if s.service in wanted for one in s.member_services}
        wanted = [*wanted, *sorted(parts - {*wanted})]
        part = self._with(selection.of_services(self._frames, wanted))
        slos = [slo for slo in self.slos if {slo.service, *slo.member_services} <= {*wanted}]
        own, said = self.teams[self.teams.index.isin(wanted)], f"only of {', '.join(wanted)}"
        return replace(part, slos=slos, teams=own, notes=(*self.notes, said))

    def between(
        self, since: str | pd.Timestamp | None = None, until: str | pd.Timestamp | None = None
    ) -> Dataset:
        """The same of a span of time, as if it had been exported at its end.

        Parameters
        ----------
        since, until : str or Timestamp, optional
            What began before `since`, or at `until` or later, is left out, and what ended later was
            open then. A day alone is its midnight in UTC.

        Returns
        -------
        Dataset
            `as_of` is `until`, where the data reach that far; `notes` count what was left out.

        Raises
        ------
        ParameterError
            A time without zone, or nothing is left.

        Examples
        --------
        >>> from srelib import simulate
        >>> week = simulate.fleet(seed=1).dataset.between("2026-04-13", "2026-04-20")
        >>> str(week.as_of - week.series["first"].min())
        '7 days 00:00:00'
        """
        part = self
        if until is not None:
            now = selection.moment(until, "until", date=True)
            part = part._until(min(now, self.as_of), included=now > self.as_of)
        if since is not None:
            first = selection.moment(since, "since", date=True)
            frames, notes = selection.since(part._frames, first)
            part = replace(part._with(frames), notes=(*part.notes, *notes))
        return part

    def _until(self, now: pd.Timestamp, *, included: bool) -> Dataset:
        """What was known at a time, and what began at it where that is `included`."""
        frames, notes = selection.until(self._frames, self.series, now, included=included)
        slos = [slo.at(now) for slo in self.slos]
        return replace(self._with(frames), as_of=now, slos=slos, notes=(*self.notes, *notes))

    @property
    def _frames(self) -> dict[str, pd.DataFrame]:
        return {table: getattr(self, table) for table in tables.EXPORTS}

    def _with(self, frames: dict[str, pd.DataFrame]) -> Dataset:
        """The same with fewer rows in its tables."""
        held, left = (any(map(len, part.values())) for part in (self._frames, frames))
        if held and not left:
            raise ParameterError(
                f"nothing of the data is in this part; they end at {self.as_of:%Y-%m-%d %H:%M} UTC."
            )
        kept: dict[str, Any] = {**frames}
        return replace(self, **kept, series=selection.described(self.series, frames["sli"]))


def load(path: str | Path, *, as_of: str | pd.Timestamp | None = None) -> Dataset:
    """Read a folder of exports, with the folders in it; hidden files and reports are left out.

    Parameters
    ----------
    path : str or Path, folder of exports, perhaps with objectives and ``sources.toml``; or one file
    as_of : str or Timestamp, leave out everything later; default as in `Dataset`

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        The folder is empty or absent, or files cannot be read; all problems are in one text.
    """
    seen = explored(path, as_of=as_of)
    if seen.problems:
        raise _together(seen)
    assert seen.dataset is not None
    return seen.dataset


@dataclass(frozen=True, eq=False)
class Explored:
    """A folder as far as it could be read: with problems, as if what they ask for were said."""

    dataset: Dataset | None
    problems: tuple[InputError, ...] = ()
    entries: str = ""
    unconfirmed: bool = False

    @property
    def to_paste(self) -> str:
        """The entries with what to do with them; empty where nothing is lacking."""
        from srelib.folder import source_entries

        return f"{source_entries.PASTE}\n{self.entries}" if self.entries else ""


def explored(
    path: str | Path,
    *,
    as_of: str | pd.Timestamp | None = None,
    outline: FileResult | None = None,
) -> Explored:
    """Read a folder to its end: every problem of every file, and the entries that answer them.

    `outline` stands for the counts in Parquet, which then are not read.
    """
    path = Path(path)
    root, files = listing(path)
    problems: list[InputError] = []
    documents = _objectives(root if path.is_dir() else None, files, problems)
    others = (".yaml", ".yml", ".toml", *([".parquet"] if outline else []))
    exports = [file for file in files if file.suffix.lower() not in others]
    named = {wording.shown_path(file, root): file for file in exports}
    folder = Folder(root, _sources(root), named, problems=problems)
    folder.read_all()
    if outline is not None:
        folder.stand_in("sli/*.parquet", outline)
    dataset = _joined(path, folder, documents)
    if dataset is not None:
        notes = (*documents.notes, *folder.notes(), *dataset.notes)
        dataset = replace(dataset, notes=notes)
        if as_of is not None:
            dataset = dataset._until(selection.moment(as_of, "as_of"), included=True)
    places = {name: place for place, name in enumerate(folder.files)}
    listed = sorted(folder.problems, key=lambda one: places.get(one.file or "", -1))
    once = {str(problem): problem for problem in listed}
    return Explored(dataset, tuple(once.values()), folder.entries(), bool(folder.unconfirmed()))


def _joined(path: Path, folder: Folder, documents: Documents) -> Dataset | None:
    """The files as one dataset; None where that fails for good."""
    while any(entry.fed for entry in folder.read.values()):
        try:
            return _assembled(path, folder, documents)
        except InputError as error:
            if not folder.go_on(error):
                return None
    if not folder.problems:
        fix = "put CSV or JSON exports into the folder, or run srelib init on a new one"
        raise InputError(f"no export was found in {path.name or path}", fix=fix)
    return None


def _sources(root: Path) -> Sources | None:
    """What is said about the files; without the file nothing, and nothing is imported for it."""
    if not (root / "sources.toml").exists():
        return None
    from srelib.sources import read_sources

    return read_sources(root)


def _objectives(root: Path | None, files: list[Path], problems: list[InputError]) -> Documents:
    if root is None or not any(file.suffix.lower() in (".yaml", ".yml") for file in files):
        return Documents(notes=("no objectives: there is no slos.yaml (srelib init writes one)",))
    from srelib.slos.files import _read_documents

    try:
        return _read_documents(root)
    except SloError as error:
        problems.append(error)
        return Documents()


def _together(seen: Explored) -> InputError:
    """Every problem as one error, with the entries to paste."""
    problems = seen.problems
    files = len({problem.file for problem in problems})
    if len(problems) == 1 and not seen.entries:
        return problems[0]
    text = str(problems[0])
    if len(problems) > 1 or "table" in problems[0].asks:
        listed = "\n".join(
            f"- {InputError(one.problem, file=one.file) if one.asks and seen.entries else one}"
            for one in problems
        )
        said = f"{files} files cannot be used" if files > 1 else "the file cannot be used"
        if seen.entries:
            said += "; the entries below answer what is asked for"
        text = f"{said}:\n{listed}"
    return InputError(f"{text}\n\n{seen.to_paste}" if seen.entries else text)


def _assembled(path: Path, folder: Folder, documents: Documents) -> Dataset:
    loaded, slos = list(folder.read.values()), list(documents.slos)
    names = [entry.name for entry in loaded]
    results, overlap = logs.joined_states([entry.result for entry in loaded], names)
    thresholds = _thresholds(slos, results)
    indicators, found, missing = joining.joined_indicators(results, names, thresholds)
    found += overlap
    joined: dict[str, pd.DataFrame] = {"sli": indicators.frame}
    for table in tables.EXPORTS[1:]:
        joined[table], repeated = records.joined_records(table, results, names)
        found += repeated
    found = logs.once_a_row(found, results)
    joined, notes = several_services(joined, folder.service_names())
    notes += differing_names(joined) + records.far_outside(joined)
    notes += records.unclear_alerts(joined["alerts"])
    if not any(len(joined[table]) for table in tables.EXPORTS):
        _nothing_left(found, results)
    named = {*named_in(joined), *(slo.service for slo in slos)}
    said = folder.sources.teams if folder.sources else {}
    owned = teams.owners(named, said, documents.owners, dict(zip(names, results, strict=True)))
    found += owned.rejects
    folder.problems += [owned.problem] if owned.problem else []
    rejected = tables.stacked([entry.result.rejects for entry in loaded] + found, "rejects")
    rejected = rejected.sort_values(["file", "line"], kind="stable").reset_index(drop=True)
    series = joining.described(joined["sli"], indicators)
    sources = provenance(loaded, found, missing)
    now = _now(joined, series)
    joined["exclusions"] = recurring.expanded(joined["exclusions"], until=now)
    slos = [slo.at(now) for slo in slos]
    return Dataset(path, now, **joined, slos=slos, series=series, sources=sources,
                   rejects=rejected, notes=(*notes, *owned.notes), teams=owned.teams)  # fmt: skip


def _nothing_left(found: list[pd.DataFrame], results: list[FileResult]) -> None:
    refused = tables.stacked([*(result.rejects for result in results), *found], "rejects")
    if len(refused):
        row = refused.iloc[0]
        reasons = refused["reason"].value_counts()
        raise InputError(
            f"no record of the exports can be used; {len(refused)} were refused, "
            f"the first because: {row['reason']}",
            file=str(row["file"]),
            line=int(row["line"]),
            fix="; ".join(f"{count:,} rows: {reason}" for reason, count in reasons.items()),
        )
    missing = [result for result in results if result.rows_missing]
    if missing:
        problem = f"every record lacks a value; {' '.join(missing[0].notes)}".rstrip("; ")
        raise InputError(problem, fix="correct the query, or sources.toml")
    raise InputError("the exports hold no records", fix="export a longer span of time")


def _thresholds(
    slos: list[Slo], results: list[FileResult]
) -> dict[tuple[str, str], tuple[str, float]]:
    """How to compare measured values, where an objective says it; one way for each series."""
    measured = {(entry.service, entry.sli) for result in results for entry in result.series
                if entry.weighting == "time"}  # fmt: skip
    found: dict[tuple[str, str], tuple[str, float]] = {}
    first: dict[tuple[str, str], Slo] = {}
    for slo in (slo for slo in slos if slo.threshold is not None):
        key, said = (slo.service, slo.sli), (slo.op or "lte", float(slo.threshold or 0.0))
        before = first.setdefault(key, slo)
        if found.setdefault(key, said) != said and key in measured:
            once, now = (f"{op} {threshold:g}" for op, threshold in (found[key], said))
            raise InputError(
                f"SLO {before.name!r} calls {key[0]} {key[1]} good when {once}, "
                f"SLO {slo.name!r} when {now}, and one series holds only one of them",
                fix="give one of them a sli of its own, and read the column a second time under "
                "that name with [[file.series]] in sources.toml",
            )
    return found


def _now(joined: dict[str, pd.DataFrame], series: pd.DataFrame) -> pd.Timestamp:
    """The end of the last bucket; without buckets the latest time of any record."""
    ends = selection.ends(series)
    if not ends:
        columns = [joined[table][name] for table in tables.EXPORTS[1:]
                   for name in tables.times(table) if table not in tables.PLANNED]  # fmt: skip
        ends = [column.max() for column in columns if column.notna().any()]
    return max(ends).as_unit("us") if ends else pd.NaT  # type: ignore[return-value]
