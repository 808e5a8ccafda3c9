"""Messages between schedulers and executors: passed on at most once, or counted and dropped."""

from __future__ import annotations

from msgspec.structs import replace

from actors.agent.books import Books
from actors.agent.executor import ExecutorState
from actors.agent.gauges import AgentMetrics
from actors.agent.world import World
from transport.messages.scheduling import ExecutorMessage, FrameworkMessage
from transport.pid import Pid


class PassingDesk:
    """Passes on what is meant for somebody who is there."""

    def __init__(self, world: World, books: Books, metrics: AgentMetrics) -> None:
        self._world = world
        self._books = books
        self._metrics = metrics

    def to_executor(self, message: FrameworkMessage) -> None:
        """From a scheduler."""
        executor = self._books.executor(message.framework_id, message.executor_id)
        if executor is None or not executor.connected or executor.state is not ExecutorState.RUNNING:
            self._drop("message for an executor that is not there", message)
            return
        assert executor.pid is not None
        self._metrics.valid_framework_messages.increment()
        self._world.send(executor.pid, message)

    def to_scheduler(self, sender: Pid, message: ExecutorMessage) -> None:
        """From an executor that is subscribed."""
        executor = self._books.executor(message.framework_id, message.executor_id)
        if executor is None or not executor.says(sender):
            self._drop("message of an executor that is not subscribed", message)
            return
        self._metrics.valid_framework_messages.increment()
        self._world.report(replace(message, agent_id=self._books.agent_id))

    def _drop(self, why: str, message: FrameworkMessage | ExecutorMessage) -> None:
        self._metrics.invalid_framework_messages.increment()
        self._world.log.info(why, framework_id=message.framework_id, executor_id=message.executor_id)
