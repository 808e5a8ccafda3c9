"""What the desks for agents share beyond the books: who is where, and what is under way."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.master.machines import Machines
from actors.master.world import World
from transport.messages.observing import ForgetAgent, ObserveAgent, ObserverAccepted
from transport.messages.scheduling import Failure
from transport.pid import Pid
from transport.records.agent import DrainInfo
from transport.records.machine import MachineInfo
from transport.records.maintenance import Schedule
from transport.records.task import Task
from transport.records.time_info import Unavailability


class Membership:
    """Agents by their address; changes that are being saved; agents and machines that are not to be used."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world = world
        self._cluster = cluster
        #: By agent id, what is being saved about it: one change at a time, whoever wants another must wait.
        self.under_way: dict[str, str] = {}
        #: Admitted or unreachable agents that an operator deactivated, by id, and how far each is drained.
        self.withdrawn: dict[str, DrainInfo | None] = {}
        #: By id of an unreachable agent, the tasks that were lost with it: framework ids and task ids.
        self.left_behind: dict[str, tuple[tuple[str, str], ...]] = {}
        self.machines = Machines(Schedule(), ())
        self._by_pid: dict[Pid, str] = {}
        self._at: dict[Pid, str] = {}
        self._observer: Pid | None = None

    # --- who is where ---

    def by_pid(self, pid: Pid) -> AgentEntry | None:
        """The agent that this very actor is."""
        return self._cluster.agents.get(self._by_pid.get(pid, ""))

    def at(self, pid: Pid) -> AgentEntry | None:
        """The agent registered at this address, in whatever incarnation."""
        return self._cluster.agents.get(self._at.get(pid.whoever(), ""))

    def knows(self, agent_id: str) -> bool:
        """Whether the agent is registered, expected back or unreachable."""
        cluster = self._cluster
        return agent_id in cluster.agents or agent_id in cluster.recovered or agent_id in cluster.unreachable

    def machine_of(self, agent: AgentEntry) -> MachineInfo | None:
        """The agent's machine, if it is in the maintenance schedule."""
        return self.machines.of(agent.info.hostname, agent.pid.host)

    def unavailability(self, agent: AgentEntry) -> Unavailability | None:
        """When the agent's machine is away for maintenance."""
        machine = self.machine_of(agent)
        return None if machine is None else machine.unavailability

    def is_down(self, agent: AgentEntry) -> bool:
        """Whether the agent's machine is down for maintenance."""
        machine = self.machine_of(agent)
        return machine is not None and machine.mode is MachineInfo.Mode.DOWN

    def settle(self, agent: AgentEntry) -> None:
        """The agent is at its pid now: link and ping it."""
        self._by_pid[agent.pid] = self._at[agent.pid.whoever()] = agent.id
        self._world.link(agent.pid)
        self.watch(agent)

    def leave(self, agent: AgentEntry) -> None:
        """The agent is not at its pid any more."""
        self._by_pid.pop(agent.pid, None)
        if self._at.get(agent.pid.whoever()) == agent.id:
            del self._at[agent.pid.whoever()]
        self._world.unlink(agent.pid)
        if self._observer is not None:
            self._world.send(self._observer, ForgetAgent(agent.id))

    def take_left_behind(self, agent_id: str) -> tuple[tuple[FrameworkEntry, Task], ...]:
        """What was lost with an agent and has not shown up elsewhere; nobody asks about it twice."""
        found = []
        for framework_id, task_id in self.left_behind.pop(agent_id, ()):
            framework = self._cluster.frameworks.get(framework_id)
            task = None if framework is None else framework.unreachable_tasks.get(task_id)
            if framework is not None and task is not None and task.agent_id.value == agent_id:
                found.append((framework, task))
        return tuple(found)

    def forget(self, agent_id: str) -> None:
        """The agent is not remembered any more, or never comes back."""
        self.withdrawn.pop(agent_id, None)
        self.left_behind.pop(agent_id, None)

    # --- the observer ---

    def accept_observer(self, observer: Pid) -> None:
        """Have this actor ping the agents from now on."""
        self._observer = observer
        self._world.send(observer, ObserverAccepted())
        for agent in self._cluster.agents.values():
            self.watch(agent)

    def is_observer(self, pid: Pid) -> bool:
        """Whether this actor was accepted last."""
        return pid == self._observer

    def watch(self, agent: AgentEntry) -> None:
        """Have the agent pinged, as connected or not."""
        if self._observer is not None:
            self._world.send(self._observer, ObserveAgent(agent.id, agent.pid, agent.connected))

    # --- frameworks ---

    def announce_loss(self, agent_id: str) -> None:
        """Tell every connected framework that an agent is lost."""
        for framework in self._cluster.frameworks.values():
            if framework.connected:
                assert framework.pid is not None
                self._world.send(framework.pid, Failure(agent_id))

    # --- what must hold ---

    def check_invariants(self) -> None:
        """Raise AssertionError when agents cannot be found where they are."""
        for agent in self._cluster.agents.values():
            if agent.connected:
                assert self.by_pid(agent.pid) is agent, f"{agent.id}: not found at {agent.pid}"
                assert agent.deadline is None, f"{agent.id}: is there and still waited for"
            withdrawn = agent.id in self.withdrawn
            assert agent.deactivated == withdrawn, f"{agent.id}: deactivated, or not"
            assert agent.drain == self.withdrawn.get(agent.id), f"{agent.id}: draining, or not"
