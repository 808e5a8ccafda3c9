"""Metrics: declared once for each actor, shown as a flat table and in Prometheus' form."""

from __future__ import annotations

import pytest

from actors.metrics import Counter, Family, Gauge, Metrics, Registry, Timer, metric


class MasterMetrics(Metrics):
    tasks: Counter = metric(Counter, "master/tasks_launched", 'Tasks "launched".')
    uptime: Gauge = metric(Gauge, "master/uptime_secs", "Seconds since the start.")
    mailboxes: Family = metric(Family, "node/mailbox_depth", "Messages waiting.")
    run: Timer = metric(Timer, "allocator/mesos/allocation_run", "One allocation.")


def registry() -> tuple[MasterMetrics, Registry]:
    metrics, all_metrics = MasterMetrics(), Registry()
    all_metrics.add(metrics)
    return metrics, all_metrics


def test_every_value_stands_under_its_mesos_name() -> None:
    metrics, all_metrics = registry()
    metrics.tasks.increment()
    metrics.tasks.increment(by=2)
    metrics.uptime.set(1.5)
    metrics.mailboxes.read = lambda: {"master": 4, "node": 0}
    assert all_metrics.snapshot() == {
        "master/tasks_launched": 3,
        "master/uptime_secs": 1.5,
        "node/mailbox_depth/master": 4,
        "node/mailbox_depth/node": 0,
    }


def test_a_gauge_may_be_read_where_the_value_lives() -> None:
    metrics, all_metrics = registry()
    agents = [1, 2]
    metrics.uptime.read = lambda: len(agents)
    agents.append(3)
    assert all_metrics.snapshot()["master/uptime_secs"] == 3


def test_one_value_is_read_by_its_name() -> None:
    metrics, all_metrics = registry()
    metrics.tasks.increment(by=2)
    assert all_metrics.value("master/tasks_launched") == 2
    assert all_metrics.value("allocator/mesos/allocation_run") == 0
    assert all_metrics.value("nothing") == 0


def test_two_actors_of_a_class_do_not_share_values() -> None:
    MasterMetrics().tasks.increment()
    assert MasterMetrics().tasks.value == 0


def test_a_successor_takes_the_place_of_an_actor_that_crashed() -> None:
    metrics, all_metrics = registry()
    metrics.tasks.increment()
    all_metrics.add(MasterMetrics())
    assert all_metrics.snapshot()["master/tasks_launched"] == 0


def test_a_timer_shows_its_last_run_and_statistics_in_milliseconds() -> None:
    metrics, all_metrics = registry()
    metrics.run.record(1.0)
    assert {
        name: value for name, value in all_metrics.snapshot().items() if name.startswith("allocator")
    } == {"allocator/mesos/allocation_run_ms": 1000.0}
    for milliseconds in range(1, 101):
        metrics.run.record(milliseconds / 1000)
    snapshot = all_metrics.snapshot()
    run = "allocator/mesos/allocation_run_ms"
    assert snapshot[run] == 100
    assert snapshot[f"{run}/count"] == 101
    assert snapshot[f"{run}/min"] == 1
    assert snapshot[f"{run}/max"] == 1000
    assert snapshot[f"{run}/p50"] == 51
    assert snapshot[f"{run}/p90"] == pytest.approx(91)
    assert snapshot[f"{run}/p9999"] == pytest.approx(991)


def test_a_timer_forgets_what_is_old() -> None:
    timer = Timer("run", "")
    for _ in range(3 * Timer.window):
        timer.record(1)
    assert dict(timer.flat())["run_ms/count"] == Timer.window


def test_prometheus_reads_the_same_values() -> None:
    metrics, all_metrics = registry()
    metrics.tasks.increment()
    metrics.uptime.set(1234567.25)
    metrics.mailboxes.read = lambda: {'a"b\\': 4}
    metrics.run.record(0.002)
    metrics.run.record(0.002)
    lines = all_metrics.prometheus().splitlines()
    assert lines[:7] == [
        '# HELP master_tasks_launched Tasks "launched".',
        "# TYPE master_tasks_launched counter",
        "master_tasks_launched 1",
        "# HELP master_uptime_secs Seconds since the start.",
        "# TYPE master_uptime_secs gauge",
        "master_uptime_secs 1234567.25",
        "# HELP node_mailbox_depth Messages waiting.",
    ]
    assert r'node_mailbox_depth{name="a\"b\\"} 4' in lines
    assert "# TYPE allocator_mesos_allocation_run_ms gauge" in lines
    assert 'allocator_mesos_allocation_run_ms{statistic="p99"} 2.0' in lines
