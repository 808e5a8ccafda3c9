"""The desk for executors: what passes between them and their schedulers, and what becomes of them."""

from __future__ import annotations

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.master.framework import FrameworkEntry
from actors.master.gauges import MasterMetrics
from actors.master.world import World
from transport.messages.allocation import RecoverResources
from transport.messages.launching import ExecutorExited, ShutdownExecutor
from transport.messages.scheduling import ExecutorMessage, Failure, FrameworkMessage, Shutdown


class ExecutorDesk:
    """Relays, at most once: what cannot be passed on is dropped."""

    def __init__(self, world: World, cluster: Cluster, metrics: MasterMetrics | None = None) -> None:
        self._world = world
        self._cluster = cluster
        self._metrics = metrics or MasterMetrics()

    def shutdown(self, framework: FrameworkEntry, message: Shutdown) -> None:
        """Have an executor end."""
        agent = self._there(message)
        if agent is not None:
            self._world.send(agent.pid, ShutdownExecutor(framework.id, message.executor_id))

    def tell(self, framework: FrameworkEntry, message: FrameworkMessage) -> None:
        """Pass on what a scheduler tells an executor."""
        agent = self._there(message)
        if agent is None:
            self._metrics.invalid_framework_to_executor_messages.increment()
        else:
            self._metrics.valid_framework_to_executor_messages.increment()
            self._world.send(agent.pid, message)

    def _there(self, message: Shutdown | FrameworkMessage) -> AgentEntry | None:
        """The agent, if it can be told anything."""
        agent = self._cluster.agents.get(message.agent_id)
        if agent is not None and agent.connected:
            return agent
        self._log_dropped(message, "the agent is not there")
        return None

    def tell_scheduler(self, message: ExecutorMessage) -> None:
        """Pass on what an executor tells its scheduler."""
        framework = self._cluster.frameworks.get(message.framework_id)
        if framework is None or not framework.connected:
            self._metrics.invalid_executor_to_framework_messages.increment()
            self._log_dropped(message, "the scheduler is not there")
            return
        assert framework.pid is not None
        self._metrics.valid_executor_to_framework_messages.increment()
        self._world.send(framework.pid, message)

    def exited(self, agent: AgentEntry, message: ExecutorExited) -> None:
        """An executor ended: free what it held, and tell its framework."""
        if (message.framework_id, message.executor_id) not in agent.executors:
            return  # its framework was removed, or this is said again
        freed = self._cluster.remove_executor(agent, message.framework_id, message.executor_id)
        if freed:
            self._world.allocate(RecoverResources(message.framework_id, agent.id, freed))
        self._world.log.info(
            "executor exited",
            executor_id=message.executor_id,
            framework_id=message.framework_id,
            agent_id=agent.id,
            status=message.status,
        )
        framework = self._cluster.frameworks.get(message.framework_id)
        if framework is not None and framework.connected:
            assert framework.pid is not None
            self._world.send(framework.pid, Failure(agent.id, message.executor_id, message.status))

    def _log_dropped(self, message: Shutdown | FrameworkMessage | ExecutorMessage, reason: str) -> None:
        self._world.log.warning(
            "message about an executor dropped",
            type=type(message).__name__,
            reason=reason,
            executor_id=message.executor_id,
            framework_id=message.framework_id,
            agent_id=message.agent_id,
        )
