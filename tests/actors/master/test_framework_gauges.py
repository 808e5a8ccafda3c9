from __future__ import annotations

from msgspec.structs import replace

from actors.master.framework_gauges import FrameworkMetrics
from actors.master.tally import CALLS, EVENTS
from actors.metrics import Registry
from tests.actors.master.stage import MASTER, Stage, running
from tests.actors.master.town import framework_info
from transport.messages import scheduling
from transport.records.offer import Filters
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event
from transport.records.task_status import TaskState


def shown(stage: Stage) -> Registry:
    metrics, registry = FrameworkMetrics(), Registry()
    metrics.read_from(stage.master.cluster)
    registry.add(metrics)
    return registry


def test_each_framework_is_counted_for_itself() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(replace(framework_info(), name="a/b c"), "one"), stage.agent()
    running(stage, scheduler, "t", "cpus:1;mem:64")
    agent.finish("t")
    stage.sim.run_until(lambda: scheduler.states("t")[-1] is TaskState.TASK_FINISHED)
    running(stage, scheduler, "u", "cpus:1;mem:64")
    stage.sim.run_until(lambda: scheduler.offers)
    offers = tuple(scheduler.offers)
    scheduler.send(MASTER, scheduling.DeclineOffers(scheduler.id, offers, Filters(refuse_seconds=600.0)))
    scheduler.send(MASTER, scheduling.Suppress(scheduler.id, ()))
    stage.sim.run(5.0)
    prefix = f"master/frameworks/a%2Fb%20c/{scheduler.id}/"
    figures = {name.removeprefix(prefix): value for name, value in shown(stage).snapshot().items() if value}
    counted = {name: value for name, value in figures.items() if not name.startswith(("events", "calls"))}
    assert counted == {
        "subscribed": 1,
        "operations": 2,
        "operations/launch": 2,
        "tasks/active/task_running": 1,
        "tasks/terminal/task_finished": 1,
        "offers/sent": 2 + len(offers),
        "offers/accepted": 2,
        "offers/declined": len(offers),
        "roles/*/suppressed": 1,
    }
    assert (figures["calls/accept"], figures["calls/subscribe"], figures["calls/suppress"]) == (2, 1, 1)
    assert figures["calls"] == sum(value for name, value in figures.items() if name.startswith("calls/"))
    assert (figures["events/subscribed"], figures["events/update"]) == (1, 3)
    assert figures["events"] == sum(value for name, value in figures.items() if name.startswith("events/"))


def test_messages_are_counted_by_principal() -> None:
    stage = Stage()
    for host, principal in (("one", "gold"), ("two", "gold"), ("three", None)):
        info = replace(framework_info(), principal=principal)
        stage.scheduler(info, host)
    counts = {
        name: value for name, value in shown(stage).snapshot().items() if name.startswith("frameworks/")
    }
    assert counts == {"frameworks/gold/messages_received": 2, "frameworks/gold/messages_processed": 2}
    assert 'frameworks{principal="gold"} 2' in shown(stage).prometheus().splitlines()


def test_prometheus_tells_frameworks_apart_by_labels() -> None:
    stage = Stage()
    scheduler = stage.scheduler(replace(framework_info(), name="web"), "one")
    labels = f'framework_name="web",framework_id="{scheduler.id}",figure="subscribed"'
    assert f"master_frameworks{{{labels}}} 1.0" in shown(stage).prometheus().splitlines()


def test_all_calls_and_events_of_the_api_are_counted() -> None:
    assert set(CALLS.values()) == set(Call.Type) - {Call.Type.UNKNOWN}
    assert set(EVENTS.values()) == set(Event.Type) - {Event.Type.UNKNOWN}
