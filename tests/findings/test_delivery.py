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


def plain(found):
    """Sentences with ordinary spaces."""
    return [one.sentence.replace("\u00a0", " ") for one in found]


def of(found, key):
    """The sentence of a key."""
    (line,) = plain(one for one in found if one.key == key)
    return line


def windows(result, broken):
    """The fail rate by window, all services together."""
    return delivery.sensitivity(
        deployments(SHOP), None if broken is None else incidents(broken), between=result.between,
        rules=result.rules, together=delivery.TOGETHER, lengths=["30min", "7D"],
    )  # fmt: skip


SHOP = "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00 planned=yes" for n in range(1, 21))
WEB = "\n".join(f"deployment_id=w{n} finished_at={n:02d}T09:00 planned=no service=<b>web*"
                for n in (5, 15))  # fmt: skip
BROKEN = "\n".join(f"incident_id=i{n} started_at={n:02d}T09:10 resolved_at={n:02d}T10:10"
                   for n in range(1, 8))  # fmt: skip


OFTEN = "\n".join(f"incident_id=i{n} started_at={n // 2 + 1:02d}T{12 * (n % 2):02d}:00"
                  for n in range(56))  # fmt: skip


def test_frequency_names_the_ends_with_interval():
    """Names from the data stay text; weeks of 7, 7, 6 and 0 make the interval wide."""
    assert of(say.summary_sentences(look(f"{SHOP}\n{WEB}")), "delivery.frequency") == (
        "**22 deployments** in 4 weeks: most by **shop**, 5 a week (95 % interval 1.1 to 12), "
        "fewest by **&#60;b&#62;web\\***, 0.5 a week (0.06 to 1.8)."
    )


def test_a_history_of_less_than_a_week_has_counts_and_no_rate():
    """Three days say nothing of weeks."""
    short = look("deployment_id=d1 finished_at=27T09:00")
    assert of(say.summary_sentences(short), "delivery.frequency") == (
        "**1 deployment** in 2 days, which is too short for a rate per week."
    )
    assert say.metrics_table(short, year=2024).rows[0][1] == "too short"


def test_fail_rates_do_not_blame_beyond_the_interval():
    """Seven of twenty against none of two."""
    result = look(f"{SHOP}\n{WEB}", broken=BROKEN)
    assert of(say.summary_sentences(result), "delivery.fail_rate") == (
        "Change fail rate is highest for **shop**, 35 % (7 in 20 deployments; 95 % interval 18 % "
        "to 57 %), but the difference to **&#60;b&#62;web\\***, 0 % (0 in 2), could be chance: the "
        "intervals overlap."
    )


def test_a_rate_no_better_than_chance_is_called_into_doubt():
    """An incident every 12 hours follows every deployment within a day; a rollback is a sign."""
    lines = ["deployment_id=d1 finished_at=10T09:00", "deployment_id=d2 finished_at=15T09:00"]
    lines += [f"deployment_id=w{n} finished_at={n:02d}T09:00 service=web"
              f"{' status=rolled_back' * (n == 9)}" for n in range(9, 13)]  # fmt: skip
    result = look("\n".join(lines), broken=OFTEN)
    assert of(say.summary_sentences(result), "delivery.fail_rate").startswith(
        "Change fail rate of **web**: **25 %** (1 in 4 deployments"
    )
    assert of(say.basis_sentences(result, windows(result, OFTEN)), "delivery.chance") == (
        "The fail rate of **shop** (2 of 2) could be chance: incidents are about as frequent after "
        "any other moment."
    )


def test_the_basis_says_how_many_attributions_chance_would_make():
    """Seven within a day of a deployment, of which 20 cover most of the month."""
    result = look(SHOP, broken=BROKEN)
    line = of(say.basis_sentences(result, windows(result, BROKEN)), "delivery.basis")
    assert line == (
        "**How sure:** 20 deployments, 0 deployed changes and 7 incidents in 4 weeks. 7 incidents "
        "are attributed to a deployment; about 5 would be by chance alone."
    )
    named = look(SHOP, broken=BROKEN, match="source")
    line = of(say.basis_sentences(named, windows(named, BROKEN)), "delivery.basis")
    assert line.endswith(" 0 incidents are attributed to a deployment.")


def test_silence_is_called_unknown():
    """Neither incidents nor plans in the exports."""
    mute = look("deployment_id=d1 finished_at=02T09:00")
    found = [*say.summary_sentences(mute), say.recovery_sentence(mute),
             *say.failure_sentences(mute)]  # fmt: skip
    assert [one.verdict for one in found] == ["one", *["unknown"] * 5]
    (line,) = plain(say.basis_sentences(mute, windows(mute, None)))
    assert line.endswith("no incident to attribute.")


def test_a_log_without_an_incident_says_that_nothing_failed():
    """Exported and empty: 0 of 20, and nothing to recover from."""
    result = delivery.performance(
        deployments(SHOP), tables.empty("changes"), tables.empty("incidents"), as_of=NOW
    )
    assert (
        of(say.summary_sentences(result), "delivery.fail_rate") == "**No failed deployment** in 20."
    )
    assert say.recovery_sentence(result).verdict == "none"
    assert say.failure_sentences(result)[0].verdict == "none"


def test_recovery_has_its_interval_or_says_it_is_too_few():
    """Seven failures of an hour each; then two."""
    assert plain([say.recovery_sentence(look(SHOP, broken=BROKEN))]) == [
        "Recovery time (median) of **shop**, which has most failures: **1 h** (95 % interval 1 h "
        "to 1 h, n = 7)."
    ]
    assert plain([say.recovery_sentence(look(SHOP, broken=TWO))]) == [
        "1 failure of 1 service, too few of any service for an interval."
    ]


def test_failures_are_counted_by_signal():
    """Seven incidents; web is unplanned throughout."""
    assert plain(say.failure_sentences(look(f"{SHOP}\n{WEB}", broken=BROKEN))) == [
        "7 failed deployments: 7 with an attributed incident and 0 followed by an "
        "unplanned deployment within 1 day. One with several signals counts once, and 0 that "
        "failed before reaching users do not count.",
        "2 of 22 deployments were unplanned rework.",
    ]


def test_what_was_left_over_is_said_with_its_reason():
    """One within the window, one too late, one naming a stranger."""
    broken = """
    incident_id=i1 started_at=02T10:00
    incident_id=i2 started_at=05T10:00
    incident_id=i3 started_at=02T10:00 deployment_id=gone
    """
    result = look("deployment_id=d1 finished_at=02T09:00", broken=broken)
    assert plain([say.attribution_sentence(result)]) == [
        "**1 of 3 incidents** attributed to a deployment: 1 started within 1 day after it. Others: "
        "1 names an unknown deployment and 1 started later than that."
    ]


MADE = """
    change_id=c1 committed_at=02T08:00 deployment_id=d2
    change_id=c2 committed_at=25T00:00
    change_id=c3 committed_at=2026-05-01T00:00
    change_id=c4 merged_at=03T08:00 deployment_id=d3
"""


def test_lead_times_say_what_became_of_the_others():
    """Deployed, waiting, older than the first deployment, and one known by its merge."""
    dataset = SimpleNamespace(
        deployments=[1], changes=changes(MADE),
        incidents=tables.conform(incidents(BROKEN).assign(service="api"), "incidents"),
    )  # fmt: skip
    assert plain(say.data_sentences(look(SHOP, MADE), dataset=dataset)) == [
        "With the rules **srelib**, an incident is attributed to the deployment it names, else to "
        "the latest within 1 day before it.",
        "Of 4 changes, 2 were deployed and 1 is waiting (median 4 days).",
        "Changes without a lead time: 1 before the first known deployment.",
        "1 of 4 changes have no commit time; their lead time starts at the merge and is shorter "
        "for it.",
        "No deployment is on record for **api**, so no incident there can be attributed to one.",
    ]


def test_without_deployments_it_says_how_to_export_them():
    """The bottom line, and nothing else."""
    none = look("")
    (line,) = plain(say.summary_sentences(none))
    assert line.startswith("**There are no deployments in the folder**")
    assert "gh api" in line
    rest = [*say.basis_sentences(none, None), *say.failure_sentences(none),
            say.attribution_sentence(none), say.recovery_sentence(none),
            say.lead_time_sentence(none)]  # fmt: skip
    assert {one.key for one in rest} == {"delivery.nothing"}


@pytest.mark.parametrize("rules", list(delivery.PRESETS))
def test_every_set_of_rules_can_be_spoken_of(rules):
    """No sentence breaks, whatever the definitions."""
    result = delivery.performance(
        deployments(f"{SHOP}\n{WEB}"), tables.empty("changes"), incidents(BROKEN), as_of=NOW,
        rules=delivery.preset(rules),
    )  # fmt: skip
    tried = windows(result, BROKEN)
    lines = plain([*say.summary_sentences(result), *say.failure_sentences(result),
                   say.attribution_sentence(result), say.recovery_sentence(result),
                   *say.basis_sentences(result, tried)])  # fmt: skip
    assert all(line and "nan" not in line for line in lines)


def test_a_trend_of_lead_times_is_said_where_intervals_are_apart():
    """An hour in the first week of twelve changes, five in the third."""
    shipped = "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00" for n in range(1, 22))
    made = "\n".join(f"change_id=c{n}-{k} committed_at={n:02d}T0{8 if n < 8 else 4}:{k}0 "
                     f"deployment_id=d{n}" for n in range(1, 22) for k in range(2))  # fmt: skip
    assert plain([say.lead_time_sentence(look(shipped, made))]) == [
        "Significant change of lead time from the first to the last whole week: "
        "**shop** from 55 min to 4 h 55 min."
    ]
    assert say.lead_time_sentence(look(SHOP)).verdict == "few"


TWO = """
    incident_id=i1 started_at=01T09:10 resolved_at=01T10:10
    incident_id=i2 started_at=28T09:10
"""


def test_metrics_have_levels_only_where_n_allows():
    """One failure has a value and no level."""
    (row,) = say.metrics_table(look(SHOP, broken=TWO), year=2024).rows
    assert [cell.replace("\u00a0", " ") for cell in row] == [
        "shop", "5\n1.1 to 12; elite–high", "not known",
        "5 %\n1 % to 24 %; elite–low; could be chance", "1 h\nn = 1", "0 %\n0 % to 16 %",
    ]  # fmt: skip


def test_incidents_are_listed_with_their_deployment():
    """i2 is eight days after the last deployment, and has none."""
    rows = say.attribution_table(look(SHOP, broken=TWO)).rows
    assert [(row[0], row[3]) for row in rows] == [("i1", "d1")]


def test_ids_lead_to_where_the_tool_shows_them():
    """Where the exports say it: d1 has an address, i1 has none."""
    shipped, broken = deployments(SHOP), incidents(TWO)
    shipped = shipped.assign(url="https://ci.example.org/" + shipped["deployment_id"])
    result = delivery.performance(shipped, tables.empty("changes"), broken, as_of=NOW)
    assert say.attribution_table(result).links == {
        (0, 3): "https://ci.example.org/d1"
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
    rates = {row[0]: row[2].replace("\u00a0", " ") for row in rows}
    assert rates == dict(zip(delivery.PRESETS, ["5 %", "10 %", "0 %", "10 %", "10 %"], strict=True))


def test_without_deployments_there_is_no_table():
    """Whatever the incidents say."""
    result = look("", broken=TWO)
    assert say.metrics_table(result, year=2024) is None
    assert say.attribution_table(result) is None
    assert by_rules(tables.empty("deployments")) is None
