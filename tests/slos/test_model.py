"""What an objective refuses to be."""

import pandas as pd
import pytest

from srelib.errors import InvalidTargetError, ParameterError
from srelib.slos import Queries, Slo
from srelib.windows import Window


@pytest.mark.parametrize("target", [0, 1, 99.9, -0.5, float("nan"), True, "0.999", None])
def test_an_slo_refuses_a_target_that_is_no_fraction(target):
    """Only a number strictly between 0 and 1 is a target."""
    with pytest.raises(InvalidTargetError, match="strictly between 0 and 1"):
        Slo(name="a", service="a", sli="a", target=target, window=Window.parse("7d"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": " "}, "name must be text"),
        ({"method": "Events"}, "method must be one of Occurrences"),
        ({"slice": pd.Timedelta(minutes=1)}, "Occurrences has no slices"),
        ({"method": "Timeslices"}, "needs slice > 0"),
        ({"method": "Timeslices", "slice": pd.Timedelta(minutes=1)}, "0 < slice_target <= 1"),
        (
            {"method": "RatioTimeslices", "slice": pd.Timedelta(minutes=1), "slice_target": 0.9},
            "leave out slice_target",
        ),
        ({"threshold": 0.3}, "threshold and op come together"),
        ({"threshold": 0.3, "op": "<"}, "op must be one of lte"),
        ({"threshold": float("inf"), "op": "lt"}, "finite"),
    ],
)
def test_an_slo_refuses_what_does_not_fit_together(options, message):
    """A method has the slices it needs, and a threshold its operator."""
    values = {"name": "a", "service": "a", "sli": "a", "target": 0.9, **options}
    with pytest.raises(ParameterError, match=message):
        Slo(window=Window.parse("7d"), **values)


def test_a_ratio_query_says_what_it_counts():
    """A raw ratio without its kind would be ambiguous."""
    with pytest.raises(ParameterError, match="raw and raw_type come together"):
        Queries(raw="x")
