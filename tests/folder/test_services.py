"""Who is meant: lists, dictionaries and placeholders in cells, and names that differ."""

from __future__ import annotations

from pathlib import Path

import pytest

import srelib
from srelib.errors import InputError
from tests.test_dataset import folder

DEPLOYED = """deployment_id,service,finished_at,status
1,checkout,2026-05-01T09:00:00Z,succeeded
2,search,2026-05-01T10:00:00Z,succeeded
"""


def incidents(*services: str) -> str:
    """One incident a day, in these cells."""
    lines = [
        f'i{day},"{cell}",2026-05-0{day}T11:00:00Z,2026-05-0{day}T12:00:00Z'
        for day, cell in enumerate(services, 1)
    ]
    return "\n".join(["incident_id,service,started_at,resolved_at", *lines]) + "\n"


def load(tmp_path: Path, *services: str, said: str = "") -> srelib.Dataset:
    """Deployments of two services and incidents in these cells."""
    toml = f'[[file]]\nmatch = "incidents.csv"\n{said}\n'
    files = {"deployments__csv": DEPLOYED, "incidents__csv": incidents(*services)}
    return srelib.load(folder(tmp_path, **files, sources__toml=toml))


def test_a_list_of_known_services_is_several(tmp_path: Path) -> None:
    """Each gets its row; the file's row is kept once; a placeholder is refused."""
    data = load(tmp_path, "checkout, search", "search", "None")
    assert data.incidents[["incident_id", "service"]].values.tolist() == [
        ["i1", "checkout"], ["i1", "search"], ["i2", "search"],
    ]  # fmt: skip
    row = data.sources.set_index("file").loc["incidents.csv"]
    assert (row["rows_read"], row["rows_kept"], row["rows_rejected"]) == (3, 2, 1)
    assert any("1 rows of incidents were added" in note for note in data.notes)


def test_maintenance_of_several_services_is_that_of_each(tmp_path: Path) -> None:
    """A row without a service stays one for every service."""
    windows = (
        "service,starts_at,ends_at,reason\n"
        '"checkout, search",2026-05-01T11:00:00Z,2026-05-01T12:00:00Z,move\n'
        ",2026-05-01T13:00:00Z,2026-05-01T14:00:00Z,network\n"
    )
    data = srelib.load(folder(tmp_path, deployments__csv=DEPLOYED, maintenance__csv=windows))
    named = data.exclusions["service"]
    assert named[:2].tolist() == ["checkout", "search"]
    assert named.isna().tolist() == [False, False, True]


def test_a_list_of_unknown_services_is_asked_for(tmp_path: Path) -> None:
    """The line to paste works: as one name, or as a list."""
    with pytest.raises(InputError, match=r'services = \{ "checkout, cart" = "checkout" \}'):
        load(tmp_path, "checkout, cart")
    one = load(tmp_path, "checkout, cart", said='services = { "checkout, cart" = "checkout" }')
    assert one.incidents["service"].tolist() == ["checkout"]
    two = load(tmp_path, "a; b", said='services = { "a; b" = ["checkout", "cart"] }')
    assert sorted(two.incidents["service"]) == ["cart", "checkout"]
    kept = load(tmp_path, "Shop, Inc", said='services = { "Shop, Inc" = "Shop, Inc" }')
    assert kept.incidents["service"].tolist() == ["Shop, Inc"]


def test_names_that_differ_are_said_with_the_line_to_paste(tmp_path: Path) -> None:
    """Case, blanks and marks apart it is one name; numbers tell services apart."""
    notes = load(tmp_path, "Check-Out", "search2").notes
    assert "no incident belongs to a service that was deployed" in notes
    assert [note for note in notes if 'services = { "Check-Out" = "checkout" }' in note]
    assert not [note for note in notes if "search2" in note]


@pytest.mark.parametrize("mark", [" / ", "|", " & ", " and ", "+"])
def test_known_services_are_taken_apart_at_any_mark(tmp_path: Path, mark: str) -> None:
    """Only where each part is one elsewhere: the mark may belong to a name."""
    deployments = "deployment_id,service,finished_at,status\n" + "".join(
        f"{n},{name},2026-05-0{n + 1}T09:00:00Z,succeeded\n" for n, name in enumerate("ab")
    )
    incidents = "incident_id,service,started_at,resolved_at\n" + "".join(
        f"i{n},{mark.join(names)},2026-05-01T11:00:00Z,\n" for n, names in enumerate(["ab", "xy"])
    )
    data = srelib.load(folder(tmp_path, d__csv=deployments, i__csv=incidents))
    mine = data.incidents.groupby("incident_id")["service"].agg(list)
    assert mine.to_dict() == {"i0": ["a", "b"], "i1": [f"x{mark}y"]}


def test_notes_on_a_service_that_no_export_names_are_said(tmp_path: Path) -> None:
    """They make no service of it; a future note does not move now."""
    notes = "service,date,note\ncheckout,2026-05-01,sale\nunheard,2026-05-01,x\n,2027-01-01,y\n"
    data = srelib.load(folder(tmp_path, d__csv=DEPLOYED, notes__csv=notes))
    assert data.services == ["checkout", "search"]
    assert "no export names 'unheard', of which there are notes" in data.notes
    assert f"{data.as_of:%Y-%m-%d}" == "2026-05-01"
    assert len(data.annotations) == 3


COUNTED = "time,service,good,total\n" + "".join(
    f"2026-05-01T{hour:02}:00:00Z,{name},{99 - hour % 3},100\n"
    for hour in range(20) for name in ("API (EU)", "cart")
)  # fmt: skip
STATES = "time,service,state\n" + "".join(
    f"2026-05-01T{n // 6:02}:{n % 6}0:00Z,web,{'down' if 30 < n < 40 else 'up'}\n"
    for n in range(90)
)


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        (COUNTED, 'services = { "API (EU)" = "api" }', ["api", "cart"]),
        (COUNTED, 'services = { "API (EU)" = "cart", cart = "api" }', ["api", "cart"]),
        (STATES, 'unit = "state"\nservices = { web = "shop" }', ["shop"]),
    ],
)
def test_indicators_take_the_names_that_are_said(
    tmp_path: Path, text: str, said: str, expected: list[str]
) -> None:
    """In the table, its series and what is derived from them; counts stay with their service."""
    (tmp_path / "counts.csv").write_text(text)
    (tmp_path / "sources.toml").write_text(f'[[file]]\nmatch = "counts.csv"\n{said}\n')
    data = srelib.load(tmp_path)
    assert sorted(data.series["service"]) == expected
    assert sorted(data.sli["service"].unique()) == expected
    assert set(data.incidents["service"]) <= set(expected)
    assert all(len(data.counts(name)) for name in expected)


def test_names_that_would_join_series_are_refused(tmp_path: Path) -> None:
    """Their counts would be added, or contradict each other."""
    (tmp_path / "counts.csv").write_text(COUNTED)
    (tmp_path / "sources.toml").write_text(
        '[[file]]\nmatch = "counts.csv"\nservices = { "API (EU)" = "cart", other = "x" }\n'
    )
    with pytest.raises(InputError, match=r"several of one: 'cart' availability"):
        srelib.load(tmp_path)


def test_a_name_no_row_is_about_is_said(tmp_path: Path) -> None:
    """Most likely it is misspelt."""
    (tmp_path / "counts.csv").write_text(COUNTED)
    (tmp_path / "sources.toml").write_text(
        '[[file]]\nmatch = "counts.csv"\nservices = { "API EU" = "api" }\n'
    )
    data = srelib.load(tmp_path)
    assert "services names 'API EU', which no row is about" in str(data.sources["notes"].iloc[0])
