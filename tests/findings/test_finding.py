"""Statements as values: their sentences by verdict, and that no two of them contradict."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import nbformat
import pandas as pd
import pytest

from srelib import budget, findings, windows
from srelib.findings.finding import (
    UNITS,
    WRITERS,
    Finding,
    as_json,
    say,
    sentence,
    spent_by_incidents,
)
from srelib.fleet import Indicator

ROOT = Path(__file__).resolve().parents[2]
PROSE = ROOT / "srelib" / "findings" / "prose"
SHOP = Indicator(
    "shop", "shop", "availability", target=0.999, window=windows.Window.parse("28d")
)  # fmt: skip


def stated() -> list[dict[str, Any]]:
    """What the notebooks state as values, with the notebook."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            for output in cell.get("outputs", ()):
                own = output.get("metadata", {}).get("srelib", {}).get("findings", ())
                found += [{**one, "notebook": path.name} for one in own]
    return found


def contradictions(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Findings that claim the same (quantity, service, subject, window) and differ."""
    claims = defaultdict(set)
    for row in rows:
        if not row["quantity"]:
            continue
        key = (row["quantity"], row["service"], row["subject"], row["window"])
        value = None if row["value"] is None else float(f"{row['value']:.9g}")
        claims[key].add((value, row["text"]))
    return [f"{key}: {sorted(map(str, said))}" for key, said in claims.items() if len(said) > 1]


def test_no_two_notebooks_contradict_each_other():
    """One value and one way to write it for each quantity, service and window."""
    rows = stated()
    assert contradictions(rows) == []
    told = defaultdict(set)
    for row in rows:
        told[row["quantity"], row["service"], row["subject"], row["window"]].add(row["notebook"])
    several = {key[0] for key, books in told.items() if len(books) > 1}
    assert {"recovery time", "budget spent by an incident", "coverage"} <= several


@pytest.mark.parametrize("change", [{"value": 0.9391}, {"text": "94.0 %"}])
def test_a_contradiction_is_seen(change):
    """Another value, or the same written in another way."""
    rows = {"id": ["Q1"], "service": "shop", "objective": "shop availability", "share": 0.93949}
    (found,) = spent_by_incidents(pd.DataFrame(rows), incident="id", share="share")
    one = as_json(found)
    assert (found.subject, found.text) == ("shop availability: Q1", "93.9\xa0%")
    assert contradictions([one, dict(one)]) == []
    assert contradictions([one, {**one, **change}]) != []


def test_a_finding_is_json_with_its_unit():
    """What is unknown is null, not NaN, which is no JSON."""
    one = Finding("budget.cell", "error budget left", "shop", "28 days", math.nan)
    plain = json.loads(json.dumps(as_json(one), allow_nan=False))
    assert (plain["value"], plain["low"], plain["unit"]) == (None, None, "share of the budget")
    assert all(as_json(replace(one, quantity=quantity))["unit"] for quantity in UNITS)
    assert json.dumps(as_json(replace(one, value=2.0))["value"]) == "2"


@pytest.mark.parametrize(
    ("good", "verdict"),
    [(99_950, "left"), (99_900, "nothing"), (99_800, "overspent"), (100_000, "whole")],
)
def test_the_verdict_chooses_the_sentence(good, verdict):
    """Of one objective with a budget of a hundred events."""
    status = budget.status(float(good), 100_000.0, target=0.999)
    (one,) = findings.budget.status_sentences({SHOP: status}, observed={})
    assert (one.verdict, one.window, one.value) == (verdict, "28 days", status.left_share)
    assert one.sentence == sentence(
        "budget.left", verdict, who="shop", share=abs(status.left_share), allowed="100\xa0events",
        spent=f"{100_000 - good:,}\xa0events", window="28 days", target="99.9\xa0%",
    )  # fmt: skip


@pytest.mark.parametrize("path", sorted(PROSE.glob("*.toml")), ids=lambda path: path.stem)
def test_every_sentence_names_what_is_filled_in(path):
    """Plain names in braces, each written in a known way; no blanks lost or left at the end."""
    for name, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for verdict, text in ({"": texts} if isinstance(texts, str) else texts).items():
            for _, field, spec, _ in Formatter().parse(text):
                parts = re.split(r"[.\[]", (field or "a").replace("]", ""))
                assert all(part.isidentifier() or part.isdigit() for part in parts), (name, field)
                noun = re.fullmatch(r"[a-z][a-z -]{2,}|\|[^|]*\|[^|]*", spec or "")
                assert not spec or spec in WRITERS or noun, (name, verdict, spec)
            assert text == re.sub(r"[ \n]+", " ", text).rstrip(), (name, verdict)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{share:%} of it", "25\xa0% of it"),
        ("{n:incident} {n:|was|were} missed", "3\xa0incidents were missed"),
        ("{one:incident} {one:|was|were} missed", "1\xa0incident was missed"),
        ("{took:length} in {who:name}", "1\xa0h 30\xa0min in **a\\*b**"),
        ("since {day:day}, {plain}", "since 1\xa0June\xa02026, as it is"),
    ],
)
def test_a_sentence_says_how_each_part_is_written(text, shown, monkeypatch):
    """Numbers are words of `wording`, and names of the data never markup."""
    monkeypatch.setattr("srelib.findings.finding._prose", lambda subject: {"it": text})
    parts = {"share": 0.25, "n": 3, "one": 1, "took": 5400.0, "who": "a*b", "plain": "as it is",
             "day": pd.Timestamp("2026-06-01", tz="UTC")}  # fmt: skip
    found = say("any.it", service="shop", **parts)
    assert (found.sentence, found.service, found.unit) == (shown, "shop", "")
