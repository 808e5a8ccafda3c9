from __future__ import annotations

from actors.election.address import MASTER
from tests.actors.master.stage import Stage
from transport.messages.membership import ReregisterAgent
from transport.messages.registry import MarkAgentDrained, PruneAgents, RegistryApplied, RegistryRecovered
from transport.messages.scheduling import SchedulerError, Subscribe, Subscribed
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID


def test_what_is_saved_goes_on_when_it_is_durable_and_in_order() -> None:
    stage = Stage()
    answers: list[tuple[str, RegistryApplied]] = []
    stage.master.save(PruneAgents(), lambda applied: answers.append(("first", applied)))
    stage.master.save(MarkAgentDrained("nobody"), lambda applied: answers.append(("second", applied)))
    assert not answers
    stage.sim.run_until(lambda: len(answers) == 2)
    assert [name for name, _ in answers] == ["first", "second"]
    assert answers[0][1].error is None
    assert answers[1][1].error is not None


def test_an_answer_to_what_was_not_asked_is_ignored() -> None:
    stage = Stage()
    stage.master.registry_applied(stage.node.pid_of("registrar"), RegistryApplied(99))
    stage.sim.run(1.0)
    assert not stage.sim.crashes


def test_a_master_ends_with_its_registrar_and_the_next_one_knows_its_agents() -> None:
    stage = Stage()
    agent = stage.agent()
    stage.node.kill("registrar")
    stage.sim.run_until(lambda: not agent.registered)
    assert not stage.node.up
    stage.node.start()
    stage.sim.run_until(lambda: agent.registered)
    assert agent.id == "m1-S0"


def test_a_reign_tells_how_long_it_lasts() -> None:
    stage = Stage()
    stage.sim.run(100.0)
    metrics = stage.master.metrics
    assert metrics.elected.read() == 1.0
    assert 99.0 < metrics.uptime_secs.read() < 101.0


def test_who_comes_before_the_registry_is_recovered_need_not_come_again() -> None:
    stage = Stage()
    agent = stage.agent()
    scheduler = stage.scheduler(FrameworkInfo(user="root", name="early"), "scheduler")
    recovered = stage.sim.hold(RegistryRecovered)
    stage.node.crash()
    stage.sim.run_until(lambda: not agent.registered and not scheduler.subscribed)
    stage.node.start()
    # Each tries several times, and is heard once.
    stage.sim.run(5.0)
    metrics = stage.master.metrics
    assert (metrics.elected.read(), metrics.recovered.read()) == (1.0, 0.0)
    agents, schedulers = stage.sim.drop(ReregisterAgent), stage.sim.drop(Subscribe)
    recovered.release()
    stage.sim.run_until(lambda: agent.registered and scheduler.subscribed, timeout_seconds=0.9)
    assert metrics.recovered.read() == 1.0
    assert not agents.dropped
    assert not schedulers.dropped


def test_of_those_who_come_too_early_for_one_framework_the_last_one_speaks_for_it() -> None:
    stage = Stage()
    node = stage.sim.node("schedulers")
    schedulers = [node.probe(f"scheduler-{number}") for number in range(20)]
    info = FrameworkInfo(user="root", name="early", id=FrameworkID(value="m0-0000"))
    recovered = stage.sim.hold(RegistryRecovered)
    stage.node.crash()
    stage.node.start()
    for scheduler in schedulers:
        scheduler.send(stage.node.pid_of(MASTER), Subscribe(info))
    stage.sim.run(1.0)
    recovered.release()
    stage.sim.run(1.0)
    assert [Subscribed in map(type, one.received) for one in schedulers] == [True] * 20
    failed_over = SchedulerError("Framework failed over")
    assert [failed_over in one.received for one in schedulers] == [True] * 19 + [False]
