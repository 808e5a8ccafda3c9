"""How an agent stands, as immutable records for operators; to gather them is a short turn."""

from __future__ import annotations

from itertools import chain

from actors.agent import paths
from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry, ExecutorState
from actors.agent.executor_node import ExecutorNode
from actors.agent.flags import AgentFlags
from actors.agent.framework import FrameworkEntry
from actors.agent.launch import executor_user
from actors.agent.registration import Registration
from actors.agent.resumption import Resumption
from actors.agent.task import Stage
from actors.process import Process, handles
from transport.messages.agent_reading import (
    AgentRead,
    ContainerFound,
    ExecutorRead,
    FindContainer,
    FrameworkRead,
    ReadAgent,
)
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.resource import Resource
from transport.records.resources import Resources


class ReadableAgent(Process):
    """The part of an agent that tells how it stands."""

    flags: AgentFlags
    books: Books
    _node: ExecutorNode
    _registration: Registration
    _resumption: Resumption
    _started_at: float

    @handles(ReadAgent)
    def read(self, sender: Pid, message: ReadAgent) -> None:
        """Tell all of it."""
        books = self.books
        frameworks = tuple(self._framework(framework) for framework in books.frameworks.values())
        self.send(
            sender,
            AgentRead(
                recovered=self._resumption.over,
                info=books.info,
                total=books.total,
                allocated=_allocated(books),
                master=self._registration.master,
                started=self.system.wall() - (self.system.now() - self._started_at),
                drain=books.drain,
                frameworks=tuple(one for one in frameworks if one.executors),
                completed=tuple(map(self._framework, books.completed_frameworks.values())),
                operations=tuple(one.record for one in books.operations.values() if one.record is not None),
                node=self._node.executors,
            ),
        )

    @handles(FindContainer)
    def find_container(self, sender: Pid, message: FindContainer) -> None:
        """Tell where a container runs."""
        self.send(sender, self._found(self.books.containers.get(message.root)))

    def _found(self, executor: ExecutorEntry | None) -> ContainerFound:
        recovered, node = self._resumption.over, self._node.executors
        if executor is None or executor.state is ExecutorState.TERMINATED or not executor.launched:
            return ContainerFound(recovered, node=node)
        info = executor.info
        is_host = info.type is ExecutorInfo.Type.DEFAULT and not executor.generated
        return ContainerFound(
            recovered,
            known=True,
            node=node,
            sandbox=self._sandbox(executor),
            user=executor_user(info, executor.framework.info, switch_user=self.flags.switch_user),
            host=executor.pid if is_host else None,
            role=_role(executor),
        )

    def _framework(self, framework: FrameworkEntry) -> FrameworkRead:
        return FrameworkRead(
            info=framework.info,
            executors=tuple(map(self._executor, framework.executors.values())),
            completed=tuple(map(self._executor, framework.completed_executors)),
        )

    def _executor(self, executor: ExecutorEntry) -> ExecutorRead:
        return _executor(executor, self._sandbox(executor))

    def _sandbox(self, executor: ExecutorEntry) -> str:
        """Where it is; of an executor that the agent before this one launched that is not kept."""
        if executor.sandbox or self.books.info.id is None:
            return executor.sandbox
        ids = self.books.agent_id, executor.framework.id, executor.executor_id, executor.container_id
        return str(self.flags.work_dir.absolute() / paths.sandboxes(*ids))


def _executor(executor: ExecutorEntry, sandbox: str) -> ExecutorRead:
    tasks = executor.tasks.values()
    queued = tuple(task for task in tasks if task.stage is Stage.QUEUED and not task.terminal)
    return ExecutorRead(
        info=executor.info,
        container_id=executor.container_id,
        sandbox=sandbox,
        runs=executor.launched and executor.state is not ExecutorState.TERMINATED,
        starts=executor.request is not None and not executor.launched,
        process=executor.process,
        pending=tuple(task.told() for task in tasks if task.stage is Stage.PENDING and not task.terminal),
        queued=tuple(task.told() for task in queued),
        queued_infos=tuple(chain.from_iterable(launch.infos for launch in executor.queue)),
        launched=tuple(task.told() for task in tasks if task.stage is Stage.LAUNCHED and not task.terminal),
        terminated=tuple(task.told() for task in tasks if task.terminal),
        completed=tuple(executor.completed_tasks),
    )


def _allocated(books: Books) -> Resources:
    """What tasks and executors hold, with the roles that it is allocated to."""
    found: list[Resource] = []
    for executor in books.containers.values():
        if executor.holding:
            found += executor.info.resources
        for task in executor.tasks.values():
            found += () if task.terminal else task.record.resources
    return Resources(found)


def _role(executor: ExecutorEntry) -> str | None:
    resources = chain(executor.info.resources, *(task.record.resources for task in executor.tasks.values()))
    roles = (one.allocation_info.role for one in resources if one.allocation_info is not None)
    return next((role for role in roles if role is not None), None)
