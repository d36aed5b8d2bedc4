"""Objectives whose target changed: since when each target holds."""

import pandas as pd
import pytest

from srelib.errors import SloError
from srelib.slos.files import _write
from tests.slos.made import PYRRA, SLO_GENERATOR, WEB, read_text
from tests.slos.test_composites import PART


def since(day: str, target: str = "0.999", text: str = WEB) -> str:
    """The document WEB with a target that came into force on a day."""
    head = f'  name: web\n  annotations: {{srelib/valid-from: "{day}"}}\n'
    assert "  name: web\n" in text
    return text.replace("  name: web\n", head).replace("target: 0.999", f"target: {target}")


def utc(text: str) -> pd.Timestamp:
    """A time in UTC."""
    return pd.Timestamp(text, tz="UTC")


def test_a_day_is_its_midnight_by_the_clock_of_the_window(tmp_path):
    """UTC for a rolling window, the zone of a calendar window; a time may bring its own."""
    (slo,) = read_text(tmp_path, since("2026-05-01"))
    assert (slo.valid_from, slo.targets) == (utc("2026-05-01"), ((utc("2026-05-01"), 0.999),))
    month = WEB.replace(
        "    - duration: 28d\n      isRolling: true\n",
        "    - duration: 1M\n      calendar: {timeZone: Europe/Berlin}\n",
    )
    (slo,) = read_text(tmp_path, since("2026-05-01", text=month))
    assert slo.valid_from == utc("2026-04-30 22:00")
    (slo,) = read_text(tmp_path, since("2026-05-01T00:00:00-04:00"))
    assert slo.valid_from == utc("2026-05-01 04:00")


def test_documents_of_one_objective_are_its_history(tmp_path):
    """In any order; one without a date held before; the last to come is the target."""
    text = "---\n".join([since("2026-06-01", "0.9995"), WEB, since("2026-05-01", "0.995")])
    (slo,) = read_text(tmp_path, text)
    assert slo.targets == ((None, 0.999), (utc("2026-05-01"), 0.995), (utc("2026-06-01"), 0.9995))
    assert (slo.target, slo.valid_from) == (0.9995, utc("2026-06-01"))


def test_the_target_in_force_when_a_window_ends_judges_it(tmp_path):
    """A window that ends as a target begins is still judged by the one before."""
    (slo,) = read_text(tmp_path, "---\n".join([since("2026-05-01", "0.995"), since("2026-06-01")]))
    assert slo.at(utc("2026-06-01")).target == 0.995
    assert slo.at(utc("2026-06-01 00:01")).target == 0.999
    early = slo.at(utc("2026-04-01"))
    assert (early.target, early.valid_from) == (0.995, utc("2026-05-01"))
    (plain,) = read_text(tmp_path, WEB)
    assert plain.at(utc("2026-04-01")) is plain


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (since("soon"), "srelib/valid-from: 'soon' is no time"),
        (f"{WEB}---\n{WEB}", 'already defined in .*annotations: {srelib/valid-from: "2026-05-01"}'),
        (f"{since('2026-05-01')}---\n{since('2026-05-01', '0.99')}", "already defined in"),
        (f"{WEB}---\n{since('2026-05-01').replace('28d', '7d')}", "in more than its target"),
    ],
)
def test_histories_that_cannot_be_are_refused(tmp_path, text, message):
    """Two targets at once, or documents that are not of one objective."""
    with pytest.raises(SloError, match=message):
        read_text(tmp_path, text)


def test_what_is_written_is_read_back(tmp_path):
    """A document for each target, of a composite too."""
    one = "---\n".join([WEB, since("2026-05-01", "0.995")])
    whole = "---\n".join(text + PART.replace("0.999", target) for text, target in (
        (WEB, "0.999"), (since("2026-05-01", "0.995"), "0.995")))  # fmt: skip
    for text in (one, whole):
        before = read_text(tmp_path, text)
        written = _write(before)
        assert written.count("kind: SLO") == 2
        assert read_text(tmp_path, written) == before


@pytest.mark.parametrize("text", [PYRRA, SLO_GENERATOR])
def test_other_formats_with_annotations_say_it_the_same_way(tmp_path, text):
    """Metadata is that of Kubernetes in all of them."""
    dated = text.replace(
        "metadata:\n", 'metadata:\n  annotations: {srelib/valid-from: "2026-05-01"}\n'
    )
    (slo,) = read_text(tmp_path, dated)
    assert slo.valid_from == utc("2026-05-01")


def test_a_member_has_the_date_of_its_document(tmp_path):
    """As it has the window."""
    *members, whole = read_text(tmp_path, since("2026-05-01") + PART)
    assert {slo.valid_from for slo in (*members, whole)} == {utc("2026-05-01")}


def test_the_schedule_and_the_date_may_stand_together(tmp_path):
    """Two annotations of one document."""
    hours = 'annotations: {srelib/schedule: "Mon-Fri 08:00-18:00 UTC", '
    before = read_text(tmp_path, since("2026-05-01").replace("annotations: {", hours))
    assert before[0].schedule is not None
    assert read_text(tmp_path, _write(before)) == before
