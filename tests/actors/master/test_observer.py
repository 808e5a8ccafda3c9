from __future__ import annotations

from actors.master.flags import MasterFlags
from actors.master.observer import AgentObserver, PingHealth
from actors.simulation import SimulatedNode, Simulation
from actors.simulation.probe import Probe
from transport.message import Message
from transport.messages.membership import PingAgent, PongAgent
from transport.messages.observing import (
    AgentHeard,
    AgentSilent,
    ForgetAgent,
    ObserveAgent,
    ObserverAccepted,
    ObserverStarted,
)
from transport.pid import Pid

INTERVAL = 15.0
ALL = 75.0


class Ward:
    """An observer, the master that it works for, and agents in the test's hand."""

    def __init__(self, agents: int = 1) -> None:
        self.sim = Simulation(1)
        self.node: SimulatedNode = self.sim.node("master")
        self.master: Probe = self.node.probe("master")
        self.observer: Pid = self.node.spawn(
            lambda: AgentObserver(MasterFlags(), self.master.pid), "observer"
        )
        self.nodes = [self.sim.node(f"agent{number}") for number in range(agents)]
        self.agents: list[Probe] = [node.probe("agent") for node in self.nodes]
        self.sim.run_until(lambda: self.said(ObserverStarted))
        self.tell(ObserverAccepted())
        for number in range(agents):
            self.watch(number)

    def tell(self, message: Message) -> None:
        self.master.send(self.observer, message)

    def watch(self, number: int = 0, *, connected: bool = True) -> None:
        self.tell(ObserveAgent(f"S{number}", self.agents[number].pid, connected))

    def pings(self, number: int = 0) -> list[object]:
        return [one for one in self.agents[number].received if isinstance(one, PingAgent)]

    def pong(self, number: int = 0) -> None:
        self.agents[number].send(self.observer, PongAgent())

    def said(self, kind: type[Message]) -> list[object]:
        """What the master was told of one kind."""
        return [one for one in self.master.received if isinstance(one, kind)]


# --- the decision ---


def test_so_many_missed_pings_in_a_row_are_silence() -> None:
    health, silent = PingHealth(2), []
    for _ in range(3):
        health.ping()
        silent.append(health.silent)
    health.pong()
    assert [*silent, health.silent] == [False, False, True, False]


def test_one_answer_makes_up_for_what_was_missed() -> None:
    health = PingHealth(2)
    for _ in range(5):
        health.ping()
        health.ping()
        health.pong()
        assert not health.silent


# --- the process ---


def test_an_observer_speaks_up_until_it_is_heard() -> None:
    sim = Simulation(1)
    node = sim.node("master")
    master = node.probe("master")
    node.spawn(lambda: AgentObserver(MasterFlags(), master.pid), "observer")
    sim.run(5.0)
    heard = len(master.received)
    assert heard > 3
    master.send(node.pid_of("observer"), ObserverAccepted())
    sim.run(5.0)
    assert len(master.received) == heard


def test_agents_are_pinged_once_in_each_interval_and_not_all_at_once() -> None:
    ward = Ward(agents=5)
    ward.sim.run(INTERVAL)
    assert [len(ward.pings(number)) for number in range(5)] == [1] * 5
    ward.sim.run(INTERVAL)
    assert [len(ward.pings(number)) for number in range(5)] == [2] * 5


def test_an_agent_that_answers_is_not_given_up() -> None:
    ward = Ward()
    for _ in range(20):
        ward.sim.run(INTERVAL)
        ward.pong()
    assert ward.pings()[0] == PingAgent(connected=True)
    assert not ward.said(AgentSilent)


def test_an_agent_that_does_not_answer_is_told_of_when_the_last_ping_was_missed() -> None:
    ward = Ward()
    ward.sim.run_until(ward.pings)
    ward.sim.run(ALL - 1)
    assert not ward.said(AgentSilent)
    ward.sim.run(2)
    assert ward.said(AgentSilent) == [AgentSilent("S0")]
    ward.sim.run(INTERVAL)
    assert len(ward.said(AgentSilent)) == 2
    ward.pong()
    ward.sim.run_until(lambda: ward.said(AgentHeard))
    ward.sim.run(INTERVAL)
    assert len(ward.said(AgentSilent)) == 2


def test_a_disconnected_agent_is_told_so_and_its_silence_goes_on() -> None:
    ward = Ward()
    ward.sim.run_until(ward.pings)
    ward.sim.run(ALL - 2 * INTERVAL)
    ward.watch(connected=False)
    ward.sim.run_until(lambda: ward.said(AgentSilent), timeout_seconds=2 * INTERVAL + 1)
    assert ward.pings()[-1] == PingAgent(connected=False)


def test_an_agent_that_is_back_has_shown_that_it_lives() -> None:
    ward = Ward()
    ward.sim.run_until(ward.pings)
    ward.sim.run(ALL - INTERVAL / 2)
    ward.watch()
    ward.sim.run(ALL - INTERVAL)
    assert not ward.said(AgentSilent)


def test_a_restarted_agent_answers_for_the_one_before() -> None:
    """PingTimeoutDuringRecovery."""
    ward = Ward()
    ward.sim.run_until(ward.pings)
    ward.nodes[0].crash()
    ward.nodes[0].start()
    ward.agents[0] = ward.nodes[0].probe("agent")
    for _ in range(6):
        ward.sim.run(INTERVAL)
        ward.pong()
    assert ward.pings()
    assert not ward.said(AgentSilent)


def test_an_agent_that_is_forgotten_is_not_pinged() -> None:
    ward = Ward()
    ward.sim.run_until(ward.pings)
    ward.tell(ForgetAgent("S0"))
    ward.tell(ForgetAgent("S9"))
    ward.sim.run(2 * ALL)
    assert len(ward.pings()) == 1
    assert not ward.said(AgentSilent)


def test_a_master_that_begins_anew_has_no_agents_of_before() -> None:
    ward = Ward(agents=2)
    ward.tell(ObserverAccepted())
    ward.watch(1)
    ward.sim.run(INTERVAL)
    assert [len(ward.pings(number)) for number in range(2)] == [0, 1]


def test_an_answer_of_somebody_else_is_nobodys() -> None:
    ward = Ward()
    ward.node.probe("stranger").send(ward.observer, PongAgent())
    ward.sim.run(1.0)
    assert not ward.sim.crashes
