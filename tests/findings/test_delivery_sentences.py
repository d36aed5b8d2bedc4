"""What notebook 04 says, word for word."""

import pandas as pd
import pytest

from srelib import delivery, findings, tables
from tests.delivery.made import changes, deployments, incidents

NOW = pd.Timestamp("2026-06-29", tz="UTC")
say = findings.delivery


def look(shipped, made="", broken="", **rules):
    """A review of small tables."""
    return delivery.review(
        deployments(shipped) if shipped else tables.empty("deployments"),
        changes(made) if made else tables.empty("changes"),
        incidents(broken) if broken else tables.empty("incidents"),
        as_of=NOW, rules=delivery.Rules(**rules),
    )  # fmt: skip


def plain(text):
    """With ordinary spaces."""
    return text.replace("\u00a0", " ")


SHOP = "\n".join(f"deployment_id=d{n} finished_at={n:02d}T09:00 planned=yes" for n in range(1, 21))
WEB = "\n".join(f"deployment_id=w{n} finished_at={n:02d}T09:00 planned=no service=<b>web*"
                for n in (5, 15))  # fmt: skip
BROKEN = "\n".join(f"incident_id=i{n} started_at={n:02d}T09:10 resolved_at={n:02d}T10:10"
                   for n in range(1, 8))  # fmt: skip


def test_frequency_names_the_ends_with_interval():
    """Names from the data stay text; weeks of 7, 7, 6 and 0 make the interval wide."""
    assert plain(say.frequency_sentence(look(f"{SHOP}\n{WEB}"))) == (
        "**22 deployments** reached users in 4 weeks: of **shop** most often, 5 a week (95 % "
        "interval 1.1 to 12), of **&#60;b&#62;web\\*** least, 0.5 a week (95 % interval 0.061 "
        "to 1.8)."
    )


def test_a_history_of_less_than_a_week_has_counts_and_no_rate():
    """Three days say nothing of weeks."""
    short = look("deployment_id=d1 finished_at=27T09:00")
    assert plain(say.frequency_sentence(short)) == (
        "**1 deployment** reached users in 2 days, all of **shop**: 1 time."
    )


def test_fail_rates_do_not_blame_beyond_the_interval():
    """Seven of twenty against none of two."""
    text = plain(say.fail_sentence(look(f"{SHOP}\n{WEB}", broken=BROKEN)))
    assert text.startswith(
        "Of the deployments of **shop** **35 % (7 of 20; 95 % interval 18 % to 57 %)** failed, of "
        "those of **&#60;b&#62;web\\*** 0 % (0 of 2; 95 % interval 0 % to 66 %): the intervals "
        "overlap, so chance may explain the difference."
    )


def test_a_rate_no_better_than_chance_is_called_into_doubt():
    """An incident every 12 hours follows every deployment within a day, cause or not."""
    shipped = "deployment_id=d1 finished_at=10T09:00\ndeployment_id=d2 finished_at=15T09:00"
    broken = "\n".join(f"incident_id=i{n} started_at={n // 2 + 1:02d}T{12 * (n % 2):02d}:00"
                       for n in range(56))  # fmt: skip
    text = plain(say.fail_sentence(look(shipped, broken=broken)))
    assert text == (
        "Of the deployments of **shop** **100 % (2 of 2; 95 % interval 34 % to 100 %)** failed."
    )
    two = f"{shipped}\ndeployment_id=w finished_at=10T09:00 service=web"
    text = plain(say.fail_sentence(look(two, broken=broken)))
    assert "is not clearly more for the worst of 2 services, so this rate says little" in text


def test_silence_is_called_unknown():
    """Neither incidents nor plans in the exports."""
    mute = look("deployment_id=d1 finished_at=02T09:00")
    assert say.fail_sentence(mute).startswith("**How often deployments fail is not known**")
    assert say.rework_sentence(mute).startswith("**How much is rework is not known**")
    assert say.lead_sentence(mute).startswith("**How long changes take is not known.**")
    assert say.recovery_sentence(mute).startswith("**How long failures last is not known.**")


def test_recovery_has_its_interval_or_says_it_is_too_few():
    """Seven failures of an hour each; then two."""
    text = plain(say.recovery_sentence(look(SHOP, broken=BROKEN)))
    assert text == (
        "Per service, half of the failures lasted up to: **shop** **1 h** (95 % interval 1 h to "
        "1 h; n = 7)."
    )
    few = "\n".join(BROKEN.splitlines()[:2])
    assert plain(say.recovery_sentence(look(SHOP, broken=few))) == (
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
    text = plain(say.changes_sentence(look(SHOP, made)))
    assert text == (
        "Of 3 changes 1 were shipped and 1 are waiting, half of them for 4 days or longer; "
        "squashed or cherry-picked originals look the same. Left out: 1 before the first known "
        "deployment."
    )


def test_the_table_has_levels_only_where_n_allows():
    """One failure has a value and no level."""
    one = BROKEN.splitlines()[0]
    table = say.metrics_table(look(SHOP, broken=one), year=2024)
    (row,) = table.rows
    assert plain(row[1]).startswith("5 (1.1 to 12; n = 20); high, could be elite to high")
    assert row[2] == "not known"
    assert plain(row[4]) == "1 h (n = 1, too few for an interval); no level on so few"


def test_without_deployments_it_says_how_to_export_them():
    """The bottom line, and nothing else."""
    none = look("")
    assert none is None
    (line,) = say.summary_sentences(none)
    assert line.startswith("**Nothing is known of deployments**")
    assert "gh api" in line
    assert say.metrics_table(none, year=2024) is None


@pytest.mark.parametrize("rules", list(delivery.PRESETS))
def test_every_set_of_rules_can_be_spoken_of(rules):
    """No sentence breaks, whatever the definitions."""
    review = delivery.review(
        deployments(f"{SHOP}\n{WEB}"), tables.empty("changes"), incidents(BROKEN), as_of=NOW,
        rules=delivery.chosen(rules),
    )  # fmt: skip
    lines = [*say.summary_sentences(review), say.signals_sentence(review),
             say.attribution_sentence(review), say.clocks_sentence(review),
             say.basis_sentence(review)]  # fmt: skip
    assert all(line and "nan" not in line for line in lines)
