"""Values people write as text, and errors about them that name the fix."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from srelib import schema


class Entry(BaseModel):
    """A document to get wrong."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(description="name of the entry", examples=['"shop"'])
    step: schema.Duration | None = None
    zone: schema.TimeZone | None = None
    size: float = 1.0


def fault_of(**document: object) -> schema.Fault:
    """The first thing wrong with a document."""
    with pytest.raises(ValidationError) as error:
        Entry.model_validate(document)
    return schema.faults(error.value, Entry)[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("5min", 300), ("1h30m", 5400), ("26h", 93600), ("1.5h", 5400),
     ("2d", 172800), ("1w", 604800), ("250ms", 0.25)],
)  # fmt: skip
def test_lengths_of_time_are_read_with_their_units(text: str, seconds: float) -> None:
    """As in Prometheus and OpenSLO; m is minutes."""
    assert schema.duration(text) == pd.Timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "problem"),
    [("5 parsecs", "not a length of time"), ("0s", "no time at all"), (60, "60 has no unit")],
)
def test_what_is_no_length_of_time_is_refused_with_an_example(value: object, problem: str) -> None:
    """A number alone could be seconds or minutes, so it is refused too."""
    fault = fault_of(name="a", step=value)
    assert problem in fault.problem
    assert '"5m"' in fault.fix


def test_a_misspelt_zone_or_key_is_answered_with_the_likely_one() -> None:
    """The fix can be copied."""
    zone = fault_of(name="a", zone="Europe/Berln")
    assert (zone.place, zone.problem) == (("zone",), "'Europe/Berln' is not a time zone")
    assert "did you mean 'Europe/Berlin'?" in zone.fix
    key = fault_of(nmae="a")
    assert (key.problem, key.fix) == ("unknown key 'nmae'", "did you mean 'name'?")


def test_an_unknown_key_lists_the_known_ones() -> None:
    """Where no key looks like it, all are named."""
    fault = fault_of(name="a", colour="red")
    assert fault.unknown
    assert fault.fix == "remove it; keys known here: name, step, zone, size"


def test_a_missing_key_and_a_number_in_quotes_say_what_to_write() -> None:
    """The example and the meaning come from the model."""
    assert fault_of().fix == 'add name, such as "shop" (name of the entry)'
    assert fault_of(name=3).fix == 'put it in quotes: "3"'
    assert fault_of(name="a", size="wide").problem.startswith("'wide' should be ")


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": 1}, "a mapping"), ([1], "a list"), (None, "an empty value"), ("x", "'x'"),
     ("y" * 80, "'" + "y" * 56 + "...")],
)  # fmt: skip
def test_values_are_shown_short(value: object, text: str) -> None:
    """An error never repeats a whole document."""
    assert schema.shown(value) == text
