"""What notebook 04 says, word for word."""

from types import SimpleNamespace

import pandas as pd
import pytest

from srelib import delivery, findings, tables
from tests.delivery.made import changes, deployments, incidents

NOW = pd.Timestamp("2026-06-29", tz="UTC")
say = findings.delivery


def look(shipped, made="", broken=None, **rules):
    """What is found in small tables; no incidents means that nobody exported any."""
    return delivery.performance(
        deployments(shipped) if shipped else tables.empty("deployments"),
        changes(made) if made else tables.empty("changes"),
        None if broken is None else incidents(broken),
        as_of=NOW, rules=delivery.Rules(**rules),
    )  # fmt: skip


def plain(text):
    """With ordinary spaces."""
    return text.replace("\u00a0", " ")


def said(result, start):
    """The sentence of the summary that starts so."""
    (line,) = [line for line in say.summary_sentences(result) if line.startswith(start)]
    return line


SHOP = "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00 planned=yes" for n in range(1, 21))
WEB = "\n".join(f"deployment_id=w{n} finished_at={n:02d}T09:00 planned=no service=<b>web*"
                for n in (5, 15))  # fmt: skip
BROKEN = "\n".join(f"incident_id=i{n} started_at={n:02d}T09:10 resolved_at={n:02d}T10:10"
                   for n in range(1, 8))  # fmt: skip


def test_frequency_names_the_ends_with_interval():
    """Names from the data stay text; weeks of 7, 7, 6 and 0 make the interval wide."""
    assert plain(say.summary_sentences(look(f"{SHOP}\n{WEB}"))[0]) == (
        "**22 deployments** reached users in 4 weeks: of **shop** most often, 5 a week (95 % "
        "interval 1.1 to 12), of **&#60;b&#62;web\\*** least, 0.5 a week (95 % interval 0.06 "
        "to 1.8)."
    )


def test_a_history_of_less_than_a_week_has_counts_and_no_rate():
    """Three days say nothing of weeks."""
    short = look("deployment_id=d1 finished_at=27T09:00")
    assert plain(say.summary_sentences(short)[0]) == (
        "**1 deployment** reached users in 2 days, all of **shop**: 1 time."
    )


def test_fail_rates_do_not_blame_beyond_the_interval():
    """Seven of twenty against none of two."""
    text = plain(said(look(f"{SHOP}\n{WEB}", broken=BROKEN), "Of the deployments"))
    assert text.startswith(
        "Of the deployments of **shop** 35 % (7 of 20; 95 % interval 18 % to 57 %) failed, of "
        "those of **&#60;b&#62;web\\*** 0 % (0 of 2; 95 % interval 0 % to 66 %): the intervals "
        "overlap, so chance may explain the difference."
    )


def test_a_rate_no_better_than_chance_is_called_into_doubt():
    """An incident every 12 hours follows every deployment within a day, cause or not."""
    shipped = "deployment_id=d1 finished_at=10T09:00\ndeployment_id=d2 finished_at=15T09:00"
    broken = "\n".join(f"incident_id=i{n} started_at={n // 2 + 1:02d}T{12 * (n % 2):02d}:00"
                       for n in range(56))  # fmt: skip
    text = plain(said(look(shipped, broken=broken), "Of the deployments"))
    assert text == (
        "Of the deployments of **shop** 100 % (2 of 2; 95 % interval 34 % to 100 %) failed."
    )
    two = f"{shipped}\ndeployment_id=w finished_at=10T09:00 service=web"
    text = plain(said(look(two, broken=broken), "Of the deployments"))
    assert "The rate of **shop** could be chance: " in text
    assert text.endswith(
        " of all its moments are followed by an incident within 1 day, and so were 2 of the 2 "
        "deployments that did not themselves answer one."
    )
    failed = "\n".join(f"deployment_id=w{n} finished_at={n:02d}T09:00 service=web"
                       f"{' status=rolled_back' * (n == 9)}" for n in range(9, 13))  # fmt: skip
    result = look(f"{shipped}\n{failed}", broken=broken)
    text = plain(said(result, "Of the deployments"))
    assert text.startswith("Of the deployments of **web** **25 % (1 of 4; 95 % interval")
    assert "The rate of **shop** (2 of 2 deployments) could be chance" in text


def test_silence_is_called_unknown():
    """Neither incidents nor plans in the exports."""
    mute = look("deployment_id=d1 finished_at=02T09:00")
    for unknown in ("How often deployments fail is", "How much is rework is",
                    "How long changes take is", "How long failures last is"):  # fmt: skip
        assert said(mute, f"**{unknown} not known")


def test_a_log_without_an_incident_says_that_nothing_failed():
    """Exported and empty: 0 of 20, and nothing to recover from."""
    result = delivery.performance(
        deployments(SHOP), tables.empty("changes"), tables.empty("incidents"), as_of=NOW
    )
    assert "**0 % (0 of 20; 95" in plain(said(result, "Of the deployments"))
    assert said(result, "No incident was put down to a deployment")


def test_recovery_has_its_interval_or_says_it_is_too_few():
    """Seven failures of an hour each; then two."""
    text = plain(said(look(SHOP, broken=BROKEN), "Per service"))
    assert text == (
        "Per service, half of the failures lasted up to: **shop** **1 h** (95 % interval 1 h to "
        "1 h; n = 7)."
    )
    few = "\n".join(BROKEN.splitlines()[:2])
    assert plain(said(look(SHOP, broken=few), "2")) == (
        "2 failures of 1 service: too few of any of them to say how long one lasts."
    )


def test_what_was_left_over_is_said_with_its_reason():
    """One within the window, one too late, one naming a stranger."""
    shipped = "deployment_id=d1 finished_at=02T09:00"
    broken = """
    incident_id=i1 started_at=02T10:00
    incident_id=i2 started_at=05T10:00
    incident_id=i3 started_at=02T10:00 deployment_id=gone
    """
    assert plain(say.attribution_sentence(look(shipped, broken=broken))) == (
        "**1 of 3 incidents** were put down to a deployment (1 started within 1 day after it); "
        "left over: 1 that name a deployment these exports do not have and 1 whose latest "
        "deployment was too long before."
    )


def test_lead_times_say_what_became_of_the_others():
    """Shipped, waiting, and older than the first deployment."""
    made = """
    change_id=c1 committed_at=02T08:00 deployment_id=d2
    change_id=c2 committed_at=25T00:00
    change_id=c3 committed_at=2026-05-01T00:00
    """
    dataset = SimpleNamespace(
        deployments=[1], changes=changes(made),
        incidents=tables.conform(incidents(BROKEN), "incidents"),
    )  # fmt: skip
    lines = say.data_sentences(look(SHOP, made), dataset=dataset)
    assert plain(lines[1]) == (
        "Of 3 changes 1 were shipped and 1 are waiting, half of them for 4 days or longer; "
        "squashed or cherry-picked originals look the same. Left out: 1 before the first known "
        "deployment."
    )


def test_changes_known_by_their_merge_are_counted():
    """Requests do not say when their commits were written, so the clock starts later."""
    made = """
    change_id=c1 committed_at=02T08:00 deployment_id=d2
    change_id=c2 merged_at=03T08:00 deployment_id=d3
    """
    dataset = SimpleNamespace(
        deployments=[1], changes=changes(made),
        incidents=tables.conform(incidents(BROKEN), "incidents"),
    )  # fmt: skip
    lines = say.data_sentences(look(SHOP, made), dataset=dataset)
    assert plain(lines[2]) == (
        "Of 2 changes, 1 do not say when they were committed: their lead time counts from the "
        "merge, and is shorter for it."
    )


def test_without_deployments_it_says_how_to_export_them():
    """The bottom line, and nothing else."""
    none = look("")
    (line,) = say.summary_sentences(none)
    assert line.startswith("**Nothing is known of deployments**")
    assert "gh api" in line


@pytest.mark.parametrize("rules", list(delivery.PRESETS))
def test_every_set_of_rules_can_be_spoken_of(rules):
    """No sentence breaks, whatever the definitions."""
    result = delivery.performance(
        deployments(f"{SHOP}\n{WEB}"), tables.empty("changes"), incidents(BROKEN), as_of=NOW,
        rules=delivery.preset(rules),
    )  # fmt: skip
    lines = [*say.summary_sentences(result), say.signals_sentence(result),
             say.attribution_sentence(result), say.clocks_sentence(result),
             say.basis_sentence(result)]  # fmt: skip
    assert all(line and "nan" not in line for line in lines)


TWO = """
    incident_id=i1 started_at=01T09:10 resolved_at=01T10:10
    incident_id=i2 started_at=28T09:10
"""


def test_metrics_have_levels_only_where_n_allows():
    """One failure has a value and no level."""
    (row,) = say.metrics_table(look(SHOP, broken=TWO), year=2024).rows
    cells = [plain(cell) for cell in row]
    assert cells[1].startswith("5 (1.1 to 12; n = 20); high, could be elite to high")
    assert cells[2] == "not known"
    assert cells[4] == "1 h (n = 1, too few for an interval); no level on so few"


def test_incidents_are_listed_latest_first_with_the_rule_or_the_reason():
    """i2 is eight days after the last deployment."""
    rows = say.attribution_table(look(SHOP, broken=TWO)).rows
    assert [(row[1], row[3], row[5]) for row in rows] == [
        ("i2", "none", "latest deployment too long before"), ("i1", "d1", "window")
    ]  # fmt: skip


def test_ids_lead_to_where_the_tool_shows_them():
    """Where the exports say it: i2 has an address, d1 has, i1 has none."""
    shipped, broken = deployments(SHOP), incidents(TWO)
    shipped = shipped.assign(url="https://ci.example.org/" + shipped["deployment_id"])
    broken["url"] = broken["incident_id"].map({"i2": "https://status.example.org/2"})
    result = delivery.performance(shipped, tables.empty("changes"), broken, as_of=NOW)
    assert say.attribution_table(result).links == {
        (0, 1): "https://status.example.org/2", (1, 3): "https://ci.example.org/d1"
    }  # fmt: skip


def by_rules(shipped):
    """The table of other tools, of small tables with two incidents."""
    exports = shipped, tables.empty("changes"), incidents(TWO)
    together = {"between": look(SHOP).between, "together": delivery.TOGETHER}
    return say.tools_table({
        name: delivery.metrics(*exports, rules=rules, **together)
        for name, rules in delivery.PRESETS.items()
    })  # fmt: skip


def test_other_tools_stand_in_one_row_each():
    """Theirs blame d20 for the second incident, which ours does not."""
    rows = by_rules(deployments(SHOP)).rows
    assert [(row[0], row[1]) for row in rows] == [(name, "20") for name in delivery.PRESETS]
    rates = [plain(row[3]) for row in rows]
    assert rates == ["5 % (n = 20)", "10 % (n = 20)", "0 % (n = 20)", "10 % (n = 20)",
                     "10 % (n = 20)"]  # fmt: skip


def test_without_deployments_there_is_no_table():
    """Whatever the incidents say."""
    result = look("", broken=TWO)
    assert say.metrics_table(result, year=2024) is None
    assert say.attribution_table(result) is None
    assert by_rules(tables.empty("deployments")) is None
