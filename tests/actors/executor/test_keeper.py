from __future__ import annotations

import itertools

from actors.executor.host import EXECUTORS
from actors.executor.keeper import KEEPER, Keeper
from actors.executor.simulated_node import SimulatedExecutorNode
from actors.process import Process
from actors.simulation import Probe, SimulatedNode, Simulation
from transport.messages.hosting import (
    EndExecutorNode,
    ExecutorNodeEnds,
    ExecutorNodeFound,
    FindExecutorNode,
)
from transport.pid import Pid


class SlowNode(SimulatedExecutorNode):
    """An executor node that takes its time to start, may fail to, and counts."""

    def __init__(self, node: SimulatedNode, sim: Simulation, start_seconds: float = 0.0) -> None:
        super().__init__(node)
        self.starts: list[float] = []
        #: Whether the one that is there was told something else.
        self.is_other = False
        self.given_up = False
        self.broken: OSError | None = None
        self._sim = sim
        self._node_ = node
        self._start_seconds = start_seconds

    def starting(self) -> bool:
        return bool(self.starts) and self._sim.now < self.starts[-1] + self._start_seconds

    def differs(self) -> bool:
        return self.is_other

    def give_up(self) -> None:
        self.given_up = True

    def start(self) -> None:
        self.starts.append(self._sim.now)
        if self.broken is not None:
            raise self.broken
        self._node_.restart_after(self._start_seconds)


class Silent(Process):
    """Stands in for `executors`, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def unhandled(self, sender: Pid, message: object) -> None:
        self.told.append(message)


class Host:
    """An agent's node with a keeper, and the node that is kept."""

    def __init__(self, *, up: bool = False, start_seconds: float = 0.3) -> None:
        self.sim = Simulation(3)
        self.kept = self.sim.node("executors", lambda node: node.spawn(Silent, EXECUTORS))
        if not up:
            self.kept.kill_process()
        self.node = SlowNode(self.kept, self.sim, start_seconds)
        self.agents = self.sim.node("agent", lambda node: node.spawn(lambda: Keeper(self.node), KEEPER))
        self.agent = self.agents.probe("agent")

    def find(self, agent: Probe | None = None) -> None:
        (agent or self.agent).send(self.agents.pid_of(KEEPER), FindExecutorNode())

    def found(self, agent: Probe | None = None) -> None:
        """Wait until an agent is told where the node is."""
        received = (agent or self.agent).received
        self.sim.run_until(lambda: received)
        assert received.pop(0) == ExecutorNodeFound(Pid(EXECUTORS, *self.kept.address))


def test_a_node_that_lives_is_found() -> None:
    host = Host(up=True)
    host.find()
    host.found()
    assert host.node.starts == []


def test_where_there_is_none_one_is_started_once() -> None:
    host = Host(start_seconds=5.0)
    host.find()
    host.sim.run(1.0)
    host.find()
    host.found()
    host.sim.run(10.0)
    assert len(host.node.starts) == 1
    host.find()
    host.found()


def test_nothing_is_started_before_anybody_asks() -> None:
    host = Host()
    host.sim.run(60.0)
    assert host.node.starts == []


def test_when_it_dies_another_one_is_started_and_told_of() -> None:
    host = Host(up=True)
    host.find()
    host.found()
    host.kept.kill_process()
    host.found()
    assert len(host.node.starts) == 1


def test_one_that_dies_again_and_again_is_started_ever_later() -> None:
    host = Host(up=True, start_seconds=0.0)
    host.find()
    for _ in range(8):
        host.found()
        host.kept.kill_process()
    host.found()
    starts = host.node.starts
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses[-1] > 5 * pauses[0]
    assert max(pauses) < 100.0


def test_one_that_cannot_be_started_is_tried_again_with_patience() -> None:
    host = Host()
    host.node.broken = OSError("no more processes")
    host.find()
    host.sim.run(300.0)
    assert 5 < len(host.node.starts) < 25
    host.node.broken = None
    host.found()


def test_a_node_whose_connection_broke_is_found_again_and_not_replaced() -> None:
    host = Host(up=True)
    host.find()
    host.found()
    host.sim.cut("agent", "executors")
    host.found()
    assert host.node.starts == []


def test_only_the_newest_agent_of_a_name_is_told() -> None:
    host = Host(start_seconds=5.0)
    host.find()
    host.sim.run(1.0)
    host.agents.kill("agent")
    host.sim.run(1.0)
    later = host.agents.probe("agent")
    host.find(later)
    host.found(later)
    assert host.agent.received == []
    assert len(host.node.starts) == 1


def test_an_agent_that_leaves_for_good_has_the_node_told_to_end() -> None:
    host = Host(up=True)
    host.find()
    host.found()
    host.agent.send(host.agents.pid_of(KEEPER), EndExecutorNode())
    host.sim.run_until(lambda: host.agent.received)
    assert host.agent.received == [ExecutorNodeEnds()]
    host.sim.run(1.0)
    assert host.kept.process(EXECUTORS, Silent).told == [EndExecutorNode()]
    host.kept.kill_process()
    host.sim.run(60.0)
    assert host.node.starts == []


def test_one_that_is_still_starting_is_given_up() -> None:
    host = Host(start_seconds=5.0)
    host.find()
    host.sim.run(1.0)
    host.agent.send(host.agents.pid_of(KEEPER), EndExecutorNode())
    host.sim.run(60.0)
    assert host.node.given_up
    assert host.agent.received == [ExecutorNodeEnds()]
    assert len(host.node.starts) == 1


def test_a_node_that_was_told_something_else_is_used_and_that_is_said() -> None:
    host = Host(up=True)
    host.node.is_other = True
    host.find()
    host.found()
    assert any("other flags of containers" in str(line) for line in host.sim.log)
