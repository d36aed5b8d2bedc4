"""What was found, as tables for machines."""

import numpy as np

from srelib.errors import InputError
from srelib.partitioned import FleetSummary, objectives_table, services_table


def test_the_table_of_services_has_a_row_for_each(whole, found):
    """With its verdict, what the change would bring, and every number with its interval."""
    table = services_table(found).set_index("service")
    assert list(table.index) == whole.services
    for service, row in table.iterrows():
        one = found.services[service]
        assert row["verdict"] == one.decision.verdict
        assert row["sli"] == one.scorecard.sli.value
        assert row["rows_kept"] == len(whole.of(service).sli)
        if one.decision.change is not None:
            assert row["meets_after_change"] == one.decision.change.probability.value
        assert np.isnan(row["left"]) or row["left_low"] <= row["left"] <= row["left_high"]


def test_the_table_of_objectives_has_a_row_for_each(whole, found):
    """Its budget in the window, alerts replayed, and advice."""
    table = objectives_table(found)
    assert table["objective"].tolist() == [slo.name for slo in whole.slos]
    for row in table.to_dict("records"):
        (one,) = found.services[row["service"]].objectives
        assert (row["left_share"], row["sli"]) == (one.status.left_share, one.status.sli)
        assert row["events"] == len(one.alerts.events)
        assert row["advice"] == one.advice.verdict


def test_what_is_not_known_has_its_reason_in_the_table(found):
    """Of a service, and of one answer about an objective."""
    service, one = next(iter(found.services.items()))
    why = InputError("its file is broken")
    (own,) = one.objectives
    half = type(one)(service, why, None, {}, (type(own)(own.key, why, 0.5, why, why),), one.rows)
    other = FleetSummary(
        found.base, found.between, found.settings, {service: half, "x": why}, None
    )  # fmt: skip
    assert services_table(other)["error"].tolist() == ["its file is broken"] * 2
    assert objectives_table(other)["error"].tolist() == ["; ".join(["its file is broken"] * 3)]
    assert other.decided == {service: why, "x": why}
    assert other.rows == dict(one.rows)
