"""Frameworks, agents that are played, and a real master with its allocator and registrar, in simulation."""

from __future__ import annotations

from msgspec.structs import replace

from tests.actors.master.stage import MASTER, PlayedScheduler, Stage, State, running
from tests.actors.master.town import framework_info
from transport.messages import launching, scheduling
from transport.messages.allocation import MakeOffers
from transport.messages.membership import UpdateAgentResources
from transport.messages.operating import DrainAgentRequest, OperatorAnswer, TeardownRequest
from transport.messages.registry import RegistryRecovered
from transport.messages.scheduling import Subscribed
from transport.records.agent import DrainConfig, DrainState
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus

Reason = TaskStatus.Reason


def amounts(offer: Offer) -> dict[str, float]:
    return {one.name: one.scalar.value for one in offer.resources if one.scalar is not None}


def kill(stage: Stage, scheduler: PlayedScheduler, task_id: str) -> None:
    scheduler.send(MASTER, scheduling.Kill(scheduler.id, task_id))


# --- the story of offers ---


def test_two_frameworks_share_an_agent_of_four_cpus_and_four_gigabytes() -> None:
    stage = Stage()
    first = stage.scheduler(framework_info(), "one")
    stage.agent(resources="cpus:4;mem:4096")
    stage.sim.run_until(lambda: first.offers)
    (offer,) = first.offers.values()
    assert amounts(offer) == {"cpus": 4.0, "mem": 4096.0}
    first.launch("a", "cpus:2;mem:1024", offer)
    stage.sim.run_until(lambda: first.offers)
    (offer,) = first.offers.values()
    assert amounts(offer) == {"cpus": 2.0, "mem": 3072.0}
    first.launch("b", "cpus:1;mem:2048", offer, refuse_seconds=60.0)
    second = stage.scheduler(framework_info(), "two")
    stage.sim.run_until(lambda: second.offers)
    (offer,) = second.offers.values()
    assert amounts(offer) == {"cpus": 1.0, "mem": 1024.0}
    stage.sim.run_until(lambda: [first.states(task) for task in "ab"] == [[State.TASK_RUNNING]] * 2)


def test_what_ended_tasks_held_is_offered_again() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t", "cpus:4;mem:4096")
    assert not scheduler.offers
    scheduler.acknowledges = False
    agent.finish("t")
    stage.sim.run_until(lambda: scheduler.offers)
    (offer,) = scheduler.offers.values()
    assert amounts(offer) == {"cpus": 4.0, "mem": 4096.0}


def test_an_offer_that_was_declined_comes_back_after_the_filter() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.send(
        MASTER, scheduling.DeclineOffers(scheduler.id, tuple(scheduler.offers), Filters(refuse_seconds=30.0))
    )
    scheduler.offers.clear()
    stage.sim.run(29.0)
    assert not scheduler.offers
    stage.sim.run(3.0)
    assert len(scheduler.offers) == 1


def test_an_offer_is_revived_before_its_filter_ends() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.send(
        MASTER, scheduling.DeclineOffers(scheduler.id, tuple(scheduler.offers), Filters(refuse_seconds=900.0))
    )
    scheduler.offers.clear()
    stage.sim.run(1.0)
    scheduler.send(MASTER, scheduling.Revive(scheduler.id))
    stage.sim.run_until(lambda: scheduler.offers, 5.0)


def test_what_was_decided_before_an_agent_shrank_is_not_offered() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    held = stage.sim.hold(MakeOffers)
    scheduler.send(
        MASTER, scheduling.DeclineOffers(scheduler.id, tuple(scheduler.offers), Filters(refuse_seconds=0.0))
    )
    scheduler.offers.clear()
    stage.sim.run_until(lambda: held.held)
    assert agent.id is not None
    agent.send(MASTER, UpdateAgentResources(agent.id, tuple(Resources.parse("cpus:1;mem:512"))))
    stage.sim.run(0.1)
    held.release()
    stage.sim.run_until(lambda: scheduler.offers)
    stage.sim.run(5.0)
    assert [amounts(offer) for offer in scheduler.offers.values()] == [{"cpus": 1.0, "mem": 512.0}]


# --- who is heard ---


def test_before_the_registry_is_recovered_nobody_is_heard() -> None:
    stage = Stage()
    held = stage.sim.hold(RegistryRecovered)
    stage.node.crash()
    stage.node.start()
    probe = stage.sim.node("probe").probe()
    probe.send(MASTER, scheduling.Subscribe(framework_info()))
    stage.sim.run(1.0)
    assert not probe.received
    assert stage.master.metrics.dropped_messages.value >= 1
    held.release()
    stage.sim.run_until(lambda: stage.master.reigns)
    probe.send(MASTER, scheduling.Subscribe(framework_info()))
    stage.sim.run_until(lambda: probe.received)
    assert isinstance(probe.received[0], Subscribed)
    assert probe.received[0].framework_id == "m2-0000"


def test_calls_of_anyone_but_the_subscribed_scheduler_change_nothing() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.run_until(lambda: scheduler.offers)
    offers = tuple(scheduler.offers)
    mallory = stage.sim.node("mallory").probe()
    for call in (
        scheduling.Kill(scheduler.id, "t"),
        scheduling.DeclineOffers(scheduler.id, offers),
        scheduling.AcceptOffers(scheduler.id, offers),
        scheduling.Teardown(scheduler.id),
        scheduling.Kill("never-was", "t"),
    ):
        mallory.send(MASTER, call)
    stage.sim.run(1.0)
    assert not mallory.received
    assert not [one for one in agent.received if isinstance(one, launching.KillTask)]
    assert tuple(stage.master.cluster.offers) == offers
    assert scheduler.id in stage.master.cluster.frameworks


def test_updates_of_anyone_but_the_agent_of_the_task_are_not_believed() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    assert agent.id is not None
    status = TaskStatus(
        task_id=TaskID(value="t"), state=State.TASK_FAILED, agent_id=AgentID(value=agent.id), uuid=b"1"
    )
    mallory = stage.sim.node("mallory").probe()
    mallory.send(MASTER, launching.StatusUpdate(scheduler.id, agent.id, status, State.TASK_FAILED))
    stage.sim.run(1.0)
    assert scheduler.states("t") == [State.TASK_RUNNING]


# --- updates ---


def test_every_update_is_told_once_and_in_order() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    agent.finish("t")
    stage.sim.run_until(lambda: not agent.updates)
    assert scheduler.states("t") == [State.TASK_RUNNING, State.TASK_FINISHED]
    (framework,) = stage.master.cluster.frameworks.values()
    assert not framework.tasks
    assert [task.state for task in framework.completed_tasks] == [State.TASK_FINISHED]


def test_an_update_that_is_not_acknowledged_comes_again_with_the_same_uuid() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    scheduler.acknowledges = False
    stage.agent()
    running(stage, scheduler, "t")
    stage.sim.run(35.0)
    uuids = [status.uuid for status in scheduler.statuses]
    assert len(uuids) >= 3
    assert len(set(uuids)) == 1


def test_an_acknowledgement_that_is_lost_is_made_again() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.run_until(lambda: not any(agent.updates.values()))
    lost = stage.sim.drop(launching.AcknowledgeUpdate, times=1)
    agent.finish("t")
    stage.sim.run_until(lambda: not agent.updates)
    assert len(lost.dropped) == 1
    assert scheduler.states("t")[1:] == [State.TASK_FINISHED] * 2


# --- kills ---


def test_a_kill_ends_a_task() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    kill(stage, scheduler, "t")
    stage.sim.run_until(lambda: not agent.updates)
    assert scheduler.states("t") == [State.TASK_RUNNING, State.TASK_KILLED]


def test_a_kill_reaches_an_agent_that_was_away() -> None:
    stage = Stage()
    info = framework_info(checkpoint=True)
    scheduler, agent = stage.scheduler(info, "one"), stage.agent()
    running(stage, scheduler, "t")
    stage.sim.partition(["agent"], ["master"])
    stage.sim.run_until(lambda: not next(iter(stage.master.cluster.agents.values())).connected)
    kill(stage, scheduler, "t")
    stage.sim.run(1.0)
    assert not [one for one in agent.received if isinstance(one, launching.KillTask)]
    stage.sim.heal()
    stage.sim.run_until(lambda: State.TASK_KILLED in scheduler.states("t"))


def test_a_kill_of_a_task_that_nobody_knows_is_answered() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    kill(stage, scheduler, "never-was")
    stage.sim.run_until(lambda: scheduler.statuses)
    assert scheduler.states("never-was") == [State.TASK_LOST]


# --- executors ---


def test_messages_reach_executors_and_schedulers_at_most_once() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.launch("t", "cpus:1;mem:512", executor_id="e")
    stage.sim.run_until(lambda: scheduler.states("t"))
    assert agent.id is not None
    down = scheduling.FrameworkMessage(scheduler.id, agent.id, "e", b"ping")
    up = scheduling.ExecutorMessage(scheduler.id, agent.id, "e", b"pong")
    scheduler.send(MASTER, down)
    agent.send(MASTER, up)
    stage.sim.run(1.0)
    assert agent.received.count(down) == 1
    assert scheduler.received.count(up) == 1


def test_the_end_of_an_executor_is_told_and_frees_what_it_held() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.launch("t", "cpus:3;mem:4064", executor_id="e")
    stage.sim.run_until(lambda: scheduler.states("t"))
    assert agent.id is not None
    agent.finish("t")
    agent.send(MASTER, launching.ExecutorExited(scheduler.id, agent.id, "e", 256))
    stage.sim.run_until(lambda: scheduling.Failure(agent.id or "", "e", 256) in scheduler.received)
    stage.sim.run_until(
        lambda: [amounts(offer) for offer in scheduler.offers.values()] == [{"cpus": 4.0, "mem": 4096.0}]
    )


# --- ending ---


def test_teardown_ends_everything_and_gives_all_to_others() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t", "cpus:4;mem:4096")
    other = stage.scheduler(framework_info(), "two")
    scheduler.send(MASTER, scheduling.Teardown(scheduler.id))
    stage.sim.run_until(lambda: other.offers)
    (offer,) = other.offers.values()
    assert amounts(offer) == {"cpus": 4.0, "mem": 4096.0}
    stage.sim.run_until(lambda: launching.ShutdownFramework(scheduler.id) in agent.received)
    assert not agent.tasks


def test_an_agent_that_is_drained_is_so_with_the_end_of_its_last_framework() -> None:
    stage = Stage()
    scheduler, agent = stage.scheduler(framework_info(), "one"), stage.agent()
    running(stage, scheduler, "t")
    agent_id = agent.id or ""
    operator = stage.sim.node("operator").probe()
    operator.send(MASTER, DrainAgentRequest(1, agent_id, DrainConfig()))
    stage.sim.run_until(lambda: operator.received)
    entry = stage.master.cluster.agents[agent_id]
    assert entry.drain is not None
    assert entry.drain.state is DrainState.DRAINING
    scheduler.send(MASTER, scheduling.Teardown(scheduler.id))
    stage.sim.run_until(lambda: entry.drain is not None and entry.drain.state is DrainState.DRAINED)


def test_an_operator_tears_down_a_framework_which_is_told_so() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    operator = stage.sim.node("operator").probe()
    operator.send(MASTER, TeardownRequest(1, scheduler.id))
    stage.sim.run_until(lambda: operator.received and scheduler.errors)
    assert operator.received == [OperatorAnswer(1)]
    assert scheduler.errors == ["Framework has been removed"]


def test_a_scheduler_hears_the_heart_beat() -> None:
    stage = Stage()
    scheduler = stage.scheduler(framework_info(), "one")
    stage.sim.run(46.0)
    beats = [one for one in scheduler.received if isinstance(one, scheduling.Heartbeat)]
    assert 4 <= len(beats) <= 5


# --- what cannot be ---


def test_a_task_that_is_too_much_for_a_message_is_refused_and_the_master_goes_on() -> None:
    stage = Stage()
    agent = stage.agent()
    scheduler = stage.scheduler(replace(framework_info(), webui_url="x" * 1_000_000), "one")
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.launch("t", "cpus:1;mem:512", name="x" * 7_500_000)
    stage.sim.run_until(lambda: State.TASK_ERROR in scheduler.states("t"))
    assert not stage.sim.crashes
    assert "exceed" in (scheduler.statuses[-1].message or "")
    stage.sim.run_until(lambda: scheduler.offers)
    (offer,) = scheduler.offers.values()
    assert amounts(offer) == {"cpus": 4.0, "mem": 4096.0}
    assert not agent.tasks
