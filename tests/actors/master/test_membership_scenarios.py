"""Agents that join, are cut off, fail and come back, with a real master, registrar and store."""

from __future__ import annotations

import functools

import pytest
from msgspec.structs import replace

from actors.simulation import Plan
from tests.actors.master.stage import MASTER, PlayedAgent, PlayedScheduler, Stage, State
from tests.actors.master.town import Capability, framework_info
from transport.messages import membership, operating
from transport.messages.allocation import AddAgent
from transport.messages.registry import ReadRegistry, RegistryRecovered
from transport.messages.scheduling import Failure
from transport.records.agent import DrainConfig, DrainState
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule, Window
from transport.records.registry import Registry
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo, Unavailability

Reason = TaskStatus.Reason
#: An agent that keeps silent is given up after its link broke or its pings were missed.
SILENCE_SECONDS = 120.0
RECONNECT_SECONDS = 600.0
STEPS = (
    "log.replica.after_append",
    "log.replica.after_sync",
    "log.store.after_chosen",
    "registrar.store.after",
)


def registry(stage: Stage) -> Registry:
    """What is durable."""
    name = f"reader{len(stage.sim.history)}"
    probe = stage.node.probe(name)
    probe.send(stage.node.pid_of("registrar"), ReadRegistry())
    stage.sim.run_until(lambda: probe.received)
    (answer,) = probe.received
    assert isinstance(answer, RegistryRecovered)
    return answer.registry


def admitted(stage: Stage) -> list[str]:
    slaves = (registry(stage).slaves or Registry.Slaves()).slaves
    return [one.info.id.value for one in slaves if one.info.id is not None]


def operate(stage: Stage, request: object, status: int = 200) -> None:
    """Ask for something as an operator, and see it answered."""
    probe = stage.sim.node(f"operator{len(stage.sim.history)}").probe()
    probe.send(MASTER, request)
    stage.sim.run_until(lambda: probe.received)
    (answer,) = probe.received
    assert isinstance(answer, operating.OperatorAnswer)
    assert answer.status == status, answer.message


def running(stage: Stage, *capabilities: Capability) -> tuple[PlayedAgent, PlayedScheduler]:
    """An agent, and a scheduler whose task `t` runs there."""
    scheduler = stage.scheduler(replace(framework_info(None, *capabilities), checkpoint=True), "scheduler")
    agent = stage.agent()
    stage.sim.run_until(lambda: scheduler.offers)
    scheduler.launch("t", "cpus:1;mem:512")
    stage.sim.run_until(lambda: scheduler.states("t") == [State.TASK_RUNNING])
    # Its acknowledgement is there too.
    stage.sim.run(1.0)
    return agent, scheduler


def restart(stage: Stage) -> None:
    """Another reign, whether or not everybody has noticed the end of the one before."""
    stage.node.crash()
    stage.node.start()
    stage.sim.run_until(lambda: stage.master.reigns)


def connected(stage: Stage, agent: PlayedAgent) -> bool:
    entry = stage.master.cluster.agents.get(agent.id or "")
    return entry is not None and entry.connected and agent.registered


# --- joining ---


def test_lost_answers_make_no_second_agent() -> None:
    """SlaveReliableRegistration."""
    stage = Stage()
    dropped = stage.sim.drop(membership.AgentRegistered, times=3)
    agent = stage.agent()
    assert len(dropped.dropped) == 3
    assert admitted(stage) == [agent.id] == list(stage.master.cluster.agents)


@pytest.mark.parametrize("step", STEPS)
def test_a_master_that_fails_while_it_admits_an_agent_admits_it_after_all(step: str) -> None:
    """RegisterDisconnectedSlave; I21: whoever was told an id is in the registry of the next master."""
    stage = Stage()
    told = stage.sim.hold(membership.AgentRegistered)
    offered = stage.sim.hold(AddAgent)
    stage.sim.arm(step)
    agent = PlayedAgent("cpus:4;mem:4096")
    stage.sim.node("agent").spawn(lambda: agent, "agent")
    stage.sim.run_until(lambda: not stage.node.up)
    assert not told.held
    assert not offered.held
    told.release()
    offered.release()
    stage.node.start()
    stage.sim.run_until(lambda: connected(stage, agent))
    assert agent.id in admitted(stage)


# --- out of reach ---


@pytest.mark.parametrize(
    ("capabilities", "state"),
    [((), State.TASK_LOST), ((Capability.PARTITION_AWARE,), State.TASK_UNREACHABLE)],
)
def test_an_agent_that_is_cut_off_is_given_up_and_taken_back(
    capabilities: tuple[Capability, ...], state: State
) -> None:
    """PartitionedSlave, ReregisterSlavePartitionAware, ReregisterSlaveNotPartitionAware."""
    stage = Stage()
    agent, scheduler = running(stage, *capabilities)
    stage.sim.partition(["agent"])
    stage.sim.run_until(lambda: state in scheduler.states("t"), timeout_seconds=SILENCE_SECONDS)
    assert scheduler.statuses[-1].reason is Reason.REASON_AGENT_REMOVED
    assert scheduler.statuses[-1].unreachable_time is not None
    stage.sim.run_until(lambda: Failure(agent.id or "") in scheduler.received)
    assert admitted(stage) == []
    stage.sim.heal()
    stage.sim.run_until(lambda: scheduler.states("t")[-1] is State.TASK_RUNNING)
    assert [one.reason for one in scheduler.statuses][-1] is Reason.REASON_AGENT_REREGISTERED
    assert admitted(stage) == [agent.id]
    assert not any(isinstance(one, membership.ShutdownAgent) for one in agent.received)
    agent.finish("t")
    stage.sim.run_until(lambda: scheduler.states("t")[-1] is State.TASK_FINISHED)


def test_an_agent_that_is_cut_off_for_a_moment_loses_nothing() -> None:
    stage = Stage()
    agent, scheduler = running(stage)
    stage.sim.disconnect("master", "agent")
    stage.sim.run_until(lambda: not agent.registered)
    stage.sim.run_until(lambda: connected(stage, agent))
    agent.finish("t")
    stage.sim.run_until(lambda: State.TASK_FINISHED in scheduler.states("t"))
    assert scheduler.states("t") == [State.TASK_RUNNING, State.TASK_FINISHED]


def test_an_agent_that_is_back_before_its_last_ping_is_missed_stays() -> None:
    """FailHealthChecksTwice."""
    stage = Stage()
    agent, scheduler = running(stage)
    for _ in range(3):
        pings = stage.sim.drop(membership.PongAgent, times=4)
        stage.sim.run_until(lambda: len(pings.dropped) == 4, timeout_seconds=SILENCE_SECONDS)  # noqa: B023
        stage.sim.wait_for(membership.PongAgent)
    assert connected(stage, agent)
    assert scheduler.states("t") == [State.TASK_RUNNING]


def test_an_agent_that_does_not_answer_pings_is_unreachable_though_it_is_connected() -> None:
    stage = Stage()
    agent, scheduler = running(stage)
    stage.sim.drop(membership.PongAgent)
    stage.sim.run_until(lambda: State.TASK_LOST in scheduler.states("t"), timeout_seconds=SILENCE_SECONDS)
    assert agent.id in stage.master.cluster.unreachable


# --- failover ---


def test_agents_and_what_they_run_outlive_their_master() -> None:
    """RegisteredAgentReregisterAfterFailover, MasterFailover."""
    stage = Stage()
    agent, scheduler = running(stage)
    stage.restart_master()
    stage.sim.run_until(lambda: connected(stage, agent) and scheduler.subscribed)
    stage.sim.run(1.0)
    assert list(stage.master.cluster.frameworks[scheduler.id].tasks) == ["t"]
    agent.finish("t")
    stage.sim.run_until(lambda: State.TASK_FINISHED in scheduler.states("t"))
    assert State.TASK_LOST not in scheduler.states("t")
    assert admitted(stage) == [agent.id]


def test_an_agent_that_does_not_outlive_its_master_is_given_up_in_time() -> None:
    """AgentRestartNoReregister; UnreachableAgentReregisterAfterFailover."""
    stage = Stage()
    agent, scheduler = running(stage, Capability.PARTITION_AWARE)
    stage.sim.pause("agent")
    restart(stage)
    stage.sim.run_until(lambda: scheduler.subscribed)
    stage.sim.run(RECONNECT_SECONDS - 10)
    assert list(stage.master.cluster.recovered) == [agent.id]
    stage.sim.run_until(lambda: Failure(agent.id or "") in scheduler.received)
    restart(stage)
    assert list(stage.master.cluster.unreachable) == [agent.id]
    stage.sim.resume("agent")
    stage.sim.run_until(lambda: connected(stage, agent))
    assert "t" in stage.master.cluster.frameworks[scheduler.id].tasks


# --- operators ---


def test_a_gone_agent_is_gone_for_every_master() -> None:
    stage = Stage()
    agent, scheduler = running(stage, Capability.PARTITION_AWARE)
    assert agent.id is not None
    stage.sim.partition(["agent"])
    operate(stage, operating.MarkAgentGoneRequest(1, agent.id))
    stage.sim.run_until(lambda: State.TASK_GONE_BY_OPERATOR in scheduler.states("t"))
    stage.restart_master()
    stage.sim.heal()
    stage.sim.run_until(lambda: any(isinstance(one, membership.ShutdownAgent) for one in agent.received))
    assert not stage.master.cluster.agents


def test_draining_goes_on_under_the_next_master_until_the_agent_is_empty() -> None:
    stage = Stage()
    agent, scheduler = running(stage)
    assert agent.id is not None
    config = DrainConfig(mark_gone=False)
    operate(stage, operating.DrainAgentRequest(1, agent.id, config))
    operate(stage, operating.ReactivateAgentRequest(2, agent.id), status=400)
    stage.restart_master()
    stage.sim.run_until(lambda: connected(stage, agent) and scheduler.subscribed)
    order = membership.DrainAgent(config)
    stage.sim.run_until(lambda: agent.received.count(order) == 2)
    agent.finish("t", State.TASK_KILLED)

    def drained() -> bool:
        (slave,) = (registry(stage).slaves or Registry.Slaves()).slaves
        return slave.drain_info is not None and slave.drain_info.state is DrainState.DRAINED

    stage.sim.run_until(lambda: State.TASK_KILLED in scheduler.states("t"))
    stage.sim.run(5.0)
    assert drained()
    scheduler.offers.clear()
    stage.sim.run(5.0)
    assert not scheduler.offers
    operate(stage, operating.ReactivateAgentRequest(3, agent.id))
    stage.sim.run_until(lambda: scheduler.offers)


def test_a_machine_in_maintenance_is_down_for_every_master_until_it_is_up() -> None:
    stage = Stage()
    agent, scheduler = running(stage)
    machine = MachineID(hostname="agent")
    window = Window(machine_ids=(machine,), unavailability=Unavailability(start=TimeInfo(nanoseconds=1)))
    operate(stage, operating.UpdateMaintenanceRequest(1, Schedule(windows=(window,))))
    operate(stage, operating.StartMaintenanceRequest(2, (machine,)))
    stage.sim.run_until(lambda: State.TASK_LOST in scheduler.states("t"))
    assert admitted(stage) == []
    stage.restart_master()
    orders = len(agent.received)
    agent.registered = False
    agent.exited(MASTER)
    stage.sim.run_until(lambda: len(agent.received) > orders)
    assert agent.received[-1] == membership.ShutdownAgent("Machine is DOWN")
    operate(stage, operating.StopMaintenanceRequest(3, (machine,)))
    stage.sim.run_until(lambda: connected(stage, agent))


# --- everything at once ---

FAILING = Plan(strike_seconds=10.0, partition_seconds=30.0, disconnect_seconds=5.0, weather_seconds=20.0)


def _same(agent: PlayedAgent) -> PlayedAgent:
    return agent


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_all_agents_are_in_the_end_who_they_were(seed: int) -> None:
    """I21, I22, I23; the master's invariants are checked after every turn."""
    stage = Stage(seed)
    agents = [PlayedAgent("cpus:4;mem:4096") for _ in range(4)]
    ids: dict[PlayedAgent, str] = {}
    for number, agent in enumerate(agents):
        stage.sim.node(f"agent{number}").spawn(functools.partial(_same, agent), "agent")

    def nobody_changes() -> None:
        for agent in agents:
            if agent.id is not None:
                assert ids.setdefault(agent, agent.id) == agent.id
        assert len(set(ids.values())) == len(ids)

    stage.sim.always(nobody_changes)
    stage.sim.chaos(None if seed % 2 else FAILING)
    stage.sim.run(100.0)
    stage.sim.quiet()
    stage.sim.run_until(
        lambda: all(connected(stage, agent) for agent in agents), timeout_seconds=RECONNECT_SECONDS
    )
    assert set(ids.values()) <= set(admitted(stage))
