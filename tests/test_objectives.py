"""Which objectives and series a folder holds, each with its counts."""

import pandas as pd
import pytest

import srelib
from srelib import objectives, windows
from srelib.errors import InputError
from srelib.fleet import Indicator

MINUTES = pd.date_range("2026-06-01", periods=10, freq="min", tz="UTC")


def slo(name: str, service: str, **method: str) -> str:
    """One OpenSLO document with a target of 99 %."""
    extra = "".join(f"\n    {key}: {value}" for key, value in method.items())
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n"
        f"  service: {service}\n"
        "  indicator: {metadata: {name: availability}, spec: {ratioMetric: {counter: false,\n"
        "    good: {metricSource: {type: csv, spec: {query: good}}},\n"
        "    total: {metricSource: {type: csv, spec: {query: total}}}}}}\n"
        "  timeWindow: [{duration: 28d, isRolling: true}]\n"
        f"  budgetingMethod: {'Timeslices' if method else 'Occurrences'}\n"
        f"  objectives:\n  - target: 0.99{extra}\n"
    )


@pytest.fixture
def folder(tmp_path):
    """Ten minutes of two services, ten requests a minute, the fourth minute of shop all bad."""
    rows = [
        f"{time:%Y-%m-%dT%H:%M:%SZ},{service},{0 if (service, n) == ('shop', 3) else 10},10"
        for service in ("search", "shop")
        for n, time in enumerate(MINUTES)
    ]
    (tmp_path / "counts.csv").write_text("\n".join(["time,service,good,total", *rows, ""]))
    return tmp_path


def test_without_objectives_every_series_is_measured(folder):
    """Named for the service alone where it has one series; no target."""
    dataset = srelib.load(folder)
    found = objectives.measured(dataset)
    assert [key.name for key in found] == ["search", "shop"]
    assert not any(key.has_target for key in found)
    assert [counts["good"].sum() for counts in found.values()] == [100, 90]
    assert objectives.with_target(dataset) == {}


def test_objectives_are_measured_as_they_count(folder):
    """Events, or slices of five minutes, of which one fell below its own target."""
    slices = slo("steady", "shop", timeSliceTarget="0.9", timeSliceWindow="5m")
    (folder / "slos.yaml").write_text(f"{slo('up', 'shop')}---\n{slices}")
    found = objectives.measured(srelib.load(folder))
    assert [(key.name, key.unit, key.target) for key in found] == [
        ("up", "events", 0.99), ("steady", "slices of 5\u00a0min", 0.99),
    ]  # fmt: skip
    assert [counts["total"].sum() for counts in found.values()] == [100, 2]
    assert [counts["good"].sum() for counts in found.values()] == [90, 1]
    assert [key.counts_slices for key in found] == [False, True]


def test_what_no_objective_is_about_and_what_no_data_is_about(folder):
    """A series without objective, and an objective without series with its error."""
    (folder / "slos.yaml").write_text(f"{slo('up', 'shop')}---\n{slo('pay', 'payments')}")
    dataset = srelib.load(folder)
    assert [key.service for key in objectives.without_target(dataset)] == ["search"]
    assert [key.service for key in objectives.with_target(dataset)] == ["shop"]
    ((key, error),) = objectives.without_data(dataset).items()
    assert key.name == "pay"
    assert isinstance(error, InputError)


def test_one_indicator_a_service_is_chosen_by_name():
    """Availability where there is one, else the first; never by the numbers."""
    fast, shop = Indicator("fast", "shop", "latency"), Indicator("up", "shop", "availability")
    slow = Indicator("slow", "web", "latency")
    given = {key: pd.DataFrame() for key in (fast, shop, slow)}
    assert list(objectives.per_service(given)) == [shop, slow]
    assert list(objectives.per_service(given, sli="latency")) == [fast, slow]


def composite(rule: str) -> str:
    """The document of a composite of both services, at 90 %."""
    members = "".join(
        f"  - {{target: 0.99, indicator: {{metadata: {{name: availability}}, spec: {{ratioMetric: "
        f"{{good: {{metricSource: {{spec: {{service: {name}}}}}}}, total: {{metricSource: {{}}}}}}"
        f"}}}}}}\n"
        for name in ("search", "shop")
    )
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: site-{rule.split()[0]}\n"
        f'  annotations: {{srelib/composite: {rule}, srelib/composite-target: "0.9"}}\n'
        "spec:\n  service: site\n  timeWindow: [{duration: 28d, isRolling: true}]\n"
        f"  budgetingMethod: Occurrences\n  objectives:\n{members}"
    )


@pytest.fixture
def site(folder):
    """The same with a composite under each rule."""
    rules = ("weighted mean", "all events", "worst member")
    (folder / "slos.yaml").write_text("---\n".join(composite(rule) for rule in rules))
    return srelib.load(folder)


def test_composites_are_objectives_of_their_members(site):
    """One minute of ten all bad in one service of two: a mean of 0.95, 190 of 200, 9 of 10."""
    found = {key: windows.current(c, window=key.window)
             for key, c in objectives.with_target(site).items() if key.composite}  # fmt: skip
    assert [(key.name, key.service, key.unit) for key in found] == [
        ("site-weighted", "site", "weighted events"), ("site-all", "site", "events"),
        ("site-worst", "site", "slices of time"),
    ]  # fmt: skip
    assert {key.members for key in found} == {("search", "shop")}
    sums = [tuple(c[["good", "total"]].sum()) for c in found.values()]
    assert sums == [(190, 200), (190, 200), (9, 10)]


def test_composites_stand_beside_their_members_and_do_not_count_them_twice(site):
    """They are not chosen for a service, and what they are made of has an objective."""
    counts = objectives.with_target(site)
    single = objectives.without_composites(counts)
    assert {key.service for key in single} == {"search", "shop"}
    assert {key.service for key in objectives.per_service(counts)} == {"search", "shop"}
    assert objectives.without_target(site) == {}
    assert [key.composite for key in objectives.members(site)] == [
        "weighted mean", "all events", "worst member",
    ]  # fmt: skip


def test_a_composite_brings_the_services_it_is_made_of(site):
    """Asked for by its own service; a member alone comes without it."""
    assert site.of("site").services == ["search", "shop"]
    assert {slo.service for slo in site.of("search").slos} == {"search"}


def test_maintenance_of_a_member_is_left_out_of_the_whole(folder):
    """The bad minute of shop excluded: it asks for nothing, the other goes on."""
    (folder / "slos.yaml").write_text(composite("all events"))
    (folder / "exclusions.csv").write_text(
        "service,starts_at,ends_at,reason\nshop,2026-06-01T00:03:00Z,2026-06-01T00:04:00Z,move\n"
    )
    (found,) = objectives.members(srelib.load(folder)).values()
    assert found["total"].sum().tolist() == [100, 90]
    assert found["good"].sum().tolist() == [100, 90]


def test_a_composite_without_data_of_a_member_says_so(folder):
    """As any objective without data."""
    (folder / "slos.yaml").write_text(composite("all events").replace("shop", "pay"))
    missing = objectives.without_data(srelib.load(folder))
    assert "there is no data for service 'pay'" in str(list(missing.values())[-1])
    assert any(key.composite for key in missing)


def dated(name: str, *targets: tuple[str, float]) -> str:
    """A document for each target of an objective of shop."""
    return "---\n".join(
        slo(name, "shop").replace(
            f"{{name: {name}}}", f'{{name: {name}, annotations: {{srelib/valid-from: "{since}"}}}}'
        ).replace("target: 0.99", f"target: {target}")
        for since, target in targets
    )  # fmt: skip


def test_the_target_is_the_one_in_force_at_the_end_of_the_data(folder):
    """Ten minutes from midnight; the change at 00:05 is not yet that of the first five."""
    targets = ("2026-05-01", 0.9), ("2026-06-01T00:05:00Z", 0.95), ("2026-07-01", 0.99)
    (folder / "slos.yaml").write_text(dated("up", *targets))
    whole = srelib.load(folder)
    (key,) = objectives.with_target(whole)
    assert key.target == 0.95
    assert [target for _, target in key.targets] == [0.9, 0.95]
    ends = pd.DataFrame({"ends_at": MINUTES[[5, 6]]})
    assert key.target_of(ends).tolist() == [0.9, 0.95]
    (early,) = objectives.with_target(whole.between(until="2026-06-01T00:05:00Z"))
    assert (early.target, len(early.targets)) == (0.9, 1)


def test_a_target_that_comes_later_is_none_yet(folder):
    """Said with both times, not judged by it."""
    (folder / "slos.yaml").write_text(dated("up", ("2026-06-02", 0.9)))
    dataset = srelib.load(folder)
    assert objectives.with_target(dataset) == {}
    (error,) = objectives.without_data(dataset).values()
    assert "comes into force on 2026-06-02 00:00 UTC, and the data end at 2026-06-01 00:10" in str(
        error
    )


def test_members_called_alike_are_kept_apart(folder):
    """By the name of the document where it has one for all of them; else one would be lost."""
    text = composite("all events").replace("  name: site-all\n", "  name: site\n  displayName: S\n")
    (folder / "slos.yaml").write_text(text)
    (found,) = objectives.members(srelib.load(folder)).values()
    assert [member.name for member in found["good"].columns] == ["site-1", "site-2"]
    assert found["total"].sum().tolist() == [100, 100]


def test_a_composite_keeps_its_target_until_the_next_is_in_force(folder):
    """The later document is about next month; so are its members."""
    later = composite("all events").replace(
        "annotations: {", 'annotations: {srelib/valid-from: "2026-07-01", '
    ).replace('"0.9"', '"0.99"')  # fmt: skip
    (folder / "slos.yaml").write_text(f"{composite('all events')}---\n{later}")
    dataset = srelib.load(folder)
    (key,) = objectives.members(dataset)
    assert key.target == 0.9
    assert objectives.without_data(dataset) == {}
