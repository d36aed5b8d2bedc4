"""Conditions on the columns of a row: read once, nothing of them executed."""

from __future__ import annotations

import operator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srelib.condition import Junction, Predicate, as_sql, parse_condition


def test_the_tree_of_a_condition() -> None:
    """`and` binds closer than `or`, `not` closest; texts keep their blanks and quotes."""
    assert parse_condition("a < 5 or not b = 'it''s' and c in (1, 2.5)") == Junction(
        "or",
        (
            Predicate("a", "<", (5.0,)),
            Junction(
                "and",
                (
                    Junction("not", (Predicate("b", "=", ("it's",)),)),
                    Predicate("c", "in", (1.0, 2.5)),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    "text",
    ["", "a", "a <", "a < b", "a < 5 and", "(a < 5", "a in 5", "a in ()", "f(a) < 5",
     "a < 5; b < 6", "a < 5 --",
     "__import__('os')", "a == 5 == 6", "((" * 60 + "a < 5" + "))" * 60],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    """The error shows the place and an example; nothing else is read from the text."""
    with pytest.raises(ValueError, match=r"write it as status < 500"):
        parse_condition(text)


numbers = st.integers(-9, 9)
comparisons = st.tuples(
    st.sampled_from("ab"), st.sampled_from(["<", "<=", "=", "!=", ">"]), numbers
)
OPS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, "!=": operator.ne, ">": operator.gt}


@given(st.lists(st.lists(comparisons, min_size=1, max_size=3), min_size=1, max_size=3), numbers,
       numbers)  # fmt: skip
def test_sql_agrees_with_the_meaning(parts: list, a: int, b: int) -> None:
    """DuckDB decides as Python does."""
    text = " or ".join(" and ".join(f"{c} {op} {n}" for c, op, n in part) for part in parts)
    row = {"a": a, "b": b}
    expected = any(all(OPS[op](row[c], n) for c, op, n in part) for part in parts)
    sql = as_sql(parse_condition(text), {"a": "x", "b": "y"})
    found = duckdb.sql(f"SELECT {sql} FROM (VALUES ({a}, {b})) AS t(x, y)").fetchall()
    assert found == [(expected,)]
