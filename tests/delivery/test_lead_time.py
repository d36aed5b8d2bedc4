"""How long changes take: which deployment shipped them, which have none, and the intervals."""

import numpy as np
import pandas as pd
import pytest

from srelib import delivery, tables
from srelib.delivery.lead_time import _lead_times
from srelib.errors import ParameterError, TimeIndexError
from tests.delivery.made import JUNE, SAME_TAGS, changes, deployments

SHIPPED = deployments(
    """
    deployment_id=d1 finished_at=05T12:00 commit_sha=aaa
    deployment_id=d2 finished_at=10T12:00 commit_sha=bbb
    deployment_id=d3 finished_at=20T12:00 commit_sha=bbb
    deployment_id=bad finished_at=08T12:00 commit_sha=ccc status=failed
    """
)


def states(text, **options):
    """State of each change, and its hours."""
    rows = _lead_times(changes(text), SHIPPED, between=JUNE, **options)
    hours = (rows["seconds"] / 3600).tolist()
    return [(s, None if h != h else h) for s, h in zip(rows["state"], hours, strict=True)]


def test_a_change_belongs_to_the_deployment_it_names():
    """From its commit to the end of that deployment."""
    assert states("change_id=c1 committed_at=10T10:00 deployment_id=d2") == [("shipped", 2.0)]


def test_the_clock_can_start_at_the_merge():
    """Two clocks, two numbers; without a merge there is no second one."""
    text = "change_id=c1 committed_at=10T08:00 merged_at=10T11:00 deployment_id=d2"
    assert states(text) == [("shipped", 4.0)]
    assert states(text, start="merged") == [("shipped", 1.0)]
    bare = "change_id=c1 committed_at=10T08:00 deployment_id=d2"
    assert states(bare, start="merged") == [("start not known", None)]


def test_without_a_commit_time_the_clock_starts_at_the_merge():
    """Pull requests say only that; where neither is known, nothing is counted."""
    assert states("change_id=c1 merged_at=10T11:00 deployment_id=d2") == [("shipped", 1.0)]
    assert states("change_id=bbb merged_at=10T11:00") == [("shipped", 1.0)]
    assert states("change_id=c1 deployment_id=d2") == [("start not known", None)]


def test_a_change_that_names_none_is_found_by_its_commit():
    """By the first deployment of that commit, although it was deployed again later."""
    assert states("change_id=bbb committed_at=10T10:00") == [("shipped", 2.0)]


def test_older_changes_are_not_dumped_on_the_first_deployment():
    """They may have been shipped before these exports begin."""
    assert states("change_id=c1 committed_at=04T12:00") == [
        ("before the first known deployment", None)
    ]


def test_a_later_change_is_waiting_where_others_name_their_deployment():
    """Nineteen days until the end of the history."""
    text = """
    change_id=c1 committed_at=10T10:00 deployment_id=d2
    change_id=c2 committed_at=10T00:00
    """
    assert states(text)[1] == ("waiting", 19 * 24.0)


def test_nothing_is_known_of_changes_where_no_deployment_is_named():
    """No date says what a release held."""
    assert states("change_id=c2 committed_at=10T00:00") == [("not linked to a deployment", None)]


def test_a_deployment_that_failed_ships_nothing():
    """Nor does one that is not in the table."""
    text = """
    change_id=c1 committed_at=08T10:00 deployment_id=bad
    change_id=c2 committed_at=08T10:00 deployment_id=gone
    """
    assert [s for s, _ in states(text)] == [
        "deployment did not reach users",
        "not linked to a deployment",
    ]


def test_a_change_newer_than_its_deployment_has_no_lead_time():
    """A rewritten date is not a negative lead time."""
    assert states("change_id=c1 committed_at=11T00:00 deployment_id=d2") == [
        ("shipped before it began", None)
    ]


def test_a_change_listed_twice_counts_at_its_first_deployment():
    """Shipped is shipped; the same name in another service is another change."""
    rows = changes(
        """
        change_id=c1 committed_at=10T10:00 deployment_id=d3
        change_id=c1 committed_at=10T10:00 deployment_id=d2
        """
    )
    found = _lead_times(rows, SHIPPED, between=JUNE)
    assert found[["deployment_id", "seconds"]].values.tolist() == [["d2", 7200.0]]


def test_minutes_are_rounded_up_stage_by_stage():
    """61 s to the merge and 61 s from there are 2 + 2 minutes, and 3 as a whole."""
    text = "change_id=c1 committed_at=10T11:57:58 merged_at=10T11:58:59 deployment_id=d2"
    hours = {way: states(text, minutes=way)[0][1] for way in ("exact", "up", "down")}
    assert {way: round(h * 60, 3) for way, h in hours.items()} == {
        "exact": 2.033, "up": 4.0, "down": 2.0,
    }  # fmt: skip


def many(sizes, hours):
    """Changes of several deployments: how many each ships, and how long they took."""
    rows, shipped = [], []
    for n, (size, took) in enumerate(zip(sizes, hours, strict=True)):
        end = JUNE[0] + pd.Timedelta(days=n + 1)
        shipped.append({"deployment_id": f"d{n}", "service": "shop", "finished_at": end,
                        "status": "succeeded"})  # fmt: skip
        rows += [
            {"change_id": f"c{n}-{k}", "service": "shop", "deployment_id": f"d{n}",
             "committed_at": end - pd.Timedelta(hours=took + k / 60)}
            for k in range(size)
        ]  # fmt: skip
    return tables.conform(pd.DataFrame(rows), "changes"), tables.conform(
        pd.DataFrame(shipped), "deployments"
    )


def test_median_and_slow_end_are_those_of_the_changes():
    """Against NumPy on the same lead times."""
    made, shipped = many([3] * 12, range(1, 13))
    row = delivery.change_lead_time(made, shipped, between=JUNE).iloc[0]
    hours = [h + k / 60 for h in range(1, 13) for k in range(3)]
    assert row["value"] / 3600 == pytest.approx(np.median(hours))
    assert row["p90"] / 3600 == pytest.approx(np.quantile(hours, 0.9))
    assert (row["n"], row["deployments"]) == (36, 12)


def test_changes_of_one_deployment_count_as_one_moment():
    """A hundred times the changes in the same deployments is not a narrower interval."""
    few = delivery.change_lead_time(*many([1] * 12, range(1, 13)), between=JUNE).iloc[0]
    lots = delivery.change_lead_time(*many([100] * 12, range(1, 13)), between=JUNE).iloc[0]
    assert lots["high"] - lots["low"] > 0.8 * (few["high"] - few["low"])
    assert lots["n"] == 1200


def test_two_deployments_are_too_few_for_an_interval():
    """However many changes they hold."""
    row = delivery.change_lead_time(*many([50, 50], [1, 2]), between=JUNE).iloc[0]
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["value"] > 0


def test_an_empty_month_is_unknown_and_not_the_quickest():
    """NaN with n 0, never 0 hours."""
    made, shipped = many([3] * 3, [1, 2, 3])
    between = (JUNE[0], JUNE[1] + pd.Timedelta(days=40))
    rows = delivery.change_lead_time(made, shipped, between=between, window="1M")
    assert rows["label"].tolist() == ["2026-06", "2026-07", "2026-08"]
    assert rows["n"].tolist() == [9, 0, 0]
    assert rows["value"].isna().tolist() == [False, True, True]
    assert rows["complete"].tolist() == [True, True, False]


def test_a_mean_can_be_had_for_comparison():
    """Of the same changes."""
    made, shipped = many([1] * 4, [1, 1, 1, 97])
    row = delivery.change_lead_time(made, shipped, between=JUNE, lead="mean").iloc[0]
    assert row["value"] / 3600 == pytest.approx(25.0)


def test_what_began_after_now_is_left_out():
    """It has not waited a negative time; an export may run past the end of the history."""
    made, shipped = many([1] * 6, range(1, 7))
    later = changes("change_id=w1 committed_at=20T00:00")
    later["committed_at"] = JUNE[1] + pd.Timedelta("1D")
    made = pd.concat([made, later], ignore_index=True)
    rows = _lead_times(made, shipped, between=JUNE)
    assert "w1" not in set(rows["change_id"])
    row = delivery.change_lead_time(made, shipped, between=JUNE).iloc[0]
    assert row["n"] == 6


def test_clocks_that_do_not_exist_are_refused():
    """The error says what there is."""
    with pytest.raises(ParameterError, match="start must be one of committed, merged"):
        states("change_id=c1 committed_at=10T10:00", start="authored")
    with pytest.raises(TimeIndexError, match="between must carry a time zone"):
        _lead_times(tables.empty("changes"), SHIPPED, between=(pd.Timestamp(0), pd.Timestamp(1)))


def test_the_median_of_all_is_not_the_median_of_medians():
    """Ninety quick changes and three slow ones are quick."""
    lines = [f"change_id=c{n} committed_at=05T11:00 deployment_id=d1" for n in range(9)]
    lines += ["change_id=s1 committed_at=02T12:00 deployment_id=d2",
              "change_id=s2 committed_at=02T12:00 deployment_id=d3"]  # fmt: skip
    shipped = deployments(
        "deployment_id=d1 finished_at=05T12:00\n"
        "deployment_id=d2 finished_at=12T12:00\ndeployment_id=d3 finished_at=19T12:00"
    )
    made = changes("\n".join(lines))
    weeks = delivery.change_lead_time(made, shipped, between=JUNE, window="1w")
    whole = delivery.change_lead_time(made, shipped, between=JUNE).iloc[0]
    assert np.nanmedian(weeks["value"]) == 10 * 86_400
    assert whole["value"] == 3600


def test_a_change_is_shipped_by_the_tag_of_its_own_service():
    """Two repositories with a v2 each: an hour before that of the own service, never a day off."""
    made = changes("""
        change_id=a committed_at=04T08:00 deployment_id=v2
        change_id=b committed_at=05T08:00 deployment_id=v2 service=cart
    """)
    found = _lead_times(made, deployments(SAME_TAGS), between=JUNE)
    assert (found["seconds"] / 3600).tolist() == [1, 1]


def test_a_stage_that_runs_backwards_counts_as_0_minutes():
    """Merged half a minute after it was deployed, as DevLake has it: 90 min and not 89.

    Apache DevLake, backend/plugins/dora/tasks/change_lead_time_calculator.go: stages below zero
    add nothing. A change that began after its deployment has no lead time under any rounding.
    """
    text = """
    change_id=c1 committed_at=10T10:30:00 merged_at=10T12:00:30 deployment_id=d2
    change_id=c2 committed_at=10T12:00:30 deployment_id=d2
    """
    assert states(text, minutes="up") == [
        ("shipped", pytest.approx(91 / 60)), ("shipped before it began", None)
    ]  # fmt: skip


def test_services_together_share_the_moment_of_a_release():
    """One tag of two repositories within the hour is one deployment; a day apart it is two."""
    made = changes("""
        change_id=a committed_at=02T08:00 deployment_id=v1
        change_id=b committed_at=02T08:20 deployment_id=v1 service=cart
    """)
    for end, many in (("02T09:20", 1), ("03T09:20", 2)):
        shipped = deployments(f"""
            deployment_id=v1 finished_at=02T09:00
            deployment_id=v1 finished_at={end} service=cart
        """)
        row = delivery.change_lead_time(made, shipped, between=JUNE, together="all").iloc[0]
        assert (row["n"], row["deployments"]) == (2, many)
