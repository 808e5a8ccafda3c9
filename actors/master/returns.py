"""The desk for agents that are back, and for what they were away from."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.frameworks import FrameworkDesk
from actors.master.gauges import MasterMetrics
from actors.master.membership import Membership
from actors.master.offers import OfferDesk
from actors.master.operations import OperationDesk
from actors.master.reconciliation import latest
from actors.master.returning import Comparison, compare, reconciliations
from actors.master.task import TaskEntry
from actors.master.tasks import TaskDesk
from actors.master.world import World
from transport.messages import allocation
from transport.messages.launching import FrameworkChanged, KillTask, ShutdownFramework
from transport.messages.membership import AgentReregistered, RegisterAgent, ReregisterAgent
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

_Reason = TaskStatus.Reason


class ReturnDesk:
    """Brings the books in line with what an agent tells, and the agent with the books."""

    def __init__(
        self,
        world: World,
        cluster: Cluster,
        flags: MasterFlags,
        members: Membership,
        offers: OfferDesk,
        tasks: TaskDesk,
        frameworks: FrameworkDesk,
        operations: OperationDesk,
        metrics: MasterMetrics,
    ) -> None:
        self._world = world
        self._cluster = cluster
        self._members = members
        self._offers = offers
        self._tasks = tasks
        self._frameworks = frameworks
        self._operations = operations
        self._metrics = metrics
        #: Without a ping for so long, an agent looks for its master again.
        self.silence_seconds = flags.agent_ping_timeout.seconds * flags.max_agent_ping_timeouts
        #: Called for each agent that is back, with what it was last told of being drained.
        self.when_back: Callable[[AgentEntry, DrainConfig | None], None] = lambda _agent, _config: None

    # --- new in the books ---

    def entry(self, info: AgentInfo, pid: Pid, message: RegisterAgent | ReregisterAgent) -> AgentEntry:
        """An agent as the books keep it."""
        agent = AgentEntry(
            info,
            pid,
            total=Resources(message.resources),
            version=message.version,
            capabilities=_capabilities(message),
            resource_version=message.resource_version,
            registered_at=self._world.wall(),
        )
        agent.unavailability = self._members.unavailability(agent)
        if agent.id in self._members.withdrawn:
            agent.withdraw(self._members.withdrawn[agent.id], self._world.wall())
        return agent

    def introduce(self, agent: AgentEntry) -> None:
        """Tell the allocator of an agent that it does not know."""
        self._world.allocate(
            allocation.AddAgent(
                agent.id, agent.info, agent.capabilities, agent.total, agent.used, agent.unavailability
            )
        )
        if not agent.active:
            self._world.allocate(allocation.DeactivateAgent(agent.id))

    # --- away ---

    def disconnect(self, agent: AgentEntry, reason: str) -> None:
        """Offer an agent no more until it is back; what does not checkpoint does not outlive that."""
        if not agent.connected:
            return
        self._world.log.warning("agent disconnected", agent_id=agent.id, reason=reason)
        if agent.active:
            self._world.allocate(allocation.DeactivateAgent(agent.id))
        agent.connected = False
        self._offers.rescind_all(agent)
        for task in tuple(agent.tasks.values()):
            if not self._checkpoints(task.framework_id):
                self._tasks.conclude(
                    task, TaskState.TASK_LOST, _Reason.REASON_AGENT_DISCONNECTED, "Agent disconnected"
                )
        for framework_id, executor_id in tuple(agent.executors):
            if not self._checkpoints(framework_id):
                self._remove_executor(agent, framework_id, executor_id)

    def _checkpoints(self, framework_id: str) -> bool:
        framework = self._cluster.frameworks.get(framework_id)
        return framework is None or bool(framework.info.checkpoint)

    def _remove_executor(self, agent: AgentEntry, framework_id: str, executor_id: str) -> None:
        self._free(framework_id, agent, self._cluster.remove_executor(agent, framework_id, executor_id))

    def _free(self, framework_id: str, agent: AgentEntry, resources: Resources) -> None:
        for freed in resources.allocations.values():
            self._world.allocate(allocation.RecoverResources(framework_id, agent.id, freed))

    # --- back ---

    def take_in(self, sender: Pid, message: ReregisterAgent, *, lost: bool) -> None:
        """The agent may be in the books again; `lost`: frameworks may have been told that its tasks are."""
        assert message.info.id is not None
        agent = self._cluster.agents.get(message.info.id.value)
        if agent is None:
            agent = self.entry(message.info, sender, message)
            self._cluster.add_agent(agent)
            found = self._adopt(agent, message, new=True, lost=lost)
            self.introduce(agent)
        elif agent.pid == sender and agent.connected and agent.info == message.info:
            # It asks again because it has not heard the answer; meanwhile the books know better than it did.
            self._answer(agent, message)
            return
        else:
            found = self._resume(agent, sender, message)
        agent.reregistered_at = self._world.wall()
        self._metrics.slave_reregistrations.increment()
        self._world.log.info(
            "agent re-registered", agent_id=agent.id, hostname=agent.info.hostname, tasks=len(agent.tasks)
        )
        # The agent obeys only whoever has answered.
        self._answer(agent, message)
        self._order(agent, found)
        self._operations.ask(agent, message.operations)
        self._say_again(agent, message)
        for framework, task in self._members.take_left_behind(agent.id):
            self._tasks.end_unreachable(
                framework,
                task,
                TaskState.TASK_GONE,
                _Reason.REASON_AGENT_REREGISTERED,
                "The agent is back without the task",
            )
        self._members.settle(agent)
        self.when_back(agent, message.drain_config)

    def _resume(self, agent: AgentEntry, sender: Pid, message: ReregisterAgent) -> Comparison:
        """Go on with an agent that the books have; its connection broke, or it was restarted."""
        self.disconnect(agent, "it was restarted")
        self._members.leave(agent)
        if agent.deadline is not None:
            agent.deadline.cancel()
            agent.deadline = None
        agent.pid, agent.connected = sender, True
        agent.info, agent.version = message.info, message.version
        agent.capabilities = _capabilities(message)
        agent.total, agent.resource_version = Resources(message.resources), message.resource_version
        unavailability = self._members.unavailability(agent)
        moved, agent.unavailability = unavailability != agent.unavailability, unavailability
        found = self._adopt(agent, message, new=False, lost=True)
        if found.added or found.executors:
            # The allocator learns of more that is used only with the whole agent.
            self._world.allocate(allocation.RemoveAgent(agent.id))
            self.introduce(agent)
            return found
        self._world.allocate(allocation.UpdateAgent(agent.id, agent.info, agent.capabilities, agent.total))
        if moved:
            self._world.allocate(allocation.SetUnavailability(agent.id, unavailability))
        if agent.active:
            self._world.allocate(allocation.ActivateAgent(agent.id))
        return found

    def _adopt(self, agent: AgentEntry, message: ReregisterAgent, *, new: bool, lost: bool) -> Comparison:
        """Bring the books in line with what the agent told; returns what that was."""
        found = compare(self._cluster, agent, message, new=new)
        for info in found.frameworks:
            self._frameworks.recover(info)
        for entry, task in found.changed:
            entry.record = replace(entry.record, state=task.state)
            if entry.terminal:
                agent.pending_kills.pop((entry.framework_id, entry.task_id), None)
                self._free(entry.framework_id, agent, self._cluster.release_task(entry))
        for entry in found.forgotten:
            self._tasks.conclude(
                entry, TaskState.TASK_GONE, _Reason.REASON_RECONCILIATION, "The agent does not know the task"
            )
        for framework_id, executor_id in found.ended_executors:
            self._remove_executor(agent, framework_id, executor_id)
        for task in found.added:
            self._cluster.add_task(TaskEntry(task))
            if lost:
                self._tell_found(task)
        for framework_id, executor in found.executors:
            self._cluster.add_executor(agent, framework_id, executor)
        self._operations.agent_returned(agent, message.operations)
        return found

    def _order(self, agent: AgentEntry, found: Comparison) -> None:
        for framework_id in found.shut_down:
            self._world.send(agent.pid, ShutdownFramework(framework_id))
        for framework_id, task_id in found.kills:
            self._world.log.error(
                "task id is in use elsewhere", task_id=task_id, framework_id=framework_id, agent_id=agent.id
            )
            self._world.send(agent.pid, KillTask(framework_id, task_id))

    def _tell_found(self, task: Task) -> None:
        """Tell the framework that a task is not lost; how one ended it is told by the agent."""
        if task.status_update_state is not None:
            status = replace(
                latest(task, self._world.wall()),
                reason=_Reason.REASON_AGENT_REREGISTERED,
                message="The agent is back",
            )
            self._tasks.report(self._cluster.frameworks[task.framework_id.value], status)

    def _answer(self, agent: AgentEntry, message: ReregisterAgent) -> None:
        self._world.send(
            agent.pid,
            AgentReregistered(agent.id, self.silence_seconds, reconciliations(self._cluster, agent, message)),
        )

    def _say_again(self, agent: AgentEntry, message: ReregisterAgent) -> None:
        """What the agent may not have heard."""
        for (framework_id, task_id), policy in agent.pending_kills.items():
            self._world.send(agent.pid, KillTask(framework_id, task_id, policy))
        for info in message.frameworks:
            assert info.id is not None
            framework = self._cluster.frameworks.get(info.id.value)
            if framework is not None and framework.connected:
                self._world.send(agent.pid, FrameworkChanged(framework.info))


def _capabilities(message: RegisterAgent | ReregisterAgent) -> tuple[AgentInfo.Capability.Type, ...]:
    return tuple(one.type for one in message.capabilities if one.type is not None)
