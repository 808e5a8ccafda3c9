"""After a restart: what was is taken up again, and what does not come back is over (§3.5)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry, ExecutorState
from actors.agent.executor_node import ExecutorNode
from actors.agent.executors import REBOOTED, REREGISTRATION_TIMEOUT, ExecutorDesk
from actors.agent.framework import FrameworkEntry
from actors.agent.operations import OperationDesk
from actors.agent.reconfiguration import change_error, grown
from actors.agent.task import Stage, TaskEntry
from actors.agent.world import World
from actors.system import Timer
from transport.messages.agent_state import (
    AgentCheckpoint,
    ExecutorCheckpoint,
    RunCheckpoint,
    TaskCheckpoint,
)
from transport.messages.checkpointing import (
    Archived,
    DiscardExecutor,
    RecoverUpdates,
    Save,
    SaveAgent,
    SaveResources,
)
from transport.messages.executing import ReconnectExecutor
from transport.messages.hosting import ExecutorEnding, ExecutorsRecovered
from transport.records.agent import AgentInfo
from transport.records.resources import Resources


class Resumption:
    """Brings the books back, waits for executors, and then has the agent register."""

    def __init__(
        self,
        world: World,
        books: Books,
        node: ExecutorNode,
        executors: ExecutorDesk,
        operations: OperationDesk,
        done: Callable[[], None],
    ) -> None:
        """`done` is called once, when nothing stands in the way of registering."""
        self._world = world
        self._books = books
        self._node = node
        self._executors = executors
        self._operations = operations
        self._done = done
        #: Executors that have not subscribed again yet, by container id.
        self._awaited: dict[str, ExecutorEntry] = {}
        self._deadline: Timer | None = None
        #: Whether executors of the agent before are back, or given up.
        self.over = False

    # --- from the checkpoint ---

    def recover(self, checkpoint: AgentCheckpoint) -> str | None:
        """Fill the books; why the agent cannot go on, or None."""
        old, info, flags = checkpoint.info, self._books.info, self._world.flags
        for damage in checkpoint.errors:
            self._world.log.warning("checkpoint passed over", error=damage)
        error = None if old is None else change_error(old, info, flags.reconfiguration_policy)
        if error is not None and not checkpoint.rebooted:
            return (
                f"{error}: undo the change, or start the agent as a new one by removing "
                f"{flags.work_dir}/meta/slaves/latest, which ends its tasks"
            )
        if error is not None:
            self._world.log.warning("agent starts as a new one", reason=error)
            checkpoint = AgentCheckpoint(rebooted=True)
            self._world.archive((SaveResources(info.resources),), _nothing)
        if checkpoint.info is not None:
            self._go_on_as(checkpoint.info, checkpoint)
        elif checkpoint.resources is not None:
            self._adopt(Resources(checkpoint.resources))
        self._take_up(checkpoint)
        return None

    def _take_up(self, checkpoint: AgentCheckpoint) -> None:
        self._books.drain = checkpoint.drain_config
        self._world.send(self._world.updates, RecoverUpdates(checkpoint))
        for framework in checkpoint.frameworks:
            entry = FrameworkEntry(framework.info, self._world.flags.max_completed_executors_per_framework)
            entry.saved = True
            for executor in framework.executors:
                self._recover_executor(entry, executor)
        if checkpoint.info is not None:
            self._operations.recover(checkpoint.operations)
        self._begin(rebooted=checkpoint.rebooted)

    def _go_on_as(self, old: AgentInfo, checkpoint: AgentCheckpoint) -> None:
        """The same agent, though it may have grown; what operations made of the total is kept."""
        info = self._books.info = replace(self._books.info, id=old.id)
        saves: tuple[Save, ...] = (SaveAgent(info),)
        if checkpoint.resources is not None:
            total = Resources(checkpoint.resources)
            # What was added may be in the total already, if the agent died before it kept the rest.
            if total.quantities != self._books.total.quantities:
                total = grown(total, old, info)
            self._books.total = total
            saves = (SaveResources(tuple(total), checkpoint.operations), *saves)
        if info != old:
            self._world.archive(saves, _nothing)

    def _adopt(self, total: Resources) -> None:
        """A new agent takes over the reservations and volumes of an old one on the same resources."""
        if total.quantities == self._books.total.quantities:
            self._books.total = total
        else:
            self._world.log.warning(
                "reservations and volumes of the agent before are given up", total=str(total)
            )

    def _recover_executor(self, framework: FrameworkEntry, checkpoint: ExecutorCheckpoint) -> None:
        run = checkpoint.run
        if run is None:
            return
        if run.completed:
            self._world.send(
                self._world.garbage,
                DiscardExecutor(framework.id, checkpoint.info.executor_id.value, run.container_id),
            )
            return
        executor = ExecutorEntry(
            framework,
            checkpoint.info,
            run.container_id,
            generated=checkpoint.generated,
            recovered=True,
        )
        self._books.add_executor(executor)
        self._recover_tasks(executor, run)
        if run.ending is None:
            self._awaited[executor.container_id] = executor
        else:
            executor.ending, executor.over = run.ending, True

    def _recover_tasks(self, executor: ExecutorEntry, run: RunCheckpoint) -> None:
        for checkpoint in run.tasks:
            task = _task(executor, checkpoint)
            if task.terminal and not task.unacknowledged:
                executor.completed_tasks.append(task.record)
                executor.used = True
            else:
                executor.used = executor.used or bool(checkpoint.updates)
                task.killed = self._books.drain is not None
                self._books.add_task(task)

    # --- from the executor node ---

    def _begin(self, *, rebooted: bool) -> None:
        for executor in list(self._books.containers.values()):
            if executor.ending is not None:
                self._executors.ended(executor, executor.ending)
        waiting = list(self._awaited.values())
        if rebooted:
            for executor in waiting:
                executor.sent = False
                executor.verdict = REBOOTED
                self._executors.ended(executor, ExecutorEnding(container_id=executor.container_id))
            self._awaited.clear()
        self._node.find()
        if not self._awaited:
            self._finish()

    def node_recovered(self, message: ExecutorsRecovered) -> None:
        """The executor node told what runs: what does not has ended, what was held back can be sent."""
        self._node.open()
        ended = {ending.container_id: ending for ending in message.ended}
        for executor in list(self._books.containers.values()):
            if executor.sent:
                self._compare(executor, message, ended)
        for ending in message.ended:
            if ending.container_id not in self._books.containers:
                self._executors.end(ending)
        for executor in list(self._books.containers.values()):
            if not executor.sent and executor.request is not None and not executor.ends:
                self._executors.start(executor)
        if self._awaited and self._deadline is None:
            seconds = self._world.flags.executor_reregistration_timeout.seconds
            self._deadline = self._world.delay(seconds, self._give_up)

    def _compare(
        self, executor: ExecutorEntry, message: ExecutorsRecovered, ended: dict[str, ExecutorEnding]
    ) -> None:
        container_id = executor.container_id
        if container_id in ended:
            self._executors.end(ended[container_id])
            self._note(container_id)
        elif container_id not in message.running and executor.request is not None and not executor.launched:
            # The node keeps what it is told to start before it does: it never was told, or is no more.
            executor.sent = False
        elif container_id not in message.running:
            self._executors.ended(executor, ExecutorEnding(container_id=container_id))
            self._note(container_id)
        elif executor.state is ExecutorState.TERMINATING and executor.timer is None:
            self._executors.destroy(executor)
        else:
            executor.process = message.processes.get(container_id)
            executor.bounds = None
            self._node.bound(executor)
            pid = message.running[container_id]
            if pid is not None and not executor.connected:
                self._world.send(pid, ReconnectExecutor())

    # --- from the executors ---

    def subscribed(self, executor: ExecutorEntry) -> None:
        """An executor is back."""
        self._note(executor.container_id)

    def ended(self, ending: ExecutorEnding) -> None:
        """An executor will not come back."""
        self._note(ending.container_id)

    def _note(self, container_id: str) -> None:
        if self._awaited.pop(container_id, None) is not None and not self._awaited:
            self._finish()

    def _give_up(self) -> None:
        for executor in list(self._awaited.values()):
            self._executors.destroy(executor, REREGISTRATION_TIMEOUT)
        self._awaited.clear()
        self._finish()

    def _finish(self) -> None:
        if self.over:
            return
        self.over = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._done()


def _task(executor: ExecutorEntry, checkpoint: TaskCheckpoint) -> TaskEntry:
    task = TaskEntry(checkpoint.task, executor, Stage.LAUNCHED)
    for place, status in enumerate(checkpoint.updates):
        if not task.terminal:
            task.note(status)
        task.streamed(status)
        if place < checkpoint.acknowledged:
            task.advance(status)
    if not task.terminal:
        task.holding = Resources(checkpoint.task.resources).unallocate()
    return task


def _nothing(_archived: Archived) -> None:
    pass
