"""What a repository says about its delivery: tables, notes and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from srelib import tables
from srelib.collect.history import NOBODY, Commits, Tag
from srelib.errors import InputError

TAG_KIND = "tag_kind"
"""Column beside those of `deployments`: annotated, or lightweight."""

_FARTHEST = 4_102_444_800  # 2100-01-01; what lies beyond is a broken clock and becomes missing


@dataclass(frozen=True, eq=False)
class Collected:
    """What a repository says about its delivery.

    Parameters
    ----------
    deployments : DataFrame
        Table ``deployments`` and the column `TAG_KIND`, in order of time.
    changes : DataFrame
        Table ``changes``; those no release has shipped yet have no ``deployment_id``.
    notes : tuple of str
        What was assumed or left out, each a sentence.
    """

    deployments: pd.DataFrame
    changes: pd.DataFrame
    notes: tuple[str, ...]


def write(collected: Collected, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
    """Write ``deployments.csv`` and ``changes.csv``.

    Parameters
    ----------
    collected : Collected
        Result of `git`.
    folder : str or Path
        Made where it does not exist.
    overwrite : bool
        Replace files of these names.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        A file is there already, or cannot be written.
    """
    folder = Path(folder)
    files = {folder / "deployments.csv": collected.deployments,
             folder / "changes.csv": collected.changes}  # fmt: skip
    there = [path for path in files if path.exists()]
    if there and not overwrite:
        raise InputError(f"{there[0].name} is there already in {str(folder)!r}",
                         fix="name another folder with --out, or say --overwrite")  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, frame in files.items():
            frame.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ")
    except OSError as error:
        raise InputError(
            f"{str(folder)!r} cannot be written ({error.strerror or error})",
            fix="name another folder with --out",
        ) from error
    return list(files)


def deployments_of(releases: list[Tag], *, service: str) -> pd.DataFrame:
    """One successful production deployment per release."""
    rows = pd.DataFrame(
        {
            "deployment_id": [tag.name for tag in releases],
            "service": service,
            "environment": "production",
            "finished_at": _times([tag.time for tag in releases]),
            "status": "succeeded",
            "commit_sha": [tag.commit for tag in releases],
        }
    )
    kinds = ["annotated" if tag.annotated else "lightweight" for tag in releases]
    return tables.conform(rows, "deployments").assign(**{TAG_KIND: kinds})


def changes_of(
    commits: Commits, releases: list[Tag], first: list[int], brought: list[int], *,
    service: str, clock: str,
) -> pd.DataFrame:  # fmt: skip
    """Commits with one parent or none, but for those of the first release."""
    kept = [
        number
        for number in reversed(range(len(commits.names)))
        if first[number] != 0 and len(commits.parents[number]) < 2
    ]
    moments = commits.committed if clock == "committer" else commits.authored
    rows = pd.DataFrame(
        {
            "change_id": [commits.names[number] for number in kept],
            "service": service,
            "committed_at": _times([moments[number] for number in kept]),
            "merged_at": _times([commits.committed[brought[number]] for number in kept]),
            "deployment_id": pd.Series(
                [None if first[n] == NOBODY else releases[first[n]].name for n in kept],
                dtype="str",
            ),
        }
    )
    return tables.conform(rows, "changes")


def _times(seconds: list[int]) -> pd.Series:
    known = pd.Series(seconds, dtype="int64").where(lambda s: (s >= 0) & (s < _FARTHEST))
    return pd.to_datetime(known, unit="s", utc=True).dt.as_unit("us")


def tag_notes(releases: list[Tag], first: list[int], lost: int) -> list[str]:
    """What has to be said about the tags."""
    notes = []
    light = sum(not tag.annotated for tag in releases)
    if light:
        notes.append(
            f"{light:,} of {len(releases):,} tags are lightweight: their time is that of the "
            "commit, often earlier than the release."
        )
    if lost:
        notes.append(f"{lost:,} tags lead to no commit that is here: left out.")
    brings = set(first)
    empty = sum(number not in brings for number in range(len(releases)))
    if empty:
        notes.append(
            f"{empty:,} releases ship nothing that an earlier one did not (several tags on one "
            "commit, or a tag set after the fact)."
        )
    start = sum(number == 0 for number in first)
    notes.append(
        f"The first release, {releases[0].name!r}, has no known predecessor: the {start:,} commits "
        "in it are not written, since nothing says when they first shipped."
    )
    return notes


def change_notes(
    commits: Commits, first: list[int], changes: pd.DataFrame, deployments: pd.DataFrame
) -> list[str]:
    """What has to be said about the changes."""
    notes = []
    merges = sum(len(parents) > 1 and first[n] != 0 for n, parents in enumerate(commits.parents))
    if merges:
        notes.append(f"{merges:,} merge commits are no changes of their own and are not written.")
    waiting = int(changes["deployment_id"].isna().sum())
    if waiting:
        notes.append(
            f"{waiting:,} commits of the branch checked out are in no release yet: they are "
            "written without deployment_id, as waiting."
        )
    finished = deployments.set_index("deployment_id")["finished_at"]
    late = changes["committed_at"] > changes["deployment_id"].map(finished)
    if late.any():
        notes.append(
            f"{int(late.sum()):,} commits carry a time after the release that contains them: a "
            "clock was wrong, or history was written anew."
        )
    return notes
