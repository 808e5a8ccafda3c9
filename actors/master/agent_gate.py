"""What agents may tell a master: each message goes to the desk that deals with it."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.agents import AgentDesk
from actors.master.scheduler_gate import SchedulerGate
from actors.process import handles
from transport.messages import launching, membership, observing
from transport.messages.scheduling import ExecutorMessage
from transport.pid import Pid


class AgentGate(SchedulerGate):
    """Messages of agents other than registrations are obeyed only when they come from a registered one."""

    agents: AgentDesk

    def _agent(self, sender: Pid, agent_id: str) -> AgentEntry | None:
        """The agent, if it is one of the actors on its node that says so; there is one agent on a node."""
        agent = self.cluster.agents.get(agent_id)
        if agent is not None and agent.pid.address == sender.address:
            return agent
        self.log.warning("message not from a registered agent", agent_id=agent_id, sender=str(sender))
        return None

    # --- membership ---

    @handles(membership.RegisterAgent)
    def register_agent(self, sender: Pid, message: membership.RegisterAgent) -> None:
        """An agent is new."""
        self.agents.register(sender, message)

    @handles(membership.ReregisterAgent)
    def reregister_agent(self, sender: Pid, message: membership.ReregisterAgent) -> None:
        """An agent is back."""
        self.agents.reregister(sender, message)

    @handles(membership.UpdateAgentResources)
    def update_agent_resources(self, sender: Pid, message: membership.UpdateAgentResources) -> None:
        """An agent has more or less than before."""
        if agent := self._agent(sender, message.agent_id):
            self.agents.update_resources(agent, message)

    @handles(membership.UnregisterAgent)
    def unregister_agent(self, sender: Pid, message: membership.UnregisterAgent) -> None:
        """An agent leaves."""
        if agent := self._agent(sender, message.agent_id):
            self.agents.unregister(agent)

    # --- the observer ---

    @handles(observing.ObserverStarted)
    def observer_started(self, sender: Pid, message: observing.ObserverStarted) -> None:
        """Somebody can ping the agents."""
        self.agents.accept_observer(sender)

    @handles(observing.AgentSilent)
    def agent_silent(self, sender: Pid, message: observing.AgentSilent) -> None:
        """An agent does not answer its pings."""
        self.agents.silent(sender, message)

    @handles(observing.AgentHeard)
    def agent_heard(self, sender: Pid, message: observing.AgentHeard) -> None:
        """An agent answers again."""
        self.agents.heard(sender, message)

    # --- tasks, executors, operations ---

    @handles(launching.StatusUpdate)
    def status_update(self, sender: Pid, message: launching.StatusUpdate) -> None:
        """Something became of a task."""
        if agent := self._agent(sender, message.agent_id):
            self.tasks.update(agent, message)
            self.ended(agent.id)

    @handles(launching.ExecutorExited)
    def executor_exited(self, sender: Pid, message: launching.ExecutorExited) -> None:
        """An executor ended."""
        if agent := self._agent(sender, message.agent_id):
            self.executors.exited(agent, message)
            self.ended(agent.id)

    @handles(ExecutorMessage)
    def executor_message(self, sender: Pid, message: ExecutorMessage) -> None:
        """Bytes for a scheduler."""
        if self._agent(sender, message.agent_id):
            self.executors.tell_scheduler(message)

    @handles(launching.OperationApplied)
    def operation_applied(self, sender: Pid, message: launching.OperationApplied) -> None:
        """Something became of an operation."""
        if agent := self._agent(sender, message.agent_id):
            self.operations.update(agent, message)
            self.ended(agent.id)
