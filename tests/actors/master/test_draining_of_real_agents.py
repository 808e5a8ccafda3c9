"""What operators want of agents, with real agents and executors in simulation."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from tests.actors.master.town import Capability, State, framework_info
from transport.message import Message
from transport.messages import operating
from transport.pid import Pid
from transport.records.agent import DrainConfig, DrainState
from transport.records.command import CommandInfo
from transport.records.ids import TaskID
from transport.records.machine import MachineID
from transport.records.maintenance import Schedule, Window
from transport.records.offer import Filters, InverseOffer, Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo, TimeInfo, Unavailability

Reason = TaskStatus.Reason
GRACE = DrainConfig(max_grace_period=DurationInfo(nanoseconds=10**9))
NEEDS = tuple(Resources.parse("cpus:1;mem:64"))


class Sleeper(Scheduler):
    """Runs one task that sleeps, and another one whenever that has ended."""

    def __init__(self, detector: Pid) -> None:
        info = framework_info(None, Capability.PARTITION_AWARE, user="root", failover_timeout=1e6)
        super().__init__(replace(info, checkpoint=True), detector)
        self.statuses: list[TaskStatus] = []
        self.asked: list[InverseOffer] = []
        self.wants = 1

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            if not self.wants:
                self.decline([offer], 1.0)
                continue
            self.wants -= 1
            task = TaskInfo(
                name="sleep",
                task_id=TaskID(value=f"t{len(self.statuses)}"),
                agent_id=offer.agent_id,
                resources=NEEDS,
                command=CommandInfo(value="sleep 100000"),
            )
            self.launch([offer], [task], Filters(refuse_seconds=1.0))

    def inverse_offers(self, offers: tuple[InverseOffer, ...]) -> None:
        self.asked.extend(offers)
        self.accept_inverse_offers(offers)

    def update(self, status: TaskStatus) -> None:
        self.statuses.append(status)

    @property
    def states(self) -> list[TaskState]:
        return [status.state for status in self.statuses]


class House:
    """A cluster of one agent, whose task runs, and an operator."""

    def __init__(self) -> None:
        self.cluster = SimulatedCluster(5)
        self.sim = self.cluster.sim
        self.sleepers: list[Sleeper] = []
        self.cluster.start(self._make)
        self.operator = self.sim.node("operator").probe()
        self.wait(lambda: self.sleeper.states[-1:] == [State.TASK_RUNNING])

    def _make(self, detector: Pid) -> Sleeper:
        self.sleepers.append(Sleeper(detector))
        return self.sleepers[-1]

    @property
    def sleeper(self) -> Sleeper:
        return self.sleepers[-1]

    @property
    def agent(self) -> AgentEntry:
        """The agent in the master's books."""
        (agent,) = self.cluster.master.cluster.agents.values()
        return agent

    def wait(self, condition: Callable[[], object], timeout_seconds: float = 120.0) -> None:
        self.sim.run_until(condition, timeout_seconds)

    def ask(self, message: Message, status: int = 200) -> None:
        seen = len(self.operator.received)
        self.operator.send(self.cluster.master_pid, message)
        self.wait(lambda: len(self.operator.received) > seen)
        answer = self.operator.received[-1]
        assert isinstance(answer, operating.OperatorAnswer)
        assert answer.status == status, answer.message

    def is_drained(self) -> bool:
        agent = self.agent
        return agent.drain is not None and agent.drain.state is DrainState.DRAINED

    def restart_agent(self) -> None:
        """The agent's process is killed and comes back; what it runs does not notice."""
        node = self.cluster.hosts[0].node
        node.kill_process()
        self.sim.run(0.5)
        if not node.up:  # it may just have ended itself, and have been started again by its host
            node.start()

    def restart_master(self) -> None:
        self.cluster.master_node.kill_process()
        self.cluster.master_node.start()


def test_a_drained_agent_ends_its_tasks_and_is_used_again_only_when_it_is_reactivated() -> None:
    """DrainAgentKillsRunningTask, CheckpointedDrainInfo."""
    house = House()
    house.ask(operating.DrainAgentRequest(1, house.agent.id, GRACE))
    house.wait(house.is_drained)
    assert house.sleeper.states[-1] is State.TASK_KILLED
    assert house.sleeper.statuses[-1].reason is Reason.REASON_AGENT_DRAINING
    house.sleeper.wants = 1
    house.restart_agent()
    house.sim.run(30.0)
    assert house.agent.connected
    assert house.sleeper.states[-1] is State.TASK_KILLED
    assert house.is_drained()
    house.ask(operating.ReactivateAgentRequest(2, house.agent.id))
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_RUNNING)


def test_draining_goes_on_though_agent_and_master_are_restarted() -> None:
    house = House()
    house.ask(operating.DrainAgentRequest(1, house.agent.id, GRACE))
    house.restart_master()
    house.restart_agent()
    house.wait(lambda: house.cluster.master.cluster.agents)
    house.wait(house.is_drained)
    assert house.sleeper.states[-1] is State.TASK_KILLED


def test_an_agent_that_is_drained_to_be_gone_comes_back_as_another_one() -> None:
    """DrainAgentMarkGone."""
    house = House()
    agent_id = house.agent.id
    config = replace(GRACE, mark_gone=True)
    house.ask(operating.DrainAgentRequest(1, agent_id, config))
    house.wait(lambda: agent_id in house.cluster.master.cluster.gone)
    assert house.sleeper.states[-1] in (State.TASK_KILLED, State.TASK_GONE_BY_OPERATOR)
    house.sim.run(30.0)
    assert agent_id not in house.cluster.master.cluster.agents
    house.sleeper.wants = 1
    house.restart_agent()
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_RUNNING)
    assert house.agent.id != agent_id


def test_a_reactivated_agent_takes_tasks_though_it_was_away_meanwhile() -> None:
    """ReactivateDisconnectedAgent."""
    house = House()
    house.ask(operating.DrainAgentRequest(1, house.agent.id, GRACE))
    house.wait(house.is_drained)
    house.cluster.hosts[0].node.pause()
    house.wait(lambda: not house.agent.connected)
    house.ask(operating.ReactivateAgentRequest(2, house.agent.id))
    house.sleeper.wants = 1
    house.cluster.hosts[0].node.resume()
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_RUNNING)


def test_an_agent_that_is_cut_off_loses_no_task_for_good() -> None:
    house = House()
    house.sim.partition(["agent1", "agent1-executors"])
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_UNREACHABLE, 300.0)
    house.sim.heal()
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_RUNNING)
    assert house.sleeper.statuses[-1].reason is Reason.REASON_AGENT_REREGISTERED


def test_machines_are_emptied_taken_down_and_brought_back() -> None:
    house = House()
    machine = MachineID(hostname="agent1")
    window = Window(
        machine_ids=(machine,), unavailability=Unavailability(start=TimeInfo(nanoseconds=2 * 10**18))
    )
    house.ask(operating.UpdateMaintenanceRequest(1, Schedule(windows=(window,))))
    house.wait(lambda: house.sleeper.asked)
    house.ask(operating.StartMaintenanceRequest(2, (machine,)))
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_GONE_BY_OPERATOR)
    house.sim.run(30.0)
    assert not house.cluster.master.cluster.agents
    house.ask(operating.StopMaintenanceRequest(3, (machine,)))
    house.sleeper.wants = 1
    # The agent has ended, and is started again with its machine.
    house.restart_agent()
    house.wait(lambda: house.sleeper.states[-1] is State.TASK_RUNNING)
