"""The desk for agents that leave: out of reach, gone for good, displaced, or on a machine that is down.

Each is durable first (reliability.md I22); only then do frameworks hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.gauges import MasterMetrics
from actors.master.mass_loss import MassLoss
from actors.master.membership import Membership
from actors.master.offers import OfferDesk
from actors.master.operations import OperationDesk
from actors.master.removal_rate import RemovalRate
from actors.master.tasks import TaskDesk
from actors.master.world import World
from actors.system import Timer
from transport.messages.allocation import DeactivateAgent, RemoveAgent
from transport.messages.membership import ShutdownAgent
from transport.messages.registry import (
    MarkAgentGone,
    MarkAgentUnreachable,
    RegistryApplied,
    RegistryOperation,
    RemoveAdmittedAgent,
)
from transport.records.agent import AgentInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import TimeInfo

#: Told once a request is done or refused: a status as in HTTP, and why.
Answer: TypeAlias = Callable[[int, str], None]

_Reason = TaskStatus.Reason


class _Loss(msgspec.Struct, frozen=True):
    """What becomes of the tasks of an agent that leaves."""

    state: TaskState
    reason: TaskStatus.Reason
    message: str
    since: TimeInfo | None = None
    gone: bool = False


class RemovalDesk:
    """Takes agents out of the books."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        flags: MasterFlags,
        members: Membership,
        offers: OfferDesk,
        tasks: TaskDesk,
        operations: OperationDesk,
        metrics: MasterMetrics,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._members = members
        self._offers = offers
        self._tasks = tasks
        self._operations = operations
        self._metrics = metrics
        self._rate = RemovalRate.parse(flags.agent_removal_rate_limit)
        self._mass_loss = MassLoss(
            flags.mass_loss_share,
            flags.agent_ping_timeout.seconds * flags.max_agent_ping_timeouts,
            flags.agent_reregister_timeout.seconds,
        )
        self._due: Timer | None = None

    # --- out of reach ---

    def suspect(self, agent_id: str, reason: str) -> None:
        """Mark an agent unreachable when its turn comes, unless it shows up before."""
        if agent_id in self._rate or agent_id in self._members.under_way:
            return
        self._metrics.slave_unreachable_scheduled.increment()
        self._world.log.warning("agent to be given up", agent_id=agent_id, reason=reason)
        self._rate.add(agent_id, reason)
        agents, now = len(self._cluster.agents) + len(self._cluster.recovered), self._world.now()
        if self._mass_loss.lose(agent_id, agents, now):
            self._world.log.error(
                "so many agents are lost at once that none is given up for a while: does the network work?",
                agents=agents,
                seconds=self._mass_loss.wait_seconds(now),
            )
        self._work_off()

    def reprieve(self, agent_id: str, reason: str) -> None:
        """An agent showed up, perhaps before its turn came."""
        released = self._mass_loss.find(agent_id, self._world.now())
        if self._rate.discard(agent_id):
            self._metrics.slave_unreachable_canceled.increment()
            self._world.log.info("agent is not given up", agent_id=agent_id, reason=reason)
        if released:
            self._world.log.info("enough agents are back, the others may be given up again")
            if self._due is not None:
                self._due.cancel()
                self._due = None
            self._work_off()

    def _work_off(self) -> None:
        now = self._world.now()
        held_seconds = self._mass_loss.wait_seconds(now)
        while not held_seconds and (taken := self._rate.take(now)) is not None:
            self._give_up(*taken)
        if len(self._rate) and self._due is None:
            pause = max(held_seconds, self._rate.wait_seconds(now))
            self._due = self._world.delay(pause, self._resume)

    def _resume(self) -> None:
        self._due = None
        self._work_off()

    def _give_up(self, agent_id: str, reason: str) -> None:
        agent = self._cluster.agents.get(agent_id)
        info = self._cluster.recovered.get(agent_id) if agent is None else agent.info
        if info is None or agent_id in self._members.under_way:
            return
        since = self._time()
        operation = MarkAgentUnreachable(info, since)
        self._save(agent_id, "marked unreachable", operation, lambda: self._lost(info, since, reason))

    def _lost(self, info: AgentInfo, since: TimeInfo, reason: str) -> None:
        assert info.id is not None
        agent_id = info.id.value
        agent = self._cluster.agents.get(agent_id)
        if agent is None:
            del self._cluster.recovered[agent_id]
            self._metrics.recovery_slave_removals.increment()
        else:
            message = f"Agent {info.hostname} is out of reach: {reason}"
            self._take_out(
                agent, _Loss(TaskState.TASK_UNREACHABLE, _Reason.REASON_AGENT_REMOVED, message, since)
            )
            self._metrics.slave_removals_unhealthy.increment()
        self._cluster.unreachable[agent_id] = since
        self._metrics.slave_unreachable_completed.increment()
        self._gone_from(agent_id, "agent unreachable", reason)

    # --- by its own will, or because of another agent ---

    def unregister(self, agent: AgentEntry) -> None:
        """The agent has said good-bye."""
        self._remove(agent, "it unregistered", self._metrics.slave_removals_unregistered.increment)

    def displace(self, agent: AgentEntry) -> None:
        """A new agent is where this one was."""
        reason = "a new agent registered at its address"
        self._remove(agent, reason, self._metrics.slave_removals_registered.increment)

    def _remove(self, agent: AgentEntry, reason: str, count: Callable[[], None]) -> None:
        loss = _Loss(
            TaskState.TASK_GONE, _Reason.REASON_AGENT_REMOVED, f"Agent {agent.info.hostname} left: {reason}"
        )

        def removed() -> None:
            self._members.forget(agent.id)
            self._take_out(agent, loss)
            count()
            self._gone_from(agent.id, "agent removed", reason)

        self._save(agent.id, "removed", RemoveAdmittedAgent(agent.id), removed)

    # --- by an operator ---

    def take_down(self, agent: AgentEntry) -> None:
        """The agent's machine is down for maintenance."""
        message = "Operator initiated 'Machine DOWN'"
        loss = _Loss(
            TaskState.TASK_GONE_BY_OPERATOR, _Reason.REASON_AGENT_REMOVED_BY_OPERATOR, message, gone=True
        )

        def removed() -> None:
            self._members.forget(agent.id)
            self._world.send(agent.pid, ShutdownAgent(message))
            self._take_out(agent, loss)
            self._gone_from(agent.id, "agent removed", message)

        self._save(agent.id, "removed", RemoveAdmittedAgent(agent.id), removed)

    def mark_gone(self, agent_id: str, answer: Answer) -> None:
        """Have an agent never come back."""
        if agent_id in self._cluster.gone:
            answer(200, "")
        elif not self._members.knows(agent_id):
            answer(404, f"agent {agent_id!r}: there is no such agent")
        elif agent_id in self._members.under_way:
            answer(503, f"agent {agent_id}: is just being {self._members.under_way[agent_id]}, try again")
        else:
            since = self._time()

            def gone() -> None:
                self._end(agent_id, since)
                answer(200, "")

            # One that was out of reach may just have been forgotten.
            self._save(
                agent_id,
                "marked gone",
                MarkAgentGone(agent_id, since),
                gone,
                lambda error: answer(404, error),
            )

    def _end(self, agent_id: str, since: TimeInfo) -> None:
        message = "Agent has been marked gone"
        loss = _Loss(
            TaskState.TASK_GONE_BY_OPERATOR, _Reason.REASON_AGENT_REMOVED_BY_OPERATOR, message, gone=True
        )
        agent = self._cluster.agents.get(agent_id)
        if agent is not None:
            self._world.send(agent.pid, ShutdownAgent(message))
            self._take_out(agent, loss)
        self._cluster.recovered.pop(agent_id, None)
        self._cluster.unreachable.pop(agent_id, None)
        for framework, task in self._members.take_left_behind(agent_id):
            self._tasks.end_unreachable(framework, task, loss.state, loss.reason, loss.message)
        self._members.forget(agent_id)
        self._cluster.gone[agent_id] = since
        self._rate.discard(agent_id)
        self._gone_from(agent_id, "agent gone", "an operator marked it gone")

    # --- the books ---

    def _save(
        self,
        agent_id: str,
        what: str,
        operation: RegistryOperation,
        then: Callable[[], None],
        refused: Callable[[str], None] | None = None,
    ) -> None:
        """Make a change durable, during which there is no other one of the agent."""
        if agent_id in self._members.under_way:
            return

        def saved(applied: RegistryApplied) -> None:
            del self._members.under_way[agent_id]
            if applied.error is None:
                then()
            else:
                assert refused is not None, applied.error
                refused(applied.error)

        self._members.under_way[agent_id] = what
        self._world.save(operation, saved)

    def _take_out(self, agent: AgentEntry, loss: _Loss) -> None:
        if agent.active:
            # What is freed below must not be offered any more.
            self._world.allocate(DeactivateAgent(agent.id))
        self._offers.rescind_all(agent)
        if loss.since is not None:
            self._members.left_behind[agent.id] = tuple(agent.tasks)
        for task in tuple(agent.tasks.values()):
            self._tasks.conclude(task, loss.state, loss.reason, loss.message, unreachable_time=loss.since)
        for framework_id, executor_id in tuple(agent.executors):
            self._cluster.remove_executor(agent, framework_id, executor_id)
        self._operations.agent_lost(agent, gone=loss.gone)
        if agent.deadline is not None:
            agent.deadline.cancel()
            agent.deadline = None
        self._rate.discard(agent.id)
        self._members.leave(agent)
        self._cluster.remove_agent(agent.id)
        self._world.allocate(RemoveAgent(agent.id))

    def _gone_from(self, agent_id: str, event: str, reason: str) -> None:
        self._metrics.slave_removals.increment()
        self._world.log.info(event, agent_id=agent_id, reason=reason)
        self._members.announce_loss(agent_id)

    def _time(self) -> TimeInfo:
        return TimeInfo(nanoseconds=round(self._world.wall() * 1e9))
